"""What a source's declaration must hold by itself, before any file is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import polars as pl

from etl_core.codes import codes
from etl_core.contract import origins, readings
from etl_core.header import normal
from etl_core.records import CARRIED
from etl_core.source import Source
from etl_core.testing.case import Case
from etl_core.validate import Rule, rules
from etl_schemas import reasons
from etl_schemas.enums import ENUMS
from etl_schemas.training import FIELDS, TrainingRecord

# Fields that may not be empty, and those of them that follow from others (from any of these, or always).
REQUIRED = {name for name, column in TrainingRecord.to_schema().columns.items() if not column.nullable}
DERIVED: dict[str, set[str]] = {
    "mode": {"mode_detail"},
    "training_year": {"end_date"},
    "hours_basis": set(),
    "credits_basis": set(),
}

# Headers of what nobody may keep.
SECRET = re.compile(r"手机|电话|密码|口令|微信|QQ|(?<![A-Za-z])IP(?![A-Za-z])|^MM$|地址$")


def interpreting(source: Source) -> Iterator[tuple[str, pl.Expr]]:
    """Every expression that gives a unified field, with a name for people."""
    for field, value in source.normalise.items():
        yield f"normalise of {field}", value
    for number, variant in enumerate(source.variants):
        yield f"condition of variant {number}", variant.when
        for field, value in variant.fields.items():
            yield f"{field} of variant {number}", value


def checks(source: Source) -> tuple[Rule, ...]:
    """Every check of the raw contract."""
    contract: Any = source.contract  # pyright holds a pandera model for unhashable
    return rules(contract)


def judging(source: Source) -> Iterator[tuple[str, pl.Expr]]:
    """Every expression of the raw contract's checks; one that pandera runs by itself is not an expression."""
    for rule in checks(source):
        if rule.passes is not None:
            yield f"check {rule.code} of {rule.field}", rule.passes


def reading(source: Source) -> Iterator[tuple[str, pl.Expr]]:
    """Every expression by which a cell is read."""
    for each in readings(source.contract):
        yield f"reading of {each.field}", each.value


def roots(value: pl.Expr) -> set[str]:
    """The contract's fields that an expression is made of, by themselves or by a part of their reading."""
    return {name.partition(":")[0] for name in value.meta.root_names()}


def foreign(value: pl.Expr) -> bool:
    """Whether an expression calls Python for its rows (map_elements, map_batches)."""
    return ".python_udf(" in str(value)


class Declaration(Case):
    """A source is a whole, consistent and pure declaration."""

    def test_every_field_of_the_contract_is_used(self) -> None:
        """Nothing is promised in vain: each field is part of normalise, of a variant, of a check or of another's reading."""
        source = self.declared()
        used = {root for _, value in (*interpreting(source), *judging(source)) for root in roots(value)}
        used.add(source.period)
        lent = {root for each in readings(source.contract) for root in roots(each.value) - {each.field}}
        checked = {rule.field for rule in checks(source)}
        assert set(origins(source.contract)) - used - lent - checked == set()

    def test_normalise_and_variants_give_fields_of_the_unified_contract_only(self) -> None:
        """A misspelt field would vanish without a word (contract §2; CARRIED of etl_core.records)."""
        source = self.declared()
        assert {*source.normalise, *source.variant_fields} - {*FIELDS, *CARRIED} == set()

    def test_the_natural_key_is_made_of_fields_that_the_source_gives(self) -> None:
        """A key's field that is always empty tells nothing apart (contract §4); «person» stands for the identity."""
        source = self.declared()
        assert source.key
        given = {*source.normalise, *source.variant_fields, "person", "reporter"}
        assert set(source.key) - given == set()

    def test_every_reason_code_is_in_the_catalogue(self) -> None:
        """A code without a message cannot say what to do (contract §3)."""
        assert [rule.code for rule in checks(self.declared()) if not reasons.known(rule.code)] == []

    def test_every_value_of_codes_csv_is_in_the_closed_list_of_its_field(self) -> None:
        """A word is mapped to a code of the unified contract or not at all."""
        wrong = [
            (field, word, value)
            for field, words in _codes(self.package()).items()
            for word, value in words.items()
            if field not in ENUMS or value not in {str(member.value) for member in ENUMS[field]}
        ]
        assert wrong == []

    def test_no_expression_calls_python_for_its_rows(self) -> None:
        """Expressions are pure polars: the same cells give the same value, at the speed of the engine."""
        source = self.declared()
        every = (*reading(source), *judging(source), *interpreting(source))
        assert [name for name, value in every if foreign(value)] == []

    def test_no_header_is_both_read_and_left_out(self) -> None:
        """mapped, ignored and dropped are three different fates of a column (ruling 62)."""
        source = self.declared()
        read = [
            {normal(header.text) for header in origin.headers} for origin in origins(source.contract).values()
        ]
        fates = [*read, *({normal(each)} for each in (*source.ignored, *source.dropped))]
        assert sum(map(len, fates)) == len(set().union(*fates))

    def test_every_field_that_may_not_be_empty_is_given(self) -> None:
        """What a record must have, the source says itself or the framework derives from what it says (contract §2)."""
        source = self.declared()
        given = {*source.normalise, *source.variant_fields}
        assert (
            REQUIRED - given - {name for name, others in DERIVED.items() if others & given or not others}
            == set()
        )

    def test_no_two_fields_are_read_from_one_header(self) -> None:
        """Of two fields under one header, at one date, nobody knows which one is meant."""
        for on in self._dates():
            held = [
                normal(header.text)
                for origin in origins(self.declared().contract).values()
                for header in origin.headers
                if header.holds(on)
            ]
            assert sorted(held) == sorted(set(held)), on

    def test_the_source_says_who_sends_what(self) -> None:
        """Six digits of GB/T 2260, names in Chinese, names of files, and a limit of faulty rows that is a share."""
        source = self.declared()
        assert re.fullmatch(r"\d{6}", source.agency.code)
        assert all(re.search(r"[\u4e00-\u9fff]", text) for text in (source.agency.name, source.title))
        assert source.name.isidentifier()
        assert source.names
        assert 0 < source.error_limit <= 1

    def test_how_deliveries_add_up_is_said_with_all_that_it_needs(self) -> None:
        """A snapshot names the period that it replaces; a ledger gives entry and original, nobody else does (contract §4)."""
        source = self.declared()
        for sample in self.samples():
            claimed = self.told(sample).claimed
            if claimed is not None:
                assert claimed.place.label
                assert claimed.place.order
                assert claimed.place.slot or source.semantics != "snapshot", sample.name
        assert {"entry", "original"} & set(source.normalise) == (
            {"entry", "original"} if source.semantics == "ledger" else set()
        )

    def test_identity_numbers_are_judged_or_there_are_none(self) -> None:
        """damaged, length and checksum are asked of the column they come from; without one, id_type is none (ruling 33)."""
        source = self.declared()
        number = source.normalise.get("id_number")
        if number is None:
            assert str(source.normalise["id_type"]) == str(pl.lit("none"))
            return
        asked = {rule.code for rule in checks(source) if rule.field in roots(number)}
        assert asked >= {"id_number.damaged", "id_number.length", "id_number.checksum"}

    def test_telephones_and_passwords_are_dropped_and_not_only_ignored(self) -> None:
        """Columns with telephone, IP address, password or WeChat name are kept nowhere, not even in quarantine (ruling 62)."""
        for sample in self.samples():
            for account in self.told(sample).accounts:
                assert [text for text in (*account.mapped, *account.ignored) if SECRET.search(text)] == []

    @classmethod
    def _dates(cls) -> set[date]:
        """The days on which some spelling of a header begins or ceases to hold, and the day of arrival."""
        headers = [
            header for origin in origins(cls.declared().contract).values() for header in origin.headers
        ]
        return {cls.arrived} | {day for each in headers for day in (each.since, each.until) if day}


def _codes(package: str) -> dict[str, dict[str, str]]:
    try:
        return {field: dict(words) for field, words in codes(package).items()}
    except FileNotFoundError:  # a source without words of its own
        return {}
