"""Which source plugins are installed, which of them can be used, and why the others cannot.

The entry points are walked here: pluggy's own loading drops a second entry point of the same name without a
word and ends at the first plugin that cannot be imported. A plugin that cannot be used never stops another.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions, entry_points, version
from itertools import chain
from typing import Any, TypeVar

import pluggy

from etl_core import hookspecs
from etl_core.errors import PluginError
from etl_core.records import Notice
from etl_core.source import Source

T = TypeVar("T")

# Reason codes of a PluginError; its `reason` is "code: Chinese｜English".
REASONS = {
    "not_installed": "允许名单中的插件没有安装｜on the allow list, but not installed",
    "broken_metadata": "安装信息无法读取｜its metadata cannot be read",
    "duplicate_plugin": "多个安装包使用同一插件名，均不使用｜several plugins have this name; none is used",
    "missing_dependency": "缺少模块 {what}｜the module {what} is missing",
    "import_failed": "导入失败：{what}｜import failed: {what}",
    "no_target": "入口点指向的 {what} 不存在｜the entry point names {what}, which does not exist",
    "wrong_api": "应声明 etl_api = {what}｜it must declare etl_api = {what}",
    "unknown_hook": "实现了未知的钩子｜it implements a hook that does not exist",
    "wrong_hook": "钩子的参数有误｜it implements a hook with other arguments",
    "hook_failed": "etl_sources 出错：{what}｜etl_sources failed: {what}",
    "no_source": "没有给出任何来源｜it brings no source",
    "wrong_source": "给出的不是 Source｜what it brings is not a Source",
    "duplicate_source": "来源 {what} 有多个插件给出，均不使用｜several plugins bring {what}; none is used",
    "no_channel": "没有安装名为 {what} 的告警插件，或不止一个｜no alert plugin is called {what}, or more than one is",
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A source that can be used, and where it comes from.

    `module` is the entry point's target («etl_source_cq_beibei», or «package.module:object»).
    """

    source: Source
    plugin: str
    distribution: str
    version: str
    module: str


@dataclass(frozen=True, slots=True)
class Found:
    """All usable sources by name, and a problem for everything that is installed and cannot be used."""

    sources: tuple[Loaded, ...]
    problems: tuple[PluginError, ...]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """An entry point that is installed; nothing of it has been imported."""

    plugin: str
    distribution: str
    version: str
    entry: EntryPoint

    def problem(self, code: str, what: str = "") -> PluginError:
        return _problem(code, self.plugin, self.distribution, self.version, what)


def discover(
    allow: Collection[str] | None = None,
    deny: Collection[str] = (),
    before: Callable[[str, str, str], None] = lambda plugin, distribution, version: None,
) -> Found:
    """Find the installed plugins and load those that may be.

    Args:
        allow: names of entry points; no other is imported. None allows all.
        deny: names of entry points that are not imported.
        before: told plugin, distribution and version just before the plugin is imported.
    """
    problems: list[PluginError] = []
    candidates = [one for one in _installed(problems) if _wanted(one.plugin, allow, deny)]
    missing = set(allow or ()) - {one.plugin for one in candidates} - set(deny)
    problems += [_problem("not_installed", name) for name in sorted(missing)]
    candidates = _unique(candidates, _plugin_name, _duplicate_plugin, problems)
    loaded = [source for one in candidates for source in _load(one, problems, before)]
    loaded = _unique(loaded, _source_name, _duplicate_source, problems)
    return Found(tuple(sorted(loaded, key=_source_name)), tuple(problems))


def alerter(name: str, built_in: str | None = None) -> Callable[[Notice, Mapping[str, Any]], None]:
    """What sends a notice by the channel of this name: a module of ours, or the one entry point that is called so.

    Raises PluginError where there is none, or it cannot be used.
    """
    candidate = _channel(name, built_in)
    plugin = _imported(candidate)
    if getattr(plugin, "etl_api", None) != hookspecs.API_VERSION:
        raise candidate.problem("wrong_api", str(hookspecs.API_VERSION))
    hooks = _hooks(candidate, plugin)
    if not hooks.etl_alert.get_hookimpls():
        raise candidate.problem("no_channel", name)
    return lambda notice, settings: hooks.etl_alert(notice=notice, settings=settings)


def _channel(name: str, built_in: str | None) -> _Candidate:
    if built_in is not None:
        return _Candidate(
            name, "chuanyu-etl", version("chuanyu-etl"), EntryPoint(name, built_in, hookspecs.CHANNELS)
        )
    found = [entry for entry in entry_points(group=hookspecs.CHANNELS) if entry.name == name]
    if len(found) != 1:
        raise _problem("no_channel", name, what=name)
    distribution = found[0].dist
    where = (distribution.name, distribution.version) if distribution else ("?", "?")
    return _Candidate(name, *where, found[0])


def _installed(problems: list[PluginError]) -> list[_Candidate]:
    """List the group's entry points without importing anything; the first copy of a distribution counts."""
    found: dict[str, list[_Candidate]] = {}
    for distribution in distributions():
        entries = _entries(distribution, problems)
        if entries:
            name = _name(distribution)
            version = distribution.version or "?"
            of_this = [_Candidate(entry.name, name, version, entry) for entry in entries]
            found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), of_this)
    return sorted(
        (one for some in found.values() for one in some), key=lambda one: (one.plugin, one.distribution)
    )


def _entries(distribution: Distribution, problems: list[PluginError]) -> list[EntryPoint]:
    try:
        return [entry for entry in distribution.entry_points if entry.group == hookspecs.GROUP]
    except Exception:  # noqa: BLE001 - a damaged file of any distribution can raise anything here
        problems.append(_problem("broken_metadata", "?", _name(distribution)))
        return []


def _name(distribution: Distribution) -> str:
    return str(distribution.metadata["Name"] or "?")


def _wanted(plugin: str, allow: Collection[str] | None, deny: Collection[str]) -> bool:
    return plugin not in deny and (allow is None or plugin in allow)


def _load(
    candidate: _Candidate, problems: list[PluginError], before: Callable[[str, str, str], None]
) -> Iterator[Loaded]:
    """Yield a plugin's sources; what is wrong with it goes to `problems`."""
    before(candidate.plugin, candidate.distribution, candidate.version)
    try:
        plugin = _imported(candidate)
        for source in _sources(candidate, plugin):
            yield Loaded(
                source, candidate.plugin, candidate.distribution, candidate.version, candidate.entry.value
            )
    except PluginError as error:
        problems.append(error)


def _imported(candidate: _Candidate) -> object:
    """Import the entry point's target; of an exception only its type is told, its text may hold anything."""
    module, _, attributes = (part.strip() for part in candidate.entry.value.partition(":"))
    try:
        target: object = importlib.import_module(module)
    except ModuleNotFoundError as error:
        raise _absent(candidate, module, error.name or "?") from None
    except (Exception, SystemExit) as error:  # noqa: BLE001 - foreign code can raise anything
        raise candidate.problem("import_failed", f"{module}: {type(error).__name__}") from None
    try:
        return functools.reduce(getattr, attributes.split(".") if attributes else [], target)
    except AttributeError:
        raise candidate.problem("no_target", candidate.entry.value) from None


def _absent(candidate: _Candidate, module: str, missing: str) -> PluginError:
    """Tell an entry point to nothing from a plugin whose own imports lack something."""
    if f"{module}.".startswith(f"{missing}."):
        return candidate.problem("no_target", module)
    return candidate.problem("missing_dependency", missing)


def _sources(candidate: _Candidate, plugin: object) -> list[Source]:
    if getattr(plugin, "etl_api", None) != hookspecs.API_VERSION:
        raise candidate.problem("wrong_api", str(hookspecs.API_VERSION))
    hooks = _hooks(candidate, plugin)
    try:
        sources = list(chain.from_iterable(hooks.etl_sources()))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - foreign code can raise anything
        raise candidate.problem("hook_failed", type(error).__name__) from None
    if not sources:
        raise candidate.problem("no_source")
    if not all(isinstance(source, Source) for source in sources):
        raise candidate.problem("wrong_source")
    return sources


def _hooks(candidate: _Candidate, plugin: object) -> pluggy.HookRelay:
    """Register the plugin alone, so that what pluggy finds wrong is wrong with this plugin."""
    registry = pluggy.PluginManager(hookspecs.GROUP)
    registry.add_hookspecs(hookspecs)
    try:
        registry.register(plugin, candidate.plugin)
    except pluggy.PluginValidationError:
        raise candidate.problem("wrong_hook") from None
    try:
        registry.check_pending()
    except pluggy.PluginValidationError:
        raise candidate.problem("unknown_hook") from None
    return registry.hook


def _unique(
    found: Iterable[T],
    name: Callable[[T], str],
    problem: Callable[[T], PluginError],
    problems: list[PluginError],
) -> list[T]:
    """Keep what bears a name alone; the order on the path must not decide between several of one name."""
    found = list(found)
    times = Counter(map(name, found))
    problems += [problem(one) for one in found if times[name(one)] > 1]
    return [one for one in found if times[name(one)] == 1]


def _plugin_name(candidate: _Candidate) -> str:
    return candidate.plugin


def _source_name(loaded: Loaded) -> str:
    return loaded.source.name


def _duplicate_plugin(candidate: _Candidate) -> PluginError:
    return candidate.problem("duplicate_plugin")


def _duplicate_source(loaded: Loaded) -> PluginError:
    return _problem(
        "duplicate_source", loaded.plugin, loaded.distribution, loaded.version, loaded.source.name
    )


def _problem(
    code: str, plugin: str, distribution: str = "?", version: str = "?", what: str = ""
) -> PluginError:
    return PluginError(plugin, distribution, version, f"{code}: {REASONS[code].format(what=what)}")
