"""From a configuration file to a `Config`, or to every fault of the file at once."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from pydantic import ValidationError

from etl_core.config.document import Document, compose
from etl_core.config.faults import joined, problems, suggestion
from etl_core.config.model import Config
from etl_core.errors import ConfigError, ConfigProblem


def load(path: Path, environ: Mapping[str, str] | None = None) -> Config:
    """Read, check and convert a configuration file; paths in it are taken from its own folder.

    Args:
        path: the YAML file (UTF-8).
        environ: variables for `${NAME}`; the process's environment when left out.

    Raises:
        ConfigError: the file cannot be used; it lists every fault with line and column, never a value.
    """
    return validate(read(path, environ), path.parent)


def read(path: Path, environ: Mapping[str, str] | None = None) -> Document:
    """Compose a configuration file; its faults of syntax wait in `Document.problems`.

    Raises:
        ConfigError: there is no such file, or it cannot be read.
    """
    message = "找不到配置文件｜there is no such configuration file"
    try:
        if path.is_file():
            return compose(path.read_bytes(), str(path), os.environ if environ is None else environ)
    except OSError:
        message = "无权读取配置文件｜the configuration file cannot be read"
    raise ConfigError((ConfigProblem(str(path), 1, 1, message),))


def validate(document: Document, base: Path) -> Config:
    """Convert a composed document; relative paths are taken from the folder `base`.

    Raises:
        ConfigError: every fault, those of syntax included, in the order of the file.
    """
    outcome = _converted(document, base)
    if isinstance(outcome, Config) and not document.problems:
        return outcome
    found = (*document.problems, *(() if isinstance(outcome, Config) else outcome))
    raise ConfigError(tuple(sorted(found, key=lambda problem: (problem.line, problem.column))))


def _converted(document: Document, base: Path) -> Config | tuple[ConfigProblem, ...]:
    """Return faults rather than raise them, so that no ValidationError, which knows values, is chained."""
    if document.problems and not document.values:
        return ()
    refused = {(problem.line, problem.column) for problem in document.problems}
    try:
        return Config.model_validate(document.tree, context={"base": base})
    except ValidationError as error:
        found = problems(error, document, Config)
    # What is refused already (an unset variable, say) is not told a second time as a wrong value.
    return tuple(problem for problem in found if (problem.line, problem.column) not in refused)


def check_sources(document: Document, config: Config, known: Collection[str]) -> None:
    """Check, once the plugins are known, that every source of the settings exists.

    Raises:
        ConfigError: a setting for a source that no plugin brings.
    """
    found = tuple(
        document.problem(
            ("sources", name),
            joined(f"没有名为 {name} 的来源｜there is no source “{name}”", suggestion(name, known)),
            key=True,
        )
        for name in config.sources
        if name not in known
    )
    if found:
        raise ConfigError(found)
