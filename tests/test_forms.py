"""Forms: filled in by hand they load, whatever is chosen from their lists loads, and what explains them is no data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path

import polars as pl
import pytest
from openpyxl import load_workbook
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from etl_core.contract import Header, RawContract, column, columns, required, title
from etl_core.forms import Form, form, write
from etl_core.forms.sheet import sheet
from etl_core.forms.trial import Trial
from etl_core.protocol import Job
from etl_core.source import Source
from etl_core.testing.bench import Told, bench, installed
from tests import made_up

ON = date(2026, 1, 1)
SOURCES = {loaded.source.name: loaded.source for loaded in installed().sources}
LISTED = sorted(SOURCES)
# A word that means something only together with another column: what stands there then.
TOGETHER: Mapping[tuple[str, str], dict[str, str]] = {
    ("cq_shipei", "冲销"): {"credits": "-2"},
    ("unified", "未提供证件"): {"id_number": ""},
}


@cache
def made(name: str) -> Form:
    return form(SOURCES[name], ON)


def book(of: Form, lang: str = "zh") -> Workbook:
    file = BytesIO()
    write(of, file, lang)  # type: ignore[arg-type]
    return load_workbook(file)


def first(of: Form) -> int:
    return len(of.sheet.titles) + len(of.sheet.heads) + 1


def filled(of: Form, rows: Sequence[Mapping[str, str]], folder: Path) -> Told:
    """The workbook with rows by field in its first sheet, through the whole way."""
    workbook = book(of)
    page = workbook.worksheets[0]
    for number, row in enumerate(rows, start=first(of)):
        for at, slot in enumerate(of.sheet.slots, start=1):
            page.cell(number, at).value = row.get(slot.field) or None
    path = folder / of.file
    workbook.save(path)
    return bench().afresh(Job(str(path), path.name, 1_767_225_600.0))


def chosen(of: Form) -> Iterator[dict[str, str]]:
    """A faultless row for every word of every list."""
    places = {slot.name: slot.field for slot in of.sheet.slots}
    for name, field in of.fields.items():
        for word in field.words if name in places else ():
            more = TOGETHER.get((of.source.name, word), {})
            yield {**of.row, places[name]: word, **_number(name, of), **more}


def _number(name: str, of: Form) -> dict[str, str]:
    """Credits beside their kind, where the columns may be missing."""
    entry = name.removeprefix("kind_")
    return {f"credit_{entry}": "2"} if entry != name and f"credit_{entry}" in of.fields else {}


@pytest.mark.parametrize("name", LISTED)
def test_a_form_that_is_filled_in_as_its_examples_say_loads_without_a_word(name, tmp_path):
    of = made(name)
    told = filled(of, [of.row], tmp_path)
    assert told.failed is None
    assert told.claimed is not None
    assert told.claimed.source == name
    assert told.frame("issues").is_empty()
    assert told.frame("records")["row"].unique().to_list() == [first(of)]


@pytest.mark.parametrize("name", LISTED)
def test_whatever_is_chosen_from_a_list_loads(name, tmp_path):
    of = made(name)
    rows = list(chosen(of))
    told = filled(of, rows, tmp_path)
    assert told.failed is None
    errors = told.frame("issues").filter(severity="error")
    assert errors.select("row", "code", "column").rows() == []
    unknown = told.frame("issues").filter(pl.col("code").str.ends_with(".unknown"))
    assert unknown.is_empty()
    assert told.frame("records")["row"].n_unique() == len(rows) > 0


@pytest.mark.parametrize("name", LISTED)
def test_all_that_stands_beside_the_rows_is_skipped_as_what_it_is(name, tmp_path):
    of = made(name)
    skips = filled(of, [of.row], tmp_path).frame("skips")
    data = set(book(of).sheetnames) - {"填写说明", "下拉选项"}
    kinds = {
        sheet: set(some["kind"].unique())
        for (sheet,), some in skips.filter(pl.col("kind") != "blank").group_by("sheet")
    }
    assert kinds.pop("填写说明") == {"other_sheet"}
    assert kinds.pop("下拉选项", {"hidden_sheet"}) == {"hidden_sheet"}
    assert kinds.keys() == data
    assert all(of_sheet <= {"title", "header"} for of_sheet in kinds.values())


@pytest.mark.parametrize("name", LISTED)
def test_the_proposed_name_tells_the_period_and_looks_like_the_sources_own(name):
    source = SOURCES[name]
    assert source.named(source.example)
    assert made(name).file == f"{Path(source.example).stem}.xlsx"


@pytest.mark.parametrize("name", LISTED)
def test_an_empty_form_is_an_empty_delivery(name, tmp_path):
    failed = filled(made(name), [], tmp_path).failed
    assert failed is not None
    assert failed.code in ("empty", "place.unknown")  # sc_credit tells its year in its rows alone


@pytest.mark.parametrize("name", LISTED)
def test_what_is_said_to_be_required_is_required_and_nothing_else(name):
    of = made(name)
    trial = Trial(of.source, of.sheet, of.file, ON, of.tabs[0] if of.tabs else None)
    slots = [slot for slot in of.sheet.slots if slot.field in of.row]
    faults = trial.faults([{**of.row, slot.field: ""} for slot in slots])
    refused = {
        slot.name
        for slot, found in zip(slots, faults, strict=True)
        if any(fault.code.startswith("required.") for fault in found)
    }
    assert {field for field, told in of.fields.items() if told.required and field in of.row} == refused


def validations(page: Worksheet) -> dict[str, str]:
    """Formula or list of each column's rule, by the column's letter."""
    return {
        str(rule.sqref).split(":")[0].rstrip("0123456789"): str(rule.formula1)
        for rule in page.data_validations.dataValidation
    }


def test_every_header_has_a_note_with_duty_example_and_reasons():
    workbook = book(made("cq_beibei"))
    page = workbook.worksheets[0]
    note = page["C2"].comment
    assert note is not None
    assert note.text.startswith("【必填】")
    assert "示例: 500199199001010013" in note.text
    assert "身份证号的校验码或出生日期不对" in note.text
    assert all(page.cell(2 if at < 6 or at > 8 else 3, at).comment for at in range(1, 10))


def test_a_two_level_header_is_merged_as_the_agency_has_it():
    page = book(made("cq_beibei")).worksheets[0]
    merged = {str(area) for area in page.merged_cells.ranges}
    assert {"F2:H2", "A2:A3", "I2:I3"} <= merged
    assert [page["F3"].value, page["G3"].value, page["H3"].value] == ["集中研修", "网络研修", "跟岗"]
    assert page["A1"].value == "研修时间：2024.3.4-7.12"


def test_id_cells_are_text_and_of_two_lengths_alone():
    page = book(made("cq_beibei")).worksheets[0]
    assert page.column_dimensions["C"].width
    assert validations(page)["C"] == "OR(LEN(C4)=18,LEN(C4)=15)"
    formats = {
        letter: load.number_format for letter, load in page.column_dimensions.items() if load.has_style
    }
    assert formats["C"] == "@"


def test_a_short_list_stands_in_the_cell_and_a_long_one_on_a_hidden_sheet():
    workbook = book(made("suitong"))
    rules = validations(workbook.worksheets[0])
    assert rules["H"] == '"送教送培,跟岗研修,教研活动,结对帮扶,集中培训,影子培训"'
    assert rules["B"] == "'下拉选项'!$A$1:$A$217"
    assert workbook["下拉选项"].sheet_state == "hidden"
    assert workbook["下拉选项"].max_row == 217


def test_a_list_that_depends_on_another_column_is_not_offered():
    assert not made("swu_guopei").fields["county"].words


def test_a_word_that_only_fits_an_empty_number_is_offered_all_the_same():
    assert "未提供证件" in made("unified").fields["id_type"].words


def test_one_of_two_dates_is_not_required_where_the_year_may_stand_in_their_place():
    assert not made("unified").fields["start_date"].required
    assert made("swu_guopei").fields["start_date"].required


def test_of_words_and_their_two_halves_the_whole_ones_are_offered():
    assert list(made("moe_template").fields["level"].words) == [
        *("10-国家级", "20-省级", "30-地市级", "40-县级", "60-校级", "99-其他")
    ]


def test_a_code_is_told_with_what_it_means():
    assert made("cd_legacy").fields["level"].words["40"] == "县级"
    assert made("cq_pengshui").fields["half_days"].words["假"] == "请假"


def test_sheets_whose_name_is_data_come_in_several():
    assert book(made("cq_tongliang")).sheetnames == ["语文", "数学", "英语", "填写说明"]


def test_the_guide_names_the_file_the_duty_and_what_is_not_to_be_sent():
    page = book(made("cq_shizhu"))["填写说明"]
    said = "\n".join(str(cell) for row in page.iter_rows(values_only=True) for cell in row if cell)
    assert "236654321_按文本_石柱县2024年春季晒课登记_160_160.xlsx" in said
    assert "“来自IP”" in said
    assert "快照" in said
    assert "etl check" in said


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
@pytest.mark.parametrize("name", ["cq_beibei", "suitong"])
def test_the_same_form_is_the_same_bytes_in_every_language(name, lang):
    files = [BytesIO(), BytesIO()]
    for file in files:
        write(made(name), file, lang)
    assert files[0].getvalue() == files[1].getvalue()


class Dated(RawContract):
    """A header that changed, and a title line that two fields are read from."""

    year: str = title(r"(\d{4})年", shown="标题", example="某县2024年名册")
    county: str = title(r"(\S+?县)", shown="标题", example="某县2024年名册")
    person_name: str = column(
        Header("姓名", until=date(2024, 6, 30)),
        Header("教师姓名", since=date(2024, 7, 1)),
        checks=[required("person_name")],
    )
    days: str = columns(r"\d日/(上午|下午)", shown="签到", members=("1日/上午", "1日/下午"))


def dated() -> Source:
    return made_up.source(
        contract=Dated, normalise={"person_name": pl.col("person_name")}, ignored=("姓名#2",)
    )


def test_the_header_of_a_form_is_the_one_in_use_today():
    assert [slot.header for slot in sheet(dated(), date(2024, 1, 1)).slots][:1] == ["姓名"]
    assert [slot.header for slot in sheet(dated(), date(2025, 1, 1)).slots][:1] == ["教师姓名"]


def test_a_line_that_two_fields_are_read_from_stands_there_once():
    assert dict(sheet(dated(), ON).titles) == {"某县2024年名册": ("year", "county")}


def test_the_twin_of_a_header_stays_although_nothing_is_read_from_it():
    slots = sheet(dated(), date(2024, 1, 1)).slots
    assert [(slot.field, slot.header) for slot in slots if slot.header == "姓名"] == [
        ("person_name", "姓名"),
        ("", "姓名"),
    ]


def test_a_source_that_tells_no_example_has_a_form_under_its_own_name(tmp_path):
    of = form(made_up.source(), ON)
    assert of.file == "made_up.xlsx"
    assert of.fields["hours"].required
    assert not of.fields["employer_name"].required
