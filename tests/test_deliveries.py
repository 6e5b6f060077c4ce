"""The agencies' deliveries through the real pipeline: child process, inbox, warehouse; on SQLite and on PostgreSQL."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from etl_core import config
from etl_core.errors import PARTLY
from etl_core.keys import Keys
from etl_core.pipeline import run
from etl_core.records import Outcome
from etl_core.testing.differing import differences
from etl_core.testing.folders import copied, files, inside
from etl_core.testing.golden import Golden, golden
from etl_core.testing.sheets import read_sheets
from etl_core.testing.sturdy import RESIDENT
from etl_core.warehouse import Warehouse
from tests.dumps import CLOCKS, NUMBERS, RUNS, dump
from tests.services import Server
from tests.test_pipeline import Watch

PLUGINS = Path(__file__).resolve().parents[1] / "plugins"
SOURCES = (
    "cd_legacy",
    "cq_beibei",
    "cq_pengshui",
    "cq_shipei",
    "cq_shizhu",
    "cq_tongliang",
    "guopei_vendor",
    "moe_template",
    "sc_credit",
    "suitong",
    "swu_guopei",
)
SAMPLES = [path for source in SOURCES for path in sorted((PLUGINS / source / "tests" / "samples").iterdir())]

# Orders of arrival beside the usual one: every later version first, and sources mixed.
ORDERS = (tuple(reversed(SAMPLES)), tuple(SAMPLES[1::2] + SAMPLES[::2]))


@dataclass(frozen=True, slots=True)
class Home:
    """A pipeline of its own: folders for the inbox and the copies, a key, and the address of its warehouse."""

    folder: Path
    url: str

    @property
    def keys(self) -> Keys:
        """The key it was made with."""
        return Keys.load(self.folder / "keys" / "person.key", create=False)

    def receive(self, deliveries: Iterable[Path]) -> None:
        """Copies lie in the inbox, all of one age."""
        for file in deliveries:
            for copy in files(copied(file, self.folder / "in" / file.name)):
                os.utime(copy, (1.76e9, 1.76e9))

    def configured(self) -> Path:
        """The pipeline's configuration."""
        text = (
            f"warehouse:\n  url: {self.url}\nkey_file: keys/person.key\narchive: kept\nwork: work\nlog:\n  file: log/etl.jsonl\n"
            f"plugins:\n  allow: [{', '.join(SOURCES)}]\nsettle_seconds: 0\ninbox:\n  - in\n"
        )
        path = self.folder / "pipeline.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    def run(self) -> tuple[Outcome, ...]:
        """One run of the real pipeline."""
        report = run(config.load(self.configured()), Watch())
        assert report.problems == ()
        return report.outcomes

    def warehouse(self) -> Warehouse:
        """The warehouse, for questions."""
        return Warehouse.open(self.url, self.keys)


def home(folder: Path, url: str, key: Path | None = None) -> Home:
    """A home without anything in it but the key, which is a new one where none is given."""
    for name in ("in", "log"):
        (folder / name).mkdir(parents=True)
    if key:
        (folder / "keys").mkdir(mode=0o700)
        shutil.copy(key, folder / "keys" / "person.key")
    return Home(folder, url)


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory, postgres_server: Server) -> Iterator[dict[str, Home]]:
    """All samples loaded in one run under one key, into a warehouse of each kind."""
    folder = tmp_path_factory.mktemp("homes")
    key = folder / "person.key"
    Keys.load(key)
    with postgres_server.database() as url:
        urls = {"sqlite": f"sqlite:///{folder / 'w.sqlite'}", "postgres": url}
        made = {kind: home(folder / kind, url, key) for kind, url in urls.items()}
        for each in made.values():
            each.receive(SAMPLES)
            assert [outcome.result for outcome in each.run()] == ["loaded"] * len(SAMPLES)
        yield made


@pytest.fixture(params=["sqlite", "postgres"])
def settled(request: pytest.FixtureRequest, homes: dict[str, Home]) -> Home:
    """Each of them."""
    return homes[request.param]


def goldens() -> dict[str, Golden]:
    return {source: golden(PLUGINS / source / "tests" / "golden") for source in SOURCES}


def numbers() -> set[str]:
    """Every identity number of the samples, of good and of faulty rows."""
    texts = (
        cell
        for sample in SAMPLES
        for grid in read_sheets(sample)
        for line in grid.rows.select(pl.col(pl.String)).iter_rows()
        for cell in line
        if cell
    )
    found = {number for text in texts for number in RESIDENT.findall(text)}
    return found | {
        number for told in goldens().values() for number in told.records["id_number"].drop_nulls()
    }


def test_every_row_record_and_state_of_each_source_is_the_golden_one(settled: Home) -> None:
    with settled.warehouse() as warehouse:
        for source, told in goldens().items():
            measures = warehouse.measures(source)
            assert {name: measures.get(name) for name in told.state} == told.state, source
            for line in warehouse.deliveries(source).iter_rows(named=True):
                of = inside(line["file"])
                outcomes = warehouse.outcomes(line["delivery_id"])
                assert not (wrong := differences(outcomes, told.rows.filter(of))), wrong
                wanted = told.records.filter(of)
                keyed = wanted.with_columns(settled.keys.person_keys(wanted["id_number"]).alias("person_key"))
                records = warehouse.records(line["delivery_id"])
                assert not (wrong := differences(records, keyed.drop("id_number"))), wrong


def test_a_person_of_two_sources_is_one_person(settled: Home) -> None:
    """Ruling 77: the pseudonym is the same wherever the number comes from."""
    everybody = [
        number for told in goldens().values() for number in told.records["id_number"].drop_nulls().unique()
    ]
    with settled.warehouse() as warehouse:
        counted = [int(warehouse.measures(source)["persons_with_id"]) for source in SOURCES]
        together = int(warehouse.measures()["persons_with_id"])
    assert sum(counted) - together == len(everybody) - len(set(everybody))


def test_a_second_run_changes_nothing(settled: Home) -> None:
    before, file = dump(settled.url, set()), config.load(settled.configured()).warehouse.path
    content = file.read_bytes() if file else b""
    assert [outcome.result for outcome in settled.run()] == ["unchanged"] * len(SAMPLES)
    assert dump(settled.url, set()) == before
    assert content == (file.read_bytes() if file else b"")


def test_both_kinds_of_warehouse_hold_the_same(homes: dict[str, Home]) -> None:
    """Ledger, records, outcomes of rows, unsealed cells of refused rows, measures: W(SQLite) = W(PostgreSQL)."""
    lite, server = (told(each) for each in homes.values())
    assert lite.keys() == server.keys()
    for name, frame in lite.items():
        assert frame.equals(server[name]), name


def told(of: Home) -> dict[str, pl.DataFrame]:
    """Everything that a warehouse answers, but for what clocks say."""
    with of.warehouse() as warehouse:
        ledger = warehouse.deliveries()
        ids = ledger["delivery_id"].to_list()
        measures = [warehouse.measures(source) for source in (None, *SOURCES)]
        return {
            "ledger": ledger.drop(CLOCKS & set(ledger.columns)),
            "records": pl.concat([warehouse.records(number) for number in ids]),
            "outcomes": pl.concat([warehouse.outcomes(number) for number in ids]),
            "refused": pl.concat([warehouse.quarantined(source) for source in SOURCES]),
            "measures": pl.DataFrame(measures, infer_schema_length=None),
        }


def test_the_order_of_arrival_does_not_matter(tmp_path: Path) -> None:
    """Several runs, in orders that bring corrections before what they correct (contract §4)."""
    key = tmp_path / "person.key"
    Keys.load(key)
    contents = []
    for number, order in enumerate((tuple(SAMPLES), *ORDERS)):
        folder = tmp_path / str(number)
        made = home(folder, f"sqlite:///{folder / 'w.sqlite'}", key)
        for at in range(0, len(order), 4):
            made.receive(order[at : at + 4])
            made.run()
        contents.append(dump(made.url, CLOCKS | NUMBERS | RUNS))
    assert contents[0]["record"]
    assert contents[1] == contents[0]
    assert contents[2] == contents[0]


def test_no_identity_number_leaves_the_memory(tmp_path: Path) -> None:
    """Canary: what the program prints, the warehouse with its journals and lock, the log, the work folder (contract §5)."""
    made = home(tmp_path / "home", f"sqlite:///{tmp_path / 'home' / 'w.sqlite'}")
    made.receive(SAMPLES)
    program = [Path(sys.executable).with_name("etl"), "run", "--config", made.configured()]
    printed = subprocess.run(program, capture_output=True, check=False)
    assert printed.returncode == PARTLY, printed.stderr
    shutil.rmtree(made.folder / "in")
    written = {path.name: path.read_bytes() for path in made.folder.rglob("*") if path.is_file()}
    assert {"w.sqlite", "etl.jsonl", "person.key"} <= set(written)
    assert written["etl.jsonl"]
    canaries = numbers()
    assert len(canaries) > 500
    spelt = [number.encode(code).decode("latin-1") for number in canaries for code in ("utf-8", "utf-16-le")]
    for name, content in {**written, "stdout": printed.stdout, "stderr": printed.stderr}.items():
        # All numbers in one pass: there are thousands of them.
        assert not pl.Series([content.decode("latin-1")]).str.contains_any(spelt).item(), name


def test_what_a_run_leaves_behind_is_its_owners_alone(tmp_path: Path) -> None:
    made = home(tmp_path / "home", f"sqlite:///{tmp_path / 'home' / 'data' / 'w.sqlite'}")
    made.receive(SAMPLES[:1])
    (made.folder / "data").mkdir(mode=0o700)
    old = os.umask(0)
    try:
        (outcome,) = made.run()
    finally:
        os.umask(old)
    assert (outcome.result, outcome.counts.quarantined > 0) == ("loaded", True)
    files = [*(made.folder / "data").iterdir(), *(made.folder / "keys").iterdir()]
    assert {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in files} == dict.fromkeys(
        (path.name for path in files), "0o600"
    )
    folders = (made.folder / "keys", made.folder / "work")
    assert [oct(stat.S_IMODE(folder.stat().st_mode)) for folder in folders] == ["0o700", "0o700"]
    assert list((made.folder / "work").iterdir()) == []
