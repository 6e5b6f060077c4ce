"""Every closed list of the unified contract (contract §2), with the Chinese label people know each code by.

A member is its code (`Level.NATIONAL == 10`, `Role.TRAINEE == "trainee"`) and has a `label` («国家级»).
`ENUMS` maps the field of a training record to its list. Imports nothing but the standard library.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Self


class Word(StrEnum):
    """A list whose codes are English words; `label` is the Chinese term."""

    label: str

    def __new__(cls, value: str, label: str) -> Self:
        """Make the member from its code and its label."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member


class Number(IntEnum):
    """A list whose codes are the numbers of a national standard; `label` is the standard's term."""

    label: str

    def __new__(cls, value: int, label: str) -> Self:
        """Make the member from its code and its label."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member


class IdType(Word):
    """身份证件类型: kinds of identity document, after the MOE import template (rulings 31, 33)."""

    RESIDENT_ID = "resident_id", "居民身份证"
    PASSPORT = "passport", "护照"
    HK_MACAO_PERMIT = "hk_macao_permit", "港澳居民来往内地通行证"
    TAIWAN_PERMIT = "taiwan_permit", "台湾居民来往大陆通行证"
    OTHER = "other", "其他证件"
    NONE = "none", "未提供证件"


class Sex(Number):
    """性别: GB/T 2261.1."""

    UNKNOWN = 0, "未知"
    MALE = 1, "男"
    FEMALE = 2, "女"
    UNSTATED = 9, "未说明"


class Stage(Word):
    """学段: the stage of schooling a teacher teaches in (contract §2)."""

    PRESCHOOL = "preschool", "学前"
    PRIMARY = "primary", "小学"
    JUNIOR_SECONDARY = "junior_secondary", "初中"
    SENIOR_SECONDARY = "senior_secondary", "高中"
    VOCATIONAL = "vocational", "中职"
    SPECIAL = "special", "特殊教育"
    OTHER = "other", "其他"


class Title(Word):
    """职称: teachers' professional titles since the reform of 2015 (contract §2, ruling 59)."""

    SENIOR_FULL = "senior_full", "正高级"
    SENIOR = "senior", "高级"
    FIRST = "first", "一级"
    SECOND = "second", "二级"
    THIRD = "third", "三级"
    NONE = "none", "未定级"


class Level(Number):
    """培训类别: MOE codes of the national teacher information system (ruling 51 for «市级»)."""

    NATIONAL = 10, "国家级"
    PROVINCIAL = 20, "省级"
    PREFECTURE = 30, "地市级"
    COUNTY = 40, "县级"
    SCHOOL = 60, "校级"
    OTHER = 99, "其他"


class Mode(Number):
    """培训方式: MOE codes of the national teacher information system (ruling 50)."""

    LONG_FULL_TIME = 1, "长期脱产研修（一个月以上）"
    FACE_TO_FACE = 2, "短期面授培训"
    ONLINE = 3, "网络研修"
    BLENDED = 4, "面授培训与网络研修相结合"
    OTHER = 9, "其他"


class ModeDetail(Word):
    """培训方式细分: what the agencies distinguish and the MOE codes do not (contract §2)."""

    FACE_TO_FACE = "face_to_face", "集中面授"
    ONLINE = "online", "网络研修"
    BLENDED = "blended", "混合式"
    OUTREACH = "outreach", "送教下乡/送教送培"
    PLACEMENT = "placement", "名校跟岗/跟岗"
    SHADOWING = "shadowing", "影子培训"
    WORKSHOP = "workshop", "工作坊"
    PAIRING = "pairing", "结对帮扶"
    SCHOOL_BASED = "school_based", "校本研修"
    RESEARCH_ACTIVITY = "research_activity", "教研"
    LESSON_SHOWCASE = "lesson_showcase", "晒课/赛课"
    SELF_STUDY = "self_study", "自主研修"
    OTHER = "other", "其他"


class Role(Word):
    """角色: in what capacity a person took part; only trainees count towards hours (ruling 52)."""

    TRAINEE = "trainee", "参训学员"
    TRAINER = "trainer", "授课教师"
    EXPERT = "expert", "专家"
    MODERATOR = "moderator", "主持人"
    ORGANISER = "organiser", "组织者"


class DatePrecision(Word):
    """日期精度: how exactly the source states the dates (ruling 38)."""

    DAY = "day", "到日"
    MONTH = "month", "到月"
    YEAR = "year", "仅年份"
    SCHOOL_YEAR = "school_year", "仅学年/年度"


class HoursBasis(Word):
    """学时依据: what the hours were taken from (contract §2, rulings 45, 47)."""

    STATED = "stated", "原表所填"
    MINUTES = "minutes", "按分钟折算"
    DAYS = "days", "按天折算"
    HALF_DAYS = "half_days", "按半天折算"
    NONE = "none", "无学时"


class CreditsBasis(Word):
    """学分依据: what the credits were taken from (contract §2, ruling 54)."""

    STATED = "stated", "原表所填"
    BY_RULE = "by_rule", "按规则认定"
    NONE = "none", "无学分"


class CreditKind(Word):
    """学分类别: which kind of credit was given (contract §2, ruling 55)."""

    PUBLIC = "public", "公需"
    PROFESSIONAL = "professional", "专业"
    CENTRALISED = "centralised", "集中"
    SCHOOL_BASED = "school_based", "校本"
    SELF_STUDY = "self_study", "自主"
    UNSPECIFIED = "unspecified", "未说明"


class Result(Word):
    """考核结果: how the training ended for the person (contract §2, rulings 53, 78)."""

    PASSED = "passed", "合格"
    FAILED = "failed", "不合格"
    ABSENT = "absent", "缺考/缺勤"
    INCOMPLETE = "incomplete", "未结业"
    EXEMPT = "exempt", "免修"
    UNKNOWN = "unknown", "未知"


class Status(Word):
    """认定状态: whether the agency recognises the record (contract §2, ruling 76)."""

    RECOGNISED = "recognised", "已认定"
    PENDING = "pending", "待审核"
    WITHDRAWN = "withdrawn", "已撤回"


ENUMS: dict[str, type[Word] | type[Number]] = {
    "id_type": IdType,
    "sex": Sex,
    "stage": Stage,
    "title": Title,
    "level": Level,
    "mode": Mode,
    "mode_detail": ModeDetail,
    "role": Role,
    "date_precision": DatePrecision,
    "hours_basis": HoursBasis,
    "credits_basis": CreditsBasis,
    "credit_kind": CreditKind,
    "result": Result,
    "status": Status,
}
