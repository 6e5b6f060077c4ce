"""Finding a table's header by its content."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from etl_core import header
from etl_core.contract import Header, RawContract, column
from etl_core.errors import DeliveryError
from etl_core.records import Agency, Place
from etl_core.source import Source

ON = date(2024, 1, 1)


class Sheet(RawContract):
    person_name: str = column("姓名", "教师姓名")
    id_number: str = column("身份证号")
    face: str = column("学时/面授")
    online: str = column("学时/网络")
    note: str = column("备考", optional=True)


SOURCE = Source(
    name="made_up",
    agency=Agency("500109", "某校"),
    title="表",
    contract=Sheet,
    normalise={"person_name": pl.col("person_name")},
    key=("person",),
    semantics="append",
    place=lambda name, above: Place("1", (1,)),
    ignored=("序号",),
    dropped=("手机号码",),
)

TWO_LEVELS = [
    ("某校登记表", None, None, None, None),
    ("序号", "姓名", "身份证号", "学时", None),
    (None, None, None, "面授", "网络"),
    ("1", "赵", "x", "8", "16"),
]


def found(rows: list[tuple[str | None, ...]], on: date = ON) -> header.Layout:
    layout = header.locate(rows, SOURCE, on)
    assert layout is not None
    return layout


def test_a_two_level_header_is_flattened_and_found_under_its_title() -> None:
    layout = found(TWO_LEVELS)
    assert (layout.top, layout.depth, layout.absent) == (1, 2, ())
    assert layout.texts == ("序号", "姓名", "身份证号", "学时/面授", "学时/网络")


def test_a_moved_title_and_a_blank_leading_column_do_not_matter() -> None:
    moved = [(None,) * 6, *((None, *row) for row in TWO_LEVELS)]
    assert dict(found(moved).fields) == {"person_name": 2, "id_number": 3, "face": 4, "online": 5}


def test_reordered_columns_are_found_by_their_headers() -> None:
    rows = [("学时/网络", "身份证号", "学时/面授", "姓名"), ("16", "x", "8", "赵")]
    assert dict(found(rows).fields) == {"online": 0, "id_number": 1, "face": 2, "person_name": 3}


def test_white_space_line_breaks_and_required_marks_in_a_header_do_not_matter() -> None:
    rows = [("* 教 师\n姓名", "身份证号：", "学时 / 面授", "学时/网络")]
    layout = found(rows)
    assert layout.absent == ()
    assert layout.texts[0] == "* 教 师姓名"


def test_a_spelling_counts_only_at_the_dates_at_which_it_is_used() -> None:
    class Dated(RawContract):
        person_name: str = column(
            Header("姓名", until=date(2022, 12, 31)), Header("教师", since=date(2023, 1, 1))
        )

    source = Source(
        name="made_up",
        agency=SOURCE.agency,
        title="表",
        contract=Dated,
        normalise={},
        key=(),
        semantics="append",
        place=SOURCE.place,
    )
    old = header.locate([("姓名", "x")], source, date(2022, 5, 1))
    new = header.locate([("姓名", "x")], source, date(2024, 5, 1))
    assert old is not None and old.absent == ()
    assert new is None


def refused(*texts: str, source: Source = SOURCE) -> dict[str, str | int]:
    layout = header.locate([texts], source, ON)
    assert layout is not None
    with pytest.raises(DeliveryError) as refusal:
        header.complete(layout, source, "表1")
    assert refusal.value.code == "schema.missing_column"
    return refusal.value.detail


def test_every_missing_column_is_named_with_the_unknown_header_that_is_most_like_it() -> None:
    assert refused("教师姓名", "课时/面授", "身份证件号", "学时/网络", "籍贯", "手机号码") == {
        "sheet": "表1",
        "missing": "身份证号 → 身份证件号？，学时/面授 → 课时/面授？",
        "unknown": "课时/面授，身份证件号，籍贯",
    }


def test_one_unknown_header_stands_for_one_missing_column_only() -> None:
    assert refused("姓名", "身份证号", "学时/网上")["missing"] == "学时/面授，学时/网络 → 学时/网上？"


def test_where_no_header_is_unknown_none_is_named() -> None:
    assert refused("姓名", "身份证号", "序号") == {
        "sheet": "表1",
        "missing": "学时/面授，学时/网络",
        "unknown": "—",
    }


def test_of_many_headers_the_first_are_named() -> None:
    many = [f"第{at}项" for at in range(30)]
    assert refused("姓名", "身份证号", *many)["unknown"] == "，".join(many[: header.FEW]) + "……"


def test_of_a_row_that_may_be_a_record_nothing_is_named() -> None:
    assert refused("姓名", "张三", "单位", "某校") == {
        "sheet": "表1",
        "missing": "身份证号，学时/面授，学时/网络",
        "unknown": "—",
    }


def test_a_column_without_a_header_is_called_by_its_letters() -> None:
    assert [header.headless(at) for at in (0, 25, 26, 701, 702)] == [
        f"(无表头 {letters}列｜no header, column {letters})" for letters in ("A", "Z", "AA", "ZZ", "AAA")
    ]


def test_a_missing_optional_column_is_no_fault() -> None:
    assert "note" not in found(TWO_LEVELS).absent


def test_every_header_is_mapped_ignored_dropped_or_unknown() -> None:
    rows = [("序号", "姓名", "身份证号", "学时/面授", "学时/网络", "手机号码", "籍贯", None)]
    assert header.account(found(rows), SOURCE) == {
        "mapped": ("姓名", "身份证号", "学时/面授", "学时/网络"),
        "ignored": ("序号",),
        "dropped": ("手机号码",),
        "unknown": ("籍贯",),
    }


TUTORED = replace(SOURCE, ignored=("姓名#2",), dropped=("手机号码",))


def test_the_second_column_of_a_name_can_be_left_out_by_itself() -> None:
    rows = [("姓名", "身份证号", "学时/面授", "学时/网络", "姓名", "手机号码", "手机号码", "姓名")]
    layout = header.locate(rows, TUTORED, ON)
    assert layout is not None
    assert layout.fields["person_name"] == 0
    assert header.account(layout, TUTORED) == {
        "mapped": ("姓名", "身份证号", "学时/面授", "学时/网络"),
        "ignored": ("姓名#2",),
        "dropped": ("手机号码", "手机号码#2"),
        "unknown": ("姓名#3",),
    }


def test_of_two_columns_of_a_name_the_one_that_is_left_is_not_believed() -> None:
    """The first may be missing as well as the second: a tutor must not become a trainee."""
    layout = header.locate([("新姓名", "身份证号", "学时/面授", "学时/网络", "姓名")], TUTORED, ON)
    assert layout is not None
    assert layout.absent == ("person_name",)
    with pytest.raises(DeliveryError) as refusal:
        header.complete(layout, TUTORED, None)
    assert refusal.value.detail == {"sheet": "", "missing": "教师姓名 → 新姓名？", "unknown": "新姓名"}


def test_the_second_column_of_a_name_is_told_from_the_first() -> None:
    class Twice(RawContract):
        person_name: str = column("姓名")
        tutor: str = column("姓名#2")

    source = Source(
        name="made_up",
        agency=SOURCE.agency,
        title="表",
        contract=Twice,
        normalise={},
        key=(),
        semantics="append",
        place=SOURCE.place,
    )
    layout = header.locate([("编号", "姓名", "单位", "姓名")], source, ON)
    assert layout is not None and dict(layout.fields) == {"person_name": 1, "tutor": 3}


def test_a_sheet_without_half_of_the_promised_headers_is_something_else() -> None:
    assert header.plausible(found(TWO_LEVELS))
    assert not header.plausible(header.locate([("姓名", "科目", "成绩")], SOURCE, ON))
    assert not header.plausible(header.locate([("代码", "名称")], SOURCE, ON))


@pytest.mark.parametrize("text", ["*学时/面授", "学时/*面授", "学时 ／ 面\n授：", "＊学时/＊面授"])
def test_marks_and_blanks_on_either_level_are_no_part_of_a_header(text):
    assert header.normal(text) == "学时/面授"
