"""What parent and child say to each other: the same value on both sides, and nothing that could run."""

from __future__ import annotations

import io
import json
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core import protocol
from etl_core.explain import EXPLAINED
from etl_core.protocol import (
    FRAMES,
    Answer,
    Claimed,
    Done,
    Explained,
    Failed,
    Hello,
    Job,
    Lexicon,
    Mending,
    Original,
    Problem,
    Ready,
    Sighted,
    SourceFacts,
    Standing,
    Surveyed,
)
from etl_core.records import (
    CARRIED,
    ISSUES,
    MENDED,
    PLACE,
    REFUSED,
    SKIPS,
    Excerpt,
    HeaderAccount,
    Heading,
    Place,
    Prepared,
)
from etl_core.seen import Column, Period, Seen, Sheet
from etl_schemas.training import FIELDS

FACTS = SourceFacts(
    "cq_beibei", "登记表", "某院", "snapshot", ("person", "role"), ("mode_detail",), 0.2, "p 1.0"
)
PLACES = Place("2023春-2", (2023, 1, 2), "2023春", "潼南", date(2023, 7, 20))

SEEN = Seen(
    "a_2024.csv", "csv", "gb18030", ",", (Sheet(None, True, True, 2, 1), Sheet("表2", True, False, 9, missing=2, unread=7)), 0, 1,
    (Column("级别", "level", "mapped", words=("市级", "国培"), coded="level"), Column("手机", "", "dropped")),
    False, {"header": 1}, 1, 1, Period(("year", "day"), "name", "2023年", "2023", ("批",)), "研修时间", "2023.3.6-7.14", (("学时/集中", "face_to_face"),), ("suitong",),
    (("a_2024.csv", 10), ("b", 0)),
)  # fmt: skip


def passed(answer: Answer) -> Answer:
    """The answer as the parent gets it."""
    wire = io.BytesIO(b"".join(protocol.encode(answer)))
    back = protocol.decode(wire.readline(), wire.read)
    assert wire.read() == b""
    return back


@pytest.mark.parametrize(
    "answer",
    [
        Ready((FACTS,), (Problem("a", "etl-source-a", "1.0", "broken｜破"),)),
        Ready(),
        Claimed("cq_beibei", PLACES),
        Claimed("suitong", Place("1", ())),
        Surveyed((Standing("a", 3, ("姓名",), True), Standing("b", 0, (), False))),
        Done((HeaderAccount("a.xlsx", "Sheet1", ("姓名",), ("序号",), (), ("民族",)), HeaderAccount("a", None, (), (), (), ()))),
        Done(),
        Mending("suitong", "a" * 64, ("b" * 64,)),
        Lexicon({"role": {"学员": "trainee"}}, ("role",)),
        Failed("schema.missing_column", {"column": "姓名", "row": 7}, "cq_beibei"),
        Failed("unreadable"),
        Sighted(SEEN, (b"a,b\r\n1,2\r\n", b"")),
    ],
)  # fmt: skip
def test_every_answer_arrives_as_it_was_said(answer: Answer) -> None:
    assert passed(answer) == answer


def test_a_batch_arrives_with_every_type_and_null() -> None:
    schemas = ({**PLACE, **FIELDS, **CARRIED}, {**PLACE, **FIELDS, **CARRIED}, ISSUES, SKIPS, REFUSED, MENDED)
    frames = [pl.DataFrame([[None] * len(schema)], schema=schema, orient="row") for schema in schemas]
    batch = Prepared(**dict(zip(FRAMES, frames, strict=True)), read=3)
    back = passed(batch)
    assert isinstance(back, Prepared)
    assert back.read == 3
    for name, frame in zip(FRAMES, frames, strict=True):
        assert getattr(back, name).equals(frame)
        assert getattr(back, name).schema == frame.schema


def test_an_excerpt_arrives_with_its_columns_and_its_rows() -> None:
    columns = (Heading(0, "姓名"), Heading(2, "上/下", True, ("甲",)), Heading(3, None))
    frame = pl.DataFrame(
        {"c0": ["测试甲"], "c2": [None], "c3": ["=1"]}, schema=dict.fromkeys(("c0", "c2", "c3"), pl.String)
    )
    part = Excerpt("语文", columns, 2, frame, frame.insert_column(0, pl.Series("place", ["17"])))
    back = passed(part)
    assert isinstance(back, Excerpt)
    assert (back.sheet, back.columns, back.depth) == (part.sheet, part.columns, part.depth)
    assert back.head.equals(part.head)
    assert back.rows.equals(part.rows)


def test_a_job_arrives_with_the_deliveries_that_it_is_read_beside() -> None:
    originals = (Original("/a", "甲.xlsx", 1.5, "a" * 64), Original("/b", "b.xlsx", 2.0, "b" * 64))
    job = Job("/c", "c.xlsx", 3.0, source="suitong", originals=originals, wanted=("17", "语文!18"))
    assert protocol.job(protocol.line(job).decode()) == job


@given(st.text(), st.text(), st.floats(0, 4e9), st.sampled_from([None, "a"]), st.lists(st.text(), max_size=3))
def test_a_job_arrives_as_it_was_given_whatever_the_file_is_called(
    path: str, name: str, modified: float, only: str | None, off: list[str]
) -> None:
    job = Job(path, name, modified, only, tuple(off), batch=7)
    line = protocol.line(job)
    assert line.count(b"\n") == 1
    assert protocol.job(line.decode("ascii")) == job


@pytest.mark.parametrize("hello", [Hello(512), Hello(512, ("a",), ("b",)), Hello(512, ())])
def test_a_greeting_arrives_as_it_was_given(hello: Hello) -> None:
    assert protocol.hello(protocol.line(hello).decode("ascii")) == hello


@pytest.mark.parametrize(
    ("job", "wanted"),
    [
        (Job("", "", 0), True), (Job("", "", 0, only="a"), True), (Job("", "", 0, only="b"), False),
        (Job("", "", 0, off=("a",)), False), (Job("", "", 0, only="a", off=("a",)), False),
    ],
)  # fmt: skip
def test_a_source_that_is_off_or_not_the_only_one_is_not_wanted(job: Job, wanted: bool) -> None:
    assert job.wants("a") is wanted


def test_a_message_is_one_line_of_ascii_json() -> None:
    (line,) = protocol.encode(Failed("unreadable", {"kind": "行\n2"}))
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert json.loads(line.decode("ascii"))["value"]["detail"] == {"kind": "行\n2"}


@pytest.mark.parametrize("line", [b"\x80\x04K\x01.\n", b"{}\n", b'{"type": "Exec", "value": "1"}\n', b"\n"])
def test_what_is_no_message_is_never_taken_for_one(line: bytes) -> None:
    with pytest.raises((ValueError, KeyError)):
        protocol.decode(line, lambda size: b"")


def test_an_explanation_arrives_as_it_was_said() -> None:
    lines = pl.DataFrame([(0, "hours", "8.00", *[None] * 10)], schema=EXPLAINED, orient="row")
    back = passed(Explained(lines))
    assert isinstance(back, Explained)
    assert back.lines.equals(lines)


def test_the_row_of_a_job_arrives_as_it_was_said() -> None:
    wanted = Job("a", "a.csv", 1.5, at=("a.csv", "", 7))
    assert protocol.job(protocol.line(wanted).decode()) == wanted
