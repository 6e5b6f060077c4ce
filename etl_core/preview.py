"""The first records of a delivery with the cells that they are made of, for people who look before they load."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import polars as pl

from etl_core import header, normalise
from etl_core.errors import DeliveryError
from etl_core.extract import Raw
from etl_core.protocol import Column
from etl_core.records import PLACE
from etl_core.refused import FAULT, refused
from etl_core.source import Source


def first(raws: Iterator[Raw], count: int, sheet: str | None = None) -> Iterator[Raw]:
    """Batches up to the `count`-th record, of `sheet` alone if it is named; what comes after them is not read.

    Raises DeliveryError sheet.unknown where no sheet of the file is called so; its `found` names those that are there.
    """
    seen: dict[str, None] = {}
    left = count
    for raw in raws:
        at = _sheet(raw)
        seen[at] = None
        if sheet not in (None, at):
            continue
        yield (taken := _cut(raw, left))
        left -= taken.records
        if left <= 0:
            return
    if sheet is not None and sheet not in seen:
        raise DeliveryError("sheet.unknown", sheet=sheet, found="，".join(filter(None, seen)) or "—")


def cells(raw: Raw, source: Source) -> pl.DataFrame:
    """The cells of every record of a batch, sound or not, in the order of its rows (protocol.Previewed)."""
    sound = raw.rows.with_columns(pl.lit(None, pl.String).alias(FAULT))
    found = pl.concat([raw.refused, refused(sound, raw.texts, source)]).sort("row")
    return found.join(_kinds(raw, source), on="row", how="left", maintain_order="left")


def _kinds(raw: Raw, source: Source) -> pl.DataFrame:
    """For each row the numbers of the variants that it holds, as `kinds`."""
    there = [
        pl.when(variant.when).then(pl.lit(number, pl.Int64)) for number, variant in enumerate(source.variants)
    ]
    kinds = pl.concat_list(there).list.drop_nulls() if there else pl.lit([], pl.List(pl.Int64))
    return normalise.interpret(raw.frame, source).select("row", kinds=kinds)


def columns(raw: Raw, source: Source) -> tuple[Column, ...]:
    """The columns that are read, from left to right, and what is made of each."""
    labels = header.labels(raw.texts)
    common = made(source.normalise)
    special = [made(variant.fields) for variant in source.variants]

    def column(field: str, at: int) -> Column:
        name = field.partition("[")[0]
        kinds = tuple(number for number, fields in enumerate(special) if name in fields)
        of_kinds = (each for number in kinds for each in special[number][name])
        return Column(labels[at], name, tuple(dict.fromkeys((*common.get(name, ()), *of_kinds))), kinds)

    return tuple(column(field, at) for field, at in sorted(raw.fields.items(), key=lambda each: each[1]))


def made(fields: Mapping[str, pl.Expr]) -> Mapping[str, tuple[str, ...]]:
    """Which unified fields are made of each of the contract's; each stands at the first that it is made of."""
    found: dict[str, list[str]] = {}
    for field, value in fields.items():
        for root in value.meta.root_names()[:1]:
            found.setdefault(root.partition(":")[0], []).append(field)
    return {root: tuple(names) for root, names in found.items()}


def _sheet(raw: Raw) -> str:
    """The sheet of a batch, whose rows all stand in one."""
    places = (frame.select(PLACE.names()) for frame in (raw.frame, raw.skips, raw.refused))
    return pl.concat(places)["sheet"][0] or ""


def _cut(raw: Raw, count: int) -> Raw:
    """The batch up to its `count`-th record."""
    rows = pl.concat([raw.rows["row"], raw.refused["row"]]).sort()
    if len(rows) <= count:
        return raw
    kept = pl.col("row") <= rows[count - 1]
    frames = ("frame", "rows", "skips", "issues", "refused")
    cut = {name: getattr(raw, name).filter(kept) for name in frames}
    return replace(raw, **cut, read=sum(len(cut[name]) for name in ("rows", "skips", "refused")))
