from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.masking import identity, masked, scrubbed, shown, starlike, starred, word


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("519999199001011234", "519***********1234"),
        ("51999919900101123X", "519***********123X"),
        ("51999919900101123x，再核对", "519***********123x，再核对"),
        ("519999900101123", "519********1123"),
        ("5 1999919900101 1234", "519***********1234"),
        ("５１９９９９１９９００１０１１２３４", "５１９***********１２３４"),
        ("51999919900101123", "519**********1123"),
        ("5199991990010112345", "519************2345"),
        ("2023-09-01至2023-09-05", "2023-09-01至2023-09-05"),
        ("20230901-20230905", "20230901-20230905"),
        ("13900001111", "13900001111"),
        ("5001990012", "5001990012"),
    ],
)
def test_what_looks_like_an_id_number_loses_its_middle_and_nothing_else_does(text, shown):
    assert masked(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [("E12345678", "E******78"), ("123", "***"), ("", ""), ("519999199001011234", "519***********1234")],
)
def test_an_id_column_is_masked_whatever_its_text(text, shown):
    assert starred(text) == shown


@pytest.mark.parametrize("header", ["*教师身份证件类型", "身份证件种类", "证件类型", "证书编号"])
def test_the_kind_of_a_document_is_no_number_and_stays_readable(header):
    assert not identity(header)


@pytest.mark.parametrize("header", ["身份证号码", "*教师身份证号", "证件号码", "证件号"])
def test_id_columns_are_known_by_their_headers(header):
    assert identity(header)
    assert not identity("学时")


@given(st.text(max_size=20), st.from_regex(r"\A[1-9]\d{16}[\dX]\Z"), st.text(max_size=20))
def test_no_number_survives_in_any_text(before, number, after):
    assert number not in masked(before + number + after)
    assert number not in scrubbed(before + number + after)


def test_the_log_loses_mobile_numbers_too():
    assert scrubbed('{"file": "张_13900001111.csv"}') == '{"file": "张_***.csv"}'


def test_a_word_is_kept_without_any_number_of_a_person_and_not_at_any_length():
    assert word("基本可以") == "基本可以"
    assert word("500199198001010015") == "500***********0015"
    assert word("电话13812345678") == "电话***"
    assert word("长" * 100) == "长" * 60 + "…"


def test_a_cell_of_an_identity_column_is_starred_whatever_it_looks_like():
    assert shown("E12345678", number=True) == "E******78"
    assert shown("E12345678", number=False) == "E12345678"
    assert shown(shown("500199198001010015", number=True), number=True) == "500***********0015"


def test_a_starred_number_is_known_by_its_look():
    assert starlike("500***********0015")
    assert not starlike("优***")
    assert not starlike("500199198001010015")
