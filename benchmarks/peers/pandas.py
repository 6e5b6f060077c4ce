"""pandas and pandera: the file as one frame, a model with the same promises judged lazily, faulty rows dropped, `to_sql`.

pandera names every failed check with its row and cell; `main` drops the rows and keeps nothing of that. pandas leaves out a
row with a field too many before anybody judges it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from benchmarks.words import FIELDS

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
MODES = ["集中面授", "混合式", "工作坊研修", "网络研修", "名校跟岗"]
RESULTS = ["优秀", "合格", "不合格", "缺考"]
KINDS = ["居民身份证", "护照", "港澳居民来往内地通行证"]
STAGES = ["学前", "小学", "初中", "高中"]
DAY = r"\d{4}-\d{2}-\d{2}"


def right(numbers: Any) -> Any:
    """Whether the last character is the check digit (GB 11643), column by column."""
    digits = [numbers.str[at].where(numbers.str[at].str.isdigit()).astype("float") for at in range(17)]
    total = sum(weight * digit for weight, digit in zip(WEIGHTS, digits, strict=True))
    return (total % 11).map(dict(enumerate("10X98765432"))) == numbers.str[17]


def contract() -> Any:
    """The promises of the format, field by field, as the raw and the unified contract make them."""
    import pandas as pd
    import pandera.pandas as pa

    filled, whole = pa.Check.str_length(min_value=1), pa.Check.str_matches(r"^\d+$")
    day = pa.Check(lambda cells: pd.to_datetime(cells, format="%Y-%m-%d", errors="coerce").notna())

    def number(low: int, high: int, empty: bool = False) -> Any:
        def within(cells: Any) -> Any:
            read = pd.to_numeric(cells, errors="coerce").between(low, high)
            return read | (cells == "") if empty else read

        return pa.Check(within)

    columns = {name: [] for name in FIELDS}
    columns |= {
        "project_name": [filled],
        "agency_record_id": [filled],
        "person_name": [filled, pa.Check.str_length(max_value=100)],
        "id_type": [filled, pa.Check.isin(KINDS)],
        "id_number": [
            filled,
            pa.Check.str_length(18, 18),
            pa.Check.str_matches(r"^\d{17}[\dX]$"),
            pa.Check(right),
        ],
        "stage": [pa.Check.isin(STAGES)],
        "mode_detail": [filled, pa.Check.isin(MODES)],
        "start_date": [filled, pa.Check.str_matches(DAY), day],
        "end_date": [filled, pa.Check.str_matches(DAY), day],
        "score": [number(0, 100, empty=True)],
        "result": [filled, pa.Check.isin(RESULTS)],
        "hours": [filled, whole, number(1, 2000)],
    }
    order = pa.Check(lambda frame: frame["end_date"] >= frame["start_date"])
    return pa.DataFrameSchema(
        {name: pa.Column(str, checks) for name, checks in columns.items()}, checks=[order]
    )


def main(path: Path, url: str, folder: Path) -> None:
    """Load the file."""
    import pandas as pd
    import sqlalchemy as sa
    from pandera.errors import SchemaErrors

    frame = pd.read_csv(
        path, encoding="gb18030", header=0, names=FIELDS, dtype=str, keep_default_na=False,
        on_bad_lines="skip", index_col=False,
    )  # fmt: skip
    try:
        contract().validate(frame, lazy=True)
    except SchemaErrors as faults:
        frame = frame.drop(index=faults.failure_cases["index"].dropna().unique())
    for name in ("score", "hours"):
        frame[name] = pd.to_numeric(frame[name]).astype("Int64")
    frame.to_sql("record", sa.create_engine(url), index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
