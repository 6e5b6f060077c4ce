"""Nobody's number in a name comes to rest or comes out, however the name came: file, link, folder of a pull, member, sheet."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter

from etl_core.archive import Archive
from etl_core.config import load
from etl_core.keys import Keys
from tests import fakes, made_up
from tests.cli.program import configure, here
from tests.dumps import CLOCKS, dump
from tests.pulls.conftest import Pulling

# Two persons whose masked numbers are alike, and what they are known by then.
ONE, OTHER, MOBILE = "500199199001011234", "500199198502021234", "13800005678"
CANARIES = (ONE, OTHER, MOBILE)
MASKED, CALLED = "500***********1234", "138******78"


@pytest.fixture(autouse=True)
def site(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """One plugin, for the children too."""
    monkeypatch.setenv("PYTHONPATH", str(fakes.install(tmp_path_factory.mktemp("site"))))


def people(first: int, *, faulty: bool = False) -> list[list[str | None]]:
    """Ten rows, of which the second may be faulty."""
    rows = [fakes.person(first + at) for at in range(10)]
    if faulty:
        rows[1] = fakes.person(first + 1, 学时="很多")
    return rows


def fill(inbox: Path) -> None:
    """Deliveries of every kind that names can come by; all persons in their cells are others."""
    fakes.write(inbox / f"made_up_2021_张三身份证{ONE}.csv", people(1, faulty=True))
    fakes.write(inbox / f"made_up_2021_张三身份证{OTHER}.csv", people(11))
    (inbox / f"张三{ONE}.csv").write_text("谁也\n不认得\n", encoding="utf-8")
    (inbox / f"made_up_{MOBILE}_link.csv").symlink_to("nowhere")
    with zipfile.ZipFile(inbox / f"made_up_2022_{MOBILE}.zip", "w") as archive:
        for at, number in enumerate((ONE, OTHER)):
            file = fakes.write(inbox.parent / "draft.csv", people(21 + 10 * at, faulty=True))
            archive.writestr(f"{MOBILE}/made_up_2022_{number}.csv", file.read_bytes())
    pull = inbox / f"made_up_2023_{ONE}"
    pull.mkdir()
    for at, number in enumerate((ONE, OTHER)):
        page = [dict(zip(made_up.HEADERS, row, strict=True)) for row in people(41 + 10 * at, faulty=True)]
        (pull / f"{number}.json").write_text(json.dumps(page), encoding="utf-8")
    with xlsxwriter.Workbook(inbox / "made_up_2024_20231225153000123.xlsx") as book:
        for at, number in enumerate((ONE, OTHER)):
            sheet = book.add_worksheet(number)
            for line, row in enumerate([list(made_up.HEADERS), *people(61 + 10 * at, faulty=True)]):
                sheet.write_row(line, 0, row)


def typed(config: Path, inbox: Path) -> Iterator[tuple[object, ...]]:
    """Commands that name deliveries, and those that are given a file."""
    of = ("--config", config)
    yield "run", *of, "--dry-run"
    yield "deliveries", "list", *of
    for delivery in range(1, 6):
        yield "deliveries", "show", delivery, *of
        yield "deliveries", "rows", delivery, *of
    yield "deliveries", "diff", 1, 2, *of
    yield "runs", "list", *of
    yield "status", *of
    yield "explain", 1, *of
    yield "records", "find", "--delivery", 1, "--row", 2, *of
    yield "quarantine", "list", *of
    yield "quarantine", "export", *of, "--source", made_up.NAME, "--out", config.parent / "list.csv"
    yield "quarantine", "export", *of, "--source", made_up.NAME, "--out", config.parent / "mend.xlsx"
    yield "publish", *of
    for file in (f"made_up_2021_张三身份证{ONE}.csv", f"张三{ONE}.csv", f"made_up_{MOBILE}_link.csv"):
        for command in ("check", "identify", "preview"):
            yield command, inbox / file
    yield "check", inbox / f"no{ONE}such.csv"


def said(*words: object) -> str:
    done = here(*words)
    assert done.exit_code in (0, 2, 3), done.stderr
    return done.stdout + done.stderr


def lines(*words: object) -> list[dict[str, Any]]:
    return [json.loads(line) for line in said(*words, "--format", "json").splitlines()]


def at_rest(folder: Path, aside: Path) -> Iterator[tuple[str, bytes]]:
    """Every name and all bytes of a folder, with what is packed unpacked; `aside`: the senders' own, which are never changed."""
    for path in sorted(folder.rglob("*")):
        if aside in (path, *path.parents):
            continue
        yield "its name", str(path.relative_to(folder)).encode()
        if path.suffix == ".parquet":
            yield path.name, repr(pl.read_parquet(path).rows()).encode()
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as packed:
                yield from ((f"{path.name}/{name}", packed.read(name)) for name in packed.namelist())
        elif path.is_file():
            yield path.name, path.read_bytes()


def clean(text: bytes) -> bool:
    return not any(canary.encode() in text for canary in CANARIES)


def test_a_number_in_a_name_is_nowhere_at_rest_and_in_no_output(tmp_path, warehouse_url):
    settings = {
        **{"warehouse": f'{{url: "{warehouse_url}"}}', "archive": "kept", "work": "work"},
        **{
            "runs": "{folder: runs}",
            "publish": "{folder: published}",
            "log": "{file: run.log, level: debug}",
        },
        **{"metrics": "{textfile: etl.prom}", "lineage": "{file: lineage.jsonl}"},
    }
    config = configure(tmp_path, **settings)
    inbox = tmp_path / "inbox"
    fill(inbox)
    (tmp_path / "draft.csv").unlink()
    told = [said("run", "--config", config, "--format", "json")]
    outcomes = [json.loads(line) for line in told[0].splitlines()]
    results = {one["file"]: one["result"] for one in outcomes if "file" in one and "result" in one}
    assert results == {
        f"made_up_2021_张三身份证{MASKED}.csv": "loaded",
        f"张三{MASKED}.csv": "failed",
        f"made_up_{CALLED}_link.csv": "failed",
        f"made_up_2022_{CALLED}.zip": "loaded",
        f"made_up_2023_{MASKED}": "loaded",
        "made_up_2024_20231225153000123.xlsx": "loaded",
    }
    for words in typed(config, inbox):
        told.append(said(*words))
        if words[0] not in ("check", "runs"):
            told += [said(*words, "--format", shape) for shape in ("table", "json")]
    for record in (tmp_path / "runs").glob("*.json"):
        told += [said("runs", "show", record.stem, "--config", config, "--format", "json")]
    assert [text for text in told if not clean(text.encode())] == []

    assert [where for where, content in at_rest(tmp_path, inbox) if not clean(content)] == []
    stored = dump(warehouse_url, without=set())
    assert clean(repr(stored).encode())

    kept = Archive(tmp_path / "kept", Keys.load(load(config).key_file, create=False))
    names = []
    for fingerprint in kept:
        with kept.taken(fingerprint, tmp_path) as arrival:
            names.append(arrival.name)
    assert clean(repr(names).encode())
    assert len(names) == 5


def test_who_is_masked_alike_is_told_apart_by_fingerprint_or_count_and_keeps_every_row(
    tmp_path, warehouse_url
):
    config = configure(tmp_path, warehouse=f'{{url: "{warehouse_url}"}}', archive="kept")
    fill(tmp_path / "inbox")
    said("run", "--config", config)
    alike = [
        lines("deliveries", "show", line["delivery_id"], "--config", config)[0]["fingerprint"]
        for line in lines("deliveries", "list", "--config", config)
        if line["file"] == f"made_up_2021_张三身份证{MASKED}.csv"
    ]
    sent = [tmp_path / "inbox" / f"made_up_2021_张三身份证{number}.csv" for number in (ONE, OTHER)]
    assert sorted(alike) == sorted(hashlib.sha256(file.read_bytes()).hexdigest() for file in sent)
    places = {(row["file"], row["sheet"]) for row in lines("quarantine", "list", "--config", config)}
    zipped, pull = f"made_up_2022_{CALLED}.zip/{CALLED}/made_up_2022_{MASKED}", f"made_up_2023_{MASKED}"
    assert places == {
        (f"made_up_2021_张三身份证{MASKED}.csv", None),
        (f"{zipped}.csv", None),
        (f"{zipped}#2.csv", None),
        (f"{pull}/{MASKED}.json", None),
        (f"{pull}/{MASKED}#2.json", None),
        ("made_up_2024_20231225153000123.xlsx", MASKED),
        ("made_up_2024_20231225153000123.xlsx", f"{MASKED}#2"),
    }


def test_a_rebuild_reads_the_masked_name_and_says_the_same(tmp_path, warehouse_url):
    config = configure(tmp_path, warehouse=f'{{url: "{warehouse_url}"}}', archive="kept")
    inbox = tmp_path / "inbox"
    for at, name in enumerate(
        (f"2019_{ONE}", f"2020 20200901 20201231 {MOBILE}", "2021_20210901093000123", f"2022_2_{MOBILE}")
    ):
        fakes.write(inbox / f"made_up_{name}.csv", people(1 + 10 * at, faulty=True))
    said("run", "--config", config)
    again = f"sqlite:///{tmp_path / 'again.sqlite'}"
    said("rebuild", "--config", config, "--into", again)
    left, right = (
        dump(url, CLOCKS | {"record_id", "delivery_id", "quarantine_id"}) for url in (warehouse_url, again)
    )
    for table in ("delivery", "record", "quarantine"):
        assert left[table] == right[table]
    told = {line["file"]: line["label"] for line in lines("deliveries", "list", "--config", config)}
    assert told == {
        f"made_up_2019_{MASKED}.csv": "2019_500",
        f"made_up_2020 20200901 20201231 {CALLED}.csv": "2020",
        "made_up_2021_20210901093000123.csv": "2021_20210901093000123",
        f"made_up_2022_2_{CALLED}.csv": "2022_2",
    }


def test_a_remote_folder_names_nobody_here_and_every_file_lands(pulling: Pulling, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir()

    def put(name: str, body: bytes) -> None:
        (theirs / name).write_bytes(body)
        os.utime(theirs / name, (1_690_000_000, 1_690_000_000))

    def fetch() -> tuple[str, ...]:
        return pulling(remote={"url": f"file://{theirs}", "settle_seconds": 0}).landed

    put(f"{ONE}.csv", b"one")
    put(f"{MOBILE}.csv", b"mobile")
    assert fetch() == (f"{CALLED}.csv", f"{MASKED}.csv")
    assert fetch() == ()
    put(f"{OTHER}.csv", b"the other, who comes first by name")
    assert set(fetch()) == {f"{MASKED}.csv", f"{MASKED}#2.csv"}
    landed = {path.read_bytes() for path in pulling.landing.glob("*.csv")}
    assert landed == {path.read_bytes() for path in theirs.iterdir()}
    assert fetch() == ()
    assert [where for where, content in at_rest(tmp_path, theirs) if not clean(content)] == []


@pytest.fixture
def pulling(tmp_path: Path) -> Pulling:
    return Pulling(tmp_path)
