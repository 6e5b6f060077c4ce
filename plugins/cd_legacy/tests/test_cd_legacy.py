"""The source cd_legacy keeps everything that a source plugin promises."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

from etl_core.testing import SourceSuite


def halves(table: Path) -> Iterator[tuple[int, list[str]]]:
    """For each record its number and the fields whose last byte begins a character of GBK that does not end there."""
    data = table.read_bytes()
    count, begin, length = struct.unpack_from("<IHH", data, 4)
    fields = [data[at : at + 32] for at in range(32, begin - 1, 32)]
    for number in range(count):
        at, found = begin + number * length + 1, []
        for field in fields:
            if halved(data[at : at + field[16]]):
                found.append(field[:11].rstrip(b"\0").decode())
            at += field[16]
        yield number + 1, found


def halved(cell: bytes) -> bool:
    """Whether GBK text, taken character by character, of one byte below 0x80 and of two above, ends with half a one."""
    at = 0
    while at < len(cell):
        at += 1 if cell[at] < 0x80 else 2
    return at > len(cell)


class TestLegacy(SourceSuite):
    source = "cd_legacy"
    folder = Path(__file__).parent

    def test_the_warnings_that_the_golden_file_omits_are_due_by_the_bytes(self) -> None:
        """Ruling 22: a half character at the end of a full field is dropped, the row loads with the warning text.cut."""
        golden = self.golden()
        loaded = set(golden.stated.filter(outcome="loaded").select("file", "row").rows())
        due = {
            (sample.name, str(number), ";".join(f"text.cut@{name}" for name in sorted(names)))
            for sample in self.samples()
            for number, names in halves(sample)
            if names and (sample.name, str(number)) in loaded
        }
        assert set(golden.omitted.select("file", "row", "warnings").rows()) == due
        assert len(due) > 200
