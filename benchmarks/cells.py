"""The cells of one benchmark row, as expressions over its number; valid but for the row's one defect."""

from __future__ import annotations

from datetime import date
from functools import partial
from itertools import chain

import polars as pl

from benchmarks import words
from benchmarks.draws import below, pick

ROW, NUMBER, KIND, PERSON, CLASS = "row", "number", "kind", "person", "class"

# Rows in ten thousand: 2 % in all. "repeat" is the row before once more; the others are named by their reason code.
DEFECTS = {
    "id_number.checksum": 40,
    "hours.unparsable": 40,
    "code.unknown.mode": 30,
    "required.person_name": 30,
    "row.malformed": 30,
    "repeat": 20,
    "duplicate.in_delivery": 10,
}
COPIES = ("repeat", "duplicate.in_delivery")
CHANGED = "changed"  # no defect: a row in which a correction says other hours
BAD = 0.02
_NAMED = tuple(chain.from_iterable([name] * share for name, share in DEFECTS.items()))
PER_CLASS = 50
PER_PERSON = 3  # rows that a person has on average

(_DEFECT, _PERSON, _SURNAME, _GIVEN, _SECOND, _COUNTY, _SCHOOL, _STAGE, _SUBJECT, _KIND, _QUOTED) = range(11)
(_PROJECT, _MODE, _START, _DAYS, _HOURS, _RESULT, _SCORE) = range(11, 18)

# 1 where the row is a copy of the row before it.
HELD = pl.col(KIND).is_in(COPIES).fill_null(False).cast(pl.UInt64)


def kind(row: pl.Expr, seed: int, bad: float, each: int, first: int = 0) -> pl.Expr:
    """The row's defect, or null; `bad` is the share of rows with one, and a file begins every `each` rows from `first` on.

    A copy is made of a faultless row of its own file only, so that its outcome is known; where many rows are defective,
    copies are therefore a little rarer than drawn.
    """
    own, before = (
        _drawn(row, seed, bad),
        _drawn(row - pl.min_horizontal(row, pl.lit(1, pl.UInt64)), seed, bad),
    )
    begins = (row - pl.lit(first, pl.UInt64)) % max(1, each) == 0
    spoilt = own.is_in(COPIES) & (before.is_not_null() | begins)
    return pl.when(~spoilt.fill_null(False)).then(own)


def changed(row: pl.Expr, seed: int, bad: float, every: int) -> pl.Expr:
    """CHANGED for every so manieth row, or null where the next row was drawn as a copy and would not be one any more."""
    copied = _drawn(row + 1, seed, bad).is_in(COPIES).fill_null(False)
    return pl.when((row % every == 0) & ~copied).then(pl.lit(CHANGED))


def _drawn(row: pl.Expr, seed: int, bad: float) -> pl.Expr:
    dealt = (*_NAMED, *(None,) * (round(len(_NAMED) / bad) - len(_NAMED))) if bad else (None,)
    return pick(below(row, _DEFECT, seed, len(dealt)), dealt)


def bases(rows: int, seed: int) -> dict[str, pl.Expr]:
    """What cells are functions of, as columns beside NUMBER: its person and its class. Named once, the plan stays small."""
    number = pl.col(NUMBER)
    return {PERSON: below(number, _PERSON, seed, max(1, rows // PER_PERSON)), CLASS: number // PER_CLASS}


def cells(seed: int) -> dict[str, pl.Expr]:
    """Each header's cell (String, never null) of a frame with ROW, KIND, NUMBER (the row that is copied, or ROW) and bases."""
    number, person, group = map(pl.col, (NUMBER, PERSON, CLASS))
    return {
        **_course(number, group, seed),
        **_person(person, seed),
        **_post(person, seed),
        **_success(number, seed),
    }


def _spoilt(code: str, wrong: pl.Expr, right: pl.Expr) -> pl.Expr:
    return pl.when(pl.col(KIND).eq_missing(pl.lit(code))).then(wrong).otherwise(right)


def _course(number: pl.Expr, group: pl.Expr, seed: int) -> dict[str, pl.Expr]:
    """What all rows of a class have in common: project, dates (2023, at least 15 days), hours within 8 a day."""
    of = partial(below, group, seed=seed)
    project = pick(of(_PROJECT, end=len(words.PROJECTS)), words.PROJECTS)
    code = pl.lit("GP23") + _padded(of(_PROJECT, end=len(words.PROJECTS)), 5)
    start = pl.lit(date(2023, 2, 1)) + pl.duration(days=of(_START, end=240).cast(pl.Int64))
    hours = pick(of(_HOURS, end=3), ("80", "96", "120"))
    other = _spoilt("duplicate.in_delivery", pl.lit("16"), _spoilt(CHANGED, pl.lit("72"), hours))
    mode = pick(of(_MODE, end=len(words.MODES)), words.MODES)
    return {
        "项目编号": code,
        "子项目": pl.lit("“国培计划（2023）”") + project,
        "班级": project + group.cast(pl.String) + pl.lit("班"),
        "学号": code + pl.lit("-") + _padded(number, 7),
        "培训方式": _spoilt("code.unknown.mode", pl.lit("考察"), mode),
        "开始日期": start.dt.to_string("%Y-%m-%d"),
        "结束日期": (start + pl.duration(days=15 + of(_DAYS, end=30).cast(pl.Int64))).dt.to_string(
            "%Y-%m-%d"
        ),
        "学时": _spoilt("hours.unparsable", pl.lit("若干"), other),
    }


def _person(person: pl.Expr, seed: int) -> dict[str, pl.Expr]:
    """A name, and a number over an area code that was never assigned; different persons have different numbers."""
    of = partial(below, person, seed=seed)
    name = pl.concat_str(
        pick(of(_SURNAME, end=len(words.SURNAMES)), words.SURNAMES),
        pick(of(_GIVEN, end=len(words.GIVEN)), words.GIVEN),
        pick(of(_SECOND, end=len(words.GIVEN) + 9), (*words.GIVEN, *[""] * 9)),
    )
    return {
        "姓名": _spoilt("required.person_name", pl.lit(""), name),
        "证件类型": pl.lit("居民身份证"),
        "证件号": _identity(person),
    }


def _identity(person: pl.Expr) -> pl.Expr:
    """Area, birth date from 1964 on, sequence and check digit (GB 11643); the next digit's where it shall be wrong."""
    rest = person // len(words.AREAS)
    born = (pl.lit(date(1964, 1, 1)) + pl.duration(days=(rest % 12_000).cast(pl.Int64))).dt.to_string(
        "%Y%m%d"
    )
    body = pick(person, words.AREAS) + born + _padded(rest // 12_000 + 1, 3)
    digits = body.cast(pl.UInt64)
    weighed = pl.sum_horizontal(digits // 10 ** (17 - at) % 10 * (2 ** (18 - at) % 11) for at in range(1, 18))
    shift = _spoilt("id_number.checksum", pl.lit(1, pl.UInt64), pl.lit(0, pl.UInt64))
    return body + pick((weighed + shift) % 11, tuple("10X98765432"))


def _post(person: pl.Expr, seed: int) -> dict[str, pl.Expr]:
    """Where a person teaches; 3 % outside the two provinces, 1 % with a comma and 1 % with a line end in the cell."""
    of = partial(below, person, seed=seed)
    places = (*words.COUNTIES * 8, *words.OUTSIDE, words.OUTSIDE[0])
    at = of(_COUNTY, end=len(places))
    province, prefecture, county = (pick(at, [place[level] for place in places]) for level in range(3))
    stages = tuple(words.SCHOOLS)
    stage = of(_STAGE, end=len(stages))
    kinds = [each for name in stages for each in words.SCHOOLS[name]]
    village = pick(of(_SCHOOL, end=len(words.VILLAGES)), words.VILLAGES)
    school = county + village + pick(stage * 2 + of(_KIND, end=2), kinds)
    return {
        "省": province,
        "市": prefecture,
        "县": county,
        "单位": _quoted(school, of(_QUOTED, end=100)),
        "学段": pick(stage, stages),
        "学科": _subject(stage, of(_SUBJECT, end=6), stages),
    }


def _quoted(school: pl.Expr, drawn: pl.Expr) -> pl.Expr:
    return (
        pl.when(drawn == 0)
        .then(pl.lit('"') + school + pl.lit('\n（东校区）"'))
        .when(drawn == 1)
        .then(pl.lit('"') + school + pl.lit('，,东校区"'))
        .otherwise(school)
    )


def _subject(stage: pl.Expr, drawn: pl.Expr, stages: tuple[str, ...]) -> pl.Expr:
    lists = [(words.SUBJECTS[name] * 3)[:6] for name in stages]
    return pick(stage * 6 + drawn, [subject for each in lists for subject in each])


def _success(number: pl.Expr, seed: int) -> dict[str, pl.Expr]:
    """Score, result and certificate: 2 % absent, 3 % failed."""
    drawn = below(number, _RESULT, seed, 100)
    score = below(number, _SCORE, seed, 41) + 60
    absent, failed = drawn < 2, drawn.is_between(2, 4)
    passed = pl.when(score >= 90).then(pl.lit("优秀")).otherwise(pl.lit("合格"))
    certificate = pl.lit("国培（2023）SWU") + _padded(number, 9)
    return {
        "成绩": pl.when(absent)
        .then(pl.lit(""))
        .when(failed)
        .then((score - 25).cast(pl.String))
        .otherwise(score.cast(pl.String)),
        "是否合格": pl.when(absent)
        .then(pl.lit("缺考"))
        .when(failed)
        .then(pl.lit("不合格"))
        .otherwise(passed),
        "证书编号": pl.when(absent | failed).then(pl.lit("")).otherwise(certificate),
    }


def _padded(number: pl.Expr, width: int) -> pl.Expr:
    return number.cast(pl.String).str.zfill(width)
