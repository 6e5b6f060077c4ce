"""Every header of a table with the field that it most likely means, as far as its cells agree: each field once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import polars as pl

from etl_core.header import normal
from etl_core.seen import Column
from etl_core.specimen import fit
from etl_core.specimen.fates import Match, last, match, nearby
from etl_schemas import tables

# What is said of a column that is not loaded, or that a person should look at.
UNKNOWN = "不认识的列｜a header that the dictionary does not know"
UNLIKE = "表头像 {field}，内容不像｜the header looks like {field}, its cells do not"
AGAIN = "{field} 已取自另一列｜{field} is taken from another column"
NEAR = "由相近的表头“{like}”推测，请核对｜guessed from the similar header «{like}»: check it"
DAYS = "像签到的日期：已读入并检查记号，怎样折算学时请写在 normalise.py｜looks like a day of attendance: the marks are read and checked, what they are worth is for normalise.py"
MEANT = "表头不认识，由内容推测，请核对｜an unknown header; guessed from its words: check it"
CONTRARY = "；{count}/{filled} 格内容读不出：{fate}｜; {count} of {filled} cells cannot be read: {effect}"
LOOSE = ("这些格入库后为空", "loaded empty")
STRICT = ("这些行会被隔离", "these rows are quarantined")
NEARBY = "不认识的列；像“{like}”（{field}），是的话请用 --column {header}={field}｜an unknown header, near «{like}»: if it is, say --column {header}={field}"
UNREAD = "{share:.0%} 的内容不在代码表内（如 {words}），这些格入库后为空｜{share:.0%} of the cells are in no table (as {words}): these are loaded empty"
MOE = "按教育部的培训方式代码理解；是本单位自己的代码请用 --column 表头=mode_detail｜taken for the MOE codes of modes: for your own codes say --column HEADER=mode_detail"
OTHERWISE = "含个人信息，不保留（裁定 62）｜personal, kept nowhere (ruling 62)"
CHOSEN = "由 --column 指定｜named by --column"
UNDATED = "没有日期，不能查区划｜no dates, so no division can be looked up"

# What the cells of a column may be instead, where they are not what its header says.
_INSTEAD = {"score": "result", "result": "score"}

# Fields of which the first is enough: a range of dates is told by two columns or by one.
_ENOUGH = {"minutes": ("hours",), "period": ("start_date", "end_date")}

# What --column says of a column of modes → the form it has.
_MODES = {"mode": "moe", "mode_detail": ""}

# The header of one day, or part of a day, of an attendance sheet.
DAY = re.compile(r"\d{1,2}月\d{1,2}日(/.+)?")


def columns(frame: pl.DataFrame, headers: Mapping[str, str], chosen: Mapping[str, str]) -> tuple[Column, ...]:
    """What each column is. frame: the records' cells; headers: its columns' labels; chosen: header (`named`) → field, by a person."""
    labels = list(headers.values())
    wide = kinds(labels)
    said = {label: field for header, field in chosen.items() if (label := named(header, labels))}
    found = [_column(label, frame[name], said, wide) for name, label in headers.items()]
    return tuple(_alone(found, said))


def named(header: str, labels: Iterable[str]) -> str | None:
    """The label that a person means by a header: the whole of it, or the last part that only one column has."""
    known = list(labels)
    whole = [label for label in known if normal(label) == normal(header)]
    ends = [label for label in known if normal(last(label)) == normal(header)]
    found = whole or ends
    return found[0] if len(found) == 1 else None


def kinds(labels: Iterable[str]) -> dict[str, str]:
    """Columns of one group that hold hours of different kinds («研修学时/跟岗»): label → mode_detail; empty where only one does."""
    modes = tables.words("mode_detail")
    found = {}
    for label in labels:
        group, slash, last = label.rpartition("/")
        met = match(group) if slash else None
        if met and met.field == "hours" and last.strip() in modes:
            found[label] = modes[last.strip()]
    return found if len(found) > 1 else {}


def _column(label: str, cells: pl.Series, chosen: Mapping[str, str], wide: Mapping[str, str]) -> Column:
    bare = cells.str.strip_chars()
    given = bare.filter(bare.is_not_null() & (bare != ""))
    facts = Column(
        label,
        "",
        "ignored",
        filled=round(len(given) / max(1, len(cells)), 3),
        unique=len(given) == len(cells) and given.n_unique() == len(given) > 1,
        starred=label.startswith(("*", "＊")) or label.endswith(("*", "＊")),
    )
    if label in chosen:
        return _said(facts, chosen[label], cells)
    if label in wide:
        return replace(facts, field="hours", fate="mapped", form=wide[label])
    return _guessed(facts, cells)


def _said(facts: Column, field: str, cells: pl.Series) -> Column:
    """The column as a person has named it, whatever its cells hold: what cannot be read of them is said.

    What a bare 1 of a column of modes means only a person knows.
    """
    if field in ("ignored", "dropped"):
        return _met(facts, Match(field, facts.header, False), cells, CHOSEN)
    name = "mode_detail" if field in _MODES else field
    form = _MODES[field] if field in _MODES else fit.meant_form(field, cells)
    coded = name if name in fit.CODED else ""
    words = fit.short(fit.listed(cells)) if coded or name == "half_days" else ()
    remark = CHOSEN if coded else _contrary(name, form, cells)
    return replace(facts, field=name, fate="mapped", form=form, coded=coded, words=words, remark=remark)


def _contrary(field: str, form: str, cells: pl.Series) -> str:
    """That a person has named the column, and how many of its cells say otherwise."""
    filled, count = fit.contrary(field, form, cells)
    if not count:
        return CHOSEN
    fate, effect = LOOSE if field in fit.LOOSE else STRICT
    zh, _, en = CHOSEN.partition("｜")
    more, _, also = CONTRARY.format(count=count, filled=filled, fate=fate, effect=effect).partition("｜")
    return f"{zh}{more}｜{en}{also}"


def _guessed(facts: Column, cells: pl.Series) -> Column:
    """The column by its header, else by what its cells tell."""
    if met := match(facts.header):
        return _met(facts, met, cells, "")
    given = cells.drop_nulls().str.strip_chars()
    given = given.filter(given != "")
    if DAY.fullmatch(normal(facts.header)) and fit.marked(given):
        return replace(facts, field="half_days", fate="mapped", words=fit.listed(given), remark=DAYS)
    if field := fit.meant(given):
        return _fitted(facts, Match(field, facts.header, True), cells, MEANT)
    if near := nearby(facts.header):
        return replace(
            facts, remark=NEARBY.format(like=near.like, field=near.field, header=last(facts.header))
        )
    return replace(facts, remark=UNKNOWN)


def _met(facts: Column, met: Match, cells: pl.Series, remark: str) -> Column:
    """The column with the fate of its header."""
    if met.field == "ignored":
        return replace(facts, near=met.near, remark=remark)
    if met.field == "dropped":
        return replace(facts, fate="dropped", near=met.near, remark=OTHERWISE)
    return _fitted(facts, met, cells, remark)


def _fitted(facts: Column, met: Match, cells: pl.Series, remark: str) -> Column:
    """The column with its field, or what its cells are instead, or ignored with a word why."""
    for field in (met.field, _INSTEAD.get(met.field, "")):
        form = fit.form(field, cells) if field else None
        if form is not None and (field == met.field or field != "result" or fit.known(field, cells)):
            words, coded = (fit.listed(cells), field) if field in fit.CODED else ((), "")
            moe = MOE if field == "mode_detail" and form == "moe" else ""
            said = remark or moe or (NEAR.format(like=met.like) if met.near else _unread(field, cells))
            return replace(
                facts,
                field=field,
                fate="mapped",
                near=met.near,
                form=form,
                words=words,
                coded=coded,
                remark=said,
            )
    return replace(facts, remark=UNLIKE.format(field=met.field))


def _unread(field: str, cells: pl.Series) -> str:
    """That some cells of a shared table's column are in no table, with the first of their words."""
    share, words = fit.unread(field, cells)
    return UNREAD.format(share=share, words="、".join(words) or "…") if share else ""


def _alone(found: list[Column], chosen: Mapping[str, str]) -> Iterator[Column]:
    """Each field from one column: the one that a person chose, else a known header before a similar one, else the first."""
    order = sorted(found, key=lambda each: (each.header not in chosen, each.near))
    named = {each.field for each in found if each.header in chosen}
    best: dict[str, str] = {}
    for each in order:
        if each.fate == "mapped" and not _of_kind(each):
            best.setdefault(each.field, each.header)
    for each in found:
        again = each.fate == "mapped" and not _of_kind(each) and best[each.field] != each.header
        others = [many for one, many in _ENOUGH.items() if one in named and each.field in many]
        enough = _ENOUGH.get(each.field, ())
        told = bool(others) or (bool(enough) and all(field in best for field in enough))
        if again or (told and each.header not in chosen):
            yield replace(
                each,
                field="",
                fate="ignored",
                words=(),
                coded="",
                form="",
                remark=AGAIN.format(field=each.field),
            )
        elif each.field == "county" and not {"period", "start_date"} & best.keys():
            yield replace(each, field="", fate="ignored", remark=UNDATED)
        else:
            yield each


def _of_kind(column: Column) -> bool:
    """Whether a field has several columns: kinds of hours, days of attendance."""
    return column.field == "half_days" or (column.field == "hours" and bool(column.form))
