from __future__ import annotations

import pytest

from etl_schemas.dictionary import BEGIN, END, README, dictionary, main, spliced
from etl_schemas.enums import ENUMS
from etl_schemas.reasons import REASONS
from etl_schemas.training import FIELDS


def test_the_readme_says_exactly_what_the_models_say():
    said = README.read_text(encoding="utf-8")
    assert said == spliced(said), "run: python -m etl_schemas.dictionary"


def test_every_field_code_and_reason_has_its_line():
    lines = dictionary().splitlines()
    for name in (*FIELDS, *ENUMS, *REASONS):
        assert any(line.startswith((f"| `{name}` |", f"| `{name}.FIELD` |")) for line in lines), name
    for members in ENUMS.values():
        assert all(any(f"`{member.value}` {member.label}" in line for line in lines) for member in members)


def test_every_row_of_a_table_has_as_many_cells_as_its_head():
    width = 0
    for line in dictionary().replace("\\|", "").splitlines():
        cells = line.count("|")
        width = (width or cells) if line.startswith("|") else 0
        assert not line.startswith("|") or cells == width


def test_a_readme_without_its_marks_is_refused():
    with pytest.raises(ValueError, match="marks"):
        spliced("# 数据字典\n")


def test_the_command_puts_the_dictionary_between_the_marks_and_leaves_the_rest(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    main(readme)
    assert readme.read_text(encoding="utf-8") == f"before\n{BEGIN}\n\n{dictionary()}\n{END}\nafter\n"
