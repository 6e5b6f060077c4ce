"""`etl codes unmapped`: every word that no list has, with the nearest ones that a list has."""

from __future__ import annotations

import csv
import io
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import polars as pl

from etl_core import config as configuration
from etl_core.cli import screen, settings
from etl_core.cli.exits import DONE
from etl_core.cli.say import Lang, title
from etl_core.errors import DeliveryError
from etl_core.protocol import Lexicon
from etl_core.supervisor import Supervisor

LISTED = (
    "source",
    "field",
    "word",
    "count",
    "file",
    "sheet",
    "row",
    "column",
    "near",
    "where_listed",
    "line",
)
OWN, WORDS = "codes.csv", "words.csv"
# Where the lists stand that are no plugin's own (etl_schemas/codes): only the maintainers of the core add to them.
SHARED = {
    "subject": "subject_aliases.csv",
    "provider": "providers.csv",
    "division": "",
    "title": "teacher_title_map.csv",
}
CORE = "etl_schemas/codes/"
NEAR, ALIKE = 0.4, 0.6  # how alike words are that are worth looking at, and that likely mean the same

Word = dict[str, Any]


def listed(lang: Lang, config: Path, source: str | None, shape: str) -> int:
    """Print the unknown words of rows that wait and of records that stand, the most frequent ones of each source first."""
    loaded = configuration.load(config)
    with settings.existing(loaded) as warehouse:
        settings.delivered(loaded, warehouse, source)
        found = counted(warehouse.unknown(source))
    if found.is_empty():
        screen.note(title("all_known", lang))
        return DONE
    with Supervisor(settings.hello(loaded), loaded.limits.seconds) as child:
        known = {name: _lexicon(child, name) for name in found["source"].unique()}
    lines = (told(one, known[one["source"]], lang) for one in found.iter_rows(named=True))
    screen.listing(lines, LISTED, shape, lang)
    return DONE


def counted(cells: pl.DataFrame) -> pl.DataFrame:
    """Each word of a list once: in how many cells it stands, and where first."""
    field = pl.col("code").str.strip_prefix("code.unknown.").str.strip_suffix(".unknown")
    words = cells.with_columns(field=field).group_by("source", "field", "word", maintain_order=True)
    first = (pl.col(name).first() for name in ("file", "sheet", "row", "column"))
    return words.agg(*first, pl.len().cast(pl.Int64).alias("count")).sort(
        "source", "field", "count", descending=[False, False, True], maintain_order=True
    )


def _lexicon(child: Supervisor, source: str) -> Lexicon:
    """The source's lists; none where its plugin is not installed any more."""
    try:
        return child.lexicon(source)
    except DeliveryError:
        return Lexicon()


def told(one: Word, known: Lexicon, lang: Lang) -> Word:
    """A word with the nearest known ones, and the line that would make it known.

    The line has no value where no known word is much alike; there is none for a text that was masked, nor for a list that
    has other columns.
    """
    words = known.words.get(one["field"], {})
    near = get_close_matches(one["word"], words, n=3, cutoff=NEAR)
    alike = get_close_matches(one["word"], words, n=1, cutoff=ALIKE)
    where = OWN if one["field"] in known.own else SHARED.get(one["field"], WORDS)
    pasted = where in (OWN, WORDS) and "*" not in one["word"]
    return {
        **one,
        "near": ", ".join(f"{each}={words[each]}" for each in near),
        "where_listed": f"{one['source']}/{OWN}"
        if where == OWN
        else f"{CORE}{where} ({title('of_core', lang)})",
        "line": _line(one["field"], one["word"], words[alike[0]] if alike else "") if pasted else "",
    }


def _line(*cells: str) -> str:
    """A line of codes.csv: field, word, value, and a note that is still to be written."""
    file = io.StringIO()
    csv.writer(file, lineterminator="").writerow([*cells, ""])
    return file.getvalue()
