"""The deliveries of the swept night, of sources that add up in each of the three ways, good, rejected and unreadable ones.

`python -m tests.sweeps.night FOLDER` writes them and records what a child answers about each, in a process of its own:
the process that is forked later must not have used polars.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from etl_core import protocol
from etl_core.child import answers, ready
from etl_core.discovery import Found, Loaded, discover
from etl_core.protocol import Job
from etl_core.testing.folders import copied, packed
from tests import made_up
from tests.fakes import person, write

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
MODIFIED = 1.76e9

EARLIER = (
    "北碚区校长课程领导力研修学时登记表（2023年春季）.xlsx",
    "潼南区_遂潼活动登记_2023年秋.csv",
    "市培学分_202307.xml",
)
"""What the warehouse holds before the night."""

TONIGHT = (
    "北碚区校长课程领导力研修学时登记表（2023年春季）（更正）.xlsx",
    "北碚区校长课程领导力研修学时登记表（2023年秋季）.xlsx",
    "潼南区_遂潼活动登记_2023年秋_更正.csv",
    "遂宁市_遂潼活动登记_2023年秋.csv",
    "市培学分_202312.xml",
)
REAL = ("cq_beibei", "cq_shipei", "suitong")

MIXED = {
    "one": (*REAL, "cq_tongliang", "moe_template", "swu_guopei"),
    "other": ("sc_credit", "cd_legacy", "cq_shizhu", "cq_pengshui", "unified"),
}
"""Sources whose deliveries come in random orders, mixed, in two turns; guopei_vendor's 20 000 rows are too many for a thousand nights.
Each source alone is tried in every order by its own suite.
"""


def found() -> Found:
    """Three agencies' sources and a made-up one, whose delivery is rejected for its errors."""
    own = Loaded(made_up.source(), "made_up", "etl-source-made-up", "1.0", "tests.made_up")
    return Found((*discover(allow=[each for turn in MIXED.values() for each in turn]).sources, own), ())


def written(folder: Path) -> None:
    """The two inboxes: the evenings before, and tonight."""
    for inbox, names in (("earlier", EARLIER), ("tonight", TONIGHT)):
        (folder / inbox).mkdir(parents=True)
        for source in REAL:
            for path in (PLUGINS / source / "tests" / "samples").iterdir():
                if path.name in names:
                    shutil.copy(path, folder / inbox / path.name)
    tonight = folder / "tonight"
    write(tonight / "made_up_2023.csv", [person(1), person(2, 学时="x"), person(3, 日期="x")])
    write(tonight / "没人认识的表.csv", [["1"] * 3], header=("甲", "乙", "丙"))
    first = next(tonight.glob("*秋季*.xlsx"))
    shutil.copy(first, tonight / "再报的同一份.xlsx")
    for turn, sources in MIXED.items():
        (folder / turn).mkdir()
        for source in sources:
            for path in (PLUGINS / source / "tests" / "samples").iterdir():
                copied(path, folder / turn / path.name)
    for path in folder.rglob("*"):
        os.utime(path, (MODIFIED, MODIFIED))


def recorded(folder: Path) -> None:
    """The answers of a child to every delivery, as bytes, by the delivery's name."""
    known = found()
    sources = [loaded.source for loaded in known.sources]
    tape = folder / "answers"
    tape.mkdir()
    (tape / "ready").write_bytes(b"".join(bytes(part) for part in protocol.encode(ready(known))))
    for path in sorted(
        path for inbox in ("earlier", "tonight", *MIXED) for path in (folder / inbox).iterdir()
    ):
        told = answers(Job(str(packed(path)), path.name, MODIFIED, batch=60), sources)
        parts = (part for answer in told for part in protocol.encode(answer))
        (tape / f"{path.name}.answers").write_bytes(b"".join(map(bytes, parts)))


if __name__ == "__main__":
    written(Path(sys.argv[1]))
    recorded(Path(sys.argv[1]))
