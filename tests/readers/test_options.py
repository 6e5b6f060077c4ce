from __future__ import annotations

import pytest

from etl_core.readers import ReadOptions


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
