"""What the service of a night may see and write; systemd keeps the rest of the machine from it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from etl_core import config as configuration
from etl_core.config import Config

HOMES = (Path("/home"), Path("/root"), Path("/run/user"))  # what ProtectHome hides
TEMPORARY = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108  # what PrivateTmp hides


@dataclass(frozen=True, slots=True)
class Reach:
    """homes, temporary: whether something needed lies where systemd would hide it. Nothing in `readable` is written."""

    readable: tuple[Path, ...]
    writable: tuple[Path, ...]
    homes: bool
    temporary: bool

    @property
    def missing(self) -> tuple[Path, ...]:
        """Writable folders that are not there yet: systemd starts no service without them, and none could make them."""
        return tuple(path for path in self.writable if not os.path.exists(path))  # noqa: PTH110  # see places.py


def reach(chosen: Config, config: Path, user: str, credential: bool) -> Reach:
    """The reach of `etl run` for a user; with a `credential` systemd hands over the key, which nobody can make then."""
    written = configuration.written(chosen)
    own = {name for name, alien in (("work", chosen.work is None), ("key_file", credential)) if alien}
    writable = [path for name, path in written.items() if name not in own]
    program = (Path(sys.executable), Path(sys.executable).resolve(), Path(__file__), config.resolve())
    needed = [*writable, *configuration.consulted(chosen).values(), *program, *_home(chosen, user)]
    temporary = _within(needed, TEMPORARY)
    if temporary and chosen.work is None:
        writable.append(TEMPORARY[0])
    key = () if credential or "key_file" in written else (chosen.key_file,)
    return Reach((*chosen.inbox, *key), tuple(_outer(writable)), _within(needed, HOMES), temporary)


def _outer(folders: Iterable[Path]) -> Iterator[Path]:
    """The folders that lie in none of the others: what is writable is so with all that is in it."""
    last: Path | None = None
    for folder in sorted(set(folders)):
        if last is None or not folder.is_relative_to(last):
            yield folder
            last = folder


def _home(chosen: Config, user: str) -> Iterator[Path]:
    """The home of the user, where the driver of PostgreSQL looks for its password and SSH for the keys of its hosts."""
    servers = [chosen.warehouse.url, *(pull.sql.url for pull in chosen.pulls.values() if pull.sql)]
    asked = any("postgresql" in url.get_secret_value() for url in servers)
    home = Path(os.path.expanduser(f"~{user}"))  # noqa: PTH111  # Path's raises for a user that is not there yet
    if home.is_absolute() and (asked or any(pull.remote for pull in chosen.pulls.values())):
        yield home


def _within(paths: Iterable[Path], folders: Iterable[Path]) -> bool:
    return any(path.is_relative_to(folder) for path in paths for folder in folders)
