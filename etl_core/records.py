"""The frozen values that travel between the stages, and the names of the columns of their frames.

inbox ──Arrival──► child: Grid ─► raw frame ─► Prepared ──► warehouse: Outcome
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import polars as pl

# Place of a physical row inside its delivery. `file` is the path shown to people (a page's path in a pull).
PLACE = pl.Schema(
    {
        "file": pl.String(),
        "sheet": pl.String(),
        "row": pl.Int64(),
    }
)

# One row per failed check. `severity` is "error" or "warning"; `column` is the header as in the file, or null; `word` is
# what stands in the cell where a code says that it is in no list of words (etl_schemas.reasons.of_words), else null.
ISSUES = pl.Schema(
    {
        **PLACE,
        "code": pl.String(),
        "column": pl.String(),
        "severity": pl.String(),
        "word": pl.String(),
    }
)

# One row per physical row that is not a record; `kind` is one of SKIP_KINDS.
SKIPS = pl.Schema({**PLACE, "kind": pl.String()})

# The codes of a delivery that is stopped until a person decides: it would withdraw more than its source's shrink_limit, or more of
# its rows are faulty than the error_limit.
BRAKE = "too_much_withdrawn"
BRAKES = (BRAKE, "too_many_errors")

# One row per refused row: its cells as JSON {header: text}.
REFUSED = pl.Schema({**PLACE, "cells": pl.String()})

# One row per row of a mending: its place there, and the place of the row that it stands for (docs/mending.md).
MENDED = pl.Schema({**PLACE, "of_file": pl.String(), "of_sheet": pl.String(), "of_row": pl.Int64()})

# Ruling 6.
SKIP_KINDS = (
    "title",
    "header",
    "total",
    "signature",
    "note",
    "blank",
    "deleted",
    "hidden_sheet",
    "other_sheet",
    "superseded",
    "duplicate",
    "delivery_rejected",
)


# Kinds of whole sheets that are passed over: people are told of each (ruling 2).
ASIDE = ("hidden_sheet", "other_sheet")


@dataclass(frozen=True, slots=True)
class Aside:
    """A sheet that was passed over: its place, one of ASIDE, and how many rows it has."""

    file: str
    sheet: str | None
    kind: str
    rows: int


@dataclass(frozen=True, slots=True)
class Agency:
    """Who sends the files: GB/T 2260 code of its seat and its name in Chinese."""

    code: str
    name: str

    @property
    def province(self) -> str:
        """First two digits of the code: "50" Chongqing, "51" Sichuan (rules what 市级 means)."""
        return self.code[:2]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a delivery stands among the others of its source (contract §4, ruling 75).

    `order` is compared as a tuple; ties are broken by modification time, then by fingerprint.
    `label` is how people see it («2023春-2»); `slot` is the period a snapshot replaces ("" for append).
    """

    label: str
    order: tuple[int, ...]
    slot: str = ""
    reporter: str = ""
    dated: date | None = None


@dataclass(frozen=True, slots=True)
class Arrival:
    """A settled file of an inbox: what it is called, and the private copy whose bytes are fixed."""

    name: str
    path: Path
    fingerprint: str
    size: int
    modified: float


@dataclass(frozen=True, slots=True)
class Encoding:
    """Codec of a text file, length of its byte order mark, and whether its bytes are known to be valid UTF-8."""

    codec: str
    mark: int = 0
    valid: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes [start, end) of a text file that begin with a record (end None: up to its end), and the number of its first
    line from 1; with what recognition told of the whole file."""

    start: int
    end: int | None
    line: int
    encoding: Encoding
    delimiter: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A bounded batch of rows of one sheet (or of a whole CSV), everything text, nothing interpreted.

    rows: `row` Int64 as a person sees it · `width` Int64 number of fields the row has (null where the
    container is rectangular) · `fault` String: null, "row.malformed" or "text.undecodable" · `fault_at` Int64:
    0-based field of the fault, or null · `c0`…`cN` String, null where the cell is empty.
    Trailing empty rows do not exist (ruling 1); inner empty rows do. Where a container tells more of a row, there are also
    `kind` String: null, or the skip kind that the row is marked with ("deleted") · `cut` List(Int64): 0-based fields
    whose text was longer than its room and has lost its end (ruling 22).
    file: path inside a delivery that is a folder or an archive, else None.
    headers: names of c0…cN where the container states them apart from its rows (dBASE, XML, JSON, fixed width); no row is a
    header then (in a later grid of a sheet there may be more of them: columns that appear further down only).
    called: names that tell source and period better than the delivery's own, innermost first: what a compressed file is
    called without its compression, a member of an archive by its own name.
    page: the file is one of the pages of a pull, which all have the same headers and are one table.
    """

    rows: pl.DataFrame
    sheet: str | None = None
    visible: bool = True
    file: str | None = None
    headers: tuple[str, ...] | None = None
    called: tuple[str, ...] = ()
    page: bool = False

    @property
    def table(self) -> tuple[str | None, str | None]:
        """What tells one table of a delivery from another: its file and its sheet; all pages of a pull are one."""
        return None if self.page else self.file, self.sheet

    def names(self, delivery: str) -> tuple[str, ...]:
        """The names that may tell whose the table is and where it stands, the best one first."""
        return self.called or (delivery,)

    def path(self, delivery: str) -> str:
        """The path that people see: the delivery's name, and the file inside it."""
        return f"{delivery}/{self.file}" if self.file else delivery


@dataclass(frozen=True, slots=True)
class HeaderAccount:
    """What became of every header of one sheet: headers = mapped + ignored + dropped + unknown."""

    file: str
    sheet: str | None
    mapped: tuple[str, ...]
    ignored: tuple[str, ...]
    dropped: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A batch that the child has extracted, validated and normalised.

    records: canonical records (etl_schemas.TrainingRecord fields, plus CARRIED and `file`, `sheet`, `row`) of the
        rows without an error; the only frame that holds id_number, and only in memory.
    keys: for each refused row whose natural key can still be read, the key's fields (ruling 72).
    mended: of a mending, which row of the delivery that it mends each row stands for (MENDED).
    """

    records: pl.DataFrame
    keys: pl.DataFrame
    issues: pl.DataFrame
    skips: pl.DataFrame
    refused: pl.DataFrame
    read: int
    mended: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=MENDED))


@dataclass(frozen=True, slots=True)
class Heading:
    """A column of a table as its agency may see it again: position in its grid, header («上层/下层»), whether it holds
    identity numbers, and the words that are known for it."""

    at: int
    text: str | None
    identity: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Some rows of one table as they were delivered, for the agency that sent them: without columns that may not be kept
    (ruling 62), identity numbers masked.

    sheet: its name, "" where there are no sheets · columns: from left to right; those without a header hold what stands
    beside the table · depth: rows of the header, the last ones of `head`
    head: the lines above the header and the header, `c{at}` String · rows: the same columns, led by `place` (marker.place)
    """

    sheet: str
    columns: tuple[Heading, ...]
    depth: int
    head: pl.DataFrame
    rows: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Counts:
    """The books of one delivery; `balanced` is checked before anything is committed (contract §1)."""

    read: int = 0
    loaded: int = 0
    quarantined: int = 0
    skipped: int = 0
    records: int = 0
    skips: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    warnings: dict[str, int] = field(default_factory=dict)

    @property
    def balanced(self) -> bool:
        """Whether every row read ended in exactly one outcome."""
        return self.read == self.loaded + self.quarantined + self.skipped


@dataclass(frozen=True, slots=True)
class Again:
    """What became of the refused rows of a delivery that was read again: how many rows, by reason code.

    A row with several reasons is counted under each, one that stays under those it has now; `rows_cured` and `rows_stay` count rows.
    """

    cured: dict[str, int] = field(default_factory=dict)
    stay: dict[str, int] = field(default_factory=dict)
    new: dict[str, int] = field(default_factory=dict)
    rows_cured: int = 0
    rows_stay: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one delivery in this run.

    result: loaded · unchanged (same bytes already in the warehouse) · revoked (a person took these bytes back) ·
        rejected (by one of BRAKES) · failed.
    asides: its sheets that were passed over.
    inserted, updated, withdrawn: what it did to the records that stood before; seconds: wall time.
    again: where a stored delivery was read again; then `unchanged` means that it says what it said, and nothing was written.
    """

    file: str
    source: str | None
    result: str
    counts: Counts = field(default_factory=Counts)
    error: str | None = None
    detail: dict[str, str | int] = field(default_factory=dict)
    place: Place | None = None
    accounts: tuple[HeaderAccount, ...] = ()
    asides: tuple[Aside, ...] = ()
    inserted: int = 0
    updated: int = 0
    withdrawn: int = 0
    seconds: float = 0.0
    fingerprint: str = ""
    again: Again | None = None

    @property
    def stopped(self) -> bool:
        """Whether it waits for somebody to decide."""
        return self.error in BRAKES


@dataclass(frozen=True, slots=True)
class Notice:
    """What people are told once, when it begins and when it is over; never anything of a person.

    code: a key of the catalogue's section [alert]; state: "raised" or "cleared"; subject and text in both languages.
    """

    code: str
    source: str
    state: str
    since: datetime
    detail: dict[str, str | int]
    subject: str
    text: str


# Fields that a normalised frame may carry beside TrainingRecord's: `namesake` keeps (大)/(小) in the identity
# within the source (ruling 34); `reporter` is part of the key where two agencies share a source (ruling 68);
# `own_side` says that the reporter is the teacher's own side (ruling 69); `entry` (cancellation or correction, else null)
# and `original` (the agency's own number of the record that it is about) make a ledger (ruling 74); `submitted` says when a row
# was handed in: where a source gives it, the last of several rows with one key replaces the others (ruling 12).
CARRIED = {
    "namesake": pl.String(),
    "reporter": pl.String(),
    "own_side": pl.Boolean(),
    "entry": pl.String(),
    "original": pl.String(),
    "submitted": pl.Datetime("us"),
}
