from __future__ import annotations

import subprocess
import sys
from datetime import date
from importlib.resources import files

import pytest

from etl_schemas import tables


def test_every_table_is_described_with_its_licence_and_nothing_else_is() -> None:
    codes = files("etl_schemas") / "codes"
    described = (codes / "README.md").read_text(encoding="utf-8")
    names = sorted(entry.name for entry in codes.iterdir() if entry.name.endswith(".csv"))
    assert [name for name in names if name not in described] == []
    assert described.count(".csv") == len(names) + 1  # words.csv is named once more in the text
    licences = [entry.name for entry in (codes / "LICENSES").iterdir()]
    assert [name for name in licences if name not in described] == []


def test_every_row_of_every_table_has_exactly_the_columns_of_its_header() -> None:
    for entry in (files("etl_schemas") / "codes").iterdir():
        if entry.name.endswith(".csv"):
            assert all(
                None not in row and None not in row.values() for row in tables.rows(entry.name[:-4])
            ), entry.name


def test_reading_the_tables_does_not_load_polars() -> None:
    code = "import sys; from etl_schemas import tables; tables.divisions(); tables.words('title'); print('polars' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_an_unknown_table_is_an_error() -> None:
    with pytest.raises(FileNotFoundError):
        tables.rows("surnames")


def test_shared_tables_cannot_be_changed_by_who_reads_them() -> None:
    with pytest.raises(TypeError):
        tables.words("role")["学员"] = "expert"  # type: ignore[index]


def test_a_moe_code_stands_alone_as_its_label_and_as_both() -> None:
    levels = tables.words("level")
    assert [levels[word] for word in ("10", "国家级", "10-国家级", "国培", "区县级")] == [
        "10",
        "10",
        "10",
        "10",
        "40",
    ]


def test_every_rank_of_the_title_table_has_a_value() -> None:
    assert set(tables.words("title").values()) == {
        "senior_full",
        "senior",
        "first",
        "second",
        "third",
        "none",
    }


def test_every_alias_of_a_subject_leads_to_a_canonical_name() -> None:
    canonical = {row["name"] for row in tables.rows("subjects")}
    for upper in (False, True):
        parts = {part for name in tables.subjects(upper=upper).values() for part in name.split("+")}
        assert parts <= canonical


def test_a_code_that_was_given_twice_has_both_its_places_with_their_years() -> None:
    found = [(each.name, each.since, each.until) for each in tables.divisions() if each.code == "500110"]
    assert sorted(found, key=lambda each: each[1]) == [
        ("万盛区", date(1997, 1, 1), date(2011, 12, 31)),
        ("綦江区", date(2011, 1, 1), None),
    ]


def test_the_change_of_2025_is_exact_to_the_day_and_names_the_heirs() -> None:
    changed = {
        each.code: (each.since, each.until, each.successors)
        for each in tables.divisions()
        if each.name in ("江北区", "渝北区", "两江新区")
    }
    assert changed["500105"] == (date(1997, 1, 1), date(2025, 11, 5), ("500157",))
    assert changed["500112"] == (date(1997, 1, 1), date(2025, 11, 5), ("500157", "500109"))
    assert changed["500157"] == (date(2025, 11, 6), None, ())
