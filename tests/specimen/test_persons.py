from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.expressions import identity
from etl_core.specimen import persons

HAN = st.text("张王李欧阳娜扎买买提古丽建国", min_size=2, max_size=5)
ORDER = st.integers(0, 1500)
BODY = st.tuples(st.sampled_from(["500199", "519999"]), st.dates(), st.integers(0, 999)).map(
    lambda told: f"{told[0]}{told[1]:%Y%m%d}{told[2]:03}".zfill(17)
)


def fault(number: str) -> str | None:
    return pl.DataFrame({"n": [number]}).select(identity.id_fault("n")).item()


@given(HAN, ORDER)
def test_a_name_becomes_another_one_of_as_many_characters(text, order):
    made = persons.name(text, order)
    assert len(made) == len(text)
    assert made != text or order < len(text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [("张　三", "　"), ("买买提·古丽", "·"), ("李静（大）", "（大）"), ("王 娜 (男)", "(男)")],
)
def test_blanks_interpuncts_and_what_tells_namesakes_apart_stay(text, kept):
    made = persons.name(text, 7)
    assert kept in made
    assert len(made) == len(text)


def test_whatever_else_stands_in_brackets_goes():
    assert "调出" not in persons.name("李静（调出）", 3)


@pytest.mark.parametrize("length", [2, 3, 4])
def test_different_persons_get_different_names(length):
    assert len({persons.name("字" * length, order) for order in range(1500)}) == 1500


@given(BODY, ORDER)
def test_a_right_number_becomes_a_right_one_of_an_area_that_never_was_with_the_same_sex(body, order):
    number = body + persons.check_digit(body)
    made = persons.number(number, order)
    assert made.startswith(persons.AREA)
    assert fault(made) is None
    assert (made[-1] == "X") == (number[-1] == "X")
    assert int(made[16]) % 2 == int(number[16]) % 2


@given(BODY, ORDER, st.integers(1, 9))
def test_a_wrong_check_digit_becomes_a_wrong_one(body, order, more):
    right = persons.check_digit(body)
    wrong = str((int(right) + more) % 10) if right != "X" else str(more)
    assert fault(persons.number(body + wrong, order)) == "id_number.checksum"


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("5001**********1234", "9999**********9999"),
        ("5.00199E+17", "9.99999E+99"),
        ("'500199198001010016", "'999999999999999999"),
        ("50019919800101001x", "99999999999999999x"),
        ("50019919800101001Х", "99999999999999999Х"),
        ("５００１９９198001010", "９９９９９９999999999"),
        ("500199 19800101 0016", "999999 99999999 9999"),
        ("E12345678", "E99999999"),
        ("5001991980", "9999999999"),
    ],
)
def test_a_number_keeps_its_length_its_faults_and_the_way_it_is_written(text, shape):
    made = persons.number(text, 12)
    assert len(made) == len(text)
    assert (
        "".join("９" if "０" <= char <= "９" else "9" if char.isdigit() else char for char in made) == shape
    )
    digits = [char for char in made if char.isdigit()]
    assert digits != [char for char in text if char.isdigit()]


def test_numbers_of_the_agency_stay_as_many_and_as_different():
    made = {persons.counted("GP-2023-01", order) for order in range(2000)}
    assert len(made) == 2000
    assert all(each.startswith("GP-") for each in made)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("贾莹霞", True), ("张 三", True), ("市级", False), ("片区级", False), ("考察", False)],
)
def test_a_text_that_looks_like_a_name_is_told(text, is_one):
    assert persons.personal(text) is is_one
