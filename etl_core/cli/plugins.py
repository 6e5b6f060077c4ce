"""`etl plugins list` and `etl plugins show`."""

from __future__ import annotations

from collections.abc import Iterator

from etl_core.cli import screen, settings
from etl_core.cli.exits import DONE
from etl_core.cli.later import JSON
from etl_core.cli.say import Lang, title
from etl_core.contract import Header, Origin, origins
from etl_core.discovery import Found, Loaded, discover
from etl_core.errors import PluginError
from etl_core.source import Source
from etl_core.validate import rules

FACTS = ("source", "form", "agency", "names", "semantics", "key", "plugin", "distribution", "version")
COLUMNS = ("field", "origin", "header", "optional", "checks")

Row = dict[str, object]


def listed(lang: Lang, shape: str) -> int:
    """Every source that can be used, and every plugin that cannot."""
    found = discover()
    screen.listing(map(_facts, found.sources), FACTS, shape, lang)
    for problem in found.problems:
        _problem(problem, shape, lang)
    return DONE


def shown(lang: Lang, name: str, shape: str) -> int:
    """The form of one source, by its own name or its plugin's."""
    loaded = named(discover(), name)
    source = loaded.source
    if shape == JSON:
        rest = {"error_limit": source.error_limit, "ignored": source.ignored, "dropped": source.dropped}
        screen.line(screen.dumps({**_facts(loaded), **rest, "columns": list(_columns(source))}))
        return DONE
    for key, value in _facts(loaded).items():
        screen.line(f"{title(key, lang)}: {', '.join(value) if isinstance(value, list | tuple) else value}")
    screen.line(f"{title('error_limit', lang)}: {source.error_limit:.0%}")
    screen.listing(_columns(source), COLUMNS, shape, lang)
    for key in ("ignored", "dropped"):
        screen.line(f"{title(key, lang)}: {', '.join(getattr(source, key)) or '—'}")
    return DONE


def _facts(loaded: Loaded) -> Row:
    source = loaded.source
    return {
        "source": source.name,
        "form": source.title,
        "agency": f"{source.agency.name} ({source.agency.code})",
        "names": [pattern.pattern for pattern in source.names],
        "semantics": source.semantics,
        "key": source.key,
        "plugin": loaded.plugin,
        "distribution": loaded.distribution,
        "version": loaded.version,
    }


def _columns(source: Source) -> Iterator[Row]:
    """Each field of the raw contract: where its text comes from, and the reason codes of its checks."""
    codes: dict[str, list[str]] = {}
    for rule in rules(source.contract):
        codes.setdefault(rule.field, []).append(rule.code)
    for field, origin in origins(source.contract).items():
        yield {
            "field": field,
            "origin": origin.kind,
            "header": _headers(origin),
            "optional": "✓" if origin.optional else None,
            "checks": codes.get(field, []),
        }


def _headers(origin: Origin) -> list[str]:
    return [_dated(each) for each in origin.headers] or [origin.shown]


def _dated(header: Header) -> str:
    """A spelling with the dates between which it is used, where it has any."""
    if header.since is None and header.until is None:
        return header.text
    return f"{header.text} [{header.since or ''}…{header.until or ''}]"


def named(found: Found, name: str) -> Loaded:
    """The source of that name; where it is a broken plugin's, its problem is the answer."""
    for each in found.sources:
        if name in (each.source.name, each.plugin):
            return each
    broken = [problem for problem in found.problems if problem.plugin == name]
    if broken:
        raise broken[0]
    raise settings.strange(name, [each.source.name for each in found.sources])


def _problem(problem: PluginError, shape: str, lang: Lang) -> None:
    if shape == JSON:
        told = {name: getattr(problem, name) for name in ("plugin", "distribution", "version", "reason")}
        screen.line(screen.dumps({"problem": told}))
    else:
        screen.line(f"{title('problem', lang)}: {screen.shown(problem)}")
