"""What a look at a sample file tells: its shape, its columns and what they most likely mean. Plain values, no cells.

The one exception are the words of coded columns («市级», «合格»): few, short, without long numbers, and only of columns
whose header says that they hold codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Fate = Literal["mapped", "ignored", "dropped"]


@dataclass(frozen=True, slots=True)
class Column:
    """One header of the sample.

    header    as the file writes it, the second of a name as «姓名#2» (header.labels)
    field     the field it most likely means (codes/headers.csv), "" where it is not loaded
    near      the dictionary knows no such header, only one like it: a person should look
    form      how the field is written, where there are several ways («span», «day», «school_year», «moe» …)
    filled    share of the records in which the cell is not empty
    unique    no two records have the same text
    starred   the header carries the * of a column that must be filled
    words     what the cells of a coded column say, most frequent first; `coded` is the field whose codes they are
    remark    why the column is not loaded, or what to look at; "" where there is nothing to say (zh｜en)
    """

    header: str
    field: str
    fate: Fate
    near: bool = False
    form: str = ""
    filled: float = 1.0
    unique: bool = False
    starred: bool = False
    words: tuple[str, ...] = ()
    coded: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its name as it stands in the specimen, and whether it holds the table or something else.

    rows     all of them; `records` of them are loaded or refused, the others skipped
    missing  of a sheet that is no table: how many of the table's headers it lacks, None where it has no header of its own
    unread   rows below the header of such a sheet: data that nobody reads
    """

    name: str | None
    visible: bool
    table: bool
    rows: int
    records: int = 0
    missing: int | None = None
    unread: int = 0


@dataclass(frozen=True, slots=True)
class Period:
    """Where a file tells its period.

    kinds  what a person may say that tells it (periods.Told), the most likely first
    where  its name or the title; `text` its own words, `label` the period as people see it
    left   words that may tell a period too, and are not understood
    """

    kinds: tuple[str, ...]
    where: Literal["name", "title"]
    text: str
    label: str
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """Everything that a look tells.

    name        what the file is called
    container   xlsx, xls, csv, dbf, json, ndjson, xml or html
    encoding    codec of a text, else ""; `delimiter` of delimited text, else ""
    top, depth  rows above the header, and rows of the header (0, 0 where the container states it apart)
    subjects    the sheets are named by school subjects
    skips       rows that are no records, by kind
    records     records in the file; `kept` of them are in the specimen
    titled      label of a range of dates in the title («研修时间»), "" where there is none; dates: how the range is written there
    wide        groups of columns under one header that hold hours of different kinds: header of each → mode_detail
    claimed     installed sources that know the whole header already
    files       path of each file of the specimen (one, or the pages of a pull) and its size in bytes
    """

    name: str
    container: str
    encoding: str
    delimiter: str
    sheets: tuple[Sheet, ...]
    top: int
    depth: int
    columns: tuple[Column, ...]
    subjects: bool
    skips: dict[str, int]
    records: int
    kept: int
    period: Period | None
    titled: str = ""
    dates: str = ""
    wide: tuple[tuple[str, str], ...] = ()
    claimed: tuple[str, ...] = ()
    files: tuple[tuple[str, int], ...] = ()


def of(told: dict[str, Any]) -> Seen:
    """What `dataclasses.asdict` and JSON made of a `Seen`, read back."""
    columns = tuple(Column(**{**each, "words": tuple(each["words"])}) for each in told["columns"])
    sheets = tuple(Sheet(**each) for each in told["sheets"])
    period = _period(told["period"]) if told["period"] else None
    pairs = {name: tuple(tuple(pair) for pair in told[name]) for name in ("wide", "files")}
    rest = {"columns": columns, "sheets": sheets, "period": period, "claimed": tuple(told["claimed"])}
    return Seen(**{**told, **rest, **pairs})


def _period(told: dict[str, Any]) -> Period:
    return Period(**{**told, "kinds": tuple(told["kinds"]), "left": tuple(told["left"])})
