"""In the place of a pool of children: their answers, as they were recorded."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from etl_core import protocol
from etl_core.errors import DeliveryError
from etl_core.pool import Told
from etl_core.protocol import Claimed, Done, Failed, Job, Ready
from etl_core.records import Prepared


@dataclass(frozen=True, slots=True)
class Played:
    """The answers about one delivery."""

    content: bytes

    def __iter__(self) -> Iterator[Told]:
        for answer in decoded(self.content):
            if isinstance(answer, Failed):
                raise DeliveryError(answer.code, **{**answer.detail, "source": answer.source or ""})
            assert isinstance(answer, Claimed | Prepared | Done)
            yield answer

    def drop(self) -> None:
        """Nothing is going on that would have to end."""


@dataclass(frozen=True, slots=True)
class Tape:
    """A folder of recorded answers, read before the first point."""

    answers: dict[str, bytes]
    told: Ready

    @classmethod
    def of(cls, folder: Path) -> Self:
        answers = {path.name.removesuffix(".answers"): path.read_bytes() for path in folder.glob("*.answers")}
        (told,) = decoded((folder / "ready").read_bytes())
        assert isinstance(told, Ready)
        return cls(answers, told)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...

    @property
    def size(self) -> int:
        return 1

    def ready(self) -> Ready:
        return self.told

    def submit(self, job: Job, held: int = 0) -> Played:
        return Played(self.answers[job.name])


def decoded(content: bytes) -> Iterator[protocol.Answer]:
    file = io.BytesIO(content)
    while line := file.readline():
        yield protocol.decode(line, file.read)
