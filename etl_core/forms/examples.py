"""Examples of cells, tried until the source has nothing to say against them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from etl_core.forms.sheet import Slot
from etl_core.forms.trial import Trial

# By reason code: what a cell looks like that has such a check. The number's area code was never assigned, so it is nobody's.
_BY_CODE = {
    "id_number.checksum": ("500199199001010013",),
    "date.order": ("2024-05-06至2024-05-10", "2024-05-10"),
    "date.future": ("2024-05-06",),
    "date.unparsable": ("2024-05-06", "2024", "2023-2024年度", "2024/05/10 12:30:00"),
    "hours.unparsable": ("24", "1080"),
    "credits.unparsable": ("2",),
    "code.unknown.score": ("92.5",),
    "division.unknown": ("北碚区", "锦江区", "500109"),
}
# By unified field: what nothing is asked of but that it be there.
_BY_FIELD = {
    "person_name": "王小明",
    "employer_name": "某某区实验小学",
    "employer_code": "3150000001",
    "project_code": "PX2024-001",
    "project_name": "2024年义务教育新课标研修",
    "class_name": "小学语文一班",
    "provider_name": "西南大学",
    "certificate_no": "ZS2024000001",
    "agency_record_id": "2024000001",
}
# By unified field: the words that read best in an example, where they are on the list.
_USUAL = {
    "stage": "小学",
    "title": "一级",
    "result": "合格",
    "mode": "2",
    "role": "学员",
    "employer_division": "北碚区",
}
ROUNDS = 4  # of trying; more candidates than that no column has


def examples(
    slots: Sequence[Slot],
    codes: Mapping[str, Sequence[str]],
    unified: Mapping[str, Sequence[str]],
    words: Mapping[str, Sequence[str]],
    trial: Trial,
) -> dict[str, str]:
    """A faultless row by Slot.field; columns that may be missing are left empty, and so are those for which nothing was found."""
    wanted = [slot for slot in slots if slot.name and not slot.origin.optional]
    ways = {
        slot.field: tuple(
            dict.fromkeys(_candidates(slot, codes[slot.name], unified[slot.name], words.get(slot.name, ())))
        )
        for slot in wanted
    }
    at = dict.fromkeys(ways, 0)
    row: dict[str, str] = {}
    for _ in range(ROUNDS):
        row = {field: some[at[field]] for field, some in ways.items() if at[field] < len(some)}
        (faults,) = trial.faults([row])
        wrong = {fault.column for fault in faults}
        if not wrong:
            return row
        for slot in wanted:
            at[slot.field] += slot.header in wrong
    return row


def _candidates(
    slot: Slot, codes: Iterable[str], unified: Iterable[str], words: Sequence[str]
) -> Iterable[str]:
    if slot.origin.example:
        yield slot.origin.example
    yield from (_USUAL[field] for field in unified if _USUAL.get(field) in words)
    yield from words[:3]
    for code, some in _BY_CODE.items():
        if code in codes:
            yield from some
    yield from (_BY_FIELD[field] for field in unified if field in _BY_FIELD)
