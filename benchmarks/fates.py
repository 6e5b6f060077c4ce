"""What each peer does with a defective row, as it was found out once, and proven in every run by questions to what it left."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from benchmarks.cells import DEFECTS
from benchmarks.databases import Ask
from benchmarks.inputs import Delivery
from benchmarks.words import FIELDS

Fate = Literal["kept", "dropped", "cell lost"]
ODD_MODE = "考察"


@dataclass(frozen=True, slots=True)
class Left:
    """What a job left: rows, and those without a name, with an unknown mode, without hours, and with a key that another has."""

    rows: int
    nameless: int
    odd: int
    hourless: int
    copies: int


def expected(delivery: Delivery, fates: Mapping[str, Fate]) -> Left:
    """What must be left, given each defect's fate; a defect that is not named is kept."""
    count = counts(delivery)

    def of(defect: str, fate: Fate) -> int:
        return count[defect] if fates.get(defect, "kept") == fate else 0

    return Left(
        rows=delivery.rows - sum(of(defect, "dropped") for defect in DEFECTS),
        nameless=of("required.person_name", "kept"),
        odd=of("code.unknown.mode", "kept"),
        hourless=of("hours.unparsable", "cell lost"),
        copies=of("repeat", "kept") + of("duplicate.in_delivery", "kept"),
    )


def counts(delivery: Delivery) -> dict[str, int]:
    """Rows by defect."""
    repeats = delivery.truth["skipped"] - delivery.files
    return {defect: delivery.truth.get(defect, 0) for defect in DEFECTS} | {"repeat": repeats}


def asked(ask: Ask, names: tuple[str, ...] = FIELDS) -> Left:
    """What the table `record` holds; `names` are its columns in the order of the delivery's."""
    name, mode, hours, key = (
        names[FIELDS.index(field)] for field in ("person_name", "mode_detail", "hours", "agency_record_id")
    )
    found = ask(
        f"""select count(*), count(case when coalesce("{name}", '') = '' then 1 end),"""
        f""" count(case when "{mode}" = '{ODD_MODE}' then 1 end), count(*) - count("{hours}"),"""
        f""" count(*) - count(distinct "{key}") from record"""
    )
    return Left(*found[0])


def written(file: Path) -> Left:
    """The same of lines of JSON."""
    nameless = odd = hourless = rows = 0
    keys = set()
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            rows += 1
            nameless += not row.get("person_name")
            odd += row.get("mode_detail") == ODD_MODE
            hourless += not row.get("hours")
            keys.add(row["agency_record_id"])
    return Left(rows, nameless, odd, hourless, rows - len(keys))


def proven(found: Left, delivery: Delivery, fates: Mapping[str, Fate]) -> None:
    """Raises RuntimeError where something else is left than must be."""
    if found != (wanted := expected(delivery, fates)):
        raise RuntimeError(f"{found} was left, {wanted} is right")


FLOOR: dict[str, Fate] = {"hours.unparsable": "cell lost"}
ROWWISE: dict[str, Fate] = {
    defect: "dropped" for defect in DEFECTS if defect not in ("repeat", "duplicate.in_delivery")
}
MOVER: dict[str, Fate] = {
    "hours.unparsable": "dropped",
    "code.unknown.mode": "dropped",
    "required.person_name": "dropped",
    "row.malformed": "dropped",
}
