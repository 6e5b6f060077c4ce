"""`etl schedule cron` and `etl schedule systemd`: entries that run a pipeline every night."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

from etl_core import config as configuration
from etl_core.cli import hours, screen
from etl_core.cli.exits import AGAIN, DONE, INTERNAL, PARTLY, STOPPED, USAGE
from etl_core.cli.reach import reach
from etl_core.cli.say import Lang
from etl_core.config import Config

NAME = "chuanyu-etl"
ZONE = "Asia/Shanghai"
WAIT = 3600  # seconds for which a run waits for another one
VARIABLE = re.compile(r"(?<!\$)\$\{([A-Za-z_]\w*)")
CREDENTIALS = "CREDENTIALS_DIRECTORY"

CRON = """\
# {name}: 每夜 {at} 运行；放到 /etc/cron.d/{name}｜every night; a file for /etc/cron.d
# 同一时刻只有一个运行，后到的最多等 {wait} 秒。退出码 0、{partly} 之外的情况和错误信息由 cron 寄给 MAILTO。
# One run at a time, a later one waits up to {wait} s. Mail goes out for errors and for every exit code but 0 and {partly}.{needs}
SHELL=/bin/sh
PATH=/usr/local/bin:/usr/bin:/bin
MAILTO={user}
{minute} {hour} * * * {user} umask 077; {command} >> {log}; code=$?; [ $code -eq 0 ] || [ $code -eq {partly} ] || echo "{name}: exit $code"
"""

SERVICE = """\
# /etc/systemd/system/{name}.service
[Unit]
Description=chuanyu-etl: training records of Sichuan and Chongqing, every night
Wants=network-online.target
After=network-online.target postgresql.service
StartLimitIntervalSec=6h
StartLimitBurst=6

[Service]
Type=oneshot
User={user}
UMask=0077
{secrets}ExecStart={command}
# {partly}: 有行等待改正，运行本身是成功的｜rows wait for correction; the run itself went well
SuccessExitStatus={partly}
# {again}（仓库被占用、数据库连不上、磁盘已满）过后再试；其他的要等人处理｜{again} (warehouse held or away, disk full) is tried again; the others want somebody
Restart=on-failure
RestartPreventExitStatus={final}
RestartSec=15min
TimeoutStartSec=8h
Nice=5
NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome={home}
PrivateTmp={private}
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
# 这些文件夹须已存在，有 - 的除外｜these folders must exist, but for those with a -{missing}
{paths}
"""

TIMER = """\
# /etc/systemd/system/{name}.timer
[Unit]
Description=chuanyu-etl, every night at {at}

[Timer]
OnCalendar=*-*-* {at}:00 {zone}
Persistent=yes

[Install]
WantedBy=timers.target
"""


def cron(lang: Lang, config: Path, at: str, user: str) -> int:
    """Print a file for /etc/cron.d."""
    here = hours.here(at)
    chosen, names = configuration.load(config), _variables(config)
    log = "/dev/null" if chosen.log.file else f"/var/log/{NAME}/etl.jsonl"  # a log file has the same events
    needs = "".join(f"\n# {remark}" for remark in here.remarks) + (
        f"\n# 需要的环境变量，请写在下面｜set these variables below: {', '.join(names)}" if names else ""
    )
    if not chosen.log.file:
        needs += f"\n# 先建立日志文件夹｜make the folder of the log first: install -d -m 700 -o {user} /var/log/{NAME}"
    command = " ".join(map(shlex.quote, _command(config))).replace(
        "%", r"\%"
    )  # cron ends a command at a bare %
    told = {
        "at": at,
        "hour": here.hour,
        "minute": here.minute,
        "log": log,
        "needs": needs,
        "command": command,
    }
    screen.page(CRON.format(name=NAME, user=user, wait=WAIT, partly=PARTLY, **told))
    return DONE


def systemd(lang: Lang, config: Path, at: str, user: str, out: Path | None) -> int:
    """Print a service and its timer, or write them as files."""
    hours.demanded(at)
    chosen = configuration.load(config)
    units = {"service": _service(chosen, config, user), "timer": TIMER.format(name=NAME, at=at, zone=ZONE)}
    if out is None:
        screen.page("\n".join(units.values()))
        return DONE
    out.mkdir(parents=True, exist_ok=True)
    for kind, content in units.items():
        path = out / f"{NAME}.{kind}"
        path.write_text(content, encoding="utf-8")
        path.chmod(0o644)  # a unit holds no secret, and systemd says so when it cannot be read
        screen.line(str(path))
    return DONE


def _command(config: Path) -> list[str]:
    """The command with absolute paths: neither cron nor systemd has our PATH."""
    etl = Path(sys.executable).with_name("etl")
    return [str(etl), "run", "--config", str(config.resolve()), "--format", "json", "--wait", str(WAIT)]


def _variables(config: Path) -> list[str]:
    """The variables that the configuration names."""
    found = dict.fromkeys(VARIABLE.findall(config.read_text(encoding="utf-8-sig")))
    return [name for name in found if name != CREDENTIALS]


def _service(chosen: Config, config: Path, user: str) -> str:
    may = reach(chosen, config, user, _credential(config))
    paths = [("ReadOnlyPaths", path) for path in may.readable] + [
        ("ReadWritePaths", path) for path in may.writable
    ]
    missing = shlex.join(map(str, may.missing))
    return SERVICE.format(
        name=NAME,
        user=user,
        command=" ".join(_quoted(word).replace("$", "$$") for word in _command(config)),
        secrets=_secrets(chosen, config),
        partly=PARTLY,
        again=AGAIN,
        final=" ".join(map(str, (USAGE, STOPPED, INTERNAL))),
        home="read-only" if may.homes else "yes",
        private="no" if may.temporary else "yes",
        missing=f": install -d -m 700 -o {user} {missing}" if missing else "",
        paths="\n".join(f"{kind}={_quoted(_excused(path, chosen.inbox))}" for kind, path in paths),
    )


def _secrets(chosen: Config, config: Path) -> str:
    """The key as a credential, where the configuration looks for it there; the file of the variables, where it names some."""
    lines = []
    if _credential(config):
        lines.append(f"LoadCredential={_quoted(f'{chosen.key_file.name}:{chosen.key_file}')}")
    names = _variables(config)
    if names:
        lines.append(f"# {', '.join(names)}")
        lines.append(f"EnvironmentFile=/etc/{NAME}/environment")
    return "".join(f"{line}\n" for line in lines)


def _credential(config: Path) -> bool:
    """Whether the configuration looks for its key among systemd's credentials, where nobody can make one."""
    return CREDENTIALS in config.read_text(encoding="utf-8-sig")


def _excused(path: Path, inboxes: tuple[Path, ...]) -> str:
    """An inbox may be gone, and the run says so itself: without the - systemd would not even start it for the other inboxes."""
    return f"-{path}" if path in inboxes else str(path)


def _quoted(word: object) -> str:
    """A word of a unit file, where % begins a specifier; in a command, and there only, $ begins a variable."""
    safe = str(word).replace("%", "%%")
    return f'"{safe}"' if re.search(r"[\s\"';]", safe) else safe
