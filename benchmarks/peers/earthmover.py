"""earthmover: a CSV source, rows filtered by pandas queries, lines of JSON. It loads no database.

Its file source stops at a row with a field too many, so those rows are left out before the clock starts. Filters drop
a row without a word; these four hold no check digit, no order of dates and no repeats.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

from benchmarks.peers.files import rows
from benchmarks.words import FIELDS

MODES = ("集中面授", "混合式", "工作坊研修", "网络研修", "名校跟岗")
QUERIES = (
    "person_name != ''",
    f"mode_detail in {MODES!r}",
    "hours.str.isdigit()",
    "id_number.str.len() == 18",
)


def settings(folder: Path) -> str:
    """Its whole configuration."""
    filters = "\n".join(
        f'      - operation: filter_rows\n        query: "{query}"\n        behavior: include'
        for query in QUERIES
    )
    return f"""\
version: 2
config:
  output_dir: {folder / "out"}
  state_file: {folder / "runs.csv"}
  show_progress: False
sources:
  delivery:
    file: {folder / "delivery.csv"}
    encoding: gb18030
    header_rows: 1
transformations:
  judged:
    source: $sources.delivery
    operations:
{filters}
destinations:
  record:
    source: $transformations.judged
    extension: jsonl
    linearize: True
"""


def ready(path: Path, folder: Path) -> None:
    """Before the clock starts: its file, its configuration."""
    with (folder / "delivery.csv").open("w", encoding="gb18030", newline="") as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(row for row in rows(path) if "surplus" not in row)
    (folder / "earthmover.yaml").write_text(settings(folder), encoding="utf-8")


def main(path: Path, url: str, folder: Path) -> None:
    """Write the rows that pass to FOLDER/out/record.jsonl."""
    from earthmover.__main__ import main as command

    sys.argv = ["earthmover", "run", "-c", str(folder / "earthmover.yaml"), "--skip-hashing"]
    command()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
