"""A source: everything that the framework must know of one agency's format. Declarative, so that a plugin is short."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import polars as pl

from etl_core.contract import RawContract
from etl_core.readers import ReadOptions
from etl_core.records import Agency, Place

# Given the delivery's name (without folders) and the lines above its header (with what `period` says), where the delivery
# stands; None = cannot be told.
Placing = Callable[[str, str], Place | None]


@dataclass(frozen=True, slots=True)
class Variant:
    """One kind of record that a wide row can hold (ruling 46): present `when`, with these fields of its own."""

    when: pl.Expr
    fields: Mapping[str, pl.Expr]


@dataclass(frozen=True, slots=True)
class Source:
    """One agency format.

    name            identifier, the same as the plugin's entry point («cq_beibei»)
    agency          who sends it: decides what 市级 means (ruling 51)
    title           what the files are, in Chinese
    contract        the raw contract: columns, their headers and checks
    normalise       unified field (or one of records.CARRIED) → polars expression over the contract's fields; the only place
                    that interprets
    key             natural key: unified field names, «person» for the identity, «reporter» where two agencies share a source
    semantics       how deliveries add up (contract §4)
    place           period and version of a delivery, from its name and title
    period          the contract's field whose column tells the period where neither name nor title does: what stands in it
                    in the first rows is given to `place` as lines of their own
    example         the name of a delivery as it should be, for people: it is recognised, and tells the period
    names           patterns of file names, a second sign beside the headers by which a file is recognised
    says            where other agencies use the same form: words of which one must stand in the file's name, its sheet's or
                    the lines above its header («彭水»); without it a file is nobody's, whatever its headers
    ignored         headers that are known and not loaded
    dropped         headers whose cells may not be kept anywhere (ruling 62)
    variants        kinds of records of a wide row; empty: one record a row
    error_limit     share of quarantined rows above which nothing is loaded (too_many_errors)
    shrink_limit    share of its slot's standing records above which a delivery that would withdraw them is stopped
                    (too_much_withdrawn)
    read            reader options
    """

    name: str
    agency: Agency
    title: str
    contract: type[RawContract]
    normalise: Mapping[str, pl.Expr]
    key: tuple[str, ...]
    semantics: Literal["append", "snapshot", "ledger"]
    place: Placing
    period: str = ""
    example: str = ""
    names: tuple[re.Pattern[str], ...] = ()
    says: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()
    error_limit: float = 0.2
    shrink_limit: float = 0.3
    read: ReadOptions = field(default_factory=ReadOptions)

    @property
    def variant_fields(self) -> tuple[str, ...]:
        """Unified fields in which the records of one row differ: they are no part of the row's own key."""
        return tuple(dict.fromkeys(name for variant in self.variants for name in variant.fields))

    def named(self, name: str) -> bool:
        """Whether the file's name looks like one of this source's."""
        return any(pattern.search(name) for pattern in self.names)

    def said(self, texts: Iterable[str | None]) -> bool:
        """Whether one of these names the agency, where that is demanded."""
        bare = ["".join(text.split()) for text in texts if text]
        return not self.says or any(word in text for word in self.says for text in bare)

    @property
    def personal(self) -> frozenset[str]:
        """The contract's fields that tell who a row is about: a sheet without any of them names nobody."""
        return frozenset([*roots(self, "person_name"), *roots(self, "id_number")])


def roots(source: Source, field: str) -> tuple[str, ...]:
    """The contract's fields that a unified field is made of."""
    names = source.normalise[field].meta.root_names() if field in source.normalise else []
    return tuple(dict.fromkeys(name.partition(":")[0] for name in names))
