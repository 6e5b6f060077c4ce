from __future__ import annotations

from enum import Enum

import polars as pl
import pytest

from etl_core.expressions import words
from etl_schemas import enums, tables

FIELDS: dict[str, type[Enum]] = {
    "sex": enums.Sex,
    "id_type": enums.IdType,
    "level": enums.Level,
    "level.50": enums.Level,
    "level.51": enums.Level,
    "moe_mode": enums.Mode,
    "mode_detail": enums.ModeDetail,
    "role": enums.Role,
    "result": enums.Result,
    "status": enums.Status,
    "stage": enums.Stage,
    "title": enums.Title,
    "credit_kind": enums.CreditKind,
}


def read(expression: pl.Expr, *cells: str | int | None) -> list[object]:
    return pl.DataFrame({"cell": list(cells)}).select(expression.alias("out"))["out"].to_list()


@pytest.mark.parametrize("field", FIELDS)
def test_every_word_of_the_tables_means_a_value_of_the_contract(field: str) -> None:
    assert set(tables.words(field).values()) <= {str(member.value) for member in FIELDS[field]}


def test_no_word_stands_twice_in_one_field() -> None:
    listed = [(row["field"], row["word"]) for row in tables.rows("words")]
    assert len(listed) == len(set(listed)) > 200


def test_a_word_is_found_however_it_is_typed_and_an_unknown_one_is_null() -> None:
    mapping = {"1-合格": "passed", "A": "failed"}
    cells = ["1-合格", " １—合 格", "a", "合格", "", None]
    assert read(words.code("cell", mapping, pl.String), *cells) == [
        "passed",
        "passed",
        "failed",
        None,
        None,
        None,
    ]


def test_a_numeric_code_is_found_when_the_spreadsheet_made_it_a_float() -> None:
    assert read(words.code("cell", {"3": 30, "4": 40}, pl.Int16), "3", "3.0", "5") == [30, 30, None]


def test_two_words_that_are_typed_alike_may_not_differ_in_meaning() -> None:
    with pytest.raises(ValueError, match="one word has two codes"):
        words.code("cell", {"a": 1, "Ａ": 2}, pl.Int16)


def test_a_field_without_words_is_an_error() -> None:
    with pytest.raises(LookupError, match="mood"):
        words.lookup("cell", "mood")


@pytest.mark.parametrize("word", ["10", "10.0", "10-国家级", "10－国家级", "国家级", " 国培"])
def test_a_level_is_a_code_a_label_or_both(word: str) -> None:
    assert read(words.level("cell", "50"), word) == [10]


def test_city_level_depends_on_the_province_of_the_agency() -> None:
    cells = ["市级", "市培", "市州级", "区县级", "省培", "校级"]
    assert read(words.level("cell", "50"), *cells) == [20, 20, 30, 40, 20, 60]
    assert read(words.level("cell", "51"), *cells) == [30, 30, 30, 40, 20, 60]
    assert read(words.level("cell", "52"), *cells) == [None, None, 30, 40, 20, 60]


def test_a_code_with_another_codes_label_is_unknown() -> None:
    assert read(words.level("cell", "50"), "10-省级", "乡级", "片区级", "70", "XX") == [None] * 5


def test_modes_follow_from_their_details_and_back() -> None:
    details = [member.value for member in enums.ModeDetail]
    modes = dict(zip(details, read(words.mode_of("cell"), *details), strict=True))
    assert {name: mode for name, mode in modes.items() if mode != 9} == {
        "face_to_face": 2,
        "online": 3,
        "blended": 4,
    }
    assert None not in modes.values()
    assert read(words.detail_of_mode("cell"), 1, 2, 3, 4, 9, 7, None) == [
        "face_to_face",
        "face_to_face",
        "online",
        "blended",
        "other",
        None,
        None,
    ]


def test_moe_modes_are_read_as_codes_labels_or_both() -> None:
    cells = [
        "1-长期脱产研修（一个月以上）",
        "2",
        "网络研修",
        "4-面授培训与网络研修相结合",
        "其他",
        "其它形式见方案",
        "7",
    ]
    assert read(words.moe_mode("cell"), *cells) == [1, 2, 3, 4, 9, None, None]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("集中面授", "face_to_face"),
        ("集中培训", "face_to_face"),
        ("网络研修", "online"),
        ("混合式", "blended"),
        ("混合式培训", "blended"),
        ("送教送培", "outreach"),
        ("送教下乡", "outreach"),
        ("名校跟岗", "placement"),
        ("跟岗研修", "placement"),
        ("影子培训", "shadowing"),
        ("工作坊研修", "workshop"),
        ("结对帮扶", "pairing"),
        ("校本研修", "school_based"),
        ("教研活动", "research_activity"),
        ("晒课", "lesson_showcase"),
        ("自主研修", "self_study"),
        ("其他", "other"),
        ("考察", None),
        ("其它形式见方案", None),
    ],
)
def test_details_of_the_mode_are_read_from_the_agencies_words(word: str, expected: str | None) -> None:
    assert read(words.mode_detail("cell"), word) == [expected]


def test_the_other_closed_lists_are_read_and_unknown_words_are_null() -> None:
    roles = ["学员", "参训教师", "授课专家", "授课教师", "主持人", "组织者", "嘉宾"]
    assert read(words.role("cell"), *roles) == [
        "trainee",
        "trainee",
        "expert",
        "trainer",
        "moderator",
        "organiser",
        None,
    ]
    results = [
        "优秀",
        "良好",
        "合格",
        "√",
        "不合格",
        "缺考",
        "未结业",
        "免修",
        "待定",
        "基本可以",
        "另行通知",
    ]
    assert read(words.result("cell"), *results) == [
        "passed",
        "passed",
        "passed",
        "passed",
        "failed",
        "absent",
        "incomplete",
        "exempt",
        None,
        None,
        None,
    ]
    statuses = ["已认定", "审核通过", "审核中", "待审核", "退回", "已撤回", "审核不通过", "待归档"]
    assert read(words.status("cell"), *statuses) == [
        "recognised",
        "recognised",
        "pending",
        "pending",
        "withdrawn",
        "withdrawn",
        "withdrawn",
        None,
    ]
    types = [
        "居民身份证",
        "1-居民身份证",
        "1",
        "A-护照",
        "护照",
        "港澳居民来往内地通行证",
        "6-香港特区护照/身份证明",
        "Z-其他",
    ]
    assert read(words.id_type("cell"), *types) == [
        "resident_id",
        "resident_id",
        "resident_id",
        "passport",
        "passport",
        "hk_macao_permit",
        "other",
        "other",
    ]
    stages = ["学前", "小学", "初中", "高中", "中职", "特教", "九年一贯制"]
    assert read(words.stage("cell"), *stages) == [
        "preschool",
        "primary",
        "junior_secondary",
        "senior_secondary",
        "vocational",
        "special",
        None,
    ]
    assert read(words.credit_kind("cell"), "公需科目", "专业科目", "集中", "校本", "自主", "选修") == [
        "public",
        "professional",
        "centralised",
        "school_based",
        "self_study",
        None,
    ]


def test_titles_are_read_by_rank_and_an_honour_is_no_rank() -> None:
    cells = [
        "正高级教师",
        "高级教师",
        "中学高级教师",
        "小学高级教师",
        "小高",
        "中一",
        "未定级",
        "特级教师",
        "骨干教师",
        "首席教师",
    ]
    assert read(words.title("cell"), *cells) == [
        "senior_full",
        "senior",
        "senior",
        "first",
        "first",
        "first",
        "none",
        "senior",
        None,
        None,
    ]


def test_subjects_have_canonical_names_and_lists_keep_their_order() -> None:
    cells = [
        "语文",
        "体育",
        "道法",
        "语文┋数学",
        "语文、数学",
        "化学┋ 数学",
        "道法┋思品",
        "足球",
        "语文┋足球",
        "",
        None,
    ]
    assert read(words.subject("cell"), *cells) == [
        "语文",
        "体育与健康",
        "道德与法治",
        "语文+数学",
        "语文+数学",
        "化学+数学",
        "道德与法治",
        None,
        None,
        None,
        None,
    ]


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        ("primary", ["道德与法治", "信息科技"]),
        ("junior_secondary", ["道德与法治", "信息科技"]),
        ("senior_secondary", ["思想政治", "信息技术"]),
        ("vocational", ["思想政治", "信息技术"]),
        (None, ["道德与法治", "信息科技"]),
    ],
)
def test_two_subjects_are_called_otherwise_above_junior_secondary_school(
    stage: str | None, expected: list[str]
) -> None:
    assert read(words.subject("cell", pl.lit(stage, pl.String)), "政治", "信息") == expected


def test_a_provider_is_known_by_its_name_or_not_at_all() -> None:
    cells = ["西南大学", " 西南 大学", "渝蜀某某信息咨询工作室", "", None]
    assert read(words.provider_known("cell"), *cells) == [True, True, False, None, None]
