"""Words to codes: the closed lists of contract §2. An unknown word is null, never a default.

The shared words are in etl_schemas/codes/words.csv, where an agency can read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

import polars as pl
from polars.datatypes import DataType, DataTypeClass

from etl_core.expressions.text import column, key, plain
from etl_schemas import tables

Words = tuple[pl.Series, pl.Series]
# Ruling 50: every other detail is 9; 1 only where a source states it.
_MODES = {"face_to_face": 2, "online": 3, "blended": 4}
_DETAILS = {1: "face_to_face", 2: "face_to_face", 3: "online", 4: "blended", 9: "other"}
_OTHERS = (
    "outreach",
    "placement",
    "shadowing",
    "workshop",
    "pairing",
    "school_based",
    "research_activity",
    "lesson_showcase",
    "self_study",
    "other",
)
_UPPER_STAGES = ["senior_secondary", "vocational"]
_LIST = "[┋、,;+/]"


def code(e: str | pl.Expr, mapping: Mapping[str, str | int], dtype: DataType | DataTypeClass) -> pl.Expr:
    """Look words up in a mapping; null when the cell is empty or its word is not in it.

    Cell and words are compared by `text.key`: without blanks, in half-width upper case, «10.0» as «10».

    Args:
        e: the cell.
        mapping: word → code.
        dtype: dtype of the result, such as pl.String or pl.Int16.

    Raises:
        ValueError: two words of the mapping are the same to `text.key` and have different codes.
    """
    return _replaced(key(e), _words(mapping, dtype), dtype)


def lookup(e: str | pl.Expr, field: str, dtype: DataType | DataTypeClass = pl.String) -> pl.Expr:
    """Look words up in the shared table of one field (etl_schemas.tables.words)."""
    return _replaced(key(e), _shared(field, dtype), dtype)


def level(e: str | pl.Expr, province: str) -> pl.Expr:
    """Read 培训类别: Int16 10 20 30 40 60 99 from MOE codes and words (10, 10-国家级, 国培, 区县级 …).

    «市级» and «市培» are 20 where the agency's province is "50" and 30 where it is "51" (ruling 51); another
    province has no words of its own.
    """
    shared = lookup(e, "level", pl.Int16)
    if province not in ("50", "51"):
        return shared
    return pl.coalesce(shared, lookup(e, f"level.{province}", pl.Int16))


def mode_detail(e: str | pl.Expr) -> pl.Expr:
    """Read mode_detail: String from 集中面授, 网络研修, 送教下乡, 名校跟岗, 工作坊研修 … (contract §2)."""
    return lookup(e, "mode_detail")


def mode_of(detail: str | pl.Expr) -> pl.Expr:
    """Give the MOE mode of a canonical mode_detail: Int16 2 3 4 or 9, null for null (ruling 50)."""
    modes = dict.fromkeys(_OTHERS, 9) | _MODES
    return column(detail).replace_strict(modes, default=None, return_dtype=pl.Int16)


def moe_mode(e: str | pl.Expr) -> pl.Expr:
    """Read 培训方式: Int16 1 2 3 4 9 from 2, 2-短期面授培训, 短期面授培训 … (MOE template)."""
    return lookup(e, "moe_mode", pl.Int16)


def detail_of_mode(mode: str | pl.Expr) -> pl.Expr:
    """Give the mode_detail of a MOE mode (ruling 50): 1, 2 face_to_face, 3 online, 4 blended, 9 other."""
    return column(mode).replace_strict(_DETAILS, default=None, return_dtype=pl.String)


def role(e: str | pl.Expr) -> pl.Expr:
    """Read role: String from 学员, 授课教师, 专家, 主持人, 组织者 … (ruling 52)."""
    return lookup(e, "role")


def result(e: str | pl.Expr) -> pl.Expr:
    """Read result: String from 优秀, 合格, 结业, √, 不合格, 缺考, 缺勤, 未结业, 免修 … (contract §2)."""
    return lookup(e, "result")


def status(e: str | pl.Expr) -> pl.Expr:
    """Read status: String from 已认定, 审核通过, 待审核, 审核中, 退回, 已撤回 … (ruling 53)."""
    return lookup(e, "status")


def id_type(e: str | pl.Expr) -> pl.Expr:
    """Read id_type: String from 1-居民身份证, 1, 护照, 6-香港特区护照/身份证明 (other) … (ruling 31)."""
    return lookup(e, "id_type")


def stage(e: str | pl.Expr) -> pl.Expr:
    """Read 学段: String from 学前, 小学, 初中, 高中, 中职, 特教 … (contract §2)."""
    return lookup(e, "stage")


def title(e: str | pl.Expr) -> pl.Expr:
    """Read 职称: String; 小学高级教师 is first, 特级教师 an honour of senior ones (ruling 59)."""
    return lookup(e, "title")


def credit_kind(e: str | pl.Expr) -> pl.Expr:
    """Read credit_kind: String from 公需科目, 专业科目, 集中, 校本, 自主 (ruling 57)."""
    return lookup(e, "credit_kind")


def subject(e: str | pl.Expr, stage: str | pl.Expr | None = None) -> pl.Expr:
    """Read 学科: String of canonical names, several joined with + as given (语文┋数学 → 语文+数学).

    Null when empty or when any of several is unknown. 政治 and 信息 depend on the canonical `stage`: above
    junior secondary school they are 思想政治 and 信息技术 (ruling 59).
    """
    text = key(e)
    if stage is None:
        return _subjects(text, upper=False)
    above = column(stage).is_in(_UPPER_STAGES)
    return pl.when(above).then(_subjects(text, upper=True)).otherwise(_subjects(text, upper=False))


def provider_known(e: str | pl.Expr) -> pl.Expr:
    """Tell whether a provider is in providers.csv (ruling 61): Boolean, null when the cell is empty."""
    return plain(e).is_in(list(tables.providers()))


def _subjects(text: pl.Expr, *, upper: bool) -> pl.Expr:
    words = _subject_words(upper=upper)
    parts = text.str.replace_all(_LIST, "┋").str.strip_chars("┋").str.split("┋")
    each = parts.list.eval(_replaced(pl.element(), words, pl.String))
    return each.list.unique(maintain_order=True).list.join("+", ignore_nulls=False)


@cache
def _subject_words(*, upper: bool) -> Words:
    return _words(tables.subjects(upper=upper), pl.String)


@cache
def _shared(field: str, dtype: DataType | DataTypeClass) -> Words:
    return _words(tables.words(field), dtype)


def _words(mapping: Mapping[str, str | int], dtype: DataType | DataTypeClass) -> Words:
    """Fold the words of a mapping as `key` folds the cells, so that one rule serves both."""
    values = pl.Series("code", [str(value) for value in mapping.values()], dtype=pl.String).cast(dtype)
    folded = pl.DataFrame({"word": list(mapping), "code": values}, schema_overrides={"word": pl.String})
    pairs = folded.with_columns(key("word")).unique(maintain_order=True)
    if pairs["word"].n_unique() != pairs.height:
        raise ValueError("one word has two codes")
    return pairs["word"], pairs["code"]


def _replaced(text: pl.Expr, words: Words, dtype: DataType | DataTypeClass) -> pl.Expr:
    return text.replace_strict(words[0], words[1], default=None, return_dtype=dtype)
