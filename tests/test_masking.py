from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.masking import identity, masked, plain, scrubbed, shown, starlike, starred, word


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
    ("name", "shown"),
    [
        ("张三身份证519999199001011234.csv", "张三身份证519***********1234.csv"),
        ("51999919900101123X.xlsx", "519***********123X.xlsx"),
        ("519999900101123.xlsx", "519********1123.xlsx"),
        ("519999 19900101 1234.csv", "519***********1234.csv"),
        ("519999 900101 123.csv", "519********1123.csv"),
        ("20230901 519999 19900101 123X.csv", "20230901 519***********123X.csv"),
        ("519999\u200b199001011234", "519***********1234"),
        ("５１９９９９１９９００１０１１２３４", "５１９***********１２３４"),
        ("2023 20230901 519999199001011234 13800005678", "2023 20230901 519***********1234 138******78"),
        ("8613800005678_13900001111", "86138******78_139******11"),
    ],
)
def test_a_name_loses_the_numbers_of_persons_and_keeps_its_days(name, shown):
    assert plain(name) == shown
    assert plain(shown) == shown


@pytest.mark.parametrize(
    "name",
    [
        "20231225153000.csv",
        "20231225153000123.csv",
        "20231225153000123 20231226.csv",
        "2023090120231231.csv",
        "2023 09 01 2023 12 31 3.csv",
        "20230901 20230930 12.csv",
        "510100 20230901 0001.csv",
        "236654321_按文本_160_160.xlsx",
        "5001990012_2023年春.csv",
    ],
)
def test_a_name_of_days_times_and_counts_stays_as_it_is(name):
    assert plain(name) == name


NUMBERS = st.from_regex(r"\A(1[1-5]|[3-6]\d)\d{4}19\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d)\d{3}[\dX]\Z")


@given(st.text(max_size=20), NUMBERS, st.text(max_size=20), st.integers(0, 3))
def test_no_number_survives_in_any_name(before, number, after, blanks):
    assert number not in plain(before + number + after)
    blank = " " * blanks
    parted = blank.join((number[:6], number[6:14], number[14:]))
    assert parted not in plain(f"{before}_{parted}_{after}")


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
