"""The suite of a made-up source: sound, or broken in one way, so that each test of the suite can be seen to fail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from etl_core.discovery import Found, Loaded
from etl_core.testing import SourceSuite
from etl_core.testing.bench import Bench
from etl_core.testing.golden import golden
from tests.fakes import person, write
from tests.made_up import source

FIRST, SECOND = "made_up_2023_1.csv", "made_up_2023_2.csv"


class MadeUp(SourceSuite):
    """Not collected, but asked test by test."""

    source = "made_up"
    arrived = date(2024, 1, 1)


def sound(folder: Path) -> None:
    """Samples and golden files in which nothing is wrong: seven persons and a fault, then a correction of the first person."""
    people = [person(order) for order in range(1, 8)]
    _write(folder / FIRST, [*people[:3], person(9, 学时="x"), *people[3:]])
    _write(folder / SECOND, [person(1, 学时="6"), person(2)])
    (folder / "golden").mkdir()
    loaded = [(FIRST, row, order, "8") for row, order in zip((2, 3, 4, 6, 7, 8, 9), range(1, 8), strict=True)]
    loaded += [(SECOND, 2, 1, "6"), (SECOND, 3, 2, "8")]
    lines = {
        "expected": [
            "file,sheet,row,outcome,reasons,warnings,n_records",
            f"{FIRST},,1,skipped,skip:header,,0",
            f"{SECOND},,1,skipped,skip:header,,0",
            f"{FIRST},,5,quarantined,hours.unparsable@学时,,0",
            *(f"{file},,{row},loaded,,,1" for file, row, _, _ in loaded),
        ],
        "expected_records": [
            "file,sheet,row,person_name,id_number,hours,start_date",
            *(f"{file},,{row},测试{n},{person(n)[1]},{hours},2023-05-06" for file, row, n, hours in loaded),
        ],
        "expected_delivery": [
            "file,slot,effective_order,reporter,result,error,rows_read,rows_loaded,rows_quarantined,rows_skipped,records",
            f"{FIRST},,2023_1,,ok,,9,7,1,1,7",
            f"{SECOND},,2023_2,,ok,,3,2,0,1,2",
        ],
        "expected_state": ["measure,value", "current_records,7"],
    }
    for name, told in lines.items():
        (folder / "golden" / f"{name}.csv").write_text("\n".join(told) + "\n", encoding="utf-8")


def _write(path: Path, rows: Sequence[Sequence[str | None]]) -> None:
    """In UTF-8 with its mark, as people save it."""
    made = write(path.parent / "samples" / path.name, rows)
    made.write_text(made.read_text(encoding="utf-8"), encoding="utf-8-sig")


def suite(folder: Path, patch: pytest.MonkeyPatch, **changed: Any) -> MadeUp:
    """The suite over `folder`, whose only installed source is the made-up one with these attributes otherwise."""
    found = Found((Loaded(source(**changed), "made_up", "etl-source-made-up", "1.0", "tests.made_up"),), ())
    here = Bench(found)
    for module in ("bench", "case", "faithful"):
        patch.setattr(f"etl_core.testing.{module}.installed", lambda: found)
    for module in ("bench", "case", "sturdy", "pure"):
        patch.setattr(f"etl_core.testing.{module}.bench", lambda: here)
    golden.cache_clear()
    code = classmethod(lambda cls: [Path(__file__).with_name("made_up.py")])
    return type("Suite", (MadeUp,), {"folder": folder, "code": code})()


def names() -> list[str]:
    """Every test of the suite."""
    return sorted(name for name in dir(SourceSuite) if name.startswith("test_"))


def ask(of: MadeUp, name: str, folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Run one test of a suite, once for each sample where it asks for them."""
    test = getattr(of, name)
    wanted = signature(test).parameters
    for number, sample in enumerate(of.samples() if "sample" in wanted else [None]):
        room = folder / f"room{number}"
        room.mkdir()
        given = {"sample": sample, "tmp_path": room, "capfd": capfd}
        test(**{parameter: given[parameter] for parameter in wanted})
