"""Deliveries in any container, packed or not, through the child: the same outcome, found by the name of what is inside."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import openpyxl
import polars as pl
import pytest

from etl_core import child, protocol
from etl_core.contract import filename, required
from etl_core.protocol import Answer, Claimed, Done, Failed, Job
from etl_core.readers import ReadOptions
from etl_core.readers.options import FixedWidth
from etl_core.records import Place, Prepared
from etl_core.source import Source
from tests import made_up
from tests.containers import CONTAINERS, delimited, document, fixed, gzipped, layout, saved, xlsx, zipped
from tests.fakes import person
from tests.made_up import HEADERS, source

MODIFIED = 1_704_067_199.0  # 2023-12-31 23:59:59 UTC
ROWS = [person(1), person(2, 学时="x"), person(3), person(4, 证件号="5.0019E+17")]
FIXED = FixedWidth(tuple((name, 40) for name in HEADERS))


def answered(path: Path, name: str, *sources: Source) -> list[Answer]:
    return list(child.answers(Job(str(path), name, MODIFIED), sources or [source()]))


def written(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "delivery"
    path.write_bytes(data)
    return path


def frames(answers: list[Answer]) -> dict[str, pl.DataFrame]:
    """Everything that was prepared, but for the path shown."""
    prepared = [one for one in answers if isinstance(one, Prepared)]
    return {
        name: pl.concat([getattr(one, name) for one in prepared]).drop("file", strict=False)
        for name in protocol.FRAMES
    }


def paths(answers: list[Answer]) -> set[str]:
    return {path for one in answers if isinstance(one, Prepared) for path in one.records["file"]}


def claimed(answers: list[Answer]) -> Claimed:
    assert isinstance(answers[0], Claimed), answers
    return answers[0]


def failed(answers: list[Answer]) -> Failed:
    assert isinstance(answers[-1], Failed), answers
    return answers[-1]


def reading(kind: str) -> Source:
    return source(read=ReadOptions(fixed=FIXED if kind == "txt" else None, lines=kind == "ndjson"))


@pytest.mark.parametrize("kind", CONTAINERS)
def test_a_delivery_has_the_same_outcome_in_every_container_packed_or_not(tmp_path: Path, kind: str) -> None:
    data = CONTAINERS[kind](HEADERS, ROWS)
    name = f"made_up_2023_2.{kind}"
    plain = answered(written(tmp_path, data), name, reading(kind))
    assert claimed(plain).place.order == (2023, 2)
    assert frames(plain)["issues"].select("code", "column").sort("code").rows() == [
        ("hours.unparsable", "学时"), ("id_number.damaged", "证件号"),
    ]  # fmt: skip
    for packed, shown, called in (
        (gzipped(data), f"{name}.gz", f"{name}.gz"),
        (zipped({name: data}), "附件.zip", f"附件.zip/{name}"),
        (zipped({f"报送/{name}": data}), "附件.zip", f"附件.zip/报送/{name}"),
    ):
        again = answered(written(tmp_path, packed), shown, reading(kind))
        assert claimed(again) == claimed(plain)
        assert paths(again) == {called}
        for frame, of in frames(again).items():
            assert of.equals(frames(plain)[frame]), frame
        done, before = again[-1], plain[-1]
        assert isinstance(done, Done)
        assert isinstance(before, Done)
        assert [replace(each, file=name) for each in done.accounts] == list(before.accounts)


def test_an_archive_that_tells_more_than_its_file_is_asked_second(tmp_path: Path) -> None:
    answers = answered(
        written(tmp_path, zipped({"附件1.csv": delimited(HEADERS, ROWS)})), "made_up_2023_3.zip"
    )
    assert claimed(answers).place.order == (2023, 3)


def test_the_files_of_an_archive_are_one_delivery_with_one_account_each(tmp_path: Path) -> None:
    members = {
        "made_up_2023语文.csv": delimited(HEADERS, [person(1)]),
        "made_up_2023数学.xlsx": xlsx(HEADERS, [person(2)]),
        "代码表.csv": b"a,b\n1,2\n",
    }
    answers = answered(written(tmp_path, zipped(members)), "附件.zip")
    assert claimed(answers).place.order == (2023, 1)
    assert paths(answers) == {"附件.zip/made_up_2023语文.csv", "附件.zip/made_up_2023数学.xlsx"}
    assert frames(answers)["skips"]["kind"].to_list() == ["header", "header", "other_sheet", "other_sheet"]
    done = answers[-1]
    assert isinstance(done, Done)
    assert [each.file for each in done.accounts] == sorted(paths(answers))


def test_files_of_two_periods_are_no_one_delivery(tmp_path: Path) -> None:
    data = delimited(HEADERS, ROWS)
    path = written(tmp_path, zipped({"made_up_2022.csv": data, "made_up_2023.csv": data}))
    fault = failed(answered(path, "附件.zip"))
    detail = {"member": "made_up_2023.csv", "place": "2023", "other": "2022"}
    assert (fault.code, fault.source, fault.detail) == ("place.unknown", "made_up", detail)


def test_the_sheets_of_a_packed_workbook_are_no_files_of_their_own(tmp_path: Path) -> None:
    def place(name: str, above: str) -> Place | None:
        found = re.search(r"\d{4}", above)
        return Place(found[0], (int(found[0]),)) if found else None

    data = two_sheets()
    made = source(place=place)
    plain = answered(written(tmp_path, data), "made_up.xlsx", made)
    assert claimed(plain).place.order == (2022,)
    assert claimed(answered(written(tmp_path, zipped({"made_up.xlsx": data})), "a.zip", made)) == claimed(
        plain
    )


def two_sheets() -> bytes:
    """A workbook whose second sheet has another year above its table."""
    book = openpyxl.Workbook()
    for sheet, year in ((book.active, "2022年"), (book.create_sheet(), "2023年")):
        for row in ((year,), HEADERS, person(int(year[3]))):
            sheet.append(row)
    return saved(book)


def test_a_fact_of_the_files_name_is_that_of_the_file_inside(tmp_path: Path) -> None:
    class Named(made_up.Sheet):
        employer_name: str = filename(r"_(某.校)", shown="文件名", checks=[required("employer_name")])

    members = {
        f"made_up_2023_{name}.csv": delimited(HEADERS, [person(at)])
        for at, name in enumerate(("某甲校", "某乙校"))
    }
    answers = answered(
        written(tmp_path, zipped(members)), "附件.zip", source(contract=Named, ignored=("备注", "单位"))
    )
    assert sorted(frames(answers)["records"]["employer_name"]) == ["某乙校", "某甲校"]


def test_pages_in_an_archive_are_the_same_delivery_as_in_a_folder(tmp_path: Path) -> None:
    pages = {f"made_up_2023_1/p{at}.json": document(HEADERS, [person(at)], 2) for at in (1, 2)}
    answers = answered(written(tmp_path, zipped(pages)), "下载.zip")
    assert claimed(answers).place.order == (2023, 1)
    done = answers[-1]
    assert isinstance(done, Done)
    assert [each.file for each in done.accounts] == ["下载.zip"]
    assert paths(answers) == {f"下载.zip/{page}" for page in pages}


@pytest.mark.parametrize("name", ["made_up_2023.txt.gz", "made_up_2023.zip"])
def test_what_cannot_be_unpacked_belongs_to_the_source_of_its_name(tmp_path: Path, name: str) -> None:
    assert answered(written(tmp_path, gzipped(b"x")[:-5]), name) == [Failed("unreadable", {}, "made_up")]


def test_a_file_in_an_archive_that_cannot_be_read_tells_whose_it_is(tmp_path: Path) -> None:
    path = written(tmp_path, zipped({"made_up_2023.xlsx": xlsx(HEADERS, ROWS)[:-30]}))
    assert answered(path, "附件.zip") == [Failed("unreadable", {"member": "made_up_2023.xlsx"}, "made_up")]


def test_a_fixed_width_source_is_known_by_its_files_name_alone(tmp_path: Path) -> None:
    made = source(read=ReadOptions(fixed=layout(HEADERS, header=1, trailer="99")))
    data = b"PX2023\r\n" + fixed(HEADERS, ROWS) + fixed(HEADERS, [person(5)])[:-90] + b"\r\n99000005\r\n"
    answers = answered(written(tmp_path, data), "made_up_2023.txt", made)
    kinds = frames(answers)["skips"].select("row", "kind").rows()
    assert kinds == [(1, "header"), (7, "total")]
    assert ("row.malformed", None) in frames(answers)["issues"].select("code", "column").rows()
    assert failed(answered(written(tmp_path, data), "其他.txt", made)).code == "unrecognised"
    other = answered(written(tmp_path, xlsx(HEADERS, ROWS)), "made_up_2023.txt", made)
    assert frames(other)["records"].height == 2


def test_half_a_character_at_the_end_of_a_fixed_field_is_a_warning(tmp_path: Path) -> None:
    made = source(
        read=ReadOptions(fixed=FixedWidth(tuple((name, 21 if name == "单位" else 40) for name in HEADERS)))
    )
    line = b"".join(
        (cell or "").encode("gb18030")[:width].ljust(width)
        for cell, (_, width) in zip(
            person(1, 单位="某某某某某某某某某某小学"), made.read.fixed.fields, strict=True
        )  # type: ignore[union-attr]
    )
    answers = answered(written(tmp_path, line + b"\n"), "made_up_2023.txt", made)
    assert frames(answers)["issues"].select("code", "column", "severity").rows() == [
        ("text.cut", "单位", "warning")
    ]
    assert frames(answers)["records"]["employer_name"].to_list() == ["某" * 10]


def test_a_broken_line_of_ndjson_is_refused_and_the_others_load(tmp_path: Path) -> None:
    lines = CONTAINERS["ndjson"](HEADERS, [person(1), person(2), person(3)]).splitlines()
    lines[1] = lines[1][:30]
    answers = answered(written(tmp_path, b"\n".join([*lines[:2], b"", lines[2]])), "made_up_2023.ndjson")
    assert frames(answers)["records"]["row"].to_list() == [1, 4]
    assert frames(answers)["issues"].select("row", "code", "column").rows() == [(2, "row.malformed", None)]
    assert frames(answers)["skips"].select("row", "kind").rows() == [(3, "blank")]
