"""The dictionary of one source: what its files hold, how each column is called, checked and read, in both languages."""

from __future__ import annotations

from collections.abc import Iterator

from etl_core.forms import notes
from etl_core.forms.form import Field, Form
from etl_schemas.messages import text
from etl_schemas.pages import Section
from etl_schemas.reasons import severity


def described(form: Form) -> tuple[Section, ...]:
    """Everything that is declared of a source and its form."""
    return (_whole(form), _columns(form), *_words(form), _reasons(form))


def _whole(form: Form) -> Section:
    source = form.source
    facts = [
        ("来源｜source", f"`{source.name}`"),
        ("报送单位｜agency", f"{source.agency.name}（{source.agency.code}）"),
        ("文件名样式｜file names", "\n".join(f"`{each.pattern}`" for each in source.names)),
        ("示例｜example", source.example),
        ("报送方式｜how files add up", _both(f"form.{source.semantics}")),
        ("主键｜natural key", "、".join(f"`{each}`" for each in source.key)),
        ("错误行上限｜highest share of faulty rows", f"{source.error_limit:.0%}"),
        ("不导入的列｜columns ignored", "、".join(source.ignored)),
        ("不保留的列｜columns dropped", "、".join(source.dropped)),
    ]
    rows = tuple((name, value) for name, value in facts if value)
    return Section("概况｜In short", head=("项目｜what", "内容｜value"), rows=rows)


def _columns(form: Form) -> Section:
    head = (
        "表头｜header",
        "出处｜from",
        "必填｜required",
        "统一字段｜unified",
        "示例｜example",
        "校验｜checks",
    )
    rows = tuple(_column(field) for field in form.fields.values())
    return Section("列｜Columns", head=head, rows=rows)


def _column(field: Field) -> tuple[str, ...]:
    return (
        notes.spellings(field) or field.header,
        _both(f"place.{field.kind}"),
        notes.duty(field, "both"),
        "\n".join(f"`{name}` {text(f'field.{name}')}" for name in field.unified),
        field.example,
        "\n".join(f"`{code}`" for code in field.codes),
    )


def _words(form: Form) -> Iterator[Section]:
    """The words of every column that has a list."""
    rows = [
        (field.header, "、".join(_word(word, means) for word, means in field.words.items()))
        for field in form.fields.values()
        if field.words
    ]
    if rows:
        head = ("列｜column", "可填的值（含义）｜words (and what they mean)")
        yield Section("用语｜Words", head=head, rows=tuple(rows))


def _word(word: str, means: str) -> str:
    return word if means in word else f"{word}（{means}）"


def _reasons(form: Form) -> Section:
    codes = dict.fromkeys(code for field in form.fields.values() for code in field.codes)
    rows = tuple(
        (f"`{code}`", text(f"severity.{severity(code)}", "both"), text(code, "zh"), text(code, "en"))
        for grave in ("error", "warning")
        for code in codes
        if severity(code) == grave
    )
    head = ("代码｜code", "轻重｜severity", "中文", "English")
    return Section("原因｜Why a row is refused or remarked upon", head=head, rows=rows)


def _both(key: str) -> str:
    return text(key, "both")
