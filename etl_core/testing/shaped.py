"""Samples in other shapes: whole ones, and a few faultless records of one, from which every hostile variant is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from etl_core.contract import origins
from etl_core.records import PLACE
from etl_core.testing import changes, forms
from etl_core.testing.bench import Told
from etl_core.testing.case import Case
from etl_core.testing.declared import roots
from etl_core.testing.forms import Form
from etl_core.testing.sheets import Change, Sheet, taken

# Rows that are refused as rows have no certain columns: a changed file cannot hold them.
BROKEN = ("row.malformed", "text.undecodable")

# What only the sample's own container can tell of a cell; the changed file may be another.
TOLD = ("text.cut",)

# So many records stand for a whole sample.
FEW = 12

ELSEWHERE = ("file", "sheet", "row")

# Texts that may say anything.
FREE = ("employer_name", "project_name", "class_name", "provider_name")


@dataclass(frozen=True, slots=True)
class Variant:
    """The few records of a sample, changed and written in one form; its name says what is odd about it."""

    name: str
    change: Change
    form: Form


@dataclass(frozen=True, slots=True)
class Short:
    """The sheet with the first faultless records of the first sample that has any, and the places of those in the sample."""

    sample: Path
    sheet: Sheet
    places: pl.DataFrame


class Shaped(Case):
    """What tests of other shapes share."""

    def written(self, variant: Variant) -> Path:
        """The file of a variant, under the sample's own name."""
        short = self.short()
        folder = Path(_room().name) / f"{len(list(Path(_room().name).iterdir()))}"
        folder.mkdir()
        path = folder / short.sample.name
        variant.form(path, [variant.change(short.sheet)])
        return path

    def tell(self, variant: Variant) -> Told:
        """Everything about the file of a variant."""
        return self.told(self.written(variant))

    def usual(self, form: Form) -> Told:
        """Everything about the few records where nothing is odd."""
        told = self.tell(Variant("usual", changes.unchanged, form))
        assert told.failed is None, told.failed
        assert told.frame("records").height >= self.short().places.height
        return told

    def assert_alike(self, variant: Variant, more: Counter[str] | None = None) -> None:
        """The variant has the records of the usual file and no reasons; besides, rows that are skipped, by their kind."""
        told, usual = self.tell(variant), self.usual(variant.form)
        assert told.failed is None, (variant.name, told.failed)
        assert told.frame("issues").select("code", "column").rows() == [], variant.name
        wanted, got = (each.frame("records").drop(ELSEWHERE) for each in (usual, told))
        assert got.equals(wanted), variant.name
        assert kinds(told) - kinds(usual) == (more or Counter()), variant.name
        assert not kinds(usual) - kinds(told), variant.name

    @classmethod
    def short(cls) -> Short:
        """The few records; of a person with a resident number of this century's form where the source has such numbers."""
        return _short(cls)  # type: ignore[arg-type]  # mypy takes the hash of an instance for that of its class

    @classmethod
    def free(cls) -> tuple[str, int]:
        """A unified field whose text is kept as it is written, and the column that it stands in."""
        fields = cls.short().sheet.table.layout.fields
        given = cls.declared().normalise
        for name in dict.fromkeys([*(name for name in FREE if name in given), *given]):
            (raw, *others) = [*roots(given[name]), ""]
            if others == [""] and str(given[name]) == f'col("{raw}")' and raw in fields:
                return name, fields[raw]
        raise AssertionError("no text of this source goes into a record as it is written")

    @classmethod
    def number(cls) -> int | None:
        """The column of identity numbers; None where the source has none."""
        value = cls.declared().normalise.get("id_number")
        fields = cls.short().sheet.table.layout.fields
        return (
            next((fields[root] for root in roots(value) if root in fields), None)
            if value is not None
            else None
        )

    def numbers(self) -> list[str]:
        """The identity number of each of the few records, as it is after mending."""
        records = self.usual(forms.workbook()).frame("records").unique("row", maintain_order=True)
        return records["id_number"].to_list()

    @classmethod
    def placed(cls, *kinds: str) -> set[str]:
        """The unified fields that are made of what does not stand in a column, but in a place of these kinds («sheet»)."""
        told = {field for field, origin in origins(cls.declared().contract).items() if origin.kind in kinds}
        return {name for name, value in cls.declared().normalise.items() if roots(value) & told}

    @classmethod
    def sheets(cls, sample: Path) -> list[Sheet]:
        """The sample with its records and the rows that were refused for what stands in them."""
        return _sheets(cls, sample)  # type: ignore[arg-type]  # as above

    @classmethod
    def changed(cls, sample: Path, change: Change, folder: Path) -> Path:
        """A whole sample in the form that it has, with every table changed."""
        folder.mkdir()
        path = folder / sample.name
        form = forms.own(sample, cls.declared())
        form(path, [change(sheet) if sheet.of else sheet for sheet in cls.sheets(sample)])
        return path


def kinds(told: Told) -> Counter[str]:
    """How many rows were skipped, by their kind."""
    return Counter(told.frame("skips")["kind"].to_list())


@cache
def _room() -> TemporaryDirectory[str]:
    """Where variants lie until the tests end."""
    return TemporaryDirectory(prefix="etl-testing-")


@cache
def _sheets(case: type[Shaped], sample: Path) -> list[Sheet]:
    told = case.told(sample)
    broken = told.frame("issues").filter(pl.col("code").is_in(BROKEN)).select(*PLACE)
    refused = told.frame("refused").select(*PLACE).join(broken, on=list(PLACE), how="anti", nulls_equal=True)
    judged = pl.concat([told.frame("records").select(*PLACE), refused]).select(*PLACE).unique()
    claimed = told.claimed
    assert claimed is not None
    return taken(sample, case.declared(), claimed.place.dated or case.arrived, set(judged.rows()))


@cache
def _short(case: type[Shaped]) -> Short:
    for sample in case.samples():
        for places in _faultless(case, sample):
            on = case.told(sample).claimed
            assert on is not None
            dated = on.place.dated or case.arrived
            found = taken(sample, case.declared(), dated, set(places.rows()))
            sheet = next(sheet for sheet in found if sheet.body)
            return Short(sample, sheet, places)
    raise AssertionError(
        f"no sample of {case.source} has two records without an error or a warning: are there open words in codes.csv?"
    )


def _faultless(case: type[Shaped], sample: Path) -> Iterator[pl.DataFrame]:
    """The places of a few records of each sheet that nothing is to be said of, at least two."""
    told = case.told(sample)
    if told.failed is not None:
        return
    on = list(PLACE)
    records = told.frame("records").join(told.frame("issues"), on=on, how="anti", nulls_equal=True)
    resident = pl.col("id_number").str.contains(r"^\d{6}19\d{9}[\dX]$")
    if records.filter(resident).height:
        records = records.filter(resident)
    places = records.select(on).unique(maintain_order=True)
    for _, group in places.group_by("file", "sheet", maintain_order=True):
        if group.height > 1:
            yield group.head(FEW)
