"""`etl warehouse init`, `etl warehouse upgrade` and `etl warehouse check`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from etl_core import config as configuration
from etl_core import marks, pipeline
from etl_core.archive import Archive
from etl_core.cli import screen
from etl_core.cli.exits import DONE, PARTLY
from etl_core.cli.say import Lang, spoken, title
from etl_core.config import Config
from etl_core.keys import Keys
from etl_core.warehouse import Fault, Warehouse

COLUMNS = ("check", "state", "message")
KINDS = {
    "damaged": "数据库文件已损坏，请从备份恢复｜the database file is damaged: restore it from a backup",
    "orphan": "有无主的行，请报告数据管理员｜lines without their owner: tell the data officer",
    "unbalanced": "账目不符，请报告数据管理员｜the books do not balance: tell the data officer",
    "mark": "存档里的记号与账本不一致，下次 etl run 会改正｜a mark of the archive is not what the ledger says: the next etl run mends it",
    "changed": "入库之后被改动过，请从备份恢复，或由存档重建（etl rebuild --into）"
    "｜not as it was loaded: restore a backup, or make it again from the archive (etl rebuild --into)",
}

Row = dict[str, object]


def made(lang: Lang, config: Path) -> int:
    """Make what is not there yet, and say what there is. Raises OlderError for an older one, which is not changed."""
    chosen = configuration.load(config)
    new = not Warehouse.keyed(_url(chosen))
    with Warehouse.open(_url(chosen), pipeline.keyed(chosen, dry_run=False), migrate=False) as warehouse:
        said = "已建立｜made" if new else "已经存在，没有改动｜is there already, nothing was changed"
        screen.line(f"{_shown(chosen)}: {spoken(said, lang)} ({warehouse.revision()})")
    screen.line(f"{title('key_file', lang)}: {screen.shown(chosen.key_file)}")
    return DONE


def upgraded(lang: Lang, config: Path) -> int:
    """Migrate, and say from where to where. Raises WarehouseError where there is no warehouse, or a newer one."""
    chosen = configuration.load(config)
    before = Warehouse.revision_of(_url(chosen))
    with Warehouse.open(_url(chosen), Keys.load(chosen.key_file, create=False), create=False) as warehouse:
        after = warehouse.revision()
    said = (
        "已是最新｜up to date already"
        if before == after
        else f"已升级：{before} → {after}｜upgraded: {before} → {after}"
    )
    screen.line(f"{_shown(chosen)}: {spoken(said, lang)} ({after})")
    return DONE


def checked(lang: Lang, config: Path, shape: str) -> int:
    """Look through the whole warehouse and at the marks of its archive; nothing is written. Raises WarehouseError and KeyFileError where it cannot be opened."""
    chosen = configuration.load(config)
    keys = Keys.load(chosen.key_file, create=False)
    with Warehouse.open(_url(chosen), keys, create=False, migrate=False) as warehouse:
        faults = [*warehouse.faults(), *_marks(warehouse, Archive(chosen.kept, keys))]
        rows = [*_passed(warehouse, lang), *_found(faults, lang)]
    screen.listing(rows, COLUMNS, shape, lang)
    return PARTLY if faults else DONE


def _marks(warehouse: Warehouse, archive: Archive) -> Iterator[Fault]:
    """What a command left that was killed between the warehouse and its archive; `+` is missing, `-` must go."""
    for one in marks.amiss(warehouse, archive):
        yield Fault("mark", f"{one.fingerprint[:12]} {'+' if one.missing else '-'}{one.mark}", 1)


def _passed(warehouse: Warehouse, lang: Lang) -> Iterator[Row]:
    """What is as it should be, else we would not be here; and how much there is."""
    yield {"check": "schema", "state": "ok", "message": warehouse.revision()}
    yield {"check": "key", "state": "ok", "message": spoken("密钥相符｜the key is the warehouse's own", lang)}
    counted = ", ".join(f"{name} {number}" for name, number in warehouse.sizes().items())
    yield {"check": "tables", "state": "ok", "message": counted}
    if old := warehouse.unsummed():
        said = f"较早入库的报送没有校验和，无法比对: {old}｜loaded before there were sums, cannot be compared: {old}"
        yield {"check": "changed", "state": "ok", "message": spoken(said, lang)}


def _found(faults: list[Fault], lang: Lang) -> Iterator[Row]:
    for kind, meaning in KINDS.items():
        mine = [fault for fault in faults if fault.kind == kind]
        for fault in mine:
            told = f"{fault.where}: {fault.count}: {spoken(meaning, lang)}"
            yield {"check": kind, "state": "fail", "message": told}
        if not mine:
            yield {"check": kind, "state": "ok", "message": spoken("没有｜none", lang)}


def _url(chosen: Config) -> str:
    return chosen.warehouse.url.get_secret_value()


def _shown(chosen: Config) -> str:
    return screen.shown(chosen.warehouse.shown)
