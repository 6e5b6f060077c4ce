from __future__ import annotations

import pytest

from etl_core.readers import ReadOptions
from etl_core.readers.options import FixedWidth


@pytest.mark.parametrize("delimiter", ["", ",,", "，", '"', "\n", "x", "0"])
def test_what_cannot_stand_between_fields_is_no_delimiter(delimiter):
    with pytest.raises(ValueError, match="delimiter"):
        ReadOptions(delimiter=delimiter)


@pytest.mark.parametrize("record", ["", "a b", "a:b", "{u}a", "a/b", "1a", "<a>"])
def test_what_cannot_be_the_local_name_of_an_element_is_no_record(record):
    with pytest.raises(ValueError, match="record"):
        ReadOptions(record=record)


def test_an_unknown_codec_is_refused_before_anything_is_read():
    with pytest.raises(LookupError):
        ReadOptions(encoding="gb99999")


@pytest.mark.parametrize(
    "layout",
    [
        {"fields": ()},
        {"fields": (("a", 0),)},
        {"fields": (("", 1),)},
        {"fields": (("a", 1), ("a", 2))},
        {"fields": (("a", 1),), "header": -1},
        {"fields": (("a", 1),), "spare": 1},
    ],
)
def test_what_cannot_be_the_layout_of_a_line_is_none(layout):
    with pytest.raises(ValueError, match=r"fields|width|header"):
        FixedWidth(**layout)


def test_a_fixed_width_text_has_line_ends_of_one_byte():
    with pytest.raises(ValueError, match="encoding"):
        ReadOptions("utf-16-le", fixed=FixedWidth((("a", 1),)))
