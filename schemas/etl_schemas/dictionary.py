"""The data dictionary: schemas/README.md and its HTML page, rendered from the models, enums and messages that the code runs on.

`python -m etl_schemas.dictionary` rewrites the part of schemas/README.md between its two marks.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from etl_schemas.enums import ENUMS
from etl_schemas.messages import FAMILIES, catalogue, text
from etl_schemas.pages import Section, markdown
from etl_schemas.reasons import Severity
from etl_schemas.training import FIELDS, REQUIRED

BEGIN = "<!-- dictionary: begin (python -m etl_schemas.dictionary) -->"
END = "<!-- dictionary: end -->"
README = Path(__file__).parents[1] / "README.md"


def sections() -> tuple[Section, ...]:
    """The whole dictionary, in Chinese and English."""
    return (_fields(), _codes(), *_reasons(), _skips())


def dictionary() -> str:
    """The whole dictionary as Markdown."""
    return markdown(sections())


def spliced(readme: str) -> str:
    """`readme` with the dictionary between its marks. Raises ValueError where the marks are not there."""
    head, begun, rest = readme.partition(BEGIN)
    _, ended, tail = rest.partition(END)
    if not (begun and ended):
        raise ValueError("the marks of the dictionary are missing")
    return f"{head}{BEGIN}\n\n{dictionary()}\n{END}{tail}"


def _fields() -> Section:
    rows = (
        (f"`{name}`", text(f"field.{name}"), _type(dtype), _null(name), *_both(f"meaning.{name}"))
        for name, dtype in FIELDS.items()
    )
    head = ("字段 field", "名称", "类型 type", "可空 null", "含义", "meaning")
    return Section("字段｜Fields of a training record", head=head, rows=tuple(rows))


def _type(dtype: pl.DataType) -> str:
    """The type; of a decimal its digits, and how many of them stand behind the point."""
    return f"Decimal({dtype.precision}, {dtype.scale})" if isinstance(dtype, pl.Decimal) else str(dtype)


def _null(name: str) -> str:
    return "否 no" if name in REQUIRED else "是 yes"


def _codes() -> Section:
    rows = (
        (f"`{field}`", _summary(members.__doc__), " · ".join(f"`{m.value}` {m.label}" for m in members))
        for field, members in ENUMS.items()
    )
    head = ("字段 field", "说明 list", "代码 codes")
    return Section("代码｜Codes of the closed lists", head=head, rows=tuple(rows))


def _summary(doc: str | None) -> str:
    return (doc or "").partition("\n")[0]


def _reasons() -> Iterator[Section]:
    yield Section("原因代码｜Reason codes")
    for severity in Severity:
        rows = tuple((_shown(code), *_both(code)) for code in catalogue()[severity])
        yield Section(text(f"severity.{severity}", "both"), 3, (), ("代码 code", "中文", "English"), rows)


def _shown(code: str) -> str:
    return f"`{code}.FIELD`" if code in FAMILIES else f"`{code}`"


def _skips() -> Section:
    rows = tuple((f"`{kind}`", *_both(f"skip.{kind}")) for kind in catalogue()["skip"])
    return Section("跳过的行｜Rows that are not records", head=("代码 kind", "中文", "English"), rows=rows)


def _both(key: str) -> tuple[str, str]:
    return text(key, "zh"), text(key, "en")


def main(readme: Path = README) -> None:
    """Rewrite the dictionary inside a README."""
    readme.write_text(spliced(readme.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
