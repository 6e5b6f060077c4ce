"""README.md of a plugin: its format card, in the order of the cards of the other plugins, with what a person must judge on top."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from etl_core import periods
from etl_core.scaffold.code import fixed
from etl_core.scaffold.fields import Field, fields
from etl_core.scaffold.plan import Plan, wide
from etl_core.scaffold.words import words
from etl_core.seen import Column, Seen, Sheet
from etl_schemas.messages import text

DRAFT = "> **草稿｜Draft**"

_CONTAINERS = {
    "xlsx": "Excel 工作簿 `.xlsx`",
    "xls": "Excel 97-2003 工作簿 `.xls`",
    "csv": "CSV",
    "dbf": "dBASE 数据表 `.dbf`",
    "json": "JSON（一份文件，或一次分页拉取的文件夹）",
    "ndjson": "NDJSON，一行一条记录",
    "xml": "XML",
    "html": "HTML 网页（扩展名可能是 `.xls`）",
}
_WHERE = {"name": ("文件名", "file's name"), "title": ("标题", "title")}
_SEMANTICS = {
    "append": "**追加/更新**：后报的行覆盖自然键相同的行｜append: a later row with the same key corrects the earlier one",
    "snapshot": "**快照**：后报的文件整体替换同一期的前一份｜snapshot: a later file replaces the earlier one of its period",
    "ledger": "**流水**：可以冲销和更正；冲销、更正两栏（entry、original）须手工补上｜ledger: entry and original are to be added by hand",
}


def card(plan: Plan) -> str:
    """The whole card."""
    parts = [f"# {plan.name}：{plan.title}", *_draft(plan), "\n".join(_facts(plan)), "## 列｜Columns"]
    parts += ["\n".join(_columns(plan)), f"固定口径｜The same for every row: {_fixed(plan)}。"]
    parts += ["## 常见退回｜Usual reasons", REASONS]
    return "\n\n".join(parts) + "\n"


REASONS = """（用真实报送试跑之后，把本单位最常见的原因和改法写在这里。
*After a trial with real deliveries, write here the agency's most frequent reasons and what mends them.*）"""


def _draft(plan: Plan) -> Iterator[str]:
    """What the draft has guessed, left out or left open: everything a person has to judge before it is used."""
    lines = [
        f"{DRAFT}（{plan.on.isoformat()}，`etl plugins new`）。下列各项由程序推测，逐条核对后删去本段；`tests/golden/` 也是程序生成的，",
        "> 要对照格式一行一行判定。*Guessed by the program: judge every line and the golden files, then delete this paragraph.*",
        ">",
        *(f"> - {line}" for line in open_points(plan)),
    ]
    yield "\n".join(lines)


def open_points(plan: Plan) -> Iterator[str]:
    """Everything that is guessed, left out or left open."""
    for column in plan.seen.columns:
        if column.remark and (column.fate == "mapped" or not column.remark.startswith("含个人信息")):
            yield f"`{column.header}` → {column.field or '不导入 ignored'}：{column.remark}"
    yield from (f"{each.text}" for each in sheets(plan.seen) if each.unread)
    unknown = [each for each in words(plan) if not each.value]
    for each in unknown:
        yield f"codes.csv：{each.header}“{each.word}”没有对应的代码，含这个词的行会被隔离｜no code for this word: its rows are quarantined"
    for name, value in fixed(plan):
        yield f"{name} = {value}：全部行相同｜the same for every row"
    if full := list(_full(plan)):
        yield f'{"、".join(full)}：样本里每行都有；单位要求必填的，在 contract.py 的 checks 里加 required("字段")｜filled in every row: where the agency demands it, add required("field")'
    yield f"自然键 {', '.join(plan.natural)}｜natural key"
    if plan.seen.period:
        yield period(plan)


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a sheet (zh｜en); `unread`: it holds data that nobody reads."""

    text: str
    unread: bool


def sheets(seen: Seen) -> Iterator[Told]:
    """Every sheet of a workbook that has several: whether it is read, and why not."""
    if seen.container not in ("xlsx", "xls") or len(seen.sheets) < 2:
        return
    for at, sheet in enumerate(seen.sheets, 1):
        zh, en = _fate(sheet)
        yield Told(
            f"第 {at} 张工作表（{sheet.rows} 行）：{zh}｜sheet {at} ({sheet.rows} rows): {en}",
            bool(sheet.unread),
        )


def _fate(sheet: Sheet) -> tuple[str, str]:
    if sheet.table:
        return f"读入，记录 {sheet.records} 条", f"read, {sheet.records} records"
    if not sheet.visible:
        return "隐藏，不读", "hidden, not read"
    if sheet.missing is None:
        return "没有认得的表头，不读", "no known header, not read"
    return (
        f"表头不同（缺 {sheet.missing} 列），不读；其中 {sheet.unread} 行数据没有入库，若也要报送请另存一份、另起一个来源",
        f"another header ({sheet.missing} columns missing), not read: {sheet.unread} rows of data are left out; draft a source of its own for them",
    )


def period(plan: Plan) -> str:
    """What the sample's period was taken for, and by what."""
    told = plan.seen.period
    assert told is not None
    zh, en = _WHERE[told.where]
    label = periods.told(plan.seen.name, told.text, plan.told, periods.beside(told.left))
    return (
        f"样本的期间: {label.label if label else told.label}（来自{zh}，按 {plan.told} 区分）"
        f"｜period of the sample, from the {en}, told by: {plan.told}"
    )


def _full(plan: Plan) -> Iterator[str]:
    """Columns that are filled in every row and may be empty all the same (ruling 78)."""
    declared = {each.name: each for each in fields(plan)}
    for column in plan.seen.columns:
        if column.field and column.filled == 1 and not _required(column, declared):
            yield f"`{column.header}`"


def _facts(plan: Plan) -> Iterator[str]:
    yield "| | |\n|-|-|"
    yield f"| 报送单位 | {plan.agency_name}（{plan.agency}） |"
    yield f"| 文件 | {_shape(plan)} |"
    yield f"| 报送方式 | {_SEMANTICS[plan.semantics]} |"
    yield f"| 怎样认出 | 表头；其次文件名，如“{plan.seen.name}” |"
    yield f"| 自然键 | {'、'.join(plan.natural)} |"


def _shape(plan: Plan) -> str:
    seen = plan.seen
    said = [_CONTAINERS[seen.container]]
    said += [f"编码 {seen.encoding}"] if seen.container in ("csv", "ndjson", "xml", "html") else []
    said += [f"分隔符 `{seen.delimiter}`"] if seen.delimiter not in ("", ",") else []
    said += [f"表头 {seen.depth} 行，上方 {seen.top} 行"] if seen.depth else []
    said += ["一个学科一张工作表，工作表名就是学科"] if seen.subjects else []
    hidden = sum(not sheet.visible for sheet in seen.sheets)
    said += [f"{hidden} 张隐藏的工作表不读"] if hidden else []
    said += [each.text.partition("｜")[0] for each in sheets(seen)]
    skips = "，".join(f"{text(f'skip.{kind}', 'zh')} {number}" for kind, number in seen.skips.items())
    said += [f"样本记录 {seen.records} 条，跳过 {skips}" if skips else f"样本记录 {seen.records} 条"]
    return "；".join(said)


def _columns(plan: Plan) -> Iterator[str]:
    yield "| 表头 | 统一字段 | 必填 | 说明 |\n|-|-|-|-|"
    given = {column.header: column for column in plan.seen.columns}
    declared = {each.name: each for each in fields(plan)}
    for header, column in given.items():
        yield f"| {header.replace('|', '/')} | {_gives(column)} | {_required(column, declared)} | {_remark(column)} |"


def _gives(column: Column) -> str:
    if column.fate == "dropped":
        return "不保留"
    if column.field == "period":
        return "start_date, end_date, date_precision"
    return {
        "": "不导入",
        "half_days": "（待写｜to be written）",
        "county": "employer_division",
        "minutes": "hours",
    }.get(column.field, column.field)


def _required(column: Column, declared: Mapping[str, Field]) -> str:
    name = "mode" if column.form == "moe" else "hours" if column.field == "minutes" else column.field
    found = declared.get(name)
    return "是" if found and any(word in str(found.declared) for word in ("required(", "dated(")) else ""


def _remark(column: Column) -> str:
    if wide(column):
        return f"一种学时一条记录：{column.form}"
    return column.remark.replace("|", "\\|")


def _fixed(plan: Plan) -> str:
    return "、".join(f"{_title(name)} {value}" for name, value in fixed(plan)) or "无｜none"


def _title(name: str) -> str:
    return text(f"field.{name}")
