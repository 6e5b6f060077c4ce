"""Whether the cells of a column are what its header promises, and which of several ways of writing they follow."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import polars as pl

from etl_core.expressions import amounts, dates, identity, words
from etl_core.expressions.text import clean
from etl_core.specimen.persons import personal
from etl_schemas import tables

# Share of the filled cells that must be readable, for a column to be believed what its header says.
BELIEVED = 0.5

# Shared tables of words (subjects, titles, stages) leave out more: a few known words are enough.
SOME = 0.3

# A coded column has few words, all of them short, and no long numbers: nothing that could be a person.
MOST_WORDS, LONGEST_WORD = 40, 20
PERSONAL = r"\d{6,}|@"

# With which a division's name ends, and hardly a person's.
PLACES = ("省", "市", "区", "县", "州")

# Marks of an attendance sheet.
MOST_MARKS, LONGEST_MARK = 12, 2

CODED = ("id_type", "level", "mode_detail", "role", "result", "status", "credit_kind")

# What a column may be whose header nobody knows, with its tables: words that stand for little else, of which so many must be known.
_TELLING = {"level": ("level", "level.50", "level.51"), "result": ("result",)}
TOLD = 2

# Fields of a shared table, whose unknown words are loaded as nothing; so many of these are shown, none longer than that.
_SHARED = {"stage": words.stage, "subject": words.subject, "title": words.title}
# Fields whose cells are loaded empty where they cannot be read (contract §3: at most a warning).
LOOSE = (*_SHARED, "sex")
SHOWN, LONGEST_SHOWN = 3, 8

Reads = Callable[[str], pl.Expr]


def _hours(cell: str) -> pl.Expr:
    return amounts.hours(cell).struct.field("stated").is_not_null() | amounts.nothing(cell)


def _minutes(cell: str) -> pl.Expr:
    return amounts.minutes(cell).struct.field("stated").is_not_null() | amounts.nothing(cell)


def _span(cell: str) -> pl.Expr:
    return dates.span(cell).struct.field("start").is_not_null()


def _given(read: Reads) -> Reads:
    return lambda cell: read(cell).is_not_null()


# For each field the ways in which it may be written, the narrowest first, and the share that must be so.
_FORMS: dict[str, tuple[tuple[str, Reads, float], ...]] = {
    "id_number": (("", lambda cell: pl.col(cell).str.contains(r"[\d*＊０-９]{6,}|E\+"), BELIEVED),),
    "sex": (("", _given(identity.sex), BELIEVED),),
    "period": (("span", _span, BELIEVED),),
    "start_date": (("day", _given(dates.day), BELIEVED),),
    "end_date": (("day", _given(dates.day), BELIEVED),),
    "training_year": (
        ("year", _given(dates.year), BELIEVED),
        ("school_year", _given(dates.school_year), BELIEVED),
    ),
    "hours": (("", _hours, BELIEVED),),
    "minutes": (("", _minutes, BELIEVED),),
    "credits": (("", _given(amounts.credits), BELIEVED),),
    "score": (("", _given(amounts.score), BELIEVED),),
    "stage": (("", _given(words.stage), SOME),),
    "subject": (("", _given(words.subject), SOME),),
    "title": (("", _given(words.title), SOME),),
    "mode_detail": (("moe", _given(words.moe_mode), BELIEVED), ("", pl.col, 0.0)),
}


def form(field: str, cells: pl.Series) -> str | None:
    """How the cells write the field; None where they do not. Of an empty column the first way is believed."""
    ways = _FORMS.get(field, ())
    given = cells.rename("cell").to_frame().select(clean("cell")).drop_nulls()
    if field in CODED and not _wordy(given["cell"]):
        return None
    for name, read, least in ways:
        if given.is_empty() or not least or given.select(read("cell").mean()).item() >= least:
            return name
    return None if ways else ""


def meant_form(field: str, cells: pl.Series) -> str:
    """The way in which most cells write a field that a person has named, however few they are."""
    given = cells.rename("cell").to_frame().select(clean("cell")).drop_nulls()
    ways = _FORMS.get(field, ())
    share = (
        {name: given.select(read("cell").mean()).item() or 0 for name, read, _ in ways} if ways else {"": 0}
    )
    return max(share, key=lambda name: share[name])


def contrary(field: str, form: str, cells: pl.Series) -> tuple[int, int]:
    """Filled cells, and those of them that cannot be read as the field."""
    given = cells.rename("cell").to_frame().select(clean("cell")).drop_nulls()
    reads = {name: read for name, read, _ in _FORMS.get(field, ())}
    if form not in reads:
        return len(given), 0
    return len(given), given.filter(~reads[form]("cell")).height


def short(words: tuple[str, ...]) -> tuple[str, ...]:
    """Those that can be words of a list, and no more than a person would go through."""
    return tuple(word for word in words if len(word) <= LONGEST_WORD)[:MOST_WORDS]


def _wordy(cells: pl.Series) -> bool:
    known = cells.unique()
    return len(known) <= MOST_WORDS and bool(
        (known.str.len_chars() <= LONGEST_WORD).all() and not known.str.contains(PERSONAL).any()
    )


def marked(cells: pl.Series) -> bool:
    """Whether cells hold marks, as attendance sheets do: few, of a character or two."""
    known = cells.unique()
    return 0 < len(known) <= MOST_MARKS and bool((known.str.len_chars() <= LONGEST_MARK).all())


def listed(cells: pl.Series) -> tuple[str, ...]:
    """Every word of a coded column, the most frequent first, but for what may be a person that stands in the wrong column."""
    counted = cells.rename("cell").to_frame().select(clean("cell")).drop_nulls()["cell"].value_counts()
    words = counted.sort(["count", "cell"], descending=[True, False])["cell"]
    return tuple(word for word in words if harmless(word))


@cache
def harmless(text: str) -> bool:
    """Whether a text that should be a word is one: known to some table, or nothing like a name or a long number."""
    bare = text.strip().lstrip("'")
    return bare in _words() or bare[-1:] in PLACES or not (personal(bare) or re.search(PERSONAL, bare))


@cache
def _words() -> frozenset[str]:
    shared = {row["word"] for row in tables.rows("words")} | tables.subjects(upper=True).keys()
    return frozenset(shared | tables.subjects(upper=False).keys() | tables.words("title").keys())


def known(field: str, cells: pl.Series) -> bool:
    """Whether at least half of the words are those of a field that is coded."""
    said = listed(cells)
    table = tables.words(field)
    return bool(said) and sum(word in table for word in said) * 2 >= len(said)


def meant(cells: pl.Series) -> str:
    """The field whose words most cells of a column are, or ""."""
    said = listed(cells) if _wordy(cells) else ()
    for field, names in _TELLING.items():
        table = {word for name in names for word in tables.words(name)}
        told = cells.filter(cells.is_in(list(table)))
        if sum(word in table for word in said) >= TOLD and len(told) >= BELIEVED * len(cells):
            return field
    return ""


def unread(field: str, cells: pl.Series) -> tuple[float, list[str]]:
    """The share of the filled cells that a shared table does not know, and some of their words; nothing for other fields."""
    if field not in _SHARED:
        return 0.0, []
    given = cells.rename("cell").to_frame().select(clean("cell")).drop_nulls()
    lost = given.filter(_SHARED[field]("cell").is_null())["cell"]
    shown = [word for word in listed(lost) if len(word) <= LONGEST_SHOWN and not re.search(r"\d", word)]
    return len(lost) / max(1, len(given)), shown[:SHOWN]
