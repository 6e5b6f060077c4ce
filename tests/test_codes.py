"""A plugin's own words."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl_core.codes import codes


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An importable package without a codes.csv yet."""
    folder = tmp_path / "fake_words"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    codes.cache_clear()
    yield folder
    sys.modules.pop("fake_words", None)


def test_words_are_told_by_field(package: Path) -> None:
    text = 'field,word,value,note\nrole,学员,trainee,\nrole,"专家,外聘",expert,列\nlevel,市级,20,\n'
    (package / "codes.csv").write_text(text, encoding="utf-8")
    assert codes("fake_words") == {
        "role": {"学员": "trainee", "专家,外聘": "expert"},
        "level": {"市级": "20"},
    }


def test_a_word_without_a_value_is_unknown_and_its_field_is_there(package: Path) -> None:
    text = "field,word,value,note\nlevel,片区级,,待定\n"
    (package / "codes.csv").write_text(text, encoding="utf-8")
    assert codes("fake_words") == {"level": {}}


def test_a_package_without_words_is_told_as_a_missing_file(package: Path) -> None:
    with pytest.raises(FileNotFoundError):
        codes("fake_words")


@pytest.mark.parametrize(
    "source",
    [
        "cd_legacy",
        "cq_beibei",
        "cq_shipei",
        "cq_shizhu",
        "cq_tongliang",
        "guopei_vendor",
        "moe_template",
        "sc_credit",
        "suitong",
        "swu_guopei",
    ],
)
def test_no_word_of_an_installed_plugin_is_mapped_twice(source: str) -> None:
    package = f"etl_source_{source}"
    file = Path(__file__).resolve().parents[1] / "plugins" / source / "src" / package / "codes.csv"
    lines = len(file.read_text(encoding="utf-8").splitlines()) - 1
    assert sum(map(len, codes(package).values())) == lines
