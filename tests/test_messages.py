from __future__ import annotations

import re
import subprocess
import sys

import pytest

from etl_schemas.enums import ENUMS
from etl_schemas.messages import FAMILIES, catalogue, fields, text
from etl_schemas.reasons import REASONS, Severity, known, severity

# Coordinates, header names, limits and names of software; nothing that could hold a person's data.
PLACEHOLDERS = {
    "says",
    "persons",
    "field",
    "file",
    "other_row",
    "sheet",
    "column",
    "nearest",
    "member",
    "place",
    "other",
    "missing",
    "unknown",
    "page",
    "saved",
    "separator",
    "share",
    "folder",
    "limit",
    "found",
    "expected",
    "source",
    "sources",
    "host",
    "kind",
    "status",
    "row",
    "command",
    *("withdrawn", "standing", "due", "days", "rows", "usual", "count", "codes", "exit_code"),
}
TEXTS = [(section, key, said) for section, keys in catalogue().items() for key, said in keys.items()]
CONTRACT = [
    *("required", "id_number.checksum", "id_number.length", "id_number.damaged"),
    *("date.unparsable", "date.order", "date.future", "hours.unparsable", "hours.range"),
    *("credits.unparsable", "credits.range", "code.unknown", "duplicate.in_delivery"),
    *("row.malformed", "text.undecodable", "id_number.masked", "hours.daily_limit", "division.unknown"),
    *("subject.unknown", "title.unknown", "stage.unknown", "provider.unknown", "text.cut", "sex.conflict"),
    *(
        "unreadable",
        "encrypted",
        "unsafe",
        "schema.missing_column",
        "empty",
        "too_many_errors",
        "not_settled",
    ),
]
SKIPS = [
    *("title", "header", "total", "signature", "note", "blank", "deleted", "hidden_sheet", "other_sheet"),
    *("superseded", "duplicate", "delivery_rejected"),
]


@pytest.mark.parametrize(
    ("section", "key", "said"), TEXTS, ids=lambda part: part if isinstance(part, str) else ""
)
def test_every_text_is_said_in_both_languages_with_the_same_known_placeholders(section, key, said):
    assert set(said) == {"zh", "en"}
    assert re.search(r"[\u4e00-\u9fff]", said["zh"])
    assert re.search(r"[a-z]", said["en"])
    named = [set(re.findall(r"\{(\w*)\}", said[lang])) for lang in ("zh", "en")]
    assert named[0] == named[1] <= PLACEHOLDERS
    for lang in ("zh", "en"):
        assert re.fullmatch(r"(?:[^\[\]{}]|\{\w+\}|\[\[(?:[^\[\]{}]|\{\w+\})+\]\])*", said[lang])


def test_the_contracts_codes_are_all_there_in_its_order():
    assert [code for code in REASONS if code in CONTRACT] == CONTRACT


def test_the_skip_kinds_are_those_of_ruling_6_in_its_order():
    assert list(catalogue()["skip"]) == SKIPS


@pytest.mark.parametrize("code", [code for code in REASONS if code not in FAMILIES])
def test_every_code_is_known_weighs_what_its_section_says_and_leaves_no_mark_in_its_text(code):
    assert known(code)
    assert code in catalogue()[severity(code)]
    assert not re.search(r"[\[\]{}…]", text(code, "both"))


@pytest.mark.parametrize("name", FAMILIES)
def test_a_family_is_known_only_with_a_field_of_the_record(name):
    assert all(known(f"{name}.{field}") and severity(f"{name}.{field}") == "error" for field in fields())
    assert not known(name)
    assert not known(f"{name}.shoe_size")
    assert not known(f"{name}.")


def test_an_unknown_code_has_no_severity():
    with pytest.raises(LookupError, match=r"no such reason code: 'hours\.odd'"):
        severity("hours.odd")


def test_a_severity_is_a_plain_word_with_a_text():
    assert [f"{word}" for word in Severity] == ["error", "warning", "delivery"]
    assert all(text(f"severity.{word}", "both") for word in Severity)


def test_a_familys_text_names_the_field_by_its_title():
    assert text("required.person_name", "zh").startswith("“姓名”没有填写")
    assert text("required.person_name", "en").startswith("The name is empty")
    assert "“培训类别”" in text("code.unknown.level", "zh")


def test_both_languages_stand_beside_each_other():
    assert text("result.loaded", "both") == "已入库｜loaded"
    assert text("skip.total", "zh") == "合计行"
    assert text("field.hours", "en") == "hours"


def test_an_optional_part_is_said_only_when_its_value_is_given():
    assert "（见第 7 行）" in text("duplicate.in_delivery", other_row=7)
    assert "行）" not in text("duplicate.in_delivery")
    assert "；文件里不认识的列：课时数" in text(
        "schema.missing_column", missing="学时 → 课时数？", unknown="课时数"
    )
    assert "不认识" not in text("schema.missing_column", missing="学时", unknown="—")
    assert text("schema.missing_column", sheet="", missing="", unknown="—") == text("schema.missing_column")


def test_a_value_with_braces_is_shown_as_it_is():
    assert "{limit}[[x]]" in text("schema.missing_column", missing="{limit}[[x]]", limit=3)


@pytest.mark.parametrize(
    "key", ["nonsense", "ui", "ui.nonsense", "error.empty", "delivery.empty", "", "required."]
)
def test_an_unknown_key_is_a_lookup_error_that_names_it(key):
    with pytest.raises(LookupError, match=re.escape(repr(key))):
        text(key)


def test_a_language_that_is_not_offered_is_a_lookup_error():
    with pytest.raises(LookupError, match="'fr'"):
        text("empty", "fr")  # type: ignore[arg-type]


def test_every_member_of_every_enum_has_a_chinese_label_of_its_own():
    for members in ENUMS.values():
        labels = [member.label for member in members]
        assert len(set(labels)) == len(labels)
        assert all(re.search(r"[\u4e00-\u9fff]", label) for label in labels)


def test_a_member_is_its_code():
    assert ENUMS["level"](10) == 10
    assert ENUMS["level"](10).label == "国家级"
    assert f"{ENUMS['role']('trainee')}" == "trainee"


def test_enums_messages_and_reasons_load_neither_polars_nor_pandera():
    code = (
        "import sys, etl_schemas.enums, etl_schemas.messages, etl_schemas.reasons as r;"
        "r.severity('required.hours'); etl_schemas.messages.text('required.hours', 'both');"
        "sys.exit(any(name in sys.modules for name in ('polars', 'pandera', 'pandas', 'pydantic')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
