"""A delivery of which nothing can be loaded: each fault has its own code, and its message says what to do in both languages."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl_core.discovery import Found, Loaded
from etl_core.inbox import Refused, arrivals, single, workroom
from etl_core.pipeline import check
from etl_core.records import Outcome
from etl_core.testing.bench import Bench
from etl_core.warehouse import Warehouse
from etl_schemas.messages import text
from tests import made_up
from tests.containers import CONTAINERS, delimited, gzipped, locked, ods_book, xlsx, zipped
from tests.fakes import number, person
from tests.made_up import HEADERS
from tests.readers.test_compound import encrypted_xls, encrypted_xlsx

ROWS = [person(1), person(2)]
PLAIN = {kind: make(HEADERS, ROWS) for kind, make in CONTAINERS.items()}
CSV, XLSX = PLAIN["csv"], PLAIN["xlsx"]
ODS_LOCK = (
    '<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry>'
)
SPREADSHEET_ML = (
    b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
    b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet/></Workbook>'
)
MHT = b'From: <Saved by WPS>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/related;\r\n boundary="x"\r\n\r\n--x\r\n<table/>'

REFUSED = {
    "made_up_2023 xlsx 密码.xlsx": (encrypted_xlsx("secret"), "encrypted"),
    "made_up_2023 xls 密码.xls": (encrypted_xls("secret"), "encrypted"),
    "made_up_2023 ods 密码.ods": (ods_book(manifest=ODS_LOCK, content=b"\x8f"), "encrypted"),
    "made_up_2023 zip 密码.zip": (locked(zipped({"made_up_2023.csv": CSV})), "encrypted"),
    "made_up_2023 内有密码.zip": (zipped({"made_up_2023.xlsx": encrypted_xlsx("secret")}), "encrypted"),
    **{
        f"made_up_2023 截断.{kind}": (PLAIN[kind][: len(PLAIN[kind]) * 2 // 3], "unreadable")
        for kind in ("xlsx", "ods", "xml", "xls", "json", "dbf")
    },
    "made_up_2023 截断.csv.gz": (gzipped(CSV)[:-9], "unreadable"),
    "made_up_2023 截断.zip": (zipped({"made_up_2023.csv": CSV})[:-9], "unreadable"),
    "made_up_2023 另存.xls": (SPREADSHEET_ML, "unreadable"),
    "made_up_2023 网页.xls": (MHT, "unreadable"),
    "made_up_2023 全角.csv": (CSV.replace(b",", "，".encode()), "unreadable"),
    "made_up_2023 扫描件.xlsx": (b"%PDF-1.7\n" + b"x" * 99, "unreadable"),
    "made_up_2023 压缩.csv": (b"Rar!\x1a\x07\x01\x00" + b"x" * 99, "unreadable"),
    "made_up_2023 空.csv": (b"", "empty"),
    "made_up_2023 空.xlsx": (xlsx(HEADERS, []), "empty"),
    "made_up_2023 空.ods": (CONTAINERS["ods"](HEADERS, []), "empty"),
    "made_up_2023 空.zip": (zipped({"__MACOSX/._a": b"x"}), "empty"),
    "made_up_2023 空.csv.gz": (gzipped(b""), "empty"),
    "made_up_2023 套.zip": (zipped({"a.zip": zipped({"a.csv": CSV})}), "unsafe"),
    "made_up_2023 逃.zip": (zipped({"../a.csv": CSV}), "unsafe"),
    "made_up_2023 实体.xml": (b'<!DOCTYPE a [<!ENTITY e "x">]><a><r><b>&e;</b></r></a>', "unsafe"),
    "登记表.xlsx": (XLSX, "place.unknown"),
    "两期.zip": (zipped({"made_up_2022.csv": CSV, "made_up_2023.csv": CSV}), "place.unknown"),
    "made_up_2023 缺列.csv": (delimited(HEADERS[1:], [row[1:] for row in ROWS]), "schema.missing_column"),
    "别的.csv": (b"a,b,c\n1,2,3\n", "unrecognised"),
    "made_up_2023.csv.part": (CSV, "not_settled"),
}

# What a name says of its content is not believed: these load.
MISNAMED = {
    "made_up_2023 实为网页.xls": PLAIN["xls"],
    "made_up_2023 实为xlsx.xls": XLSX,
    "made_up_2023 实为ods.xlsx": PLAIN["ods"],
    "made_up_2023 实为csv.xlsx": CSV,
    "made_up_2023 实为xlsx.csv": XLSX,
    "made_up_2023 实为zip.csv": zipped({"made_up_2023.csv": CSV}),
    "made_up_2023 实为gz.csv": gzipped(CSV),
    "made_up_2023 实为xlsx.zip": XLSX,
    "made_up_2023 实为csv.gz": CSV,
}


class Watch:
    """Nobody need be told."""

    def started(self, name: str) -> None: ...

    def advanced(self, rows: int) -> None: ...

    def finished(self, outcome: Outcome) -> None: ...


@pytest.fixture(scope="module")
def bench() -> Bench:
    """The made-up source, read in this process."""
    loaded = Loaded(made_up.source(), "made_up", "etl-source-made-up", "1.0", "tests.made_up")
    return Bench(Found((loaded,), ()))


@pytest.fixture
def warehouse() -> Iterator[Warehouse]:
    """A warehouse that is gone afterwards."""
    with Warehouse.memory() as opened:
        yield opened


def checked(tmp_path: Path, name: str, data: bytes, bench: Bench, warehouse: Warehouse) -> Outcome:
    path = tmp_path / name
    path.write_bytes(data)
    return check(path, bench, warehouse, Watch())


@pytest.mark.parametrize("name", REFUSED)
def test_a_delivery_that_cannot_be_loaded_says_why_and_what_to_do(
    tmp_path: Path, bench: Bench, warehouse: Warehouse, name: str
) -> None:
    data, code = REFUSED[name]
    outcome = checked(tmp_path, name, data, bench, warehouse)
    assert (outcome.result, outcome.error, outcome.counts.read) == ("failed", code, 0)
    chinese, english = text(code, "zh", **outcome.detail), text(code, "en", **outcome.detail)
    assert "请" in chinese
    assert "please" in english.lower() or code == "not_settled"
    assert not any(
        secret in f"{chinese}{english}{outcome.detail}" for secret in ("测试1", number(1), "secret")
    )
    if code == "place.unknown" and name.endswith(".zip"):
        assert "made_up_2023.csv" in chinese
        assert "made_up_2023.csv" in english


@pytest.mark.parametrize(
    ("name", "known"), [("另存.xls", "Excel 2003 XML"), ("网页.xls", "MHT"), ("全角.csv", "，")]
)
def test_a_file_that_only_has_to_be_saved_otherwise_says_so(
    tmp_path: Path, bench: Bench, warehouse: Warehouse, name: str, known: str
) -> None:
    name = f"made_up_2023 {name}"
    outcome = checked(tmp_path, name, REFUSED[name][0], bench, warehouse)
    chinese, english = (text("unreadable", lang, **outcome.detail) for lang in ("zh", "en"))
    assert known in chinese and known in english
    assert "另存为 .xlsx" in chinese and "save it as .xlsx" in english


@pytest.mark.parametrize("mark", ["\t", ";", "|"])
def test_text_with_another_mark_between_its_fields_is_read(
    tmp_path: Path, bench: Bench, warehouse: Warehouse, mark: str
) -> None:
    data = delimited(HEADERS, ROWS).replace(b",", mark.encode())
    outcome = checked(tmp_path, "made_up_2023.csv", data, bench, warehouse)
    assert (outcome.result, outcome.counts.loaded) == ("loaded", 2)


@pytest.mark.parametrize("name", MISNAMED)
def test_a_name_that_lies_about_its_content_does_no_harm(
    tmp_path: Path, bench: Bench, warehouse: Warehouse, name: str
) -> None:
    outcome = checked(tmp_path, name, MISNAMED[name], bench, warehouse)
    assert (outcome.result, outcome.error, outcome.counts.loaded) == ("loaded", None, 2)


def test_a_file_that_grows_while_it_is_read_is_not_settled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "made_up_2023.zip"
    path.write_bytes(zipped({"made_up_2023.csv": CSV}))
    monkeypatch.setattr(time, "sleep", lambda seconds: os.truncate(path, 10))
    with workroom() as room:
        (refused,) = arrivals([tmp_path], room, 60, 100)
        assert isinstance(refused, Refused)
        assert refused.error.code == "not_settled"
        assert not isinstance(single(path, room), Refused), "the next run takes it"
