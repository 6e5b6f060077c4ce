"""Reading is a pure function: the same bytes give the same answer, and nothing but the answer is changed."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from etl_core.testing import changes, forms
from etl_core.testing.bench import Told, bench
from etl_core.testing.fresh import digest, script
from etl_core.testing.shaped import Shaped, Variant
from etl_core.testing.state import Watched, state, watching

# What a source may not ask: the clock, chance, and the machine.
ASKING = {
    "date.today", "datetime.now", "datetime.today", "datetime.utcnow", "time.time", "time.localtime", "os.environ", "os.getenv",
    "os.getcwd", "Path.cwd", "Path.home", "uuid.uuid1", "uuid.uuid4", "socket.gethostname", "input", "print",
}  # fmt: skip
ASKED = {"random", "secrets", "socket", "subprocess", "threading", "urllib", "requests", "httpx", "locale"}

# As far from this machine's own as possible.
ODD = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "LANG": "C", "PYTHONHASHSEED": "4242", "COLUMNS": "20"}


def asking(code: str) -> list[str]:
    """Lines of a module on which it asks the clock, chance or the machine, with what they ask."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Attribute | ast.Name) and _called(node) in ASKING:
            found.append(f"{node.lineno}: {_called(node)}")
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        found += [f"{node.lineno}: {name}" for name in names if name.partition(".")[0] in ASKED]  # type: ignore[attr-defined]
    return found


def _called(node: ast.expr) -> str:
    """«date.today» of `datetime.date.today`; a bare name by itself."""
    if isinstance(node, ast.Attribute):
        return f"{_called(node.value).rpartition('.')[2]}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


class Purity(Shaped):
    """A plugin interprets: it opens nothing, asks nobody, prints nothing, remembers nothing and leaves everything as it was."""

    def test_reading_opens_no_file_for_writing_and_changes_none(self) -> None:
        """Nor makes, renames or removes one, nor a folder; an audit hook of the interpreter watches. The few records as text."""
        assert [event for event in self._watched() if event.kind == "file"] == []

    def test_reading_asks_no_network_and_starts_no_process(self) -> None:
        """No socket, no name server, no program (contract §5: cells stay on this machine). Watched as above."""
        assert [event for event in self._watched() if event.kind in ("network", "process")] == []

    def test_reading_prints_nothing(self, capfd: pytest.CaptureFixture[str]) -> None:
        """Neither to the output nor to the errors of the process: what is printed there is nobody's secret any more."""
        self._afresh()
        assert tuple(map(len, capfd.readouterr())) == (0, 0)

    def test_reading_leaves_the_process_as_it_was(self) -> None:
        """Folder, environment, locale, time zone, signals, warnings, chance, decimals, search path, limits (testing/state.py)."""
        before = state()
        self._afresh()
        after = state()
        assert [name for name in before if before[name] != after[name]] == []

    def test_reading_leaves_the_declaration_as_it_was(self) -> None:
        """Codes, expressions and headers of the source are the same after reading as before."""
        before = repr(self.declared())
        self._afresh()
        assert repr(self.declared()) == before

    def test_a_fresh_process_in_another_place_and_time_zone_gives_the_same_answer(
        self, tmp_path: Path
    ) -> None:
        """Another folder, time zone, locale and hash seed; nothing imported or read before. The few records as text."""
        path = self._file()
        environment = {**os.environ, **ODD}
        done = subprocess.run(  # noqa: S603  # ourselves
            [sys.executable, "-c", script(self.job(path))],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        assert done.stdout.strip() == digest(self.told(path))

    def test_what_was_read_before_decides_nothing(self) -> None:
        """All samples forwards and backwards, and the few records between them: a source remembers no file."""
        usual = digest(self._afresh())
        for sample in (*self.samples(), *reversed(self.samples())):
            job = self.job(sample)
            for _ in zip(range(2), bench().stream(job), strict=False):
                pass
            assert digest(self._afresh()) == usual, sample.name

    def test_a_place_is_told_by_name_and_title_alone(self) -> None:
        """Asked twice the answer is the same; a name that says nothing gives no place and no error (ruling 75)."""
        place = self.declared().place
        for name, above in self._names():
            assert place(name, above) == place(name, above)
        for name in ("", "x", "新建文件夹", "2023", "0000年00月", "a" * 1_000, "_99999999.", "\0"):
            found = place(name, "")
            assert found is None or found == place(name, "")

    def test_the_plugins_code_asks_neither_clock_nor_chance_nor_the_machine(self) -> None:
        """A date that is «today» gives another record tomorrow: the delivery's own date is the only one (ruling 42)."""
        found = {path.name: asking(path.read_text(encoding="utf-8")) for path in self.code()}
        assert found
        assert {name: lines for name, lines in found.items() if lines} == {}

    @classmethod
    def code(cls) -> list[Path]:
        """The modules of the plugin."""
        module = import_module(cls.package())
        assert module.__file__
        path = Path(module.__file__)
        return sorted(path.parent.rglob("*.py")) if path.name == "__init__.py" else [path]

    def _file(self) -> Path:
        return self.written(Variant("usual", changes.unchanged, forms.text(self.declared().read.delimiter)))

    def _afresh(self) -> Told:
        return bench().afresh(self.job(self._file()))

    def _watched(self) -> list[Watched]:
        """What the interpreter did while the few records were read, with everything imported that is needed for that."""
        job = self.job(self._file())
        bench().afresh(job)
        with watching() as events:
            bench().afresh(job)
        return events

    def _names(self) -> Iterator[tuple[str, str]]:
        for sample in self.samples():
            yield sample.name, ""
            yield sample.name, self.short().sheet.table.told
