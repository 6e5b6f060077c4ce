"""A command measured as a whole process: wall time, processor time and peak memory, its children counted in.

The measuring process stays small on purpose: Linux lets a started program inherit the peak of the one that started it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from threading import Event, Thread

PERIOD = 0.1  # seconds between two looks at the processes' memory
FIRST = 0.005  # seconds until the first look
MIB = 1 << 20
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """What one run of a command took.

    wall: seconds; cpu: user and system seconds of the process and all its children; server: the same of a database server
    while the command ran, 0 without one; peak, child: MiB, the highest resident memory of the command itself and of its
    largest child (0 without one); together: MiB, the highest sum over all of its processes at one moment; shared: the
    same sum with every page divided among those that share it (PSS), 0 where it was not asked for. Memory is looked at
    every PERIOD, the single peaks are the kernel's own high-water marks.
    """

    wall: float
    cpu: float
    server: float
    peak: float
    child: float
    together: float
    shared: float

    @property
    def work(self) -> float:
        """Processor seconds of everybody who worked on it."""
        return self.cpu + self.server


@dataclass(slots=True)
class _Memory:
    """High-water marks seen so far, in bytes: by process, and of the sums over all processes."""

    divided: bool
    marks: dict[int, int] = field(default_factory=dict)
    together: int = 0
    shared: int = 0

    def look(self, root: int) -> None:
        resident = shared = 0
        for pid in _family(root):
            with suppress(OSError):
                resident += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
                self.marks[pid] = max(self.marks.get(pid, 0), _told(pid, "status", "VmHWM"))
                shared += _told(pid, "smaps_rollup", "Pss") if self.divided else 0
        self.together = max(self.together, resident)
        self.shared = max(self.shared, shared)


def measured(
    command: Sequence[str],
    folder: Path,
    environment: Mapping[str, str] | None = None,
    server: int | None = None,
    divided: bool = False,
) -> Usage:
    """Run `command` in `folder` to its end. Raises RuntimeError with its last words where it fails.

    Exit status 3 is no failure: it is how a run says that it quarantined rows. server: a process, with its children, whose
    processor time is told beside. divided: look at PSS too, which costs time in proportion to the memory.
    """
    before = processor(server)
    with (folder / "stderr.txt").open("w+b") as errors:
        began = time.monotonic()
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=errors, env={**os.environ, **(environment or {})}
        )
        memory, ended = _Memory(divided), Event()
        looking = Thread(target=_look, args=(memory, process.pid, ended))
        looking.start()
        _, status, spent = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        ended.set()
        looking.join()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, 3):
            errors.seek(0)
            raise RuntimeError(
                f"{command}: {process.returncode}\n{errors.read()[-4000:].decode(errors='replace')}"
            )
    times = wall, spent.ru_utime + spent.ru_stime, processor(server) - before
    return _usage(process.pid, times, memory)


def _look(memory: _Memory, root: int, ended: Event) -> None:
    """Look often at first, so that a short process is seen too, then every PERIOD."""
    pause = FIRST
    while not ended.wait(pause):
        memory.look(root)
        pause = min(PERIOD, pause * 1.5)


def _usage(root: int, times: tuple[float, float, float], memory: _Memory) -> Usage:
    own = memory.marks.pop(root, 0)
    child = max(memory.marks.values(), default=0)
    return Usage(*times, *(each / MIB for each in (own, child, memory.together, memory.shared)))


def median(runs: Sequence[Usage]) -> Usage:
    """Each figure's median over several runs."""
    return Usage(*(statistics.median(getattr(run, each.name) for run in runs) for each in fields(Usage)))


def processor(root: int | None) -> float:
    """Processor seconds of a process and its children, also of those that ended; 0 for none."""
    total = 0
    for pid in _family(root) if root else ():
        with suppress(OSError):
            total += sum(map(int, _stat(pid)[11:15]))
    return total / _TICK


def _family(root: int) -> list[int]:
    """The process and everything that it started, in whichever session."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                parents[int(entry.name)] = int(_stat(int(entry.name))[1])
    found = [root]
    for one in found:
        found += [pid for pid, parent in parents.items() if parent == one]
    return found


def _stat(pid: int) -> list[str]:
    """What stands behind the name, which may hold blanks: state, parent, …"""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _told(pid: int, file: str, name: str) -> int:
    """A line of kilobytes, in bytes; 0 where the process is ending and has it no more."""
    for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) << 10
    return 0
