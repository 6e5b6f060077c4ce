"""The floors of CONTRIBUTING.md, held against what every module really imports."""

from __future__ import annotations

import ast
import graphlib
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

CLONE = Path(__file__).resolve().parents[1]
FLOOR_LINE = re.compile(r"^ {4,5}(\d+) {2}(.+)$", re.MULTILINE)

# A third-party package, and the only places of ours that may import it.
WALLS = {
    "alembic": {"warehouse"},
    "apprise": {"alerts"},
    "click": {"cli"},
    "cryptography": {"keys", "seal"},
    "dask": {"cluster"},
    "distributed": {"cluster"},
    "fastexcel": {"readers"},
    "aiohttp": {"pulls"},
    "fsspec": {"cluster", "pulls"},
    "httpx": {"pulls"},
    "msoffcrypto": {"readers"},
    "openlineage": {"night"},
    "paramiko": {"pulls"},
    "pandera": {"contract", "validate", "etl_schemas"},
    "pluggy": {"hookspecs", "discovery"},
    "prometheus_client": {"night"},
    "psycopg": {"warehouse"},
    "adbc_driver_sqlite": {"warehouse"},
    "adbc_driver_manager": {"warehouse"},
    "pydantic": {"config"},
    "python_calamine": {"readers"},
    "rich": {"cli"},
    "olefile": {"readers"},
    "sqlalchemy": {"warehouse", "pulls"},
    "tenacity": {"pulls"},
    "structlog": {"cli"},
    "yaml": {"config"},
}

# What reaches a network, and the only places of ours that may: contract §5 keeps persons on this machine.
NETWORK = {
    *(
        "aiohttp",
        "asyncio",
        "botocore",
        "distributed",
        "fsspec",
        "ftplib",
        "http",
        "httpx",
        "imaplib",
        "paramiko",
    ),
    *(
        "poplib",
        "requests",
        "s3fs",
        "smtplib",
        "socket",
        "socketserver",
        "ssl",
        "telnetlib",
        "urllib3",
        "xmlrpc",
    ),
    "urllib.request",
}
REACHING = {"pulls", "cluster", "alerts"}
LOCAL = {("warehouse", "socket")}  # asks the machine for its own name


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement: its line, the module it reaches, and whether only type checkers see it."""

    line: int
    module: str
    typing: bool = False
    level: int = 0


def floors() -> dict[str, int]:
    """Each module (or package) of ours and its floor, as CONTRIBUTING.md draws them."""
    chapter = (CLONE / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Floors")[2]
    drawn = re.sub(r"\(.*?\)", "", chapter)
    return {
        name.strip().rstrip("/"): int(floor)
        for floor, names in FLOOR_LINE.findall(drawn)
        for name in names.split(",")
    }


def modules() -> Iterator[tuple[str, Path]]:
    """Every module file of ours with its room: `readers`, `errors`, `etl_schemas`; "" is etl_core itself."""
    for path in sorted((CLONE / "etl_core").rglob("*.py")):
        yield path.relative_to(CLONE / "etl_core").parts[0].removesuffix(".py").removesuffix("__init__"), path
    for path in sorted((CLONE / "schemas" / "etl_schemas").rglob("*.py")):
        yield "etl_schemas", path


def imports(source: str, known: Container[str] = ()) -> list[Import]:
    """Every import of a module, inside functions too.

    `from etl_core import x` counts as `etl_core.x`, and so does `from a.b import x` where `a.b.x` is `known`.
    """
    tree = ast.parse(source)
    typing = {id(inner) for node in ast.walk(tree) if _for_typing(node) for inner in ast.walk(node)}
    found: list[Import] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [Import(node.lineno, alias.name, id(node) in typing) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [
                Import(node.lineno, name, id(node) in typing, node.level) for name in _reached(node, known)
            ]
    return sorted(found, key=lambda one: one.line)


def _for_typing(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}


def _reached(node: ast.ImportFrom, known: Container[str]) -> set[str]:
    package = node.module or ""
    names = {f"{package}.{alias.name}" for alias in node.names}
    return names if package == "etl_core" else {name if name in known else package for name in names}


def room(module: str) -> str | None:
    """The room of ours that an imported module belongs to; None for everybody else's."""
    first, *rest = module.split(".")
    if first == "etl_core":
        return rest[0] if rest else ""
    return first if first == "etl_schemas" else None


def climbs(home: str, source: str, floor: dict[str, int]) -> list[str]:
    """Imports of a module in room `home` that do not go strictly down, as `line: from → to`.

    The package's own face (`etl_core/__init__.py`, room "") stands above all. Modules of one room may know
    each other; under TYPE_CHECKING a sibling room may be named, since nothing is imported when it runs.
    """
    top = max(floor.values()) + 1
    here = floor.get(home, top)
    wrong = []
    for one in imports(source):
        there = room(one.module)
        if there is None or there == home:
            continue
        height = floor.get(there, top)
        if height > here or (height == here and not one.typing):
            wrong.append(f"{one.line}: {home} ({here}) → {there} ({height})")
    return wrong


def breaches(home: str, source: str) -> list[str]:
    """Third-party imports of a module in room `home` that belong behind another room's wall."""
    reached = ((one.line, one.module.split(".")[0]) for one in imports(source))
    return [
        f"{line}: {home} → {package}" for line, package in reached if home not in WALLS.get(package, {home})
    ]


def neighbours() -> dict[str, set[str]]:
    """Each module of ours by its dotted name, and the modules of ours that it imports when it runs."""
    sources = {dotted(path): path.read_text(encoding="utf-8") for _, path in modules()}
    return {
        name: {one.module for one in imports(source, set(sources)) if not one.typing} & sources.keys()
        for name, source in sources.items()
    }


def dotted(path: Path) -> str:
    """The name under which a module file of ours is imported."""
    parts = path.relative_to(CLONE).with_suffix("").parts
    return ".".join(parts[parts[0] == "schemas" :]).removesuffix(".__init__")


def test_every_module_stands_on_a_floor():
    assert {home for home, _ in modules() if home} - floors().keys() == set()


def test_the_plan_names_only_modules_that_exist():
    assert floors().keys() - {home for home, _ in modules()} == set()


def test_every_import_goes_strictly_down():
    wrong = {
        str(path.relative_to(CLONE)): found
        for home, path in modules()
        if (found := climbs(home, path.read_text(encoding="utf-8"), floors()))
    }
    assert wrong == {}


def test_every_third_party_package_stays_behind_its_wall():
    wrong = {
        str(path.relative_to(CLONE)): found
        for home, path in modules()
        if (found := breaches(home, path.read_text(encoding="utf-8")))
    }
    assert wrong == {}


def test_the_network_is_reached_by_pulls_alerts_and_the_cluster_alone():
    reaching = {
        home
        for home, path in modules()
        for one in imports(path.read_text(encoding="utf-8"))
        if NETWORK & {one.module, one.module.split(".")[0]} and (home, one.module) not in LOCAL
    }
    assert reaching == REACHING


def test_no_module_imports_itself_by_way_of_others():
    graphlib.TopologicalSorter(neighbours()).prepare()


def test_every_import_is_absolute():
    sources = [path for _, path in modules()] + list((CLONE / "plugins").glob("*/src/**/*.py"))
    relative = [
        path for path in sources if any(one.level for one in imports(path.read_text(encoding="utf-8")))
    ]
    assert relative == []


def test_the_core_knows_no_plugin_and_no_plugin_knows_another():
    ours = [("", path) for _, path in modules()]
    theirs = [
        (path.relative_to(CLONE).parts[3], path) for path in (CLONE / "plugins").glob("*/src/*/**/*.py")
    ]
    wrong = [
        f"{path.relative_to(CLONE)}:{one.line}: {one.module}"
        for home, path in ours + theirs
        for one in imports(path.read_text(encoding="utf-8"))
        if one.module.startswith("etl_source_") and one.module.split(".")[0] != home
    ]
    assert wrong == []


PLAN = {"cli": 2, "readers": 1, "keys": 1, "errors": 0}


@pytest.mark.parametrize(
    "source",
    [
        "from etl_core.cli import main",
        "import etl_core.cli.main",
        "from etl_core import cli",
        "def f():\n    from etl_core.cli import main",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from etl_core.cli import main",
        "from etl_core.keys import Keys",
        "import etl_core",
        "from etl_core.nowhere import thing",
    ],
)
def test_an_import_upwards_sideways_or_of_the_unknown_is_seen(source):
    assert len(climbs("readers", source, PLAN)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "from etl_core.errors import EtlError",
        "from etl_core import errors",
        "from etl_core.readers.text import decode",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from etl_core.keys import Keys",
        "import polars as pl",
    ],
)
def test_an_import_downwards_or_within_the_room_is_allowed(source):
    assert climbs("readers", source, PLAN) == []


def test_a_breach_of_a_wall_is_seen_and_the_room_behind_it_is_free():
    assert breaches("pipeline", "import sqlalchemy as sa\nfrom click import echo") == [
        "1: pipeline → sqlalchemy",
        "2: pipeline → click",
    ]
    assert breaches("warehouse", "from sqlalchemy.dialects import sqlite") == []
