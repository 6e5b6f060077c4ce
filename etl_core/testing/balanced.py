"""The books of every odd file: rows, headers and words, counted a second time by others than those who wrote them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from etl_core.specimen.writers.records import nested
from etl_core.testing import changes, counter, forms, variants
from etl_core.testing.bench import Told, load, warehouse
from etl_core.testing.forms import Form
from etl_core.testing.shaped import Shaped, Variant
from etl_core.testing.sheets import Change, Sheet

# Telephones and identity numbers, as people write them; and the short texts that name nobody.
NUMBER = re.compile(r"(?<!\d)(?:\d{17}[\dXx]|\d{15}|1[3-9]\d{9})(?!\d)")
SHORTEST = 2

Place = tuple[str, str | None, int]


def spoken(told: Told) -> str:
    """Everything that was said outside the frames that hold cells."""
    failed = told.failed
    reasons = told.frame("issues").select("sheet", "code", "column").rows() if failed is None else ()
    return repr((told.claimed, told.accounts, failed, reasons))


def places(told: Told, frame: str) -> list[Place]:
    """The places of the rows in a frame, each once."""
    return list(dict.fromkeys(told.frame(frame).select("file", "sheet", "row").iter_rows()))


class Balance(Shaped):
    """No row, no header and no person gets lost or gets out, however odd the file is."""

    def test_every_row_of_every_odd_file_has_exactly_one_outcome(self) -> None:
        """rows read = loaded + quarantined + skipped (contract §1); how many there are, the standard library counts."""
        for variant, path, told in self._told():
            loaded, refused, skipped = (places(told, name) for name in ("records", "refused", "skips"))
            outcomes = Counter([*loaded, *refused, *skipped])
            assert set(outcomes.values()) <= {1}, variant.name
            assert told.read == len(outcomes) == counter.rows(path), variant.name

    def test_every_refused_row_of_every_odd_file_has_a_reason_and_no_other_row_an_error(self) -> None:
        """Quarantine without a reason cannot be mended; a reason without quarantine would have been ignored (contract §1, §3)."""
        for variant, _, told in self._told():
            errors = told.frame("issues").filter(severity="error").select("file", "sheet", "row")
            assert set(errors.rows()) == set(places(told, "refused")), variant.name
            warnings = told.frame("issues").filter(severity="warning").select("file", "sheet", "row")
            assert set(warnings.rows()) <= set(places(told, "records")), variant.name

    def test_the_ledger_of_every_odd_file_balances(self) -> None:
        """What the warehouse books is what the standard library counts, whatever of it was loaded or rejected (contract §1)."""
        files = {path: variant.name for variant, path, _ in self._told()}
        with warehouse() as into:
            for outcome, path in zip(load(into, list(files), self.modified()), files, strict=True):
                assert outcome.result in ("loaded", "rejected", "unchanged"), (files[path], outcome.error)
                if outcome.result != "unchanged":
                    assert outcome.counts.balanced, files[path]
                    assert outcome.counts.read == counter.rows(path), files[path]

    def test_every_header_of_every_odd_file_has_exactly_one_fate(self) -> None:
        """headers = mapped + ignored + dropped + unknown; how many there are, the changed head itself tells."""
        for variant, _, told in self._told():
            sheet = variant.change(self.short().sheet)
            for account in told.accounts:
                fates = [*account.mapped, *account.ignored, *account.dropped, *account.unknown]
                assert len(set(fates)) == len(fates) == _headers(sheet, variant.form), variant.name

    def test_no_word_about_any_odd_file_says_who(self) -> None:
        """No name, number, school or other cell of a person stands in an answer outside the frames (contract §5)."""
        persons = self._persons()
        for variant, _, told in self._told():
            said = spoken(told)
            assert not NUMBER.search(said), variant.name
            assert not [number for number, text in enumerate(persons) if text in said], variant.name

    def _told(self) -> Iterator[tuple[Variant, Path, Told]]:
        """Every odd file that is read as a table: its path, and what was said of it."""
        for variant in self._every():
            path = self.written(variant)
            told = self.told(path)
            assert told.failed is None, (variant.name, told.failed)
            yield variant, path, told

    def _every(self) -> Iterator[Variant]:
        own, text = (
            forms.own(self.short().sample, self.declared()),
            forms.text(self.declared().read.delimiter),
        )
        for form in (own, text, forms.workbook()):
            yield Variant("usual", changes.unchanged, form)
            yield Variant("reordered", changes.reordered, form)
            yield Variant("widened", changes.widened, form)
            yield Variant("nobody", self._nobody(), form)
        for form in (text, forms.workbook()):
            yield from self._rows(form)
        yield from variants.encodings(self.declared())
        yield from variants.lines(self.declared())
        yield Variant("longer", changes.longer, text)
        yield Variant("shorter", changes.shorter, text)
        yield variants.damaged(self.free()[1], "utf-8", self.declared())
        yield variants.cut(self.declared())
        yield variants.OTHERS

    def _rows(self, form: Form) -> Iterator[Variant]:
        for text in (None, "合计", "注：", "填表人："):
            yield Variant(f"among {text}", changes.among(text), form)
        yield Variant("again", changes.again, form)
        yield Variant("lowered", changes.lowered(None, "（内部资料）"), form)
        yield Variant("padded", changes.padded(1, 3), form)

    def _nobody(self) -> Change:
        """Every cell of the second record that is read is «？»: a row with as many faults as the source can find."""
        places = self.short().sheet.table.layout.fields.values()
        return changes.all_of(*(changes.one(1, at, "？") for at in places))

    def _persons(self) -> list[str]:
        """Names, numbers and schools of the few records, raw and as records."""
        usual = self.usual(forms.workbook()).frame("records")
        own = ("person_name", "id_number", "employer_name", "agency_record_id", "certificate_no")
        fields = self.short().sheet.table.layout.fields
        raw = {
            str(row[at])
            for row in self.short().sheet.body
            for name in own
            if (at := fields.get(name)) is not None
        }
        told = {text for name in own for text in usual[name].drop_nulls()}
        return sorted(text for text in raw | told if len(text) >= SHORTEST and text != "None")


def _headers(sheet: Sheet, form: Form) -> int:
    """The columns of a changed sheet that have a header in any of the lines that the header has; of a pull, its paths."""
    if form is forms.pull:
        records = (dict(zip(map(str, sheet.head[-1]), row, strict=True)) for row in sheet.body)
        return len({path for record in records for path in _paths(nested(record))})
    columns = zip(*sheet.head[-max(1, len(sheet.table.repeats)) :], strict=True)
    return sum(any(texts) for texts in columns)


def _paths(value: object, path: str = "") -> Iterator[str]:
    """The paths of everything in a value of JSON that holds nothing else."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    below = [(f"{path}[{key}]" if isinstance(key, int) else f"{path}.{key}", each) for key, each in inner]
    for name, each in below:
        yield from _paths(each, name)
    if not below and not isinstance(value, dict):
        yield path
