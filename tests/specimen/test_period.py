from __future__ import annotations

import pytest

from etl_core.seen import Period
from etl_core.specimen.period import period, titled


def test_a_look_tells_the_period_with_its_words_and_what_a_person_may_say_of_it():
    assert period("某县2024上教师登记.csv", "") == Period(("year", "half"), "name", "2024", "2024", ("上",))
    assert period("台账.xls", "某区2023年下半年台账") == Period(
        ("half",), "title", "2023年下半年", "2023下半年"
    )
    assert period("台账.xls", "") is None


@pytest.mark.parametrize(
    ("above", "told"),
    [
        ("研修时间：2023.3.6-7.14", ("研修时间", "2023.3.6-7.14")),
        ("研修时间：另行通知", ("", "")),
        ("填表时间：2023.7.20", ("", "")),
    ],
)
def test_dates_of_all_rows_stand_behind_their_label(above, told):
    assert titled(above) == told
