"""Drafted plugins in the tests: made by the real command, run without an installation, and away from the plugins of this clone."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

from tests.cli.program import etl

CLONE = Path(__file__).resolve().parents[1]


def draft(name: str, sample: Path, out: Path, *said: str) -> Path:
    """The folder of a plugin drafted from a sample, by `etl plugins new` in a process of its own."""
    usual = [
        "--agency",
        "500199",
        "--agency-name",
        "某县教师进修学校",
        "--title",
        "培训登记表",
        "--semantics",
        "append",
    ]
    done = etl("plugins", "new", name, "--sample", sample, "--out", out, "--anyway", *usual, *said)
    assert done.returncode == 0, done.stderr
    return out / name


def bare(folder: Path) -> Path:
    """The interpreter of an environment with everything that is installed here but the source plugins: also for its own children."""
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    for entry in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if "etl_source" not in entry.name and not entry.name.startswith("__editable__"):
            (site / entry.name).symlink_to(entry)
    return folder / "bin" / "python"


def installed(plugin: Path, site: Path) -> list[Path]:
    """What an editable installation leaves: the marks that the plugin's own build makes, and its code."""
    site.mkdir()
    build = f"import setuptools.build_meta as b; print(b.prepare_metadata_for_build_wheel({str(site)!r}))"
    done = subprocess.run(
        [sys.executable, "-c", build], cwd=plugin, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return [site, plugin / "src"]


def suite(plugin: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """The plugin's own tests, where no other plugin is installed. folder: a fresh one for the environment."""
    folder.mkdir()
    path = [*installed(plugin, folder / "site"), CLONE, CLONE / "schemas"]
    command = [
        bare(folder / "bare"),
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--import-mode=importlib",
    ]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, path))}
    return subprocess.run(
        [*command, f"--rootdir={plugin}", str(plugin / "tests")],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
