from __future__ import annotations

from datetime import date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.expressions import dates

DAYS = st.dates(date(1900, 1, 1), date(2098, 12, 31))
Span = tuple[str, str, str]


def cells(*texts: str | None) -> pl.DataFrame:
    return pl.DataFrame({"cell": list(texts)}, schema={"cell": pl.String})


def span(text: str | None, year: int | None = None) -> Span | None:
    found = cells(text).select(dates.span("cell", year)).item()
    return found and (str(found["start"]), str(found["end"]), found["precision"])


ONE = ("2023-09-01", "2023-09-01", "day")
FIVE = ("2023-09-01", "2023-09-05", "day")


@pytest.mark.parametrize(
    "text",
    [
        "2023.9.1",
        "2023.09.01",
        "2023-9-1",
        "2023-09-01",
        "2023/9/1",
        "2023年9月1日",
        "2023年9月1号",
        "20230901",
        "２０２３．９．１",
        " 2023 年 9 月 1 日 ",
        "2023/9/1 8:05:33",
        "2023年9月1日 8:05",
        "2023-09-01 00:00:00",
        "2023-09-01T00:00:00",
        "2023-09-01T00:27:07.5790036",
        "2023-09-01T08:00:00+08:00",
        "45170",
        "45170.0",
        "45170.3372",
        "'2023-09-01 23:59:59",
        "2023.9.1.",
    ],
)
def test_a_single_day_is_read_in_every_spelling(text: str) -> None:
    assert span(text) == ONE
    assert cells(text).select(dates.day("cell")).item() == date(2023, 9, 1)


@pytest.mark.parametrize(
    "text",
    [
        "2023.9.1-9.5",
        "2023.9.1—5日",
        "2023年9月1日至5日",
        "2023年9月1日—9月5日",
        "2023-09-01至2023-09-05",
        "2023/9/1-2023/9/5",
        "2023.09.01～09.05",
        "2023.9.1–9.5",
        "2023.9.1~9.5",
        "2023.9.1到9.5",
        "2023-9-1-9-5",
        "2023.9.1——9.5",
        "20230901-20230905",
        "2023年9月1日 至 2023年9月5日",
        "2023-09-01 08:00 - 2023-09-05 17:00",
        "2023-09-01 08:00:00至2023-09-05 17:00:00",
        "2023.9.1－5",
    ],
)
def test_a_range_takes_the_missing_parts_of_its_end_from_its_start(text: str) -> None:
    assert span(text) == FIVE
    assert cells(text).select(dates.day("cell")).item() is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023.12.30-1.2", ("2023-12-30", "2024-01-02", "day")),
        ("2023年12月30日至1月2日", ("2023-12-30", "2024-01-02", "day")),
        ("2023.12.30-2.29", ("2023-12-30", "2024-02-29", "day")),
        ("2023.9.4-2024.1.12", ("2023-09-04", "2024-01-12", "day")),
        ("2023.9.1-2022.9.1", ("2023-09-01", "2022-09-01", "day")),
        ("2023.9.28-3", ("2023-09-28", "2023-09-03", "day")),
        ("2024.4.12、4.19", ("2024-04-12", "2024-04-19", "day")),
        ("2023.10.12、10.19、10.26", ("2023-10-12", "2023-10-26", "day")),
        ("2023.12.30，1.6", ("2023-12-30", "2024-01-06", "day")),
        ("2023年9月", ("2023-09-01", "2023-09-30", "month")),
        ("2023.09", ("2023-09-01", "2023-09-30", "month")),
        ("2023-09", ("2023-09-01", "2023-09-30", "month")),
        ("202309", ("2023-09-01", "2023-09-30", "month")),
        ("2024年2月", ("2024-02-01", "2024-02-29", "month")),
        ("2023年9月至12月", ("2023-09-01", "2023-12-31", "month")),
        ("2023年9月-2024年1月", ("2023-09-01", "2024-01-31", "month")),
        ("2023.11-2", ("2023-11-01", "2024-02-29", "month")),
    ],
)
def test_year_turns_lists_backward_years_and_months_are_read_as_ruled(text: str, expected: Span) -> None:
    assert span(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("9月1日至5日", FIVE),
        ("9月1日", ONE),
        ("9.1-9.5", FIVE),
        ("10月12日", ("2023-10-12", "2023-10-12", "day")),
        ("10.12、10.19", ("2023-10-12", "2023-10-19", "day")),
        ("12月30日至1月2日", ("2023-12-30", "2024-01-02", "day")),
        ("2022.9.1-9.5", ("2022-09-01", "2022-09-05", "day")),
    ],
)
def test_a_year_from_elsewhere_serves_where_the_text_states_none(text: str, expected: Span) -> None:
    assert span(text, 2023) == expected
    assert text.startswith("2022") or span(text) is None


def test_the_year_may_be_another_column() -> None:
    frame = pl.DataFrame({"cell": ["9月1日", "9月1日"], "year": [2022, 2023]})
    assert frame.select(dates.span("cell", pl.col("year")).struct.field("start")).to_series().to_list() == [
        date(2022, 9, 1),
        date(2023, 9, 1),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "2023.13.45",
        "2023-02-30",
        "20220231",
        "0000-00-00",
        "0000-00-00 00:00:00",
        "0001-01-01",
        "2023年秋",
        "上半年",
        "开班后",
        "2022-2023年度",
        "2023年",
        "2023",
        "23.9.1",
        "2023.9.1-9.31",
        "2023.12.30-2024.1",
        "2023.9-9.5",
        "5日",
        "19999",
        "60001",
        "٢٠٢٣.٩.١",
        "２０２３٠９٠１",
        "1023.9.1",
        "2023.9.1-",
        "、",
        "",
        "'",
        None,
    ],
)
def test_what_is_no_date_gives_a_null_struct(text: str | None) -> None:
    assert cells(text).select(dates.span("cell").is_null()).item() is True
    assert cells(text).select(dates.day("cell")).item() is None


@given(
    DAYS, st.sampled_from(["%Y.%m.%d", "%Y-%m-%d", "%Y/%m/%d", "%Y年%m月%d日", "%Y%m%d", "%Y-%m-%d 08:05:33"])
)
def test_every_day_of_two_centuries_reads_back(day: date, form: str) -> None:
    assert cells(day.strftime(form)).select(dates.day("cell")).item() == day


@given(DAYS, st.integers(0, 364), st.sampled_from("-—–～~至到"), st.booleans())
def test_every_range_within_a_year_reads_back_with_and_without_the_year_of_its_end(
    start: date, length: int, join: str, stated: bool
) -> None:
    end = start + timedelta(days=length)
    last = f"{end.year}.{end.month}.{end.day}" if stated else f"{end.month}.{end.day}"
    assert span(f"{start.year}.{start.month}.{start.day}{join}{last}") == (str(start), str(end), "day")


@given(st.integers(20000, 60000))
def test_every_serial_of_the_1900_system_reads_back(days: int) -> None:
    assert cells(str(days)).select(dates.day("cell")).item() == date(1899, 12, 30) + timedelta(days=days)


@given(st.text(st.sampled_from("0123456789.-/~至年月日、 :T"), max_size=24))
def test_no_text_makes_the_reading_fail(text: str) -> None:
    found = cells(text).select(dates.span("cell")).item()
    assert found is None or (found["start"] is not None and found["end"] is not None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0001-01-01T00:00:00", None),
        ("0001/1/1 0:00:00", None),
        ("", None),
        ("2023-01-01", "2023-01-01"),
        ("0001-01-10", "0001-01-10"),
    ],
)
def test_the_empty_date_of_dotnet_is_empty(text: str, expected: str | None) -> None:
    assert cells(text).select(dates.clean_date("cell")).item() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023/06/01 12:32:05", datetime(2023, 6, 1, 12, 32, 5)),
        ("2023-6-1 9:05", datetime(2023, 6, 1, 9, 5)),
        ("2023-06-01T12:32:05", datetime(2023, 6, 1, 12, 32, 5)),
        ("２０２３/06/01　12:32", datetime(2023, 6, 1, 12, 32)),
        ("2023.6.1", datetime(2023, 6, 1)),
        ("2023-02-30 12:00", None),
        ("2023-06-01 25:00", None),
        ("12:32", None),
        ("昨天", None),
        (None, None),
    ],
)
def test_a_moment_is_a_day_and_a_time_of_day(text: str | None, expected: datetime | None) -> None:
    assert cells(text).select(dates.moment("cell")).item() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023", 2023),
        ("2023.0", 2023),
        ("2023年", 2023),
        ("２０２３年度", 2023),
        ("23", None),
        ("2022-2023年度", None),
        ("3023", None),
        (None, None),
    ],
)
def test_a_year_has_four_digits(text: str | None, expected: int | None) -> None:
    assert cells(text).select(dates.year("cell")).item() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2022-2023年度", 2022),
        ("2022—2023学年度", 2022),
        ("2022至2023学年", 2022),
        ("2022-2023", 2022),
        ("2022-2024年度", None),
        ("2022年度", None),
        ("", None),
    ],
)
def test_a_school_year_is_two_years_in_a_row(text: str, expected: int | None) -> None:
    assert cells(text).select(dates.school_year("cell")).item() == expected
