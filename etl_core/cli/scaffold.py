"""`etl plugins new` and `etl plugins golden`: a source plugin from a sample file, and the golden files of its samples."""

from __future__ import annotations

import keyword
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from tempfile import mkdtemp

import click

from etl_core.cli import aside, screen, settings
from etl_core.cli.exits import DONE, PARTLY
from etl_core.cli.say import Lang, counted, title
from etl_core.errors import DeliveryError
from etl_core.inbox import Refused, released, single, workroom
from etl_core.protocol import Job, Sighted
from etl_core.scaffold import Plan, fitted, questions, tree
from etl_core.scaffold.card import period, sheets
from etl_core.scaffold.plan import SEMANTICS, Question, choices, open_period
from etl_core.scaffold.words import words
from etl_core.seen import Column, Seen
from etl_core.specimen.columns import named
from etl_core.supervisor import Supervisor
from etl_schemas.enums import ENUMS
from etl_schemas.tables import rows

# Answers that must be one of a closed list.
_CLOSED = {"semantics": SEMANTICS, "level": "level", "mode": "mode_detail"}

# What several columns may be, and what a column becomes that a person has called otherwise.
_SEVERAL = ("ignored", "dropped", "half_days")
_MAPPED = {
    **dict.fromkeys(("ignored", "dropped"), ("",)),
    "mode": ("mode_detail",),
    **{each: (each, "period") for each in ("start_date", "end_date")},
}

Given = Mapping[str, str | None]


def new(
    lang: Lang,
    name: str,
    *,
    sample: Path,
    out: Path | None,
    key: tuple[str, ...],
    column: tuple[str, ...],
    anyway: bool,
    **given: str | None,
) -> int:
    """Draft a plugin from a sample, with a specimen, golden files and everything that a person has to judge."""
    _demand_name(name)
    folder = (out or _room()) / name
    if folder.exists():
        raise click.UsageError(f"{folder} 已存在，没有改动｜{folder} exists already, nothing was changed")
    sighted = _seen(sample, chosen(column))
    _demand_columns(sighted.seen, column)
    seen = fitted(sighted.seen)
    _demand_obeyed(seen, chosen(column))
    _demand_usable(seen, anyway)
    answers = _answered(seen, given)
    plan = Plan(name, on=date.today(), seen=seen, key=_keyed(key), **answers)
    _placed(plan, sighted, folder)
    _tell(plan, folder, lang)
    return DONE


def _seen(sample: Path, fields: Mapping[str, str]) -> Sighted:
    """What was seen; a sample without a header that can be told is answered with what makes it one."""
    try:
        return looked(sample, fields)
    except DeliveryError as fault:
        if fault.code != "unrecognised":
            raise
        raise click.UsageError(
            "没有一行像表头：至少要有两个认得的列名。列名是单位自己的叫法，请用 --column 表头=字段 指明；固定宽度文本没有表头，请看 plugins/README.md 的“容器与读取选项”"
            "｜no row looks like a header, with two known names at least: name yours by --column HEADER=FIELD; for text of fixed width see plugins/README.md"
        ) from fault


def golden(lang: Lang, folder: Path, accept: bool) -> int:
    """What the samples give now, beside what the golden files say; with `accept` the files are written anew."""
    name = _name_of(folder)
    made = aside.goldens(folder, name)
    place = folder / "tests" / "golden"
    changed = [each for each, data in made.items() if not _same(place / each, data)]
    if accept:
        place.mkdir(exist_ok=True)
        for each in changed:
            (place / each).write_bytes(made[each])
    for each in made:
        state = ("written" if accept else "differs") if each in changed else "same"
        screen.line(f"{title(f'golden_{state}', lang)}: {place / each}")
    if changed:
        screen.line(title("golden_judge" if accept else "golden_kept", lang))
    return PARTLY if changed and not accept else DONE


def looked(sample: Path, fields: Mapping[str, str]) -> Sighted:
    """What the child has seen in the sample, and its specimen. Raises DeliveryError where it cannot be read."""
    hello, seconds = settings.reading(None)
    with Supervisor(hello, seconds) as supervisor, workroom() as room:
        arrival = single(sample, room)
        if isinstance(arrival, Refused):
            raise arrival.error
        with released(arrival):
            job = Job(str(arrival.path), arrival.name, arrival.modified, columns=tuple(fields.items()))
            return supervisor.look(job)


def chosen(columns: Iterable[str]) -> dict[str, str]:
    """Header → field of every `--column HEADER=FIELD`."""
    known = {row["field"] for row in rows("headers")} | {"mode"}
    pairs: dict[str, str] = {}
    for each in columns:
        header, equals, field = each.rpartition("=")
        if not equals or field not in known:
            raise click.UsageError(
                f"--column {each}：应写成 表头=字段，字段是其中之一｜write HEADER=FIELD, with one of: {', '.join(sorted(known))}"
            )
        if field in pairs.values() and field not in _SEVERAL:
            raise click.UsageError(
                f"--column {each}：{field} 只能取自一列｜{field} can be taken from one column only"
            )
        pairs[header] = field
    return pairs


def _demand_name(name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,39}", name) or keyword.iskeyword(name):
        raise click.UsageError(
            f"{name}：来源名用小写字母、数字和下划线，如 cq_example｜a source's name is lower-case letters, digits and _"
        )


def _room() -> Path:
    """plugins/ of a clone, else the folder where the person is."""
    return Path("plugins") if Path("plugins").is_dir() and Path("etl_core").is_dir() else Path()


def _demand_columns(seen: Seen, column: Iterable[str]) -> None:
    """Every header of `--column` is one of the sample's."""
    headers = [each.header for each in seen.columns]
    strange = [header for header in chosen(column) if named(header, headers) is None]
    if strange:
        lines = (f"  {header}{_near(header, headers)}" for header in strange)
        raise click.UsageError(
            "\n".join(
                ["--column：样本里没有这样一个表头｜the sample has no such header, or several:", *lines]
            )
        )


def _demand_obeyed(seen: Seen, fields: Mapping[str, str]) -> None:
    """What a person has named stands, or is refused in so many words; it is never dropped."""
    columns = {each.header: each for each in seen.columns}
    for header, field in fields.items():
        column = columns[str(named(header, columns))]
        if column.field not in _MAPPED.get(field, (field,)):
            raise click.UsageError(
                f"--column {header}={field}：不能照办｜cannot be done: {column.remark or column.field}"
            )


def _near(header: str, headers: list[str]) -> str:
    near = get_close_matches(header, headers, n=1, cutoff=0.3)
    return f"  是否想写 {screen.shown(near[0])}？｜did you mean {screen.shown(near[0])}?" if near else ""


def _demand_usable(seen: Seen, anyway: bool) -> None:
    """A format that an installed source reads already, or without a name or a period, is no draft."""
    if seen.claimed and not anyway:
        raise click.UsageError(
            f"这份文件已由 {'、'.join(seen.claimed)} 认领，两个来源会互相冲突；确实要另起一个请加 --anyway"
            f"｜{', '.join(seen.claimed)} reads this file already, and two sources would claim it; --anyway drafts one nevertheless"
        )
    if not any(column.field == "person_name" for column in seen.columns):
        headers = "、".join(screen.shown(column.header) for column in seen.columns)
        raise click.UsageError(
            f"没有找到姓名列，请用 --column 表头=person_name 指明｜no column of names: say --column HEADER=person_name ({headers})"
        )
    if seen.period is None:
        raise click.UsageError(
            "文件名和标题都没有年份，或写的不是日子：请照单位平时的叫法给样本命名，如 某县2024年上半年培训台账.xlsx"
            "｜neither the file's name nor its title tells a year, or it is no day: call the sample as the agency calls its deliveries"
        )


def _keyed(key: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.strip() for each in key for name in each.split(",") if name.strip())


def _answered(seen: Seen, given: Given) -> dict[str, str]:
    """Every answer, from the options or from the person at the terminal."""
    asked = list(questions(seen))
    asked += filter(None, [open_period(seen, given.get("semantics"))])
    missing = [each for each in asked if not given.get(each.option)]
    if missing and not _terminal():
        raise click.UsageError("\n".join([_lacking(missing), *_unknown(seen)]))
    for line in _unknown(seen) if missing else ():
        screen.note(line)
    answers = {name: value for name, value in given.items() if value}
    for each in missing:
        answers[each.option] = _prompted(each, seen)
    # Whether a day is a period at all depends on an answer that may have been given just now.
    late = open_period(seen, answers.get("semantics"))
    if late and not answers.get("period"):
        answers["period"] = _prompted(late, seen)
    for name, value in answers.items():
        if (wrong := _wrong(name, value, seen)) is not None:
            raise click.UsageError(wrong)
    return answers


def _terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _lacking(missing: Iterable[Question]) -> str:
    lines = (f"  {_option(each)}  {each.zh}｜{each.en}" for each in missing)
    return "\n".join(
        ["样本里看不出下列各项，请用选项说明｜the sample does not tell these, please say them:", *lines]
    )


def _unknown(seen: Seen) -> Iterator[str]:
    """Columns that are not loaded for a reason: one of them may hold what is asked for."""
    headers = [screen.shown(each.header) for each in seen.columns if each.fate == "ignored" and each.remark]
    if headers:
        yield f"还没有用上的列｜columns that are not used yet: {'，'.join(headers)}"
        yield "如果答案就在其中一列，请用｜if one of them holds it, say --column 表头=字段 (HEADER=FIELD)"


def _option(question: Question) -> str:
    return f"--{question.option.replace('_', '-')}"


def _prompted(question: Question, seen: Seen) -> str:
    while True:
        value = str(click.prompt(f"{question.zh}｜{question.en}", default=question.likely or None)).strip()
        if (wrong := _wrong(question.option, value, seen)) is None:
            return value
        screen.note(wrong)


def _wrong(name: str, value: str, seen: Seen) -> str | None:
    """Why an answer cannot be one; None where it can."""
    if name == "agency":
        return None if re.fullmatch(r"\d{6}", value) else "区划代码是六位数字｜a division code has six digits"
    if name in ("agency_name", "title") and (not value.isprintable() or set(value) & set('"\\')):
        return f"{name}：不能含引号、反斜线和换行｜no quotes, backslashes or line breaks"
    closed = choices(seen) if name == "period" else _CLOSED.get(name)
    known = [str(one.value) for one in ENUMS[closed]] if isinstance(closed, str) else list(closed or ())
    if closed and value not in known:
        return f"{value}：应为其中之一｜one of: {', '.join(known)}"
    return None


def _placed(plan: Plan, sighted: Sighted, folder: Path) -> None:
    """Write everything beside its place, make the golden files, then move it there: a draft is whole or not there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    room = Path(mkdtemp(prefix=".etl-new-", dir=folder.parent))
    try:
        for path, text in tree(plan).items():
            _put(room / path, text.encode("utf-8"))
        for (file, _), data in zip(sighted.seen.files, sighted.files, strict=True):
            _put(_sample(plan, room) / file, data)
        for each, data in aside.goldens(room, plan.name).items():
            _put(room / "tests" / "golden" / each, data)
        room.rename(folder)
    finally:
        shutil.rmtree(room, ignore_errors=True)


def _sample(plan: Plan, room: Path) -> Path:
    """Where the specimen lies: a pull is a folder of pages."""
    samples = room / "tests" / "samples"
    pull = [file for file, _ in plan.seen.files] != [plan.seen.name]
    return samples / plan.seen.name if pull else samples


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _same(path: Path, data: bytes) -> bool:
    return path.is_file() and path.read_bytes() == data


def _name_of(folder: Path) -> str:
    """The source that a plugin's folder brings, by its package."""
    packages = sorted(folder.glob("src/etl_source_*/__init__.py"))
    if len(packages) != 1:
        raise click.UsageError(
            f"{folder} 不是来源插件的文件夹｜{folder} is no folder of a source plugin (src/etl_source_…)"
        )
    return packages[0].parent.name.removeprefix("etl_source_")


def _tell(plan: Plan, folder: Path, lang: Lang) -> None:
    """What was seen, what was guessed, what is left open, and what to type next."""
    seen = plan.seen
    form = ", ".join(filter(None, [seen.container, seen.encoding]))
    screen.line(f"{title('file', lang)}: {screen.shown(seen.name)} ({form})")
    screen.line(screen.shown(_said(period(plan), lang)))
    heads = [title(name, lang) for name in ("header", "field", "filled", "remark")]
    screen.table(heads, (_row(column, lang) for column in seen.columns))
    for each in words(plan):
        if not each.value:
            screen.line(
                f"{title('word_open', lang)}: {screen.shown(each.header)} “{screen.shown(each.word)}” → codes.csv"
            )
    for sheet in sheets(seen):
        (screen.note if sheet.unread else screen.line)(screen.shown(_said(sheet.text, lang)))
    if seen.skips:
        screen.line(f"{title('skipped', lang)}: {counted(seen.skips, 'skip', lang)}")
    screen.line(f"{title('key', lang)}: {', '.join(plan.natural)}")
    screen.line(f"{title('specimen', lang)}: {seen.kept} / {seen.records}")
    screen.line(f"{title('drafted', lang)}: {folder}")
    screen.line(title("golden_judge", lang))
    for line in _next(plan, folder, lang):
        screen.line(f"{title('next', lang)}: {line}")


def _row(column: Column, lang: Lang) -> list[object]:
    field = column.field or title("dropped_column" if column.fate == "dropped" else "ignored_column", lang)
    return [column.header, field, f"{column.filled:.0%}", _said(column.remark, lang)]


def _said(both: str, lang: Lang) -> str:
    """A whole sentence «中文｜English» in one language, or in both."""
    zh, _, en = both.partition("｜")
    return {"zh": zh, "en": en or zh}.get(lang, both)


def _next(plan: Plan, folder: Path, lang: Lang) -> Iterator[str]:
    if any(not each.value for each in words(plan)):
        command = screen.typed("etl", "plugins", "golden", folder, "--accept")
        yield f"{command}  # {title('when_filled', lang)}"
    yield screen.typed("pip", "install", "-e", folder)
    yield screen.typed("pytest", folder)
    if folder.parent == Path("plugins"):
        yield f"echo '-e ./{folder}' >> requirements.txt"
    yield f"etl plugins show {plan.name}"
