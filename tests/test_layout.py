"""What a stranger finds in the clone, and what an installation holds."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

CLONE = Path(__file__).resolve().parents[1]
ROOMS = {"etl_core", "plugins", "schemas", "configs", "tests"}
REGISTRY = re.compile(
    rb"pypi\.org|python[h]osted|--(?:extra-)?index-url|registry\.npm|/simple[/]|\bmirrors?\.\w+\."
)
MACHINE_PATH = re.compile(rb"(?<![\w.~}>-])/(?:home|root|work|tmp|Users)/\w")
TEST_LINE = re.compile(r"^ *\.venv/bin/pytest\b.*$", re.MULTILINE)


def tracked() -> list[Path]:
    """Every file that git keeps, whoever owns the clone."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z"]
    names = subprocess.run(command, cwd=CLONE, capture_output=True, check=True).stdout.split(b"\0")
    return [path for name in names if name and (path := CLONE / os.fsdecode(name)).is_file()]


def project(folder: Path) -> dict[str, object]:
    """The [project] table of a distribution of this clone."""
    table: dict[str, object] = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]
    return table


def pins(name: str) -> dict[str, str]:
    """Version of each distribution in a pin file."""
    text = (CLONE / name).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==([^\s;\\]+)", text, re.MULTILINE))


def plugins() -> list[Path]:
    return sorted(path.parent for path in (CLONE / "plugins").glob("*/pyproject.toml"))


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The framework's wheel, built by its own backend from a copy of the tracked files."""
    folder = tmp_path_factory.mktemp("wheel")
    for path in tracked():
        copy = folder / "source" / path.relative_to(CLONE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    build = f"import setuptools.build_meta as backend; backend.build_wheel({str(folder)!r})"
    built = subprocess.run(
        [sys.executable, "-c", build], cwd=folder / "source", capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    (found,) = folder.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def contents(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


def test_the_rooms_are_where_their_names_say():
    assert {path.relative_to(CLONE).parts[0] for path in tracked()} >= ROOMS | {"README.md", "pyproject.toml"}


@pytest.mark.parametrize("pattern", [REGISTRY, MACHINE_PATH], ids=["registry host", "machine path"])
def test_no_tracked_file_names_a(pattern):
    found = {
        str(path.relative_to(CLONE)): sorted(set(hits))
        for path in tracked()
        if (hits := pattern.findall(path.read_bytes()))
    }
    assert found == {}


@pytest.mark.parametrize("before", ["see ", '"', "cd ", "file://"])
@pytest.mark.parametrize("root", ["home", "root", "tmp", "work", "Users"])
def test_a_machine_path_is_seen(before, root):
    assert MACHINE_PATH.search(f"{before}/{root}/x".encode())


@pytest.mark.parametrize(
    "written", [b"../var/work/x", b"example.org/home/a", b"$HOME/tmp/x", b"{folder}/tmp/x"]
)
def test_a_path_that_belongs_to_no_machine_is_left_alone(written):
    assert not MACHINE_PATH.search(written)


def test_uv_lock_is_not_kept():
    assert not [path for path in tracked() if path.name == "uv.lock"]


def test_both_pin_files_hold_the_same_versions():
    assert pins("constraints.txt") == pins("requirements.lock")
    assert pins("constraints.txt")


def test_every_pin_of_the_lock_has_a_hash():
    entries = re.split(r"\n(?=\S)", (CLONE / "requirements.lock").read_text(encoding="utf-8").strip())
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize("folder", [CLONE, *plugins()], ids=lambda folder: folder.name)
def test_every_declared_dependency_is_pinned(folder):
    declared = project(folder)
    extras = declared.get("optional-dependencies", {})
    wanted = [*declared.get("dependencies", []), *(one for extra in extras.values() for one in extra)]
    names = {re.match(r"[\w.-]+", one).group().lower().replace("_", "-") for one in wanted}
    assert names - pins("constraints.txt").keys() - {"chuanyu-etl"} == set()


def test_requirements_install_the_framework_and_every_plugin():
    text = (CLONE / "requirements.txt").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    expected = ["-c constraints.txt", "-e .[dev]", *(f"-e ./plugins/{folder.name}" for folder in plugins())]
    assert sorted(lines) == sorted(expected)


def test_the_readme_has_one_test_command_and_ci_runs_that_one():
    assert len(TEST_LINE.findall((CLONE / "README.md").read_text(encoding="utf-8"))) == 1
    assert "README.md" in (CLONE / ".ci" / "run").read_text(encoding="utf-8")


def test_the_scripts_can_be_executed():
    assert [name for name in (".ci/run", "scripts/lock") if not os.access(CLONE / name, os.X_OK)] == []


def test_the_wheel_holds_every_file_of_the_framework_and_the_schemas(contents):
    homes = {CLONE / "etl_core": CLONE, CLONE / "schemas" / "etl_schemas": CLONE / "schemas"}
    expected = {
        path.relative_to(root).as_posix()
        for home, root in homes.items()
        for path in tracked()
        if path.is_relative_to(home)
    }
    assert expected - contents == set()
    assert {"etl_schemas/messages.toml", "etl_core/py.typed", "etl_schemas/py.typed"} <= contents


def test_the_wheel_holds_nothing_but_the_framework_and_the_schemas(contents):
    tops = {name.split("/")[0] for name in contents}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"etl_core", "etl_schemas"}


@pytest.mark.parametrize("name", ["plugins", "schemas", "tests", "configs", "benchmarks"])
def test_a_folder_of_the_clone_is_no_package_outside_of_it(name, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", f"import {name}"], cwd=tmp_path, capture_output=True, check=False
    )
    assert b"ModuleNotFoundError" in done.stderr


@pytest.mark.slow
def test_every_module_of_the_wheel_can_be_imported_away_from_the_clone(wheel, tmp_path):
    zipfile.ZipFile(wheel).extractall(tmp_path)
    names = [
        ".".join(path.relative_to(tmp_path).with_suffix("").parts).removesuffix(".__init__")
        for path in sorted(tmp_path.glob("etl_*/**/*.py"))
        if "migrations" not in path.parts and path.stem != "__main__"  # these two act when they are imported
    ]
    script = f"import importlib\nfor name in {names!r}: print(importlib.import_module(name).__file__)"
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) == len(names)
    assert all(Path(line).is_relative_to(tmp_path) for line in done.stdout.splitlines())
