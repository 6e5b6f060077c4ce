"""What a plugin is drafted from: what was seen, and what only a person can say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from etl_core.seen import Column, Seen
from etl_core.specimen.columns import CHOSEN
from etl_schemas import tables
from etl_schemas.enums import ENUMS

SEMANTICS = ("append", "snapshot", "ledger")

# What an agency without a number of its own tells records apart by, as far as the format gives it (contract §4).
KEY = ("project_name", "class_name", "start_date", "training_year", "role", "mode_detail", "credit_kind")

# Beside the kinds of period: the day on which the whole year's state was exported, so that the next one takes its place.
EXPORTED = "exported"

# How the remark of a column begins that a person has named: it is loaded as that, whatever its cells hold.
_NAMED = CHOSEN.partition("｜")[0]

UNHEADED = "没有区县列，省市不导入｜no county column, so province and prefecture are not loaded"
NO_CODE = "没有一个词有对应代码：在 codes.csv 写明含义后再导入｜no word has a code: say in codes.csv what they mean, then load it"
DATED = "日期已说明年度｜the dates tell the year"


@dataclass(frozen=True, slots=True)
class Plan:
    """A source plugin to be drafted.

    level, mode, project: what holds for every row, where no column says it ("" where one does); key: natural key;
    period: the kind of period that a person has named; on: the day of the draft.
    """

    name: str
    agency: str
    agency_name: str
    title: str
    semantics: str
    on: date
    seen: Seen
    level: str = ""
    mode: str = ""
    project: str = ""
    period: str = ""
    key: tuple[str, ...] = field(default=())

    @property
    def package(self) -> str:
        """The package that holds the code."""
        return f"etl_source_{self.name}"

    @property
    def province(self) -> str:
        """First two digits of the agency's code: what 市级 means (ruling 51)."""
        return self.agency[:2]

    @property
    def told(self) -> str:
        """The kind of period by which deliveries are told apart (periods.Told), or EXPORTED."""
        return self.period or (self.seen.period.kinds[0] if self.seen.period else "")

    def column(self, name: str) -> Column | None:
        """The column of a field; None where the format has none."""
        return next((each for each in self.seen.columns if each.field == name and not wide(each)), None)

    @property
    def dated(self) -> str:
        """Where the dates stand: «days» (two columns), «span» (one), «title», or "" where there are none."""
        if self.column("start_date") and self.column("end_date"):
            return "days"
        return "span" if self.column("period") else "title" if self.seen.titled else ""

    @property
    def natural(self) -> tuple[str, ...]:
        """The key that a person has chosen, else the agency's own number, else who, what and when (contract §4)."""
        if self.key:
            return self.key
        own = self.column("agency_record_id")
        if own and own.filled > 0.9:
            return ("agency_record_id",)
        given = {each.field for each in self.seen.columns if each.field}
        given |= {"start_date"} if self.dated else {"training_year"}
        given |= {"mode_detail"} if self.seen.wide else set()
        given |= {"project_name"}
        return (
            "person",
            *(name for name in KEY if name in given and not (name == "training_year" and self.dated)),
        )


@dataclass(frozen=True, slots=True)
class Question:
    """What the sample does not tell: the option that answers it, how a person is asked, and what is likely ("" where nothing is)."""

    option: str
    zh: str
    en: str
    likely: str = ""


def labelled(field: str) -> str:
    """Every code of a closed list with its label: «10 国家级 20 省级 …»."""
    return " ".join(f"{one.value} {one.label}" for one in ENUMS[field])


def wide(column: Column) -> bool:
    """Whether a column holds one of several kinds of hours."""
    return column.field == "hours" and bool(column.form)


def daily(kind: str) -> bool:
    """Whether a kind of period ends in a day, which is the delivery's own date (ruling 42)."""
    return kind == EXPORTED or "day" in kind.split("+")


def choices(seen: Seen) -> tuple[str, ...]:
    """What a person may say that tells the period."""
    kinds = seen.period.kinds if seen.period else ()
    return (*kinds, EXPORTED) if any(map(daily, kinds)) else kinds


def open_period(seen: Seen, semantics: str | None) -> Question | None:
    """What has to be said of the period before anything is drafted; None where nothing is open.

    A word that may tell a period and was not understood, and of a snapshot a day: two files that differ in either must not
    take each other's place by a guess.
    """
    told = seen.period
    if told is None:
        return None
    which = " | ".join(choices(seen))
    if told.left:
        words = "、".join(f"“{word}”" for word in told.left)
        zh = f"认出的期间是 {told.label}，还剩下{words}：是不是期间？按什么区分各份报送：{which}；都不对时，先给样本换一个说得清的名字"
        return Question(
            "period",
            zh,
            f"words are left over that may tell a period: say what does: {which}, or rename the sample",
        )
    if semantics == "snapshot" and any(map(daily, told.kinds)):
        zh = f"{told.label} 是报送的期间（{told.kinds[0]}：每天各是一期），还是导出的日子（{EXPORTED}：同一年的后一份整体替换前一份）"
        return Question(
            "period",
            zh,
            f"is the day the period itself ({told.kinds[0]}), or when the whole year was exported ({EXPORTED})",
        )
    return None


def questions(seen: Seen) -> Iterator[Question]:
    """Everything that only a person can say of this format, in the order of asking."""
    yield Question("agency", "报送单位的区划代码（六位）", "division code of the agency, six digits")
    yield Question("agency_name", "报送单位的名称", "name of the agency")
    yield Question("title", "这些文件是什么（如 教师培训台账）", "what the files are, in Chinese")
    yield Question(
        "semantics",
        "后报的怎样算：append 逐条更正，snapshot 整体替换，ledger 流水冲销",
        "how deliveries add up: append, snapshot or ledger",
    )
    fields = {column.field for column in seen.columns}
    if "project_name" not in fields:
        yield Question(
            "project", "表中没有项目名称，全部记录都属于哪个项目", "project of all rows: no column tells it"
        )
    if "level" not in fields:
        yield Question(
            "level",
            f"表中没有级别，全部记录都是：{labelled('level')}",
            "level of all rows: no column tells it",
        )
    if "mode_detail" not in fields and not seen.wide:
        yield Question(
            "mode",
            f"表中没有培训方式，全部记录都是：{labelled('mode_detail')}",
            "mode of all rows: no column tells it",
        )


def fitted(seen: Seen) -> Seen:
    """The same with columns left out that make no sense without others, and one date column read as a range."""
    fields = {column.field for column in seen.columns}
    columns = tuple(_fitted(column, fields) for column in seen.columns)
    return replace(seen, columns=columns)


def _fitted(column: Column, fields: set[str]) -> Column:
    pair = {"start_date", "end_date"}
    named = column.remark.startswith(_NAMED)
    if not named and _wordless(column):
        return replace(_ignored(column, NO_CODE), words=column.words, coded=column.coded)
    if column.field in pair and not pair <= fields:
        return replace(column, field="period", form="span")
    if column.field in ("province", "prefecture") and "county" not in fields:
        return _ignored(column, UNHEADED)
    if not named and column.field == "training_year" and {"period", *pair} & fields:
        return _ignored(column, DATED)
    return column


def _wordless(column: Column) -> bool:
    """Whether no word has a code, so that every row would be quarantined."""
    if not column.coded or not column.words:
        return False
    return not any(word in _known(column.coded) for word in column.words)


def _ignored(column: Column, remark: str) -> Column:
    return replace(column, field="", fate="ignored", form="", words=(), coded="", remark=remark)


def _known(field: str) -> set[str]:
    """Every word that has a code of a field, in whatever province."""
    also = {"level": ("level.50", "level.51"), "mode_detail": ("moe_mode",)}.get(field, ())
    return {word for name in (field, *also) for word in tables.words(name)}
