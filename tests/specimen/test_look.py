"""The samples of every plugin of this clone, looked at as if nobody knew them; and a file in which persons stand everywhere."""

from __future__ import annotations

import zipfile
from functools import cache
from io import BytesIO
from pathlib import Path

import polars as pl
import pytest
from openpyxl import Workbook

from etl_core.errors import DeliveryError
from etl_core.readers import read
from etl_core.recognise import gathered
from etl_core.specimen import Specimen, look, persons
from etl_core.testing.folders import packed
from tests.cli.program import PLUGINS
from tests.fakes import number

SAMPLES = [sorted((folder / "tests" / "samples").iterdir())[0] for folder in sorted(PLUGINS.glob("*_*/"))]
MADE = {persons.name("字" * length, order) for length in (3, 4) for order in range(400)}


@cache
def looked(path: Path) -> Specimen:
    copy = packed(path)
    return look(gathered(read(copy)), copy, path.name)


def text(specimen: Specimen) -> str:
    """Everything that stands in a specimen, in whatever encoding."""
    parts = []
    for data in specimen.files:
        if data.startswith(b"PK"):
            book = zipfile.ZipFile(BytesIO(data))
            parts += [book.read(name).decode("utf-8", "replace") for name in book.namelist()]
        else:
            parts += [
                data.decode(codec, "replace") for codec in ("utf-8", "gb18030", "utf-16-le", "utf-16-be")
            ]
    return "\n".join(parts)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.parents[2].name)
def test_name_and_number_are_found_in_every_format_and_stand_in_no_specimen(sample):
    golden = pl.read_csv(sample.parents[1] / "golden" / "expected_records.csv", infer_schema=False)
    specimen = looked(sample)
    fields = {column.field for column in specimen.seen.columns}
    assert "person_name" in fields
    said = text(specimen) + repr(specimen.seen)
    numbers = set(golden["id_number"].drop_nulls()) if "id_number" in golden.columns else set()
    assert ("id_number" in fields) == bool(numbers)
    names = {name for name in golden["person_name"].drop_nulls() if len(name) > 2} - MADE
    assert [each for each in (*numbers, *names) if each in said] == []


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.parents[2].name)
def test_a_look_of_a_specimen_sees_what_the_look_of_the_file_saw(sample, tmp_path):
    seen = looked(sample).seen
    folder = tmp_path / sample.name if sample.is_dir() else tmp_path
    folder.mkdir(exist_ok=True)
    for (file, _), data in zip(seen.files, looked(sample).files, strict=True):
        (folder / file).write_bytes(data)
    again = looked(tmp_path / sample.name).seen

    def kept(column):
        return column.filled and column.fate != "dropped"

    def told(one):
        return {(each.header, each.field, each.fate, each.form) for each in one.columns if kept(each)}

    assert told(again) == told(seen)
    assert (again.container, again.period, again.titled, again.wide) == (
        *(seen.container, seen.period, seen.titled, seen.wide),
    )
    assert again.depth == seen.depth
    assert again.records <= seen.kept


CANARIES = ("赵甲乙", "13912345678", "canary@example.org", number(77), "secret77", "钱丙丁", "孙戊己")


@pytest.fixture
def book(tmp_path):
    """A workbook with a person in every place that somebody may think of."""
    made = Workbook()
    made.properties.creator = made.properties.lastModifiedBy = "赵甲乙"
    sheet = made.active
    sheet.title = "孙戊己"
    sheet.append(["2024年登记表"])
    sheet.append(["填表人：钱丙丁", None, "联系电话：13912345678 canary@example.org"])
    sheet.append(
        [
            "姓名",
            "身份证号",
            "单位",
            "项目名称",
            "级别",
            "开始日期",
            "结束日期",
            "学时",
            "密码",
            "联系电话",
            "家长",
        ]
    )
    for order in range(5):
        row = ["赵甲乙", number(77 + order), "孙戊己小学", "赵甲乙名师工作室研修", "县级"]
        sheet.append([*row, "2024-03-01", "2024-03-02", "8", "secret77", "13912345678", "钱丙丁"])
    sheet.append(
        ["李安", number(90), "某校", "研修", "钱丙丁", "2024-03-01", "13912345678", "8", None, None, None]
    )
    sheet["C4"].comment = None
    sheet.append(["合计", None, "钱丙丁"])
    sheet.append(["注：有疑问找钱丙丁 13912345678"])
    sheet.append(["审核人：钱丙丁"])
    hidden = made.create_sheet("赵甲乙")
    hidden.append(["赵甲乙", number(77)])
    hidden.sheet_state = "hidden"
    path = tmp_path / "某县2024年台账.xlsx"
    made.save(path)
    return path


def test_nobody_of_the_file_is_in_its_specimen_or_in_what_is_told_of_it(book):
    specimen = looked(book)
    said = text(specimen) + repr(specimen.seen)
    assert [canary for canary in CANARIES if canary in said] == []
    assert "2024年登记表" in said
    assert "钱丙丁" not in {word for column in specimen.seen.columns for word in column.words}


def test_a_column_with_the_wrong_content_is_not_believed_and_says_so(tmp_path):
    path = tmp_path / "某县2024年.csv"
    path.write_text("姓名,学时,开始日期\n张安,很多,上午\n李安,不少,下午\n", encoding="utf-8")
    columns = {column.header: column for column in looked(path).seen.columns}
    assert columns["学时"].fate == columns["开始日期"].fate == "ignored"
    assert "学时" not in columns["学时"].field
    assert "hours" in columns["学时"].remark


def test_a_person_may_say_what_a_column_is(tmp_path):
    path = tmp_path / "某县2024年.csv"
    path.write_text("姓名,单位,甲栏\n张安,某校,研修\n李安,某校,研修\n", encoding="utf-8")
    specimen = look(gathered(read(path)), path, path.name, {"甲栏": "project_name"})
    assert [column.field for column in specimen.seen.columns] == [
        "person_name",
        "employer_name",
        "project_name",
    ]


def test_a_file_without_a_header_that_anybody_knows_is_not_recognised(tmp_path):
    path = tmp_path / "x.csv"
    path.write_text("a1,b1\n1,2\n", encoding="utf-8")
    with pytest.raises(DeliveryError) as fault:
        looked(path)
    assert fault.value.code == "unrecognised"
