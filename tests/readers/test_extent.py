from __future__ import annotations

import pytest

from etl_core.errors import DeliveryError
from etl_core.readers.extent import Extent


def sheet(*places: str) -> bytes:
    return b"<sheetData>" + b"".join(b'<c r="%s" t="n"><v>1</v></c>' % place.encode() for place in places)


@pytest.mark.parametrize("places", [("A1", "Z99999"), ("A1", "XFD400"), ("BH1", "A1048576")])
def test_what_people_make_is_within_bounds(places):
    Extent().see(sheet(*places))


@pytest.mark.parametrize("size", [1 << 20, 40])
@pytest.mark.parametrize("places", [("A1", "XFD1048576"), ("ZZ1", "A1048576"), ("A1048576", "XFD1")])
def test_cells_in_far_corners_are_unsafe_however_the_pieces_fall(places, size):
    extent = Extent()
    data = sheet(*places)
    with pytest.raises(DeliveryError) as caught:
        for at in range(0, len(data), size):
            extent.see(data[at : at + size])
    assert caught.value.code == "unsafe"


def test_cells_without_a_value_do_not_count():
    Extent().see(sheet("A1") + b'<row r="1048576" spans="1:16384"><c r="XFD1048576" s="3"/></row>')
