"""A night that is killed, stopped, refused or cut off at any point ends, after one more run, where a clean night ends.

The whole sweep is `python -m tests.sweeps kill stop fail drop crash race orders revoke`; here a part of its points, spread evenly.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CLONE = Path(__file__).resolve().parents[1]


def sweep(*typed: str) -> list[str]:
    """The figures of a sweep, in a process of its own: one that has threads cannot be forked."""
    command = [sys.executable, "-m", "tests.sweeps", *typed]
    done = subprocess.run(command, cwd=CLONE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def test_every_named_step_is_a_point_of_the_night() -> None:
    """A step that no night comes to would be swept in vain."""
    (told,) = sweep("steps", "--database", "sqlite")
    assert told.endswith(", 0 wrong")


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_night_killed_at_any_point_needs_one_more_run_and_nothing_else(database: str) -> None:
    (told,) = sweep("kill", "--database", database, "--points", "8")
    assert told.startswith(f"{database} kill: 8 of ")
    assert told.endswith(", 0 wrong")


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_decision_killed_at_any_point_is_typed_again_and_the_archive_says_the_same(database: str) -> None:
    told = sweep("revoke", "--database", database, "--points", "16")
    assert [line.split()[1] for line in told] == ["allow:", "revoke:", "restore:"]
    assert all(line.endswith(", 0 wrong") for line in told)


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgres"])
@pytest.mark.parametrize(
    ("kind", "points"),
    [("kill", 60), ("stop", 24), ("fail", 20), ("drop", 24), ("crash", 8), ("race", 7), ("orders", 8)],
)
def test_a_night_met_at_many_points_ends_as_a_clean_one(database: str, kind: str, points: int) -> None:
    told = sweep(kind, "--database", database, "--points", str(points))
    server = database == "postgres"
    assert len(told) == {"fail": 3, "drop": 2 * server, "crash": 1 * server}.get(kind, 1)
    assert all(line.endswith(", 0 wrong") for line in told)
