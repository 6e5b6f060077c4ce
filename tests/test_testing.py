"""The conformance kit finds what it is meant to find, and writes nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.contract import RawContract, column
from etl_core.discovery import Found, Loaded
from etl_core.expressions.reading import part
from etl_core.readers.json import Page, pages
from etl_core.readers.options import ReadOptions
from etl_core.source import Source
from etl_core.testing import SourceSuite, changes, folders, forms, sheets
from etl_core.testing.bench import Bench
from etl_core.testing.declared import foreign
from etl_core.testing.differing import differences
from etl_core.testing.golden import completed, exchanged, golden
from etl_core.testing.orderly import orders
from etl_core.testing.pages import nested
from tests.fakes import person, write
from tests.made_up import HEADERS, NORMALISE, Sheet, source


class Suite(SourceSuite):
    """The suite of the made-up source; not collected, but asked test by test."""

    source = "made_up"
    arrived = date(2024, 1, 1)


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Suite]:
    """A suite whose only installed source is the made-up one, with some of its attributes otherwise."""

    def made(**changes: object) -> Suite:
        declared: Source = source(**changes)
        found = Found((Loaded(declared, "made_up", "etl-source-made-up", "1.0", "tests.made_up"),), ())
        for module in ("bench", "case", "faithful"):
            monkeypatch.setattr(f"etl_core.testing.{module}.installed", lambda: found)
        for module in ("bench", "case", "sturdy", "pure"):
            monkeypatch.setattr(f"etl_core.testing.{module}.bench", lambda: Bench(found))
        return type("Suite", (Suite,), {"folder": tmp_path})()

    _sample(tmp_path)
    return made


def _sample(folder: Path) -> Path:
    path = write(folder / "samples" / "made_up_2023_1.csv", [person(1), person(2, 学时="x"), person(3)])
    rows = [
        "1,skipped,skip:header,,0",
        "2,loaded,,,1",
        "3,quarantined,hours.unparsable@学时,,0",
        "4,loaded,,,1",
    ]
    (folder / "golden").mkdir()
    golden = {
        "expected": [
            "file,sheet,row,outcome,reasons,warnings,n_records",
            *(f"{path.name},,{row}" for row in rows),
        ],
        "expected_records": [
            "file,sheet,row,person_name,id_number,hours,start_date",
            *(f"{path.name},,{at},测试{n},{person(n)[1]},8,2023-05-06" for at, n in ((2, 1), (4, 3))),
        ],
        "expected_delivery": [
            "file,slot,effective_order,reporter,result,error,rows_read,rows_loaded,rows_quarantined,rows_skipped,records",
            f"{path.name},,2023_1,,rejected,too_many_errors,4,0,1,3,0",
        ],
        "expected_state": ["measure,value", "current_records,0"],
    }
    for name, lines in golden.items():
        (folder / "golden" / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def failing(test: Callable[[], None]) -> str:
    with pytest.raises(AssertionError) as wrong:
        test()
    return str(wrong.value)


def test_a_sound_source_is_found_sound(suite: Callable[..., Suite]) -> None:
    sound = suite(error_limit=0.5)
    (sample,) = sound.samples()
    for test in (
        sound.test_every_field_of_the_contract_is_used,
        sound.test_normalise_and_variants_give_fields_of_the_unified_contract_only,
        sound.test_the_natural_key_is_made_of_fields_that_the_source_gives,
        sound.test_no_expression_calls_python_for_its_rows,
        sound.test_no_header_is_both_read_and_left_out,
        sound.test_the_books_of_every_delivery_balance,
    ):
        test()
    for of in (
        sound.test_every_sample_is_claimed_by_this_source_alone,
        sound.test_every_row_has_the_outcome_that_the_golden_file_says,
        sound.test_every_record_is_the_golden_one,
        sound.test_every_header_is_mapped_ignored_or_dropped,
    ):
        of(sample)


def test_a_wrong_outcome_and_a_wrong_value_are_shown(suite: Callable[..., Suite]) -> None:
    half = {**NORMALISE, "hours": part("hours", "hours") / 2}
    wrong = suite(error_limit=0.5, normalise=half)
    (sample,) = wrong.samples()
    shown = failing(lambda: wrong.test_every_record_is_the_golden_one(sample))
    assert "made_up_2023_1.csv 第 2 行｜row 2: hours 应为｜wanted 8.00, 实为｜found 4.00" in shown
    path = wrong.folder / "golden" / "expected.csv"
    path.write_text(
        path.read_text(encoding="utf-8").replace("hours.unparsable", "hours.range"), encoding="utf-8"
    )
    golden.cache_clear()
    shown = failing(lambda: wrong.test_every_row_has_the_outcome_that_the_golden_file_says(sample))
    assert "row 3: reasons 应为｜wanted hours.range@学时, 实为｜found hours.unparsable@学时" in shown


def test_a_field_that_nobody_uses_is_found(suite: Callable[..., Suite]) -> None:
    class Idle(Sheet):
        note: str = column("附记")

    assert "note" in failing(suite(contract=Idle).test_every_field_of_the_contract_is_used)


def test_a_misspelt_field_and_a_key_that_is_never_given_are_found(suite: Callable[..., Suite]) -> None:
    misspelt = suite(normalise={**NORMALISE, "emploer_name": pl.lit("x")}, key=("person", "class_name"))
    assert "emploer_name" in failing(
        misspelt.test_normalise_and_variants_give_fields_of_the_unified_contract_only
    )
    assert "class_name" in failing(misspelt.test_the_natural_key_is_made_of_fields_that_the_source_gives)


@pytest.mark.parametrize(
    "value",
    [
        pl.col("person_name").map_elements(hash, return_dtype=pl.Int64),
        pl.col("person_name").map_batches(lambda column: column),
        pl.struct("person_name").map_elements(repr, return_dtype=pl.String).str.strip_chars(),
    ],
)
def test_python_in_an_expression_is_found(suite: Callable[..., Suite], value: pl.Expr) -> None:
    assert foreign(value)
    assert not foreign(pl.col("person_name").str.to_uppercase())
    slow = suite(normalise={**NORMALISE, "class_name": value})
    assert "normalise of class_name" in failing(slow.test_no_expression_calls_python_for_its_rows)


def test_a_header_that_is_read_and_ignored_at_once_is_found(suite: Callable[..., Suite]) -> None:
    failing(suite(ignored=("备注", "姓名")).test_no_header_is_both_read_and_left_out)


def test_an_unknown_header_of_a_sample_is_found(suite: Callable[..., Suite]) -> None:
    unknown = suite(ignored=())
    assert "备注" in failing(
        lambda: unknown.test_every_header_is_mapped_ignored_or_dropped(unknown.samples()[0])
    )


def test_a_source_that_is_not_installed_is_named(tmp_path: Path) -> None:
    absent = type("Absent", (SourceSuite,), {"source": "absent", "folder": tmp_path})()
    assert "absent is not installed" in failing(absent.test_every_field_of_the_contract_is_used)


def test_an_erratum_exchanges_two_rows_and_nothing_else() -> None:
    lines = pl.DataFrame(
        {"file": ["a"] * 3, "sheet": [None] * 3, "row": ["2", "5", "7"], "outcome": ["l", "s", "l"]}
    )
    errata = pl.DataFrame(
        {"file": ["a"], "sheet": [None], "row": ["2"], "twin": ["5"]}, schema_overrides={"sheet": pl.String}
    )
    swapped = exchanged(lines.with_columns(pl.col("sheet").cast(pl.String)), errata)
    assert swapped.select("row", "outcome").rows() == [("5", "l"), ("2", "s"), ("7", "l")]


def test_an_erratum_of_rows_that_differ_is_refused(suite: Callable[..., Suite]) -> None:
    false = suite(error_limit=0.5)
    text = "file,sheet,row,twin,ruling,why\nmade_up_2023_1.csv,,2,4,10,x\n"
    (false.folder / "golden" / "errata.csv").write_text(text, encoding="utf-8")
    failing(false.test_an_erratum_is_proven_by_two_rows_that_are_identical_in_all_canonical_values)


def test_an_omitted_warning_is_put_in_among_those_that_are_there() -> None:
    text = dict.fromkeys(("file", "sheet", "row", "warnings"), pl.String)
    lines = pl.DataFrame(
        [("a", None, "2", None), ("a", None, "3", "s@X"), ("a", None, "4", "z@B;a@B")], text, orient="row"
    )
    omitted = pl.DataFrame([("a", None, "2", "t@B;t@C"), ("a", None, "3", "t@B")], text, orient="row")
    assert completed(lines, omitted)["warnings"].to_list() == ["t@B;t@C", "s@X;t@B", "z@B;a@B"]


@pytest.mark.parametrize(
    "lines",
    [
        "made_up_2023_1.csv,,1,text.cut@单位",  # the header: skipped
        "made_up_2023_1.csv,,2,hours.range@学时",  # no warning
        "made_up_2023_1.csv,,2,text.cut@单位,22,x\nmade_up_2023_1.csv,,2,text.cut@姓名",  # told twice
    ],
)
def test_an_omission_that_cannot_be_is_refused(lines: str, suite: Callable[..., Suite]) -> None:
    false = suite(error_limit=0.5)
    text = f"file,sheet,row,warnings,ruling,why\n{lines},22,x\n"
    (false.folder / "golden" / "omitted.csv").write_text(text, encoding="utf-8")
    failing(false.test_a_warning_is_omitted_by_the_golden_file_for_a_loaded_row_and_a_known_code_alone)


def test_differences_are_told_by_row_without_order_or_identity() -> None:
    got = pl.DataFrame({"row": [1, 2, 2], "key": [b"\x01", b"\x02", b"\x02"]})
    assert differences(got.select("row"), pl.DataFrame({"row": ["2", "1", "2"]})) == ""
    fewer = pl.DataFrame({"row": ["1", "2"], "key": [b"\x01", b"\x02"]})
    assert differences(got, fewer) == "\n第 2 行｜row 2: 多出｜surplus: —"


def test_a_difference_tells_no_person() -> None:
    got = pl.DataFrame({"file": ["a"], "row": [2], "person_name": ["测试一"], "hours": ["8"]})
    shown = differences(got, got.with_columns(pl.col("row").cast(pl.String), person_name=pl.lit("测试二")))
    assert shown == "\na 第 2 行｜row 2: person_name 不同（个人信息，不显示）｜differs (personal, not shown)"
    gone = differences(got.clear(), got.with_columns(pl.col("row").cast(pl.String)))
    assert gone == "\na 第 2 行｜row 2: 缺少｜missing: hours=8"


def test_of_many_differences_the_first_are_shown_and_the_others_counted() -> None:
    wanted = pl.DataFrame({"row": [str(number) for number in range(10)], "hours": ["8"] * 10})
    got = wanted.with_columns(pl.col("row").cast(pl.Int64), hours=pl.lit("4"))
    assert differences(got, wanted).splitlines()[-1] == "…另有 2 处｜and 2 more"


def test_all_orders_of_few_samples_are_tried_and_a_fixed_lot_of_many() -> None:
    few, many = [Path(str(n)) for n in range(3)], [Path(str(n)) for n in range(9)]
    assert len(set(orders(few))) == 6
    assert orders(many) == orders(many)
    assert len(orders(many)) == 24


def test_a_two_level_header_survives_another_order_of_columns(tmp_path: Path) -> None:
    class Wide(RawContract):
        person_name: str = column("姓名")
        face: str = column("学时/面授")
        online: str = column("学时/网络")

    made = replace(source(), contract=Wide)
    rows = [["登记表", None, None], ["姓名", "学时", None], [None, "面授", "网络"], ["赵", "8", "4"]]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(",".join(cell or "" for cell in row) for row in rows), encoding="utf-8")
    parts = sheets.taken(path, made, date(2024, 1, 1), {("a.csv", None, 4)})
    changed = tmp_path / "new.csv"
    forms.text()(changed, list(map(changes.reordered, parts)))
    (grid,) = sheets.read_sheets(changed)
    assert [line[-3:] for line in grid.rows.rows()][1:] == [
        ("姓名", "学时", "学时"), (None, "网络", "面授"), ("赵", "4", "8")
    ]  # fmt: skip


def test_columns_of_one_name_keep_their_order_where_others_do_not(tmp_path: Path) -> None:
    class Tutored(RawContract):
        person_name: str = column("姓名")
        hours: str = column("学时")

    path = tmp_path / "a.csv"
    path.write_text("序号,姓名,学时,姓名,班\n1,赵,8,钱,甲\n", encoding="utf-8")
    parts = sheets.taken(path, replace(source(), contract=Tutored), date(2024, 1, 1), {("a.csv", None, 2)})
    changed = tmp_path / "new.csv"
    forms.text()(changed, list(map(changes.reordered, parts)))
    (grid,) = sheets.read_sheets(changed)
    assert [line[-5:] for line in grid.rows.rows()] == [
        ("序号", "班", "姓名", "学时", "姓名"), ("1", "甲", "赵", "8", "钱")
    ]  # fmt: skip


def test_nothing_of_the_kit_writes_to_samples_or_golden_files(
    suite: Callable[..., Suite], tmp_path: Path
) -> None:
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    calm = suite(error_limit=0.5)
    (sample,) = calm.samples()
    calm.test_columns_in_another_order_give_the_same_records(sample, _folder(tmp_path, "1"))
    calm.test_a_renamed_column_is_missed_and_the_nearest_header_named()
    assert {path: path.read_bytes() for path in before} == before
    assert re.fullmatch(r"made_up_\d{4}_1\.csv", sample.name)
    assert len(HEADERS) == 7


def _folder(parent: Path, name: str) -> Path:
    folder = parent / "changed" / name
    folder.mkdir(parents=True)
    return folder


def _pull(folder: Path) -> Path:
    """A pull of two pages with two records each."""
    folder.mkdir(parents=True)
    for page in (1, 2):
        items = [{"id": f"{page}{at}", "list": [{"kind": "a"}, {"kind": "b"}][:at]} for at in (1, 2)]
        told = {"totalCount": 4, "items": items}
        (folder / f"page-{page}.json").write_text(json.dumps(told), encoding="utf-8")
    return folder


def test_a_folder_is_read_as_the_inbox_packs_it(tmp_path: Path) -> None:
    grids = sheets.read_sheets(_pull(tmp_path / "pull"))
    assert [grid.file for grid in grids] == ["page-1.json", "page-2.json"]
    assert {grid.headers for grid in grids} == {("id", "list[0].kind", "list[1].kind")}


def test_the_pages_of_a_pull_survive_another_order_of_columns(tmp_path: Path) -> None:
    class Listed(RawContract):
        number: str = column("id")
        first: str = column("list[0].kind")
        second: str = column("list[1].kind")

    made = replace(source(), contract=Listed)
    kept = {("pull/page-1.json", None, 2), ("pull/page-2.json", None, 1)}
    parts = sheets.taken(_pull(tmp_path / "pull"), made, date(2024, 1, 1), kept)
    changed = tmp_path / "new"
    forms.pull(changed, list(map(changes.reordered, parts)))
    first, second = sheets.read_sheets(changed)
    cells = [
        {str(header): grid.rows[f"c{at}"][0] for at, header in enumerate(grid.headers or ())}
        for grid in (first, second)
    ]
    assert cells == [
        {"id": "12", "list[0].kind": "a", "list[1].kind": "b"},
        {"id": "21", "list[0].kind": "a", "list[1].kind": None},
    ]


def test_a_pull_that_is_cut_loses_its_last_pages(tmp_path: Path) -> None:
    pull = _pull(tmp_path / "pull")
    sizes = [file.stat().st_size for file in folders.files(pull)]
    for size, left in ((sizes[0], [sizes[0]]), (sizes[0] + 3, [sizes[0], 3]), (sum(sizes), sizes), (0, [])):
        short = folders.cut(pull, tmp_path / str(size), size)
        assert [file.stat().st_size for file in folders.files(short)] == left


def test_lines_of_a_pull_are_those_of_its_pages() -> None:
    lines = pl.DataFrame({"file": ["pull", "pull/p1", "pull2", "pull2/p1", "a/pull"]})
    assert lines.filter(folders.inside("pull"))["file"].to_list() == ["pull", "pull/p1"]


FIELD = st.text("ab学", min_size=1, max_size=2)
RECORD: st.SearchStrategy[dict[str, object]] = st.recursive(
    st.dictionaries(FIELD, st.text("x1", min_size=1), min_size=1, max_size=3),
    lambda inner: st.dictionaries(
        FIELD, inner | st.lists(inner, min_size=1, max_size=3), min_size=1, max_size=3
    ),
)


@given(RECORD)
def test_headers_that_are_paths_lead_back_to_the_record(record: dict[str, object]) -> None:
    (told,) = pages([Page(None, lambda: json.dumps([record]).encode())], ReadOptions())
    assert told.headers is not None
    cells = dict(zip(told.headers, told.rows.select(pl.col("^c[0-9]+$")).row(0), strict=True))
    assert nested(cells) == record


def test_an_empty_field_is_null_and_an_empty_list_no_list() -> None:
    cells = {"a.b": None, "c[0].d": None, "c[1].d": "x", "c": None, "e": None, "e[0].f": None}
    assert nested(cells) == {"a": {"b": None}, "c": [{}, {"d": "x"}], "e": None}
