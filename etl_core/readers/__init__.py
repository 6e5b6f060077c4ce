"""Bytes → Grids: `read` opens a delivery by what its bytes are, never by its name.

One module per container, each with the same verb `grids(file, options, batch) -> Iterator[Grid]`. Around any of them there may
be gzip, or a zip archive with one or several files (packed.py, zipped.py); the rows are those of what is inside.

Bounds: rows come in batches, text is read in pieces. What a reader holds as a whole is a workbook (its used cells, at most
extent.CELLS a sheet), a JSON document that is no NDJSON, and a workbook's bytes where it is packed; the child's limit of memory
bounds them all. Packed files unpack to at most archive.BYTES and archive.RATIO times their size, archives have at most
archive.MEMBERS members.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from etl_core.errors import DeliveryError
from etl_core.readers import bundle, csv, dbf, fixed, html, json, packed, parts, workbook, xml, zipped
from etl_core.readers.options import ReadOptions
from etl_core.readers.packed import File, Member
from etl_core.records import Grid, Part

__all__ = ["Options", "Part", "ReadOptions", "called", "divide", "kind", "read"]

_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

# Containers that no reader opens: RAR, 7-Zip, xz, bzip2, PDF, PNG, JPEG. Some of them pass as text for long stretches.
_FOREIGN = (b"Rar!", b"7z\xbc\xaf\x27\x1c", b"\xfd7zXZ", b"BZh", b"%PDF", b"\x89PNG", b"\xff\xd8\xff")

# Office documents as text, which no reader opens and whatever made them saves otherwise, by what stands in their first bytes.
_SAVED = {
    "Excel 2003 XML": re.compile(
        rb"<\?mso-application\s+progid=.Excel\.Sheet|urn:schemas-microsoft-com:office:spreadsheet"
    ),
    "MHT": re.compile(
        rb"^mime-version:(?s:.*)^content-type:\s*multipart/|^content-type:\s*multipart/(?s:.*)^mime-version:",
        re.I | re.M,
    ),
}

_HEAD = max(dbf.HEAD, bundle.HEAD, xml.HEAD, html.HEAD)

Reader = Callable[[File, ReadOptions, int], Iterator[Grid]]
_MARKED: tuple[tuple[Callable[[bytes], bool], Reader], ...] = (
    (bundle.recognised, bundle.grids),
    (json.recognised, json.grids),
    (xml.recognised, xml.grids),
    (html.recognised, html.grids),
    (dbf.recognised, dbf.grids),
)
Options = Callable[[tuple[str, ...]], ReadOptions]


def read(
    path: Path,
    options: ReadOptions | Options | None = None,
    batch: int = 50_000,
    part: Part | None = None,
    name: str = "",
) -> Iterator[Grid]:
    """Yield the rows of a delivery, at most `batch` to a Grid: sheets in the order of the workbook, files of an archive by name.

    options: how to read it, or a function that says so of a file of these names (`called`), innermost first.
    part: the rows of this part alone (`divide`); there may be none.
    name: what the delivery is called: where it is packed, its grids say what they are called without that.
    Raises DeliveryError, at the first step or later: "empty" (no row that is not empty), "unreadable" (a
    truncated or broken container), "encrypted" (a password other than Excel's default one), "unsafe" (bombs, archives in
    archives, XML entities, rows and sheets beyond all measure), "not_settled" (a page of a pull is missing).
    """
    chosen = options if callable(options) else lambda _: options or ReadOptions()
    if part is not None:
        yield from csv.grids(path, chosen((name,)), batch, part=part)
        return
    nothing = True
    for grid in _unpacked(path, chosen, batch, name):
        nothing = False
        yield grid
    if nothing:
        raise DeliveryError("empty")


def divide(path: Path, options: ReadOptions | None = None, count: int = 1) -> tuple[Part, ...]:
    """At most `count` parts of a delivery whose rows, one part after the other, are those of `read`; none of what is no text.

    Raises DeliveryError("unreadable") where a text file is no text.
    """
    options = options or ReadOptions()
    is_text = packed.head(path, 2) != packed.GZIP and _container(path, options) is csv.grids
    return parts.parts(path, options, count) if is_text else ()


def called(path: Path, name: str) -> tuple[str, ...]:
    """The names by which a delivery may be known, the best first: those of what is packed in it, then its own.

    Nothing is raised: of what cannot be opened only its own name is known.
    """
    with path.open("rb") as file:
        start = file.read(_HEAD)
    if start.startswith(packed.GZIP):
        return (packed.bare(name),)
    if _is_archive(path, start):
        return (*dict.fromkeys(each.name for each in zipped.listed(path)), packed.wrapped(name))
    return (name,)


def _unpacked(path: Path, chosen: Options, batch: int, name: str) -> Iterator[Grid]:
    """The grids of a file, or of what it holds."""
    start = packed.head(path, _HEAD)
    if start.startswith(packed.GZIP):
        names = (packed.bare(name),)
        for grid in _plain(packed.gzipped(path), chosen(names), batch):
            yield replace(grid, called=names)
    elif _is_archive(path, start):
        yield from _members(zipped.members(path), chosen, batch, packed.wrapped(name))
    else:
        options = chosen((name,))
        yield from _container(path, options)(path, options, batch)


def _is_archive(file: File, start: bytes) -> bool:
    """Whether a file is a zip of files, and no document of an office program."""
    if not start.startswith(packed.ZIP):
        return False
    names = {each.filename for each in zipped.directory(file)}
    return bool(names) and not names & {"[Content_Types].xml", "mimetype", "META-INF/manifest.xml"}


def _members(members: Sequence[Member], chosen: Options, batch: int, name: str) -> Iterator[Grid]:
    """The grids of the files of an archive: several files of JSON are the pages of one pull (ruling 5)."""
    if len(members) > 1 and all(json.recognised(packed.head(each, json.HEAD)) for each in members):
        names = (*zipped.folder(members), name)
        pages = [json.Page(each.file, partial(_bytes, each)) for each in members]
        for grid in json.pages(pages, chosen(names), batch):
            yield replace(grid, called=names)
        return
    for member in members:
        names = (member.name, name)
        try:
            for grid in _plain(member, chosen(names), batch):
                yield replace(grid, file=member.file, called=names)
        except DeliveryError as fault:
            raise DeliveryError(fault.code, **{**fault.detail, "member": member.file}) from None


def _plain(file: File, options: ReadOptions, batch: int) -> Iterator[Grid]:
    """The grids of a packed file, which is not packed once more."""
    start = packed.head(file, _HEAD)
    if start.startswith(packed.GZIP) or bundle.recognised(start) or _is_archive(file, start):
        raise DeliveryError("unsafe")
    yield from _container(file, options)(file, options, batch)


def _bytes(member: Member) -> bytes:
    with member.open("rb") as file:
        return file.read()


def _container(file: File, options: ReadOptions) -> Reader:
    """The reader of what a file begins with; only of what is text without a mark of its own a source may say more."""
    start = packed.head(file, _HEAD)
    if start.startswith((*packed.ZIP, _OLE2)):
        return workbook.grids
    if start.startswith(_FOREIGN):
        raise DeliveryError("unreadable")
    if saved := _saved(start):
        raise DeliveryError("unreadable", saved=saved)
    for recognised, grids in _MARKED:
        if recognised(start):
            return grids
    return fixed.grids if options.fixed is not None and fixed.fits(file, options) else csv.grids


def _saved(start: bytes) -> str | None:
    """Which office program's text a file begins like, which is no table as it is."""
    plain = start.replace(b"\0", b"")
    return next((name for name, known in _SAVED.items() if known.search(plain)), None)


def kind(path: Path) -> str:
    """The container of a delivery, by the name of the module that reads it («workbook», «csv», «dbf» …)."""
    return _container(path, ReadOptions()).__module__.rpartition(".")[2]
