"""Formats drift: columns and headers move, come, go and are written otherwise, files come in another container."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from etl_core import header
from etl_core.contract import families
from etl_core.header import normal, promised
from etl_core.protocol import Failed
from etl_core.source import roots
from etl_core.testing import changes, forms, variants
from etl_core.testing.bench import Told
from etl_core.testing.changes import NEW, STRANGE, renamed, reordered, widened
from etl_core.testing.forms import Form
from etl_core.testing.shaped import BROKEN, ELSEWHERE, TOLD, Shaped, Variant, kinds
from etl_core.testing.sheets import Change, Sheet

# More records of one sheet prove no more than so many.
MOST = 1_000

# Promised columns of which two may be renamed while it still is a header.
FORM = 4


def ignored(sheet: Sheet) -> set[int]:
    """Columns without a header, or with one that no field is read from; the second of a name tells which is the first."""
    texts = sheet.table.layout.texts
    names = Counter(normal(text) for text in texts if text)
    read = set(sheet.table.layout.fields.values())
    return {at for at in range(sheet.width) if at not in read and names[normal(texts[at] or "")] < 2}


def blanked(at: int, text: str, sheet: Sheet) -> str:
    """A header with blanks and line breaks between its characters, as merged and narrow cells have them."""
    return "\n".join([text[0], *([" \u3000".join(text[1:])] if len(text) > 1 else [])])


def starred(at: int, text: str, sheet: Sheet) -> str:
    """A header with the mark of what must be filled in."""
    return f"*{text}"


class Drift(Shaped):
    """No value depends on where its column stands, or in what container it comes; what is missing or new is named."""

    def test_columns_in_another_order_give_the_same_records(self, sample: Path, tmp_path: Path) -> None:
        """Nothing is read by its position. Each sample (of a large one the beginning), in the container that it has."""
        self._assert_alike(
            sample, self._retold(sample, reordered, tmp_path / "reordered"), tmp_path / "usual"
        )

    def test_an_added_column_is_named_and_changes_nothing(self, sample: Path, tmp_path: Path) -> None:
        """An unknown header is reported in the account of the headers, never guessed at. As above."""
        told = self._retold(sample, widened, tmp_path / "widened")
        assert [account.unknown for account in told.accounts] == [(STRANGE,)] * len(told.accounts)
        self._assert_alike(sample, told, tmp_path / "usual")

    def test_a_column_without_a_header_is_named_where_a_record_has_text_there(self) -> None:
        """A merged header, or a forgotten one: its texts may not vanish from the account. As text and as a workbook."""
        at = self.short().sheet.width
        for form in self._both():
            variant = Variant("headless", changes.beside(None, "附注"), form)
            assert all(header.headless(at) in account.unknown for account in self.tell(variant).accounts)
            self.assert_alike(variant)
            empty = Variant("empty", changes.beside(None, " "), form)
            assert all(account.unknown == () for account in self.tell(empty).accounts)

    def test_a_renamed_column_is_missed_and_the_nearest_header_named(self) -> None:
        """schema.missing_column says which header is promised and which one may be meant (contract §3).

        Of a field that stands in several columns none is missed while another is left; the account says that one is unknown.
        """
        short = self.short()
        for field, at in self._missable().items():
            failed = self.tell(Variant(field, renamed(field), self._own())).failed
            assert failed is not None, field
            assert (failed.code, failed.source) == ("schema.missing_column", self.source), field
            assert self._says(failed, short.sheet.table.layout.texts[at]), field

    def test_of_two_renamed_columns_both_are_missed_with_their_nearest_headers(self) -> None:
        """Whoever mends a form must see all that was changed at once, and not the first of it. In the sample's own container.

        Of a form with few columns one is enough: more than half of them must be left, or nobody knows what is a header.
        """
        texts = self.short().sheet.table.layout.texts
        missable = self._missable()
        first, last = next(iter(missable)), next(reversed(missable))
        if len(promised(self.declared())) < FORM:
            first = last
        both = changes.all_of(*(renamed(field) for field in dict.fromkeys((first, last))))
        failed = self.tell(Variant("two", both, self._own())).failed
        assert failed is not None
        assert (failed.code, failed.source) == ("schema.missing_column", self.source)
        assert self._says(failed, texts[missable[first]])
        assert self._says(failed, texts[missable[last]])

    def test_a_removed_column_is_missed_by_its_promised_name(self) -> None:
        """Nothing of a file without a promised column is loaded, whatever the other columns say (contract §3)."""
        for field, at in self._missable().items():
            gone = changes.without(lambda _, at=at: {at})  # type: ignore[misc]
            failed = self.tell(Variant(field, gone, self._own())).failed
            assert failed is not None, field
            assert (failed.code, failed.source) == ("schema.missing_column", self.source), field
            assert failed.detail["missing"], field

    def test_the_columns_of_a_field_that_has_several_may_not_all_be_missing(self) -> None:
        """Of half-days and the like one column at least is promised; a source without such fields has one column for each."""
        several = families(self.declared().contract)
        layout = self.short().sheet.table.layout
        for field in several:
            at = {place for name, place in layout.fields.items() if name.startswith(f"{field}[")}
            failed = self.tell(Variant(field, changes.without(lambda _, at=at: at), self._own())).failed  # type: ignore[misc]
            assert failed is not None, field
            assert (failed.code, failed.source) == ("schema.missing_column", self.source), field
        if not several:
            assert len(set(layout.fields.values())) == len(layout.fields)

    def test_columns_that_are_not_read_may_be_missing(self) -> None:
        """序号, 备注 and whatever else is ignored or dropped decides nothing. As a workbook."""
        self.assert_alike(Variant("ignored", changes.without(ignored), forms.workbook()))

    def test_empty_columns_before_and_behind_the_table_change_nothing(self) -> None:
        """A table that begins in column B, and one that WPS believes to be wider. As text and as a workbook."""
        for form in self._both():
            for before, behind in ((1, 0), (0, 3), (2, 2)):
                self.assert_alike(Variant(f"{before}+{behind}", changes.padded(before, behind), form))

    def test_a_title_that_moved_down_changes_nothing(self) -> None:
        """Blank rows and a line more above the table are counted as what they are. As text and as a workbook."""
        for form in self._both():
            lines = changes.lowered(None, None, "（内部资料）")
            self.assert_alike(Variant("lowered", lines, form), Counter(blank=2, title=1))

    def test_a_header_with_blanks_and_line_breaks_is_the_same_header(self) -> None:
        """Narrow cells break «身份证号码» in two. As text and as a workbook."""
        for form in self._both():
            self.assert_alike(Variant("blanked", changes.headed(blanked), form))

    def test_a_header_with_a_mark_of_what_must_be_filled_in_is_the_same_header(self) -> None:
        """«*姓名» is «姓名». As text and as a workbook."""
        for form in self._both():
            self.assert_alike(Variant("starred", changes.headed(starred), form))

    def test_a_second_column_of_a_name_that_is_read_is_named_and_not_read(self) -> None:
        """The first «姓名» stays the one that is read, the other is told as «姓名#2». As text and as a workbook."""
        layout = self.short().sheet.table.layout
        for field in self._missable():
            text = layout.texts[layout.fields[field]] or ""
            number = sum(normal(text) == normal(other) for other in layout.texts if other) + 1
            if "/" in text or f"{normal(text)}#{number}" in map(normal, self._known()):
                continue
            for form in self._both():
                variant = Variant(field, changes.beside(text, "别的"), form)
                assert self.tell(variant).accounts[0].unknown == (f"{text}#{number}",)
                self.assert_alike(variant)

    def test_a_workbook_in_the_place_of_the_usual_container_gives_the_same_records(self) -> None:
        """Whatever a source sends, it may send as .xlsx one day, under any name: the bytes tell what it is."""
        self._assert_usual(forms.workbook())

    def test_delimited_text_in_the_place_of_the_usual_container_gives_the_same_records(self) -> None:
        """The same as text, where nobody knows any more what only the name of a sheet has told."""
        self._assert_usual(forms.text(self.declared().read.delimiter), *self.placed("sheet"))

    def test_the_usual_container_written_by_others_gives_the_same_records(self) -> None:
        """A dBASE table, XML document, page, pull, workbook or text with the same cells, made by our own hand."""
        self._assert_usual(self._own(), *self.placed("sheet"))

    def test_sheets_that_hold_no_data_are_counted_and_not_read(self) -> None:
        """A visible list of codes and a hidden copy of the table itself (ruling 2). As a workbook."""
        hidden = len(self.short().sheet.head) + len(self.short().sheet.body)
        told, usual = self.tell(variants.OTHERS), self.usual(forms.workbook())
        assert told.failed is None
        assert told.frame("records").drop("file").equals(usual.frame("records").drop("file"))
        assert kinds(told) - kinds(usual) == Counter(other_sheet=2, hidden_sheet=hidden)

    @staticmethod
    def _says(failed: Failed, text: str | None) -> bool:
        """Whether a header that was renamed stands behind an arrow, and among those that nobody knows."""
        missing, unknown = (str(failed.detail[name]).replace(NEW, "") for name in ("missing", "unknown"))
        return f" → {text}？" in missing and str(text) in unknown

    def test_a_sheet_of_persons_under_other_headers_is_never_passed_over(self) -> None:
        """Nothing of the file is loaded, and the sheet is named: whoever stands there would be lost (contract §1). As a workbook."""
        layout, number = self.short().sheet.table.layout, self.number()
        name = next(layout.fields[field] for field in roots(self.declared(), "person_name"))
        other = next(at for at in self._missable().values() if at != name)
        kept = {at: str(layout.texts[at]) for at in (name, other)}
        for columns in (kept, *([{number: STRANGE}] if number is not None else [])):
            failed = self.tell(variants.beside(columns)).failed
            assert failed is not None, columns
            assert (failed.code, failed.source) == ("schema.missing_column", self.source), columns
            assert failed.detail["sheet"] == variants.BESIDE, columns

    def _known(self) -> tuple[str, ...]:
        return (*self.declared().ignored, *self.declared().dropped)

    def _missable(self) -> dict[str, int]:
        """The columns of the fields that are promised one by one."""
        fields = self.short().sheet.table.layout.fields
        wanted = promised(self.declared())
        return {field: at for field, at in fields.items() if field in wanted and not field.endswith("]")}

    def _own(self) -> Form:
        return forms.own(self.short().sample, self.declared())

    def _both(self) -> tuple[Form, Form]:
        return forms.text(self.declared().read.delimiter), forms.workbook()

    def _assert_usual(self, form: Form, *silent: str) -> None:
        """In this form the few records are what they are in the sample, but for the fields that it cannot tell."""
        short = self.short()
        whole = self.told(short.sample).frame("records")
        wanted = whole.join(short.places, on=short.places.columns, how="semi", nulls_equal=True)
        got = self.usual(form).frame("records")
        assert got.drop(ELSEWHERE, *silent).equals(wanted.drop(ELSEWHERE, *silent))

    def _retold(self, sample: Path, change: Change, folder: Path) -> Told:
        return self.told(self.changed(sample, changes.all_of(changes.shortened(MOST), change), folder))

    def _assert_alike(self, sample: Path, changed: Told, folder: Path) -> None:
        """The same records and reasons as the sample's, but for the rows' numbers and the rows refused as rows."""
        small = max(len(sheet.body) for sheet in self.sheets(sample)) <= MOST
        told = self.told(sample) if small else self._retold(sample, changes.unchanged, folder)
        assert changed.failed is None
        assert changed.frame("records").drop("row").equals(told.frame("records").drop("row"))
        wanted, got = (
            each.frame("issues").select("sheet", "code", "column", "severity").rows()
            for each in (told, changed)
        )
        due = Counter(row for row in wanted if row[1] not in (*BROKEN, *TOLD))
        assert Counter(row for row in got if row[1] not in TOLD) == due
