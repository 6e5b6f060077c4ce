"""A source, or a core, that is broken in one way for each test of the conformance suite."""

from __future__ import annotations

import itertools
import os
import random
import re
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from etl_core import child, extract, header, mending, stray, table
from etl_core.contract import RawContract, check, column, houred, identified, required
from etl_core.errors import DeliveryError
from etl_core.expressions import reading
from etl_core.expressions.reading import part
from etl_core.readers import csv, workbook
from etl_core.records import Place, Prepared
from etl_core.testing import declared, orderly
from etl_core.warehouse import Warehouse
from tests import fakes, made_up, suites
from tests.made_up import NORMALISE, Sheet, place
from tests.suites import FIRST

Changes = dict[str, Any]
Break = Callable[[pytest.MonkeyPatch, Path], Changes]


def told(**changes: Any) -> Break:
    """The source declared otherwise."""
    return lambda patch, folder: changes


def given(**fields: pl.Expr) -> Break:
    """Some unified fields given otherwise."""
    return told(normalise={**NORMALISE, **fields})


def placing(act: Callable[[str, str], object]) -> Break:
    """A source that does something while it tells the place of a delivery; what it gives, if anything, is the label."""

    def placed(name: str, above: str) -> Place | None:
        found, label = place(name, above), act(name, above)
        return replace(found, label=str(label)) if found and label is not None else found

    return told(place=placed)


def refusing(wrong: Callable[[str, str], bool]) -> Break:
    """A source that breaks over some names and titles."""

    def act(name: str, above: str) -> None:
        if wrong(name, above):
            raise KeyError

    return placing(act)


def patched(where: object, name: str, otherwise: Callable[[Any], Any]) -> Break:
    """The core with one function made of the one that is there."""

    def broken(patch: pytest.MonkeyPatch, folder: Path) -> Changes:
        patch.setattr(where, name, otherwise(getattr(where, name)))
        return {}

    return broken


def golden(name: str, *lines: str) -> Break:
    """More lines in a golden file."""

    def broken(patch: pytest.MonkeyPatch, folder: Path) -> Changes:
        with (folder / "golden" / f"{name}.csv").open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
        return {}

    return broken


def called(old: str, new: str | None) -> Break:
    """Rows of one kind taken for another."""
    return patched(extract, "kind", lambda usual: lambda *of: usual(*of).replace({old: new}))


def prepared(otherwise: Callable[[Prepared], Prepared]) -> Break:
    """Batches that are not what was read."""
    return patched(child, "prepare", lambda usual: lambda *of: otherwise(usual(*of)))


def fewer(usual: Any) -> Any:
    """A reader that loses the last row."""

    def grids(*of: Any, **more: Any) -> Any:
        for grid in usual(*of, **more):
            yield replace(grid, rows=grid.rows.head(-1))

    return grids


def refused(wrong: Callable[[bytes], bool]) -> Break:
    """A reader of text that gives some files up."""

    def broken(usual: Any) -> Any:
        def grids(path: Path, *of: Any, **more: Any) -> Any:
            if wrong(path.read_bytes()):
                raise DeliveryError("unsafe")
            yield from usual(path, *of, **more)

        return grids

    return patched(csv, "grids", broken)


def forgetful(usual: Any) -> Any:
    """A run that loses the second delivery."""
    return lambda into, files, modified: usual(into, [each for each in files if each.name == FIRST], modified)


def kernel_panic(usual: Any) -> Any:
    """Recognition that breaks over what no reader can read."""

    def survey(*of: Any) -> Any:
        try:
            return usual(*of)
        except DeliveryError:
            raise KeyError from None

    return survey


def bare(text: str) -> str:
    """A header compared as it is written."""
    return text


class Idle(Sheet):
    note: str = column("附记", optional=True)


class Unjudged(Sheet):
    id_number: str = column("证件号", reads=reading.number)


class Lenient(Sheet):
    person_name: str = column("姓名", "新姓名", checks=[required("person_name")])


class Twice(Sheet):
    again: str = column("姓名")


class Uncatalogued(Sheet):
    hours: str = column(
        "学时", reads=reading.hours, checks=[*houred(), check("hours.odd", lambda cell: pl.col(cell) != "7")]
    )


class Lax(RawContract):
    """As Sheet, with hours that nobody judges."""

    person_name: str = column("姓名", checks=[required("person_name")])
    id_number: str = column("证件号", reads=reading.number, checks=identified())
    employer_name: str = column("单位")
    project_name: str = column("项目")
    start_date: str = column("日期", reads=reading.day)
    hours: str = column("学时", reads=reading.hours)


NUMBERED = pl.int_range(pl.len()).cast(pl.String)
COUNTED = pl.len().cast(pl.String)
CALLS = itertools.count()


def leaking(patch: pytest.MonkeyPatch, folder: Path) -> Changes:
    """A source whose label is what it reads of the first persons."""

    def placed(name: str, above: str) -> Place | None:
        found = place(name, above)
        return replace(found, label=above) if found else None

    return {"period": "id_number", "place": placed}


def written(name: str, above: str) -> None:
    Path(os.devnull).open("w", encoding="utf-8").close()


def wandering(name: str, above: str) -> None:
    os.environ["MADE_UP"] = str(next(CALLS))


def learning(patch: pytest.MonkeyPatch, folder: Path) -> Changes:
    """A source whose codes grow with every file."""
    mine = dict(NORMALISE)

    def act(name: str, above: str) -> None:
        mine["class_name"] = pl.lit(str(next(CALLS)))

    return {**placing(act)(patch, folder), "normalise": mine}


def remembering(patch: pytest.MonkeyPatch, folder: Path) -> Changes:
    """A source that tells how many other files it has seen."""
    seen: set[str] = set()

    def act(name: str, above: str) -> str:
        seen.add(name + above)
        return f"{len(seen)}"

    return placing(act)(patch, folder)


def elsewhere(patch: pytest.MonkeyPatch, folder: Path) -> Changes:
    """A source that says what time zone it is in."""
    more = "import os\nNORMALISE['class_name'] = pl.lit(os.environ.get('TZ', 'here'))"
    patch.setenv("PYTHONPATH", os.pathsep.join([str(fakes.install(folder / "site", more=more)), *sys.path]))
    return {"normalise": {**NORMALISE, "class_name": pl.lit("here")}}


def asking(patch: pytest.MonkeyPatch, folder: Path) -> Changes:
    """A plugin that asks what day it is."""
    code = folder / "plugin.py"
    code.write_text("from datetime import date\nYEAR = date.today().year\n", encoding="utf-8")
    patch.setattr(suites.MadeUp, "code", classmethod(lambda cls: [code]), raising=False)
    return {"_code": [code]}


def meeting(patch: pytest.MonkeyPatch, folder: Path) -> Changes:
    """Two reporters of one event where the golden files know of none."""
    first = pl.col("hours") == "6"
    reporter = pl.when(first).then(pl.lit("甲")).otherwise(pl.lit("乙"))
    key = ("person", "project_name", "start_date", "reporter")
    return {"normalise": {**NORMALISE, "reporter": reporter}, "key": key}


def shifted(usual: Any) -> Any:
    return lambda layout: usual(layout) and bool(layout.texts[0] and layout.texts[-1])


def unseen(usual: Any) -> Any:
    return lambda grid, source, on: header.locate(table.head(grid), source, on)


def overcounted(usual: Any) -> Any:
    return lambda *of: usual(*of).with_columns(pl.col("rows_read") + 1)


def changed_copy(usual: Any) -> Any:
    def copied(sample: Path, target: Path) -> Path:
        target.write_bytes(sample.read_bytes() + b"\r\n")
        return target

    return copied


def unaccounted(usual: Any) -> Any:
    return lambda *of: {**usual(*of), "ignored": ()}


BROKEN: dict[str, Break] = {
    # declared
    "every_field_of_the_contract_is_used": told(contract=Idle),
    "normalise_and_variants_give_fields_of_the_unified_contract_only": given(emploer_name=pl.lit("x")),
    "the_natural_key_is_made_of_fields_that_the_source_gives": told(key=("person", "class_name")),
    "every_reason_code_is_in_the_catalogue": patched(
        declared.reasons, "known", lambda usual: lambda code: usual(code) and code != "hours.range"
    ),
    "every_value_of_codes_csv_is_in_the_closed_list_of_its_field": patched(
        declared, "codes", lambda usual: lambda package: {"level": {"市级": "25"}}
    ),
    "no_expression_calls_python_for_its_rows": given(
        class_name=pl.col("person_name").map_batches(lambda column: column)
    ),
    "no_header_is_both_read_and_left_out": told(ignored=("备注", "姓名")),
    "every_field_that_may_not_be_empty_is_given": told(
        normalise={name: value for name, value in NORMALISE.items() if name != "role"}
    ),
    "no_two_fields_are_read_from_one_header": told(contract=Twice),
    "the_source_says_who_sends_what": told(title="register"),
    "how_deliveries_add_up_is_said_with_all_that_it_needs": told(semantics="snapshot"),
    "identity_numbers_are_judged_or_there_are_none": told(contract=Unjudged),
    "telephones_and_passwords_are_dropped_and_not_only_ignored": patched(
        declared, "SECRET", lambda usual: re.compile("备注")
    ),
    # faithful
    "the_golden_files_speak_of_every_sample_and_of_no_other": golden(
        "expected_delivery", "x.csv,,,,ok,,0,0,0,0,0"
    ),
    "every_sample_is_claimed_by_this_source_alone": told(names=()),
    "every_row_has_the_outcome_that_the_golden_file_says": told(contract=Lax),
    "every_record_is_the_golden_one": given(hours=part("hours", "hours") / 2),
    "every_delivery_stands_where_the_golden_file_says": placing(lambda name, above: "别处"),
    "the_books_of_every_delivery_balance": patched(Warehouse, "deliveries", overcounted),
    "every_header_is_mapped_ignored_or_dropped": told(ignored=()),
    "an_erratum_is_proven_by_two_rows_that_are_identical_in_all_canonical_values": golden(
        "errata", "file,sheet,row,twin,ruling,why", f"{FIRST},,2,4,10,x"
    ),
    "a_warning_is_omitted_by_the_golden_file_for_a_loaded_row_and_a_known_code_alone": golden(
        "omitted", "file,sheet,row,warnings,ruling,why", f"{FIRST},,1,text.cut@单位,22,x"
    ),
    # orderly
    "the_end_state_is_the_golden_one_in_every_order_of_arrival": patched(orderly, "load", forgetful),
    "events_that_two_agencies_report_are_counted_once": meeting,
    "the_same_bytes_under_another_name_change_nothing": patched(orderly, "copied", changed_copy),
    "an_earlier_version_that_comes_late_withdraws_nothing_of_a_later_one": patched(
        orderly, "load", forgetful
    ),
    # sturdy
    "reading_twice_gives_the_same_answer": given(class_name=pl.lit("x") + NUMBERED.shuffle()),
    "batches_of_any_size_give_the_same_answer": given(class_name=COUNTED),
    "a_sample_that_is_packed_gives_the_same_answer": given(class_name=pl.col("file")),
    "a_head_without_records_is_an_empty_delivery": patched(
        child, "Done", lambda usual: lambda accounts=(), records=1: usual(accounts, max(1, records))
    ),
    "a_truncated_file_fails_as_a_whole_or_loses_its_end_only": given(class_name=COUNTED),
    "no_identity_number_stands_outside_the_frames_that_hold_cells": leaking,
    # pure
    "reading_opens_no_file_for_writing_and_changes_none": placing(written),
    "reading_asks_no_network_and_starts_no_process": placing(lambda name, above: socket.socket().close()),
    "reading_prints_nothing": placing(lambda name, above: os.write(1, b"x")),
    "reading_leaves_the_process_as_it_was": placing(wandering),
    "reading_leaves_the_declaration_as_it_was": learning,
    "a_fresh_process_in_another_place_and_time_zone_gives_the_same_answer": elsewhere,
    "what_was_read_before_decides_nothing": remembering,
    "a_place_is_told_by_name_and_title_alone": placing(lambda name, above: random.random()),
    "the_plugins_code_asks_neither_clock_nor_chance_nor_the_machine": asking,
    # drift
    "columns_in_another_order_give_the_same_records": refusing(lambda name, above: "姓名\n备注" in above),
    "an_added_column_is_named_and_changes_nothing": told(ignored=("备注", "外加的列")),
    "a_column_without_a_header_is_named_where_a_record_has_text_there": patched(
        extract, "_unheaded", lambda usual: lambda rows, of: frozenset()
    ),
    "of_two_renamed_columns_both_are_missed_with_their_nearest_headers": patched(
        header, "few", lambda usual: lambda texts: usual(texts[:1])
    ),
    "a_renamed_column_is_missed_and_the_nearest_header_named": told(contract=Lenient),
    "a_removed_column_is_missed_by_its_promised_name": patched(
        header, "promised", lambda usual: lambda source: ()
    ),
    "the_columns_of_a_field_that_has_several_may_not_all_be_missing": told(contract=Twice),
    "columns_that_are_not_read_may_be_missing": refusing(lambda name, above: "备注" not in above),
    "empty_columns_before_and_behind_the_table_change_nothing": patched(header, "plausible", shifted),
    "a_title_that_moved_down_changes_nothing": refusing(lambda name, above: "内部资料" in above),
    "a_header_with_blanks_and_line_breaks_is_the_same_header": patched(header, "normal", lambda usual: bare),
    "a_header_with_a_mark_of_what_must_be_filled_in_is_the_same_header": patched(
        header, "normal", lambda usual: bare
    ),
    "a_second_column_of_a_name_that_is_read_is_named_and_not_read": patched(
        header, "_numbered", lambda usual: lambda text, number: text
    ),
    "a_workbook_in_the_place_of_the_usual_container_gives_the_same_records": patched(
        workbook, "grids", fewer
    ),
    "delimited_text_in_the_place_of_the_usual_container_gives_the_same_records": patched(csv, "grids", fewer),
    "the_usual_container_written_by_others_gives_the_same_records": patched(csv, "grids", fewer),
    "sheets_that_hold_no_data_are_counted_and_not_read": patched(table, "located", unseen),
    "a_sheet_of_persons_under_other_headers_is_never_passed_over": patched(
        stray, "demand_none", lambda usual: lambda *of: None
    ),
    # hostile
    "the_encoding_of_a_text_decides_nothing": refused(lambda data: data.startswith(b"\xfe\xff")),
    "the_line_ends_and_quotes_of_a_text_decide_nothing": refused(lambda data: b"\r" not in data),
    "blank_rows_anywhere_are_counted_and_change_nothing": called("blank", "note"),
    "total_rows_inside_and_at_the_end_are_no_records": called("total", None),
    "notes_inside_and_at_the_end_are_no_records": called("note", "title"),
    "signatures_inside_and_at_the_end_are_no_records": called("signature", None),
    "a_whole_record_is_one_whatever_stands_before_it": patched(
        table, "_full", lambda usual: lambda *of: pl.lit(False)
    ),
    "a_header_repeated_at_a_page_break_is_no_record": called("header", "title"),
    "a_row_with_one_field_more_or_less_is_refused_alone": patched(
        extract, "fault", lambda usual: lambda of: pl.col("fault")
    ),
    "bytes_of_no_encoding_refuse_their_row_alone": patched(
        extract, "fault", lambda usual: lambda of: pl.lit(None, pl.String)
    ),
    "a_text_that_breaks_off_loses_its_last_record_only": patched(
        extract, "fault", lambda usual: lambda of: pl.col("fault")
    ),
    "a_file_without_a_record_is_an_empty_delivery": patched(
        child, "Done", lambda usual: lambda accounts=(), records=1: usual(accounts, max(1, records))
    ),
    "a_record_alone_is_what_it_is_among_others": given(class_name=COUNTED),
    "records_in_another_order_are_the_same_records": given(class_name=NUMBERED),
    "identity_numbers_stored_as_numbers_are_damaged_and_never_guessed": told(contract=Unjudged),
    "identity_numbers_of_15_digits_are_exact_even_as_numbers": given(id_number=pl.col("id_number")),
    "slips_of_the_pen_in_identity_numbers_are_mended": given(id_number=pl.col("id_number")),
    "full_width_digits_mean_what_they_say": given(
        hours=pl.col("hours").cast(pl.Float64, strict=False), hours_basis=pl.lit("stated")
    ),
    "text_that_looks_like_a_formula_stays_text": patched(
        extract, "clean", lambda usual: lambda field: pl.col(field).str.strip_chars_start("=+-@")
    ),
    "a_cell_of_a_megabyte_harms_no_other_row": refused(lambda data: len(data) > 1 << 20),
    "bytes_that_are_no_delivery_are_refused_under_its_name": patched(mending, "marked", kernel_panic),
    "a_file_under_a_name_that_says_nothing_is_known_by_its_headers_or_refused": refusing(
        lambda name, above: not name.startswith(made_up.NAME)
    ),
    # balanced
    "every_row_of_every_odd_file_has_exactly_one_outcome": prepared(
        lambda batch: replace(batch, skips=batch.skips.head(-1))
    ),
    "every_refused_row_of_every_odd_file_has_a_reason_and_no_other_row_an_error": prepared(
        lambda batch: replace(batch, issues=batch.issues.clear())
    ),
    "the_ledger_of_every_odd_file_balances": prepared(lambda batch: replace(batch, read=batch.read + 1)),
    "every_header_of_every_odd_file_has_exactly_one_fate": patched(header, "account", unaccounted),
    "no_word_about_any_odd_file_says_who": leaking,
}
