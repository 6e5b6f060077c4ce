"""Pages → the bytes of a file of the same container: what the readers make of it are the same rows.

One module per container, each with the same verb `write(pages, form) -> bytes` (or a file for each page of a pull).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from etl_core.specimen.rows import Page
from etl_core.specimen.writers import biff, book, delimited, elements, lines, markup, records, table
from etl_core.specimen.writers.form import Form, form

__all__ = ["Form", "form", "write"]

_WRITERS: Mapping[str, Callable[[Sequence[Page], Form], bytes]] = {
    "csv": delimited.write,
    "dbf": table.write,
    "html": markup.write,
    "json": records.write,
    "ndjson": lines.write,
    "xls": biff.write,
    "xlsx": book.write,
    "xml": elements.write,
}


def write(form: Form, pages: Sequence[Page]) -> dict[str, bytes]:
    """Each file of a specimen: by its page's name where it is a pull, else by the name of the delivery."""
    pull = [page for page in pages if page.file is not None]
    if pull:
        total = sum(len(page.lines) for page in pull)
        return {str(page.file): records.page(page, total) for page in pull if page.lines}
    return {form.name: _WRITERS[form.container](pages, form)}
