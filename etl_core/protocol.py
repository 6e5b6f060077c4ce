"""What parent and child say to each other over their pipes: values here, JSON lines and Arrow IPC on the wire.

The parent writes a `Hello`, then one `Job` a line. The child answers `Importing` for each plugin and `Ready`, then for each job `Claimed`, any number of
`Prepared`, and `Done`; or `Failed` at any point. To a survey it answers `Surveyed`, `Claimed` and `Done`; to a look `Sighted` and `Done`; where a preview is asked for, a
`Previewed` stands before each `Prepared`; where a delivery is a mending of another one that the job does not bring, `Mending` and `Done`; to a job with `wanted` rows `Excerpt`s,
and to one for a `lexicon` that, before `Done`; where one row is to be explained, `Claimed`, `Explained` and `Done`. Never pickles: a child that read a hostile file must not be able to make the parent run anything. No message carries a cell's value
outside the frames of a `Prepared`, a `Previewed`, an `Excerpt` or an `Explained`; a `Sighted` carries the words of coded columns and the specimen's bytes, in which nobody is (specimen/).
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import polars as pl

from etl_core.records import Encoding, Excerpt, HeaderAccount, Heading, Part, Place, Prepared
from etl_core.seen import Seen, of

FRAMES = ("records", "keys", "issues", "skips", "refused", "mended")


@dataclass(frozen=True, slots=True)
class Hello:
    """Limits and plugins of a child, for its whole life."""

    memory_mb: int
    allow: tuple[str, ...] | None = None
    deny: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Original:
    """A delivery that is in the warehouse already, as it arrived: a file, and what it is known by."""

    path: str
    name: str
    modified: float
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Job:
    """What the child needs to know of one delivery: plain values only.

    `modified` is the file's modification time (seconds since the epoch); with `only`, deliveries of other sources are claimed
    and then left alone, as those of the sources in `off` always are; `batch` is the number of rows read at a time; a `survey`
    asks only whose the delivery is, and why. Where a delivery may be read in parts of about `split` bytes, the child says
    which and reads none; each is then a job with its `part` and the `source` that the delivery was found to be of.
    With `preview`, no more is read than its first so many records, with their cells; of the sheet `sheet` alone, if one is named. A `look` asks
    what a file of no known source is like; `columns` are the fields that a person has named for some of its headers.

    `originals` are, for a mending, the delivery that it mends and the mendings of that before it, in their order. With
    `wanted` rows (marker.place) of the last original that has them, these alone are asked for, as their agency may see them.
    With `at` (file, sheet or "", row) the delivery is read up to that row, which is explained and not prepared.
    """

    path: str
    name: str
    modified: float
    only: str | None = None
    off: tuple[str, ...] = ()
    batch: int = 50_000
    survey: bool = False
    split: int = 0
    part: Part | None = None
    source: str = ""
    preview: int = 0
    sheet: str | None = None
    look: bool = False
    columns: tuple[tuple[str, str], ...] = ()
    originals: tuple[Original, ...] = ()
    wanted: tuple[str, ...] = ()
    lexicon: bool = False
    at: tuple[str, str, int] | None = None

    def wants(self, source: str) -> bool:
        """Whether a delivery of this source is to be read."""
        return source not in self.off and self.only in (None, source)


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What the parent must know of a source to load its records; it never imports the plugin itself."""

    name: str
    title: str
    agency: str
    semantics: str
    key: tuple[str, ...]
    variant: tuple[str, ...]
    error_limit: float
    plugin: str
    example: str = ""
    shrink_limit: float = 0.3


@dataclass(frozen=True, slots=True)
class Problem:
    """A plugin that cannot be used, and why."""

    plugin: str
    distribution: str
    version: str
    reason: str


@dataclass(frozen=True, slots=True)
class Importing:
    """A plugin that the child is about to import: the one to blame, should nothing come after it."""

    plugin: str
    distribution: str
    version: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The child has imported its plugins."""

    sources: tuple[SourceFacts, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """How well one source fits a file: promised headers found and missing, whether the file's name fits, and the words of which
    one should stand in it and does not."""

    source: str
    found: int
    missing: tuple[str, ...]
    named: bool
    unsaid: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Surveyed:
    """Every source's claim on a file, best first."""

    standings: tuple[Standing, ...] = ()


@dataclass(frozen=True, slots=True)
class Sighted:
    """What a look has told, and the bytes of the specimen's files, in the order in which `seen` names them."""

    seen: Seen
    files: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Claimed:
    """The source that a delivery belongs to, where it stands among the others, and the parts that it can be read in."""

    source: str
    place: Place
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A column that is read: its label as in `cells`, the contract's field, the unified fields that are made of it, and the
    variants that it makes records of; none where all are made of it."""

    label: str
    field: str
    unified: tuple[str, ...] = ()
    kinds: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Previewed:
    """What stands in the records of the batch that comes next, sound or not; never in dropped columns.

    cells: records.REFUSED, and `kinds`: numbers of the variants (source.Source) that the row holds, null where none can be told.
    """

    cells: pl.DataFrame
    columns: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True)
class Mending:
    """The delivery is a mending (docs/mending.md) of the one with the fingerprint `mends`, made `after` other mendings of it."""

    source: str
    mends: str
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The lists of words that a source's checks ask: name of the list → word as the agency writes it → value.

    `own` are the lists that stand in the plugin's codes.csv; the others are shared by all sources.
    """

    words: dict[str, dict[str, str]] = field(default_factory=dict)
    own: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Explained:
    """How the records of one row were made: explain.EXPLAINED, one line for each field and each cell that it is made of."""

    lines: pl.DataFrame


@dataclass(frozen=True, slots=True)
class Done:
    """The whole delivery (or part) was sent: what became of its headers, and how many of its rows were records."""

    accounts: tuple[HeaderAccount, ...] = ()
    records: int = 0


@dataclass(frozen=True, slots=True)
class Failed:
    """Nothing of the delivery can be loaded: a delivery code and coordinates; the source as far as it is known."""

    code: str
    detail: dict[str, str | int] = field(default_factory=dict)
    source: str | None = None


Answer = (
    Importing
    | Ready
    | Surveyed
    | Sighted
    | Claimed
    | Mending
    | Lexicon
    | Prepared
    | Previewed
    | Excerpt
    | Explained
    | Done
    | Failed
)


def line(value: Hello | Job) -> bytes:
    """One message of the parent."""
    return json.dumps(asdict(value)).encode("ascii") + b"\n"


def hello(text: str) -> Hello:
    """A parent's greeting, read back."""
    told = json.loads(text)
    return Hello(told["memory_mb"], _tuple(told["allow"]), tuple(told["deny"]))


def job(text: str) -> Job:
    """A parent's order, read back."""
    told = json.loads(text)
    part = _part(told["part"]) if told["part"] else None
    columns = tuple((header, field) for header, field in told["columns"])
    originals = tuple(Original(**each) for each in told["originals"])
    given = {"off": tuple(told["off"]), "part": part, "originals": originals, "wanted": tuple(told["wanted"])}
    at = tuple(told["at"]) if told["at"] else None
    return Job(**{**told, **given, "columns": columns, "at": at})


def _part(told: dict[str, Any]) -> Part:
    return Part(**{**told, "encoding": Encoding(**told["encoding"])})


def _tuple(told: list[str] | None) -> tuple[str, ...] | None:
    return None if told is None else tuple(told)


def encode(answer: Answer) -> list[bytes | memoryview]:
    """One message of the child: a JSON line, and the Arrow bytes that it announces."""
    kind = type(answer).__name__
    if isinstance(answer, Previewed):
        cells, columns = _arrow(answer.cells), [asdict(each) for each in answer.columns]
        return [_line({"type": kind, "columns": columns, "size": len(cells)}), cells]
    if isinstance(answer, Sighted):
        return [_line({"type": kind, "seen": asdict(answer.seen)}), *answer.files]
    if isinstance(answer, Excerpt):
        return _excerpted(answer)
    if isinstance(answer, Explained):
        lines = _arrow(answer.lines)
        return [_line({"type": kind, "size": len(lines)}), lines]
    if not isinstance(answer, Prepared):
        return [_line({"type": kind, "value": asdict(answer)})]
    parts = [_arrow(getattr(answer, name)) for name in FRAMES]
    return [_line({"type": kind, "read": answer.read, "sizes": [len(part) for part in parts]}), *parts]


def _line(told: dict[str, object]) -> bytes:
    return json.dumps(told, default=date.isoformat).encode("ascii") + b"\n"


def _excerpted(answer: Excerpt) -> list[bytes | memoryview]:
    parts = [_arrow(frame) for frame in (answer.head, answer.rows)]
    columns = [asdict(column) for column in answer.columns]
    told = {"type": "Excerpt", "sheet": answer.sheet, "columns": columns, "depth": answer.depth}
    return [json.dumps({**told, "sizes": [len(part) for part in parts]}).encode("ascii") + b"\n", *parts]


def _arrow(frame: pl.DataFrame) -> memoryview:
    """Arrow bytes, not copied once more. Texts with offsets, not views: fewer bytes, and the parent reads them faster."""
    buffer = io.BytesIO()
    frame.write_ipc(buffer, compat_level=pl.CompatLevel.oldest())
    return buffer.getbuffer()


def decode(text: bytes, exactly: Callable[[int], bytes | memoryview]) -> Answer:
    """The answer behind a JSON line; `exactly` reads that many of the bytes that follow it."""
    told = json.loads(text)
    if told["type"] == "Explained":
        return Explained(pl.read_ipc(bytes(exactly(told["size"]))))
    if told["type"] == "Prepared":
        parts = [pl.read_ipc(bytes(exactly(size))) for size in told["sizes"]]
        return Prepared(**dict(zip(FRAMES, parts, strict=True)), read=told["read"])
    if told["type"] == "Previewed":
        return Previewed(pl.read_ipc(bytes(exactly(told["size"]))), tuple(map(_column, told["columns"])))
    if told["type"] == "Sighted":
        seen = of(told["seen"])
        return Sighted(seen, tuple(bytes(exactly(size)) for _, size in seen.files))
    if told["type"] == "Excerpt":
        head, rows = (pl.read_ipc(bytes(exactly(size))) for size in told["sizes"])
        columns = tuple(Heading(**{**each, "words": tuple(each["words"])}) for each in told["columns"])
        return Excerpt(told["sheet"], columns, told["depth"], head, rows)
    return _READERS[told["type"]](told["value"])


def _column(told: dict[str, Any]) -> Column:
    return Column(**{**told, "unified": tuple(told["unified"]), "kinds": tuple(told["kinds"])})


def _ready(told: dict[str, Any]) -> Ready:
    sources = (
        SourceFacts(**{**each, "key": tuple(each["key"]), "variant": tuple(each["variant"])})
        for each in told["sources"]
    )
    return Ready(tuple(sources), tuple(Problem(**each) for each in told["problems"]))


def _surveyed(told: dict[str, Any]) -> Surveyed:
    standings = (
        Standing(**{**each, "missing": tuple(each["missing"]), "unsaid": tuple(each["unsaid"])})
        for each in told["standings"]
    )
    return Surveyed(tuple(standings))


def _claimed(told: dict[str, Any]) -> Claimed:
    place = told["place"]
    dated = date.fromisoformat(place["dated"]) if place["dated"] else None
    parts = tuple(map(_part, told["parts"]))
    return Claimed(told["source"], Place(**{**place, "order": tuple(place["order"]), "dated": dated}), parts)


def _done(told: dict[str, Any]) -> Done:
    kinds = ("mapped", "ignored", "dropped", "unknown")
    return Done(
        tuple(
            HeaderAccount(each["file"], each["sheet"], **{kind: tuple(each[kind]) for kind in kinds})
            for each in told["accounts"]
        ),
        told["records"],
    )


_READERS: dict[str, Callable[[dict[str, Any]], Answer]] = {
    "Importing": lambda told: Importing(**told),
    "Ready": _ready,
    "Surveyed": _surveyed,
    "Claimed": _claimed,
    "Mending": lambda told: Mending(**{**told, "after": tuple(told["after"])}),
    "Lexicon": lambda told: Lexicon(told["words"], tuple(told["own"])),
    "Done": _done,
    "Failed": lambda told: Failed(**told),
}
