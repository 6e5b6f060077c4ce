"""Who and what a record is: 16-byte keys of the record, its row and its event (contract §4).

A key is BLAKE2b over the key's fields. Each field is written with its length, and null unlike any text, so
that no two different keys can be written alike. White space does not count in names (ruling 64).
"""

from __future__ import annotations

from hashlib import blake2b

import polars as pl

SIZE = 16  # bytes of a key: a collision among 10^9 records has a chance of 10^-21
PERSON = "person"  # pseudo-field of a key: the person's identity within the source
FOLDED = frozenset({"project_name", "employer_name", "person_name"})
NUMBERS = frozenset(
    {"start_date", "end_date", "training_year"}
)  # written as digits and a comma, which no digit is

EVENT = (
    PERSON, "project_name", "class_name", "start_date", "end_date", "training_year", "role", "mode_detail",
    "credit_kind",
)  # fmt: skip
"""What two agencies that report one event have in common: neither reporter nor source (contract §4)."""

# Fields that a frame may lack, as one without them is the same as one where they are empty.
OPTIONAL = ("person_key", "namesake", "employer_name", "training_year")


def record_key(rows: pl.DataFrame, source: str, key: tuple[str, ...]) -> pl.Series:
    """The natural key of each row within its source; `person` stands for the person's identity.

    rows: the key's fields under their unified names, `person_key` Binary in the place of id_number.
    Without a start_date the training_year stands in its place (ruling 67).
    """
    return _hashed(rows, [pl.lit(_written(source)), *map(_field, key)])


def row_key(rows: pl.DataFrame, source: str, key: tuple[str, ...], variant: tuple[str, ...]) -> pl.Series:
    """The same without the fields in which the records of one row differ (ruling 72)."""
    return record_key(rows, source, tuple(field for field in key if field not in variant))


def refers(rows: pl.DataFrame, source: str) -> pl.Series:
    """The record_key of the record that each entry of a ledger is about, by the agency's own number; null without one."""
    about = pl.col("original").alias("agency_record_id")
    named = record_key(rows.with_columns(about), source, ("agency_record_id",))
    return named.to_frame("refers").select(pl.when(rows["original"].is_not_null()).then("refers")).to_series()


def event_key(rows: pl.DataFrame) -> pl.Series:
    """The same for every report of one event, whoever reports it (contract §4, ruling 69)."""
    return _hashed(rows, [_part(field) for field in EVENT])


def _hashed(rows: pl.DataFrame, parts: list[pl.Expr]) -> pl.Series:
    written = _complete(rows).select(pl.concat_str(parts)).to_series()
    return pl.Series([blake2b(text.encode(), digest_size=SIZE).digest() for text in written], dtype=pl.Binary)


def _complete(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows with every column that a key may ask for, and who they are about."""
    lacking = [pl.lit(None, pl.String).alias(name) for name in OPTIONAL if name not in rows.columns]
    whole = rows.with_columns(lacking)
    nameless = whole["person_key"].null_count() == 0  # mostly nobody's name has to be looked at
    return whole.with_columns(_person(nameless).alias(PERSON))


def _field(name: str) -> pl.Expr:
    if name == "start_date":
        undated = pl.lit("year ") + pl.col("training_year").cast(pl.String)
        return _netstring(pl.coalesce(pl.col(name).cast(pl.String), undated))
    return _part(name)


def _part(name: str) -> pl.Expr:
    if name == PERSON:
        return pl.col(PERSON)
    if name in NUMBERS:
        return pl.col(name).cast(pl.Int32).cast(pl.String).fill_null("-") + ","
    text = pl.col(name).cast(pl.String)
    return _netstring(folded(text) if name in FOLDED else text)


def _person(nameless: bool) -> pl.Expr:
    """The pseudonym where there is one, else name, namesake and employer (contract §4, ruling 34)."""
    pseudonym = pl.lit("p") + pl.col("person_key").cast(pl.Binary).bin.encode("hex")
    if nameless:
        return pseudonym
    names = pl.concat_str([_part(name) for name in ("person_name", "namesake", "employer_name")])
    return pseudonym.fill_null(pl.lit("n") + names)


def folded(text: pl.Expr) -> pl.Expr:
    """The text without white space of any kind."""
    return text.str.replace_all(r"\s+", "")


def _netstring(text: pl.Expr) -> pl.Expr:
    written = text.str.len_bytes().cast(pl.String) + pl.lit(":") + text
    return written.fill_null("-")


def _written(text: str) -> str:
    return f"{len(text.encode())}:{text}"
