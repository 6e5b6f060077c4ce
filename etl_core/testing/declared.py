"""What a source's declaration must hold by itself, before any file is read."""

from __future__ import annotations

from collections.abc import Iterator
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
from etl_schemas.training import FIELDS


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


def _codes(package: str) -> dict[str, dict[str, str]]:
    try:
        return {field: dict(words) for field, words in codes(package).items()}
    except FileNotFoundError:  # a source without words of its own
        return {}
