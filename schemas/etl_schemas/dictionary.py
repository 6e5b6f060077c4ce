"""The data dictionary: schemas/README.md, rendered from the models, enums and messages that the code runs on.

`python -m etl_schemas.dictionary` rewrites the part of schemas/README.md between its two marks.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from etl_schemas.enums import ENUMS
from etl_schemas.messages import FAMILIES, catalogue, text
from etl_schemas.reasons import Severity
from etl_schemas.training import FIELDS, REQUIRED

BEGIN = "<!-- dictionary: begin (python -m etl_schemas.dictionary) -->"
END = "<!-- dictionary: end -->"
README = Path(__file__).parents[1] / "README.md"


def dictionary() -> str:
    """The whole dictionary as Markdown, in Chinese and English."""
    sections = (_fields(), _codes(), _reasons(), _skips())
    return "\n\n".join(sections) + "\n"


def spliced(readme: str) -> str:
    """`readme` with the dictionary between its marks. Raises ValueError where the marks are not there."""
    head, begun, rest = readme.partition(BEGIN)
    _, ended, tail = rest.partition(END)
    if not (begun and ended):
        raise ValueError("the marks of the dictionary are missing")
    return f"{head}{BEGIN}\n\n{dictionary()}\n{END}{tail}"


def _fields() -> str:
    rows = (
        (f"`{name}`", text(f"field.{name}"), str(dtype), _null(name), *_both(f"meaning.{name}"))
        for name, dtype in FIELDS.items()
    )
    head = ("字段 field", "名称", "类型 type", "可空 null", "含义", "meaning")
    return "## 字段｜Fields of a training record\n\n" + _table(head, rows)


def _null(name: str) -> str:
    return "否 no" if name in REQUIRED else "是 yes"


def _codes() -> str:
    rows = (
        (f"`{field}`", _summary(members.__doc__), " · ".join(f"`{m.value}` {m.label}" for m in members))
        for field, members in ENUMS.items()
    )
    return "## 代码｜Codes of the closed lists\n\n" + _table(("字段 field", "说明 list", "代码 codes"), rows)


def _summary(doc: str | None) -> str:
    return (doc or "").partition("\n")[0]


def _reasons() -> str:
    parts = ["## 原因代码｜Reason codes"]
    for severity in Severity:
        rows = ((_shown(code), *_both(code)) for code in catalogue()[severity])
        parts += [
            f"### {text(f'severity.{severity}', 'both')}",
            _table(("代码 code", "中文", "English"), rows),
        ]
    return "\n\n".join(parts)


def _shown(code: str) -> str:
    return f"`{code}.FIELD`" if code in FAMILIES else f"`{code}`"


def _skips() -> str:
    rows = ((f"`{kind}`", *_both(f"skip.{kind}")) for kind in catalogue()["skip"])
    return "## 跳过的行｜Rows that are not records\n\n" + _table(("代码 kind", "中文", "English"), rows)


def _both(key: str) -> tuple[str, str]:
    return text(key, "zh"), text(key, "en")


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("-",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def main(readme: Path = README) -> None:
    """Rewrite the dictionary inside a README."""
    readme.write_text(spliced(readme.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
