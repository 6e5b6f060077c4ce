"""What every part of the suite knows of its plugin: the source, its samples, its golden files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from etl_core.protocol import Job
from etl_core.source import Source
from etl_core.testing.bench import Told, bench, installed, load, warehouse
from etl_core.testing.folders import packed
from etl_core.testing.golden import Golden, golden
from etl_core.warehouse import Warehouse

if TYPE_CHECKING:
    from pytest import Metafunc


class Case:
    """The plugin under test.

    source   name of the source, as the plugin declares it
    folder   the folder with samples/ and golden/
    arrived  the day on which every sample arrives, which is its date where it does not tell its own (ruling 42)
    """

    source: ClassVar[str]
    folder: ClassVar[Path]
    arrived: ClassVar[date] = date(2026, 1, 1)

    def pytest_generate_tests(self, metafunc: Metafunc) -> None:
        """Run a test that asks for a `sample` once for each of them."""
        if "sample" in metafunc.fixturenames:
            metafunc.parametrize(
                "sample", self.samples(), ids=[f"sample{at + 1}" for at in range(len(self.samples()))]
            )

    @classmethod
    def samples(cls) -> list[Path]:
        """The deliveries beside the test, by name."""
        return sorted(path for path in (cls.folder / "samples").iterdir() if not path.name.startswith("."))

    @classmethod
    def golden(cls) -> Golden:
        """What must become of them."""
        return golden(cls.folder / "golden")

    @classmethod
    def declared(cls) -> Source:
        """The source as its installed plugin declares it."""
        found = installed()
        known = {loaded.source.name: loaded.source for loaded in found.sources}
        assert cls.source in known, (
            f"{cls.source} is not installed, or not usable: {list(map(str, found.problems))}"
        )
        return known[cls.source]

    @classmethod
    def package(cls) -> str:
        """The plugin's package («etl_source_cq_beibei»)."""
        modules = {loaded.source.name: loaded.module for loaded in installed().sources}
        return modules[cls.source].partition(":")[0].partition(".")[0]

    @classmethod
    def modified(cls) -> float:
        """`arrived` in seconds since the epoch."""
        return datetime.combine(cls.arrived, time(), UTC).timestamp()

    @classmethod
    def job(cls, file: Path, batch: int = 50_000) -> Job:
        """What a child is asked about a file, or about a folder as the inbox packs it."""
        return Job(str(packed(file)), file.name, cls.modified(), batch=batch)

    @classmethod
    def told(cls, file: Path, batch: int = 50_000) -> Told:
        """Everything about a file; a sample is read only once."""
        return bench().told(cls.job(file, batch))

    @classmethod
    def loaded(cls) -> Warehouse:
        """A warehouse with all samples, in the order of their names: for questions only."""
        return _loaded(tuple(cls.samples()), cls.modified())


@cache
def _loaded(samples: Sequence[Path], modified: float) -> Warehouse:
    into = warehouse()
    load(into, samples, modified)
    return into
