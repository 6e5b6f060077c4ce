from __future__ import annotations

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl_core.expressions import identity

FEMALE = "11010519491231002X"  # the example of GB 11643 itself
BORN = st.dates(date(1900, 1, 1), date(2099, 12, 31))


def check_digit(body: str) -> str:
    """The rule of GB 11643 in plain Python."""
    weights = [2 ** (17 - place) % 11 for place in range(17)]
    return "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11]


def resident(born: date, order: int) -> str:
    body = f"500199{born:%Y%m%d}{order:03d}"
    return body + check_digit(body)


def read(cell: str | None, id_type: str | None = None) -> tuple[object, object, object]:
    kind = None if id_type is None else pl.lit(id_type)
    frame = pl.DataFrame({"cell": [cell]}, schema={"cell": pl.String})
    return frame.select(
        identity.id_number("cell", kind).alias("number"),
        identity.id_fault("cell", kind).alias("fault"),
        identity.masked("cell").alias("masked"),
    ).row(0)


@given(BORN, st.integers(0, 999))
def test_every_right_number_is_kept_without_a_fault(born: date, order: int) -> None:
    number = resident(born, order)
    assert read(number) == (number, None, False)


@given(BORN, st.integers(0, 999), st.integers(1, 10))
def test_every_wrong_check_digit_is_a_checksum_fault(born: date, order: int, shift: int) -> None:
    number = resident(born, order)
    digits = "0123456789X"
    wrong = number[:17] + digits[(digits.index(number[17]) + shift) % 11]
    assert read(wrong) == (None, "id_number.checksum", False)


@given(st.dates(date(1900, 1, 1), date(1999, 12, 31)), st.integers(0, 999))
def test_an_old_number_is_upgraded_with_19_and_the_check_digit(born: date, order: int) -> None:
    number = resident(born, order)
    assert read(number[:6] + number[8:17]) == (number, None, False)


@given(
    st.from_regex(
        r"500199(19|20)[0-9]{2}(02(30|31)|13[0-9]{2}|00[0-9]{2}|0431|[0-9]{2}00)[0-9]{3}", fullmatch=True
    )
)
def test_an_impossible_birth_date_is_a_checksum_fault_though_the_digit_is_right(body: str) -> None:
    assert read(body + check_digit(body)) == (None, "id_number.checksum", False)


@pytest.mark.parametrize(
    "cell",
    [
        "11010519491231002x",
        "11010519491231002Ｘ",
        "11010519491231002Х",
        "11010519491231002х",
        "11010519491231002×",
        "１１０１０５１９４９１２３１００２Ｘ",
        "'11010519491231002X",
        " 110105 19491231　002X\n",
    ],
)
def test_what_hands_and_spreadsheets_do_to_a_number_is_mended(cell: str) -> None:
    assert read(cell) == (FEMALE, None, False)


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ("5.0019E+17", "id_number.damaged"),
        ("5.00196198108058E+17", "id_number.damaged"),
        ("9.9999e+99", "id_number.damaged"),
        ("500199199003070000.0", "id_number.damaged"),
        ("500199199003", "id_number.length"),
        ("5001991990030700011", "id_number.length"),
        ("50019919900307000X1", "id_number.length"),
        ("E51870385", "id_number.length"),
        ("500199190٠0431000X", "id_number.checksum"),
        ("50019919900307A00X", "id_number.checksum"),
        ("500199900231001", "id_number.checksum"),
        ("50019919900307000X", "id_number.checksum"),
        ("", None),
        ("'", None),
        (None, None),
    ],
)
def test_a_fault_is_named_by_its_gravest_reason(cell: str | None, fault: str | None) -> None:
    assert read(cell) == (None, fault, False)


def test_a_whole_number_written_as_a_float_is_still_exact_with_15_digits() -> None:
    assert read("500199900307001.0")[1:] == (None, False)


@given(st.text(st.sampled_from("0123456789Xx×Х*.E+' 　٣四"), max_size=20))
def test_no_text_makes_the_reading_fail(cell: str) -> None:
    number, fault, masked = read(cell)
    assert number is None or (fault is None and not masked)


@pytest.mark.parametrize(
    "cell", ["5001**********4111", "500199********002X", "500199＊＊＊＊＊＊＊＊0021", "511XXXXXXXXXXX1234"]
)
def test_a_masked_number_is_neither_kept_nor_at_fault(cell: str) -> None:
    assert read(cell) == (None, None, True)
    assert read(cell, "passport") == (None, None, True)


@pytest.mark.parametrize(
    ("cell", "so"),
    [
        (FEMALE, True), (FEMALE.lower(), True), (f" '{FEMALE}", True), ("110105194912310021", True),
        ("110105491231002", True), ("110***********0021", True), ("5.00199E+17", True), ("500199198001010000.0", True),
        (None, False), ("", False), ("13812345678", False), ("138****5678", False), ("110105194913310021", False),
        ("2023-09-01", False), ("姓名110105194912310021", False), ("1.5E+05", False), ("91500000202803177B", False),
    ],
)  # fmt: skip
def test_a_cell_looks_like_a_resident_number_by_its_shape_and_birth_date(cell: str | None, so: bool) -> None:
    frame = pl.DataFrame({"cell": [cell]}, schema={"cell": pl.String})
    assert frame.select(identity.like("cell")).item() is so


def test_an_x_is_no_mask() -> None:
    assert read(FEMALE)[2] is False


@pytest.mark.parametrize("kind", ["passport", "hk_macao_permit", "other"])
def test_other_documents_are_only_cleaned_and_never_at_fault(kind: str) -> None:
    assert read(" ｈ2811086591 ", kind) == ("H2811086591", None, False)


def test_each_row_is_judged_by_its_own_type_of_document() -> None:
    frame = pl.DataFrame({"number": ["E51870385", "E51870385"], "kind": ["passport", "resident_id"]})
    out = frame.select(
        number=identity.id_number("number", pl.col("kind")), fault=identity.id_fault("number", pl.col("kind"))
    )
    assert out.rows() == [("E51870385", None), (None, "id_number.length")]


@given(BORN, st.integers(0, 999))
def test_the_17th_digit_tells_the_sex(born: date, order: int) -> None:
    frame = pl.DataFrame({"number": [resident(born, order)]}).select(identity.sex_of("number"))
    assert frame.item() == (1 if order % 2 else 2)
    assert frame.dtypes == [pl.Int16]


def test_a_passport_tells_no_sex() -> None:
    assert pl.DataFrame({"number": ["E51870385", None]}).select(identity.sex_of("number"))[
        "number"
    ].to_list() == [None, None]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("男", 1),
        ("女 ", 2),
        ("'男", 1),
        ("1", 1),
        ("２", 2),
        ("未知", 0),
        ("未说明", 9),
        ("M", None),
        (None, None),
    ],
)
def test_a_stated_sex_is_read_by_the_national_standard(cell: str | None, expected: int | None) -> None:
    assert (
        pl.DataFrame({"cell": [cell]}, schema={"cell": pl.String}).select(identity.sex("cell")).item()
        == expected
    )
