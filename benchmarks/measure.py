"""A command measured as a whole process: wall time, processor time and peak memory, its children counted in.

The measuring process stays small on purpose: Linux lets a started program inherit the peak of the one that started it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path

PERIOD = 0.1  # seconds between two looks at the processes' memory
MIB = 1 << 20
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Usage:
    """What one run of a command took.

    wall: seconds; cpu: user and system seconds of the process and all its children; peak, child: MiB, the highest resident
    memory of the command itself and of its largest child (0 without one); together: MiB, the highest sum over all of its
    processes at one moment. Memory is looked at every PERIOD, from the kernel's own high-water marks.
    """

    wall: float
    cpu: float
    peak: float
    child: float
    together: float


@dataclass(slots=True)
class _Memory:
    """High-water marks seen so far, in bytes: by process, and of the sum over all processes."""

    marks: dict[int, int] = field(default_factory=dict)
    together: int = 0

    def look(self, root: int) -> None:
        resident = 0
        for pid in _family(root):
            with suppress(OSError):
                resident += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
                self.marks[pid] = max(self.marks.get(pid, 0), _mark(pid))
        self.together = max(self.together, resident)


def measured(command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None) -> Usage:
    """Run `command` in `folder` to its end. Raises RuntimeError with its last words where it fails.

    Exit status 3 is no failure: it is how a run says that it quarantined rows.
    """
    with (folder / "stderr.txt").open("w+b") as errors:
        began = time.monotonic()
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=errors, env={**os.environ, **(environment or {})}
        )
        memory = _Memory()
        while (ended := os.wait4(process.pid, os.WNOHANG))[0] == 0:
            memory.look(process.pid)
            time.sleep(PERIOD)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(ended[1])
        if process.returncode not in (0, 3):
            errors.seek(0)
            raise RuntimeError(
                f"{command}: {process.returncode}\n{errors.read()[-4000:].decode(errors='replace')}"
            )
    return _usage(process.pid, wall, ended[2].ru_utime + ended[2].ru_stime, memory)


def _usage(root: int, wall: float, cpu: float, memory: _Memory) -> Usage:
    own = memory.marks.pop(root, 0)
    child = max(memory.marks.values(), default=0)
    return Usage(wall, cpu, own / MIB, child / MIB, memory.together / MIB)


def median(runs: Sequence[Usage]) -> Usage:
    """Each figure's median over several runs."""
    return Usage(*(statistics.median(getattr(run, each.name) for run in runs) for each in fields(Usage)))


def repeated(times: int, once: Callable[[], Usage]) -> Usage:
    """The median of so many runs."""
    return median([once() for _ in range(times)])


def _family(root: int) -> list[int]:
    """The process and everything that it started, in whichever session."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found = [root]
    for one in found:
        found += [pid for pid, parent in parents.items() if parent == one]
    return found


def _mark(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next((line for line in status.splitlines() if line.startswith("VmHWM")), "VmHWM: 0 kB")
    return int(line.split()[1]) << 10
