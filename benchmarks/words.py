"""What the cells of a benchmark delivery are made of: words of the format, and persons who do not exist."""

from __future__ import annotations

# 2024-01-15: a delivery that tells no date is as old as its file, and no class may start after it.
MODIFIED = 1_705_276_800


def name(batch: int = 1, suffix: str = ".csv", corrected: bool = False) -> str:
    """The name by which the source tells year, batch and version."""
    return f"西南大学国培结业数据_2023_第{batch}批{'_更正' * corrected}{suffix}"


HEADERS = (
    "项目编号", "子项目", "班级", "学号", "姓名", "证件类型", "证件号", "省", "市", "县",
    "单位", "学段", "学科", "培训方式", "开始日期", "结束日期", "成绩", "是否合格", "学时", "证书编号",
)  # fmt: skip

# The same columns as the peers name them.
FIELDS = (
    "project_code", "project_name", "class_name", "agency_record_id", "person_name", "id_type", "id_number", "province",
    "prefecture", "county", "employer_name", "stage", "subject", "mode_detail", "start_date", "end_date", "score", "result",
    "hours", "certificate_no",
)  # fmt: skip

SURNAMES = tuple(
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦"
)
GIVEN = tuple(
    "子文志国建明海平春秋雪梅兰竹菊红丽芳英华玉婷洁莹淑珍秀琴桂荣德才福贵俊杰伟强军勇刚毅诚信思远䶮"
)

# Area codes that were never assigned: whoever has such a number does not exist.
AREAS = ("500196", "500197", "500198", "500199", "510198", "519999")

COUNTIES = (
    ("重庆市", "重庆市", "铜梁区"),
    ("重庆市", "重庆市", "北碚区"),
    ("重庆市", "重庆市", "沙坪坝区"),
    ("重庆市", "重庆市", "云阳县"),
    ("重庆市", "重庆市", "石柱土家族自治县"),
    ("重庆市", "重庆市", "彭水苗族土家族自治县"),
    ("四川省", "遂宁市", "船山区"),
    ("四川省", "绵阳市", "游仙区"),
    ("四川省", "广安市", "邻水县"),
    ("四川省", "达州市", "通川区"),
    ("四川省", "凉山彝族自治州", "西昌市"),
    ("四川省", "阿坝藏族羌族自治州", "汶川县"),
)
OUTSIDE = (("贵州省", "遵义市", "习水县"), ("云南省", "昭通市", "镇雄县"))  # the warning division.unknown

VILLAGES = ("凯旋路", "太平", "新桥", "中梁", "石家", "小林", "龙凤", "双石", "清流", "白马", "金竹", "高坪")
SCHOOLS = {
    "学前": ("中心幼儿园", "第二幼儿园"),
    "小学": ("镇中心小学校", "完全小学"),
    "初中": ("初级中学校", "中学"),
    "高中": ("高级中学校", "第一中学"),
}
SUBJECTS = {
    "学前": ("学前教育", "学前教育"),
    "小学": ("语文", "数学", "英语", "道德与法治", "科学", "美术"),
    "初中": ("语文", "数学", "历史", "生物学", "地理", "音乐"),
    "高中": ("语文", "数学", "英语", "思想政治", "物理", "化学"),
}
MODES = ("集中面授", "混合式", "工作坊研修", "网络研修", "名校跟岗")
PROJECTS = (
    "乡村骨干教师能力提升",
    "信息技术应用能力提升",
    "新教师入职研修",
    "名师领航",
    "班主任专项培训",
    "校园长任职资格",
)
