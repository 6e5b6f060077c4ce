"""The single checks of `etl doctor`: each looks at one thing and says how it is."""

from __future__ import annotations

import importlib.util
import locale
import os
import shutil
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from etl_core import config as configuration
from etl_core.alerts import channels
from etl_core.cli import settings
from etl_core.cli.finding import FAIL, OK, WARN, Check, Finding
from etl_core.config import Config, Document
from etl_core.errors import KeyFileError, OlderError, WarehouseError
from etl_core.keys import Keys
from etl_core.night import conditions
from etl_core.warehouse import Warehouse

SCARCE, LITTLE = (
    200 << 20,
    1 << 30,
)  # bytes free below which a run cannot work, and below which somebody should look
HOURS = 8 * 3600  # offset of the time by which deliveries are due
EXTRAS = {
    "apprise": ("apprise", "alerts"),
    "metrics": ("prometheus_client", "metrics"),
    "lineage": ("openlineage", "lineage"),
}


def every(document: Document, config: Config) -> list[tuple[str, Check]]:
    """All checks by name, in the order in which one would look."""
    return [
        ("plugins", partial(plugins, document, config)),
        ("key", partial(key, config)),
        ("warehouse", partial(warehouse, config)),
        ("calendar", partial(calendar, config)),
        ("inbox", partial(inboxes, config)),
        ("files", partial(files, config)),
        ("folders", partial(folders, config)),
        ("disk", partial(disk, config)),
        ("memory", partial(memory, config)),
        ("alerts", partial(alerts, config)),
        ("extras", partial(extras, config)),
        ("clock", clock),
        ("locale", texts),
    ]


def plugins(document: Document, config: Config) -> Iterator[Finding]:
    """Which sources can be read, and which plugins cannot be used. Raises ConfigError for settings of no source."""
    ready = settings.installed(config)
    for problem in ready.problems:
        yield Finding("plugins", WARN, f"{problem.plugin} {problem.version}: {problem.reason}", _INSTALL)
    if not ready.sources:
        yield Finding("plugins", FAIL, "没有可用的来源插件｜no source plugin can be used", _INSTALL)
    else:
        yield Finding("plugins", OK, ", ".join(source.name for source in ready.sources))
    configuration.check_sources(document, config, settings.known(config, ready))


_INSTALL = "重新安装这个插件，或写入 plugins.deny｜install it again, or name it in plugins.deny"


def key(config: Config) -> Iterator[Finding]:
    """The key file, its rights and whether it is there. Raises KeyFileError where it cannot be used."""
    if config.key_file.exists():
        if config.key_file.stat().st_mode & 0o077:
            told = f"{config.key_file}: 密钥文件对他人开放｜the key file is open to others"
            yield Finding("key", FAIL, told, f"chmod 600 {config.key_file}")
            return
        Keys.load(config.key_file, create=False)
        yield Finding("key", OK, str(config.key_file))
    elif Warehouse.keyed(_url(config)):
        yield Finding(
            "key",
            FAIL,
            f"{config.key_file}: 密钥文件不见了，而仓库是用它建立的｜is gone, and the warehouse was made with it",
            "从备份恢复密钥文件｜restore it from your backup",
        )
    else:
        yield Finding(
            "key",
            WARN,
            f"{config.key_file}: 还没有密钥文件｜there is no key file yet",
            "首次运行或 etl warehouse init 会生成；随后请备份｜the first run or etl warehouse init makes it; back it up then",
        )


def warehouse(config: Config) -> Iterator[Finding]:
    """Whether it can be reached, has our schema and our key. Raises WarehouseError and KeyFileError."""
    path = config.warehouse.path
    if Warehouse.revision_of(_url(config)) is None:
        yield Finding(
            "warehouse",
            WARN,
            f"{path or config.warehouse.shown}: 还没有仓库｜there is no warehouse yet",
            "首次运行或 etl warehouse init 会建立｜the first run or etl warehouse init makes it",
        )
        return
    if path is not None and path.stat().st_mode & 0o077:
        yield Finding(
            "warehouse", WARN, f"{path}: 他人可以读写｜others can read or write it", f"chmod 600 {path}"
        )
    try:
        yield from _opened(config)
    except OlderError as older:
        advice = "先备份；首次运行或 etl warehouse upgrade 会升级｜make a backup; the next run or etl warehouse upgrade brings it to ours"
        yield Finding("warehouse", WARN, str(older), advice)


def _opened(config: Config) -> Iterator[Finding]:
    with Warehouse.open(_url(config), _keys(config), create=False, migrate=False) as opened:
        yield Finding("warehouse", OK, f"{config.warehouse.shown} ({opened.revision()})")
        newest = opened.deliveries()["loaded_at"].max()
        if isinstance(newest, datetime) and newest > datetime.now(UTC):
            yield Finding(
                "clock",
                FAIL,
                "仓库里有将来时间的报送，本机时钟可能慢了｜the warehouse has deliveries of the future: this clock may be slow",
                "校准系统时钟（NTP）｜set the system's clock (NTP)",
            )


def _keys(config: Config) -> Keys | None:
    """The keys, where they can be used: the check of the key says why they cannot."""
    try:
        return Keys.load(config.key_file, create=False)
    except KeyFileError:
        return None


def calendar(config: Config) -> Iterator[Finding]:
    """Which sources are late or shrunken; nothing where no source has a calendar."""
    if not any(each.due for each in config.sources.values()):
        yield Finding("calendar", OK, "没有配置期限｜no source has a calendar")
        return
    try:
        with Warehouse.open(_url(config), None, create=False, migrate=False) as opened:
            said = conditions.calendar(config, opened, datetime.now().astimezone().date())
    except WarehouseError:
        return  # the check of the warehouse has said so
    for source, one in said.items():
        if one.late:
            text = f"{source}: 应于 {one.due} 报送，已过 {one.days} 天｜was due on {one.due}, {one.days} days ago"
            yield Finding("calendar", WARN, text, "催问报送单位｜ask its sender")
        elif one.shrunken:
            text = f"{source}: 本期 {one.rows} 行，往期一般 {one.usual} 行｜{one.rows} rows, {one.usual} are usual"
            yield Finding(
                "calendar", WARN, text, "向报送单位核实是否报全｜ask its sender whether that is all"
            )
        else:
            yield Finding(
                "calendar", OK, f"{source}: 下次 {one.following or '—'}｜next {one.following or '—'}"
            )


def inboxes(config: Config) -> Iterator[Finding]:
    """Whether the inboxes can be read, by reading them: a mount that has gone stale is there, and says so only then."""
    for folder in config.inbox:
        try:
            number = len(list(folder.iterdir()))
        except FileNotFoundError:
            advice = f"检查挂载；新的则 mkdir -p {folder}｜check the mount; a new one: mkdir -p {folder}"
            yield Finding("inbox", FAIL, f"{folder}: 没有这个文件夹｜no such folder", advice)
        except OSError as fault:
            advice = "检查挂载，给运行的用户读取权限｜check the mount, let the user that runs read it"
            why = os.strerror(fault.errno or 0)
            yield Finding("inbox", FAIL, f"{folder}: 读不了（{why}）｜cannot be read ({why})", advice)
        else:
            yield Finding("inbox", OK, f"{folder}: {number} 项｜{number} entries")


def files(config: Config) -> Iterator[Finding]:
    """Whether the other files that are read can be: certificates, secrets, databases that are pulled from."""
    for name, path in configuration.consulted(config).items():
        if path not in (*config.inbox, config.key_file) and not os.access(path, os.R_OK):
            told = f"{name}: {path}: 无法读取｜cannot be read"
            yield Finding("files", FAIL, told, "核对路径和权限｜check path and rights")


def folders(config: Config) -> Iterator[Finding]:
    """Whether everything that is written can be."""
    for name, folder in configuration.written(config).items():
        advice = _hindrance(_existing(folder))
        if advice is None:
            yield Finding("folders", OK, f"{name}: {folder}")
        else:
            yield Finding("folders", FAIL, f"{name}: {folder}: 无法写入｜cannot be written", advice)


def _hindrance(place: Path) -> str | None:
    """What to do about a place in which nothing can be written; None where it can."""
    if not place.is_dir():
        return (
            f"{place} 不是文件夹，请移走或改配置｜{place} is no folder: move it away, or change the setting"
        )
    if os.statvfs(place).f_flag & os.ST_RDONLY:
        return f"{place} 所在的文件系统是只读的，请重新挂载或换地方｜{place} lies on a read-only file system: mount it writable, or choose another place"
    if not os.access(place, os.W_OK | os.X_OK):
        return f"给运行的用户写入权限：{place}｜let the user that runs write {place}"
    return None


def disk(config: Config) -> Iterator[Finding]:
    """How much room there is where something is written, each file system once."""
    places = {
        _existing(folder).stat().st_dev: _existing(folder)
        for folder in configuration.written(config).values()
    }
    for place in places.values():
        free = shutil.disk_usage(place).free
        state = FAIL if free < SCARCE else WARN if free < LITTLE else OK
        advice = "" if state == OK else "清理磁盘，至少留出 1 GB｜make room, 1 GB at least"
        yield Finding("disk", state, f"{place}: {free >> 20} MB 可用｜{free >> 20} MB free", advice)


def memory(config: Config) -> Iterator[Finding]:
    """Whether the machine has the memory that one child is allowed."""
    has = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    state = OK if config.limits.memory_mb <= has else WARN
    advice = "" if state == OK else "调低 limits.memory_mb｜set limits.memory_mb lower"
    yield Finding("memory", state, f"{has} MB; limits.memory_mb {config.limits.memory_mb}", advice)


def alerts(config: Config) -> Iterator[Finding]:
    """Which channels there are, and whether the files of their secrets are their owner's alone."""
    names = list(channels(config.alerts))
    yield Finding("alerts", OK, ", ".join(names) or "没有配置告警｜nobody is told of anything")
    mail, webhook = config.alerts.mail, config.alerts.webhook
    secrets = [mail.password_file if mail else None, webhook.secret_file if webhook else None]
    for file in filter(None, secrets):
        if os.access(file, os.R_OK) and file.stat().st_mode & 0o077:
            yield Finding("alerts", WARN, f"{file}: 他人可以读取｜others can read it", f"chmod 600 {file}")


def extras(config: Config) -> Iterator[Finding]:
    """Whether what the configuration wants is installed."""
    wanted = {
        "apprise": config.alerts.apprise is not None,
        "metrics": config.metrics.textfile is not None,
        "lineage": config.lineage.file is not None or config.lineage.url is not None,
    }
    for name, is_wanted in wanted.items():
        module, extra = EXTRAS[name]
        if is_wanted and importlib.util.find_spec(module) is None:
            yield Finding(
                "extras",
                FAIL,
                f"{name}: 缺少 {module}｜lacks {module}",
                f"pip install 'chuanyu-etl[{extra}]'",
            )


def clock() -> Iterator[Finding]:
    """The time zone, by which a day begins and a delivery is late."""
    now = datetime.now().astimezone()
    told = f"{now:%Y-%m-%d %H:%M:%S %z} ({'/'.join(time.tzname)})"
    offset = now.utcoffset()
    fits = offset is not None and offset.total_seconds() == HOURS
    advice = (
        ""
        if fits
        else "报送期限按本机时区计算；timedatectl set-timezone Asia/Shanghai｜days are counted in this zone; timedatectl set-timezone Asia/Shanghai"
    )
    yield Finding("clock", OK if fits else WARN, told, advice)


def texts() -> Iterator[Finding]:
    """Whether file names and output are UTF-8."""
    said = (sys.getfilesystemencoding(), locale.getencoding())
    fits = {each.lower().replace("-", "") for each in said} == {"utf8"}
    advice = "" if fits else "设置 LANG=C.UTF-8｜set LANG=C.UTF-8"
    yield Finding("locale", OK if fits else WARN, "/".join(said), advice)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there: that is where it would be made."""
    return next(each for each in (folder, *folder.parents) if os.path.exists(each))  # noqa: PTH110  # never raises


def _url(config: Config) -> str:
    return config.warehouse.url.get_secret_value()
