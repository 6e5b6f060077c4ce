"""Every error that the framework raises on purpose.

    EtlError
    ├── ConfigError          the configuration cannot be used (exit 2)
    ├── PluginError          a source plugin cannot be used (named, never fatal to the others)
    ├── DeliveryError        a whole file cannot be loaded (contract §3, delivery errors)
    ├── PullError            a delivery could not be fetched (docs/pulls.md); the other pulls and the run go on
    ├── KeyFileError         the key file is missing, readable by others, malformed or the wrong one (exit 2)
    ├── WarehouseError       the warehouse cannot be used: schema too new, not ours, read-only (exit 2)
    │   ├── OlderError       its schema is older than this software's, and it is only read (exit 2)
    │   └── UnavailableError the warehouse cannot be used now: not reachable, cut off, busy (exit 75)
    ├── SealError            what was sealed is cut, changed, or under another key (exit 2)
    ├── ClusterError         the cluster cannot be used: not reachable, no workers, unlike ones, staging (exit 2)
    ├── LockedError          another run holds the warehouse (exit 75)
    └── BalanceError         read ≠ loaded + quarantined + skipped: a defect of ours (fails the delivery)

No message carries a cell's value: names, ID numbers and phones stay in memory. An error says where
(source, file, sheet, row, column) and why (a code of the message catalogue).
"""

from __future__ import annotations

import errno
from dataclasses import dataclass

USAGE, PARTLY, INTERNAL, AGAIN = 2, 3, 70, 75
FULL = (errno.ENOSPC, errno.EDQUOT)
SHORT = (
    errno.EMFILE,
    errno.ENFILE,
    errno.ENOMEM,
    errno.EAGAIN,
    errno.EBUSY,
)  # the system may have it again later


class EtlError(Exception):
    """Root of the tree; catch it to catch everything the framework raises on purpose."""


@dataclass(frozen=True, slots=True)
class ConfigProblem:
    """One fault of a configuration file, with its place (1-based line and column)."""

    file: str
    line: int
    column: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"


class ConfigError(EtlError):
    """The configuration cannot be used; `problems` lists every fault at once."""

    def __init__(self, problems: tuple[ConfigProblem, ...]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class PluginError(EtlError):
    """A source plugin cannot be used: which distribution, which version, why."""

    def __init__(self, plugin: str, distribution: str, version: str, reason: str) -> None:
        self.plugin, self.distribution, self.version, self.reason = plugin, distribution, version, reason
        super().__init__(f"{plugin} ({distribution} {version}): {reason}")


class DeliveryError(EtlError):
    """A whole delivery is refused; nothing of it is loaded and the run goes on with the others.

    `code` is a delivery code of contract §3 (unreadable, encrypted, unsafe, schema.missing_column, empty,
    too_many_errors, not_settled, …); `detail` holds coordinates and header names only, never a cell's value.
    """

    def __init__(self, code: str, **detail: str | int) -> None:
        self.code = code
        self.detail = detail
        super().__init__(code + "".join(f" {key}={value}" for key, value in detail.items()))


class PullError(EtlError):
    """A delivery could not be fetched; nothing half-fetched is ever in sight of a run.

    `code` is a word of the catalogue's section [pull] («pull.refused»); `detail` holds host names, numbers and kinds of
    errors, never a secret, a query or a text that the other side sent.
    """

    def __init__(self, code: str, **detail: str | int) -> None:
        self.code = code
        self.detail = detail
        super().__init__(code + "".join(f" {key}={value}" for key, value in detail.items()))


class KeyFileError(EtlError):
    """The key file is missing, readable by others, malformed, or not the warehouse's own."""


class WarehouseError(EtlError):
    """The warehouse cannot be used: its schema is newer than this software, it is no warehouse, it is read-only.

    message: what is so; advice: what to do, where that is known. Both are «中文｜English».
    """

    def __init__(self, message: str, advice: str = "") -> None:
        self.message, self.advice = message, advice
        (said, _, says), (wanted, _, wants) = message.partition("｜"), advice.partition("｜")
        super().__init__(f"{said}，请{wanted}｜{says}: {wants}" if advice else message)


class OlderError(WarehouseError):
    """The warehouse has an older schema, and whoever opened it may not change it."""


class UnavailableError(WarehouseError):
    """The warehouse cannot be used now, and may be later: no answer, a session cut off, a deadlock, another's long transaction."""


class SealError(EtlError):
    """Sealed bytes do not open: cut, changed, given out as another object's, or sealed with another key."""


class ClusterError(EtlError):
    """The cluster cannot be used: scheduler, workers or staging place; says nothing of any delivery."""


class LockedError(EtlError):
    """Another run holds the warehouse; `holder` says who (pid, host, since)."""

    def __init__(self, holder: str) -> None:
        self.holder = holder
        super().__init__(holder)


class BalanceError(EtlError):
    """Rows read differ from loaded + quarantined + skipped; nothing of the delivery is kept."""


def exit_code(fault: BaseException) -> int:
    """The exit code of a run that this ended; the ways out themselves are told in cli/exits.py."""
    if isinstance(fault, SystemExit):
        return fault.code if isinstance(fault.code, int) else INTERNAL
    if isinstance(fault, LockedError | UnavailableError) or (
        isinstance(fault, OSError) and fault.errno in (*FULL, *SHORT)
    ):
        return AGAIN
    if isinstance(fault, DeliveryError):
        return PARTLY
    if isinstance(fault, EtlError) or (isinstance(fault, OSError) and fault.errno is not None):
        return USAGE
    known = getattr(fault, "exit_code", INTERNAL)  # click's own errors bring theirs
    return known if isinstance(known, int) else INTERNAL
