"""The child process: the only place where foreign bytes are parsed and plugins run.

It has limits on memory and file size, no key and no warehouse. Its standard output and error go nowhere, so that no library
can print a cell; it speaks to the parent over a pipe of its own (protocol.py). The parent limits its time.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections import deque
from collections.abc import Collection, Generator, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import BinaryIO

from etl_core import discovery, explain, mending, preview, protocol, recognise
from etl_core.discovery import Found
from etl_core.errors import DeliveryError
from etl_core.extract import Opening, open_
from etl_core.marker import Marker
from etl_core.prepare import prepare
from etl_core.protocol import (
    Answer,
    Claimed,
    Done,
    Explained,
    Failed,
    Importing,
    Job,
    Mending,
    Original,
    Previewed,
    Problem,
    Ready,
    Sighted,
    SourceFacts,
    Standing,
    Surveyed,
)
from etl_core.readers import Options, ReadOptions, called, divide, read
from etl_core.recognise import Claim
from etl_core.records import Grid, Part, Place, Prepared
from etl_core.source import Source

DIE_WITH_PARENT = (
    1  # PR_SET_PDEATHSIG of Linux: a killed run leaves no child behind, whatever a plugin is doing
)

HEAD = 1 << 20  # bytes from the beginning of a file in which the reader of a later part looks for the header


def arrived(modified: float) -> date:
    """The date of a delivery that does not tell its own (ruling 42), the same in every time zone."""
    return datetime.fromtimestamp(modified, UTC).date()


def deliver(job: Job, sources: Sequence[Source]) -> Iterator[Answer]:
    """Every answer about one delivery, in order; `Done` alone where the job does not want its source.

    A survey or a look ends before the first row is judged, and so does a delivery that is better read in parts. Raises DeliveryError;
    any other exception is a plugin's.
    """
    if job.part is not None:
        yield from _part(job, job.part, _source(job.source, sources))
    elif job.lexicon or job.wanted:
        yield from _told(job, _source(job.source, sources))
    elif job.look:
        yield from _looked(job, sources, arrived(job.modified))
    else:
        yield from _whole(job, sources)


def _whole(job: Job, sources: Sequence[Source]) -> Iterator[Answer]:
    """A delivery from its first row on, as far as the job wants it."""
    on = arrived(job.modified)
    marker, coming = mending.marked(_readable(job, sources))
    if marker is not None:
        yield from _mending(job, marker, coming, sources)
        return
    claims, grids = recognise.survey(coming, job.name, sources, on)
    if job.survey:
        yield Surveyed(tuple(map(_standing, claims)))
    source = recognise.decide(claims)
    if not job.wants(source.name):
        yield Done()
        return
    others = tuple(each for each in sources if each is not source)
    opening = open_(grids, source, job.name, on, others=others)
    parts = _divided(job, source)
    yield Claimed(source.name, replace(opening.place, dated=opening.dated), parts)
    if job.at is not None:
        yield from map(Explained, explain.row(opening.raws, source, *job.at))
        yield Done(tuple(opening.accounts))
        return
    if job.survey:
        deque(opening.raws, maxlen=0)  # a later sheet may refuse the whole file
    if job.survey or parts:
        yield Done(tuple(opening.accounts))
        return
    done = yield from (_previewed if job.preview else _prepared)(opening, source, job)
    if not done.records:
        raise DeliveryError("empty")
    yield done


def _standing(claim: Claim) -> Standing:
    unsaid = () if claim.said else claim.source.says
    return Standing(claim.source.name, claim.found, claim.missing, claim.named, unsaid)


def _previewed(opening: Opening, source: Source, job: Job) -> Generator[Previewed | Prepared, None, Done]:
    """The first records, each batch behind the cells that it is made of."""
    records = 0
    for raw in preview.first(opening.raws, job.preview, job.sheet):
        records += raw.records
        yield Previewed(preview.cells(raw, source), preview.columns(raw, source))
        yield prepare(raw, source)
    return Done(tuple(opening.accounts), records)


def _looked(job: Job, sources: Sequence[Source], on: date) -> Iterator[Answer]:
    """What a file is like that no source is asked about, and a specimen of it."""
    from etl_core.specimen import look  # with xlsxwriter, which no delivery needs

    claims, grids = recognise.survey(_grids(job, ReadOptions()), job.name, sources, on)
    whole = (claim.source.name for claim in claims if claim.whole)
    found = look(grids, Path(job.path), job.name, dict(job.columns), whole)
    yield Sighted(found.seen, found.files)
    yield Done()


def _source(name: str, sources: Sequence[Source]) -> Source:
    """Raises DeliveryError mending.unknown: all names but a marker's come from the parent, who has them from here."""
    found = [source for source in sources if source.name == name]
    if not found:
        raise DeliveryError("mending.unknown")
    return found[0]


def _told(job: Job, source: Source) -> Iterator[Answer]:
    """What is asked of a source beside loading: its words, or rows that wait, as their agency may see them."""
    if job.lexicon:
        yield mending.lexicon(source)
    else:
        yield from mending.excerpts(_versions(job, source, job.wanted), source, job.wanted)
    yield Done()


def _mending(job: Job, marker: Marker, grids: Iterator[Grid], sources: Sequence[Source]) -> Iterator[Answer]:
    """A mending; where the job does not bring the delivery that it mends, which that is."""
    source = _source(marker.source, sources)
    if job.survey:
        yield Surveyed()
        yield Claimed(source.name, Place(marker.name, ()))
    elif job.wants(source.name) and not job.originals:
        yield Mending(source.name, marker.mends, marker.after)
    elif job.wants(source.name):
        yield from _mended(job, grids, source)
        return
    yield Done()


def _mended(job: Job, grids: Iterator[Grid], source: Source) -> Iterator[Answer]:
    """The rows of a mending as rows of the delivery that it mends."""
    of = mending.sent(grids, source, arrived(job.originals[0].modified))
    known = _versions(job, source, of.wanted)
    if of.marker.mends != job.originals[0].fingerprint:
        raise DeliveryError("mending.unknown")
    parts, accounts = mending.mended(of, known, source, job.name)
    original = known.original
    yield Claimed(source.name, replace(original.place, dated=original.delivery.dated))
    for part in parts:
        yield replace(prepare(part.raw, source), mended=part.mended)
    records = sum(part.raw.records for part in parts)
    if not records:
        raise DeliveryError("empty")
    yield Done(accounts, records)


def _versions(job: Job, source: Source, wanted: Collection[str]) -> mending.Versions:
    def opened(one: Original) -> Iterator[Grid]:
        return recognise.gathered(_grids(replace(job, path=one.path, name=one.name), source.read))

    return mending.versions(job.originals, source, opened, arrived, wanted)


def _prepared(opening: Opening, source: Source, job: Job) -> Generator[Prepared, None, Done]:
    """Every batch, and then what is to be said of all."""
    records = 0
    for raw in opening.raws:
        records += raw.records
        yield prepare(raw, source)
    return Done(tuple(opening.accounts), records)


def _divided(job: Job, source: Source) -> tuple[Part, ...]:
    """The parts that a large delivery is better read in, if there are several."""
    path = Path(job.path)
    count = path.stat().st_size // job.split if job.split else 0
    parts = divide(path, source.read, count) if count > 1 else ()
    return parts if len(parts) > 1 else ()


def _part(job: Job, part: Part, source: Source) -> Iterator[Answer]:
    """The rows of one part, under the header that the file begins with."""
    grids = _grids(job, source.read, part)
    on = arrived(job.modified)
    if part.line == 1:
        opening = open_(recognise.gathered(grids), source, job.name, on)
    else:
        first = part.encoding.mark
        head = replace(part, start=first, end=min(part.start, first + HEAD), line=1)
        above = recognise.gathered(_grids(job, source.read, head))
        opening = open_([next(above)], source, job.name, on, later=grids)
    yield (yield from _prepared(opening, source, job))


def _readable(job: Job, sources: Sequence[Source]) -> Iterator[Grid]:
    """The file's grids, each file in it read as the source that its name tells wishes."""

    def options(names: tuple[str, ...]) -> ReadOptions:
        named = recognise.by_name(names, sources)
        return named.read if named else ReadOptions()

    return _grids(job, options)


def _grids(job: Job, options: ReadOptions | Options, part: Part | None = None) -> Iterator[Grid]:
    """Whatever a parser throws means that the file cannot be read, and its words stay here."""
    try:
        yield from read(Path(job.path), options, job.batch, part, job.name)
    except (DeliveryError, MemoryError, GeneratorExit):
        raise
    except BaseException as fault:  # noqa: BLE001  # a Rust panic in a reader is a BaseException
        raise DeliveryError("unreadable", kind=type(fault).__name__) from None


def _named(job: Job, sources: Sequence[Source]) -> str | None:
    """The source that the delivery's name tells, where it tells one."""
    named = recognise.by_name(called(Path(job.path), job.name), sources)
    return named.name if named else None


def answers(job: Job, sources: Sequence[Source]) -> Iterator[Answer]:
    """As `deliver`, with every fault as a `Failed` that carries no cell's value."""
    source = job.source or None
    try:
        source = source or _named(job, sources)
        for answer in deliver(job, sources):
            source = answer.source if isinstance(answer, Claimed | Mending) else source
            yield answer
    except DeliveryError as fault:
        yield Failed(fault.code, fault.detail, source)
    except MemoryError:
        yield Failed("memory", source=source)
    except GeneratorExit:
        raise
    except BaseException as fault:  # noqa: BLE001  # whatever a plugin raises must not end the run
        yield Failed("plugin.failed", {"kind": type(fault).__name__}, source)


def ready(found: Found) -> Ready:
    """What the parent is told of the plugins."""
    sources = (
        SourceFacts(
            name=(source := loaded.source).name,
            title=source.title,
            agency=source.agency.name,
            semantics=source.semantics,
            key=source.key,
            variant=source.variant_fields,
            error_limit=source.error_limit,
            plugin=f"{loaded.distribution} {loaded.version}",
            example=source.example,
            shrink_limit=source.shrink_limit,
        )
        for loaded in found.sources
    )
    problems = (Problem(each.plugin, each.distribution, each.version, each.reason) for each in found.problems)
    return Ready(tuple(sources), tuple(problems))


def confine(memory_mb: int) -> BinaryIO:
    """Silence standard output and error, set the limits, and give back the pipe to the parent; never outlive the parent.

    The limit counts memory that can be written, not address space: thread pools reserve gigabytes of that and never use them.
    """
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    pipe = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (1, 2):
        os.dup2(nowhere, stream)
    for limit, most in (
        (resource.RLIMIT_DATA, memory_mb << 20),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    return pipe


def _send(pipe: BinaryIO, answer: Answer) -> None:
    for part in protocol.encode(answer):
        pipe.write(part)
    pipe.flush()


def main() -> None:
    """Serve jobs from standard input until it closes."""
    hello = protocol.hello(sys.stdin.readline())
    pipe = confine(hello.memory_mb)
    found = discovery.discover(hello.allow, hello.deny, lambda *plugin: _send(pipe, Importing(*plugin)))
    _send(pipe, ready(found))
    sources = [loaded.source for loaded in found.sources]
    for line in sys.stdin:
        for answer in answers(protocol.job(line), sources):
            _send(pipe, answer)


if __name__ == "__main__":
    main()
