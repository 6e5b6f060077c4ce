"""dlt with a contract: rows as dicts, each judged by a pydantic model that holds the same row-level promises.

Those are a name, an identity number with the right check digit, a known mode, dates in order, hours that can be read. Faulty
rows are discarded (schema contract `discard_row`), the others appended to SQLite (destination `sqlalchemy`). dlt keeps no
reason, no cell and no place of a discarded row.
"""

from __future__ import annotations

import os
import sys
from datetime import date
from pathlib import Path
from typing import Any, Literal

from benchmarks.peers.files import rows

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def right(number: str) -> bool:
    """Whether a number's last character is its check digit (GB 11643)."""
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, number[:17], strict=True))
    return "10X98765432"[total % 11] == number[17]


def contract() -> Any:
    """The row-level promises of the format as a pydantic model."""
    from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

    class Completion(BaseModel):
        """One row; a field too many makes it malformed."""

        model_config = ConfigDict(extra="forbid")
        project_code: str
        project_name: str = Field(min_length=1)
        class_name: str
        agency_record_id: str = Field(min_length=1)
        person_name: str = Field(min_length=1)
        id_type: Literal["居民身份证", "护照", "港澳居民来往内地通行证"]
        id_number: str = Field(pattern=r"^\d{17}[\dX]$")
        province: str
        prefecture: str
        county: str
        employer_name: str
        stage: str
        subject: str
        mode_detail: Literal["集中面授", "混合式", "工作坊研修", "网络研修", "名校跟岗"]
        start_date: date
        end_date: date
        score: int | None
        result: Literal["优秀", "合格", "不合格", "缺考"]
        hours: int = Field(gt=0, le=2000)
        certificate_no: str

        @field_validator("score", mode="before")
        @classmethod
        def empty(cls, cell: str) -> str | None:
            return cell or None

        @field_validator("id_number")
        @classmethod
        def checked(cls, number: str) -> str:
            if not right(number):
                raise ValueError("check digit")
            return number

        @model_validator(mode="after")
        def ordered(self) -> Completion:
            if self.end_date < self.start_date:
                raise ValueError("order")
            return self

    return Completion


def main(path: Path, url: str, folder: Path) -> None:
    """Load the file."""
    contracts = {"tables": "evolve", "columns": "discard_row", "data_type": "discard_row"}
    pipeline(url, folder).run(
        rows(path),
        table_name="record",
        columns=contract(),
        schema_contract=contracts,
        write_disposition="append",
    )


def pipeline(url: str, folder: Path) -> Any:
    """A dlt pipeline into the database, which keeps its own state in the folder and tells nobody of it."""
    os.environ.update(
        DLT_DATA_DIR=str(folder / "dlt"), RUNTIME__DLTHUB_TELEMETRY="false", RUNTIME__LOG_LEVEL="CRITICAL"
    )
    import dlt

    target = dlt.destinations.sqlalchemy(url)
    return dlt.pipeline(
        "benchmark", destination=target, dataset_name="main", pipelines_dir=str(folder / "dlt")
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
