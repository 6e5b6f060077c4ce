"""What comes from the wild: other encodings and line ends, rows that are no records, broken rows, spoiled cells."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import polars as pl

from etl_core.testing import changes, forms, variants
from etl_core.testing.bench import Told
from etl_core.testing.forms import Form
from etl_core.testing.shaped import ELSEWHERE, Shaped, Variant, kinds
from etl_core.testing.variants import FORMULAS, WIDE
from etl_schemas import reasons

# No delivery begins like these, whatever its name: an empty file, a picture, a printed page, zeros, half a zip, prose.
FOREIGN = (
    b"",
    b"\x89PNG\r\n\x1a\n\0\0",
    b"%PDF-1.7\n%\xe2\xe3",
    bytes(4096),
    b"PK\x03\x04\x14\0",
    "会议通知\n".encode(),
)

# Why a whole file may be refused by its bytes.
REFUSING = (
    "empty",
    "unreadable",
    "encrypted",
    "unsafe",
    "unrecognised",
    "schema.missing_column",
    "not_settled",
)

# How a sound number is often typed (ruling 28).
SLIPS: tuple[Callable[[str], str], ...] = (
    lambda number: number.translate(WIDE),
    lambda number: number.replace("X", "x"),
    lambda number: number.replace("X", "Х"),  # the Cyrillic letter
    lambda number: f"'{number[:6]} {number[6:14]}\u3000{number[14:]} ",
)


def fifteen(number: str) -> str:
    """A resident number as it was before 1999: without the century and the check digit."""
    return number[:6] + number[8:17]


class Hostility(Shaped):
    """Whatever is odd about a file is mended without loss or named with its place; no good row suffers from a bad one."""

    def test_the_encoding_of_a_text_decides_nothing(self) -> None:
        """UTF-8 with and without a mark, UTF-16 of both orders, GB18030 (rulings 21, 23). As text, of any container's cells."""
        for variant in variants.encodings(self.declared()):
            self.assert_alike(variant)

    def test_the_line_ends_and_quotes_of_a_text_decide_nothing(self) -> None:
        """CRLF, LF, CR, no end of the last line, every cell in quotes. As text, of any container's cells."""
        for variant in variants.lines(self.declared()):
            self.assert_alike(variant)

    def test_blank_rows_anywhere_are_counted_and_change_nothing(self) -> None:
        """Inside they are «blank», behind the last record they do not exist (ruling 1). As text and as a workbook."""
        blank = changes.among(None)
        for form in self._both():
            self.assert_alike(Variant("blank first", changes.lowered(None), form), Counter(blank=1))
            self.assert_alike(Variant("blank inside", blank, form), Counter(blank=1))

    def test_total_rows_inside_and_at_the_end_are_no_records(self) -> None:
        """合计, 小计 and their like, in the middle of a page as after the last (ruling 6). As text and as a workbook."""
        self._assert_skipped("total", "合计", "小 计", "本页小计：")

    def test_notes_inside_and_at_the_end_are_no_records(self) -> None:
        """注：, 说明： and their like (ruling 6). As text and as a workbook."""
        self._assert_skipped("note", "注：以上学时均为现场学时", "说明: 见附件")

    def test_signatures_inside_and_at_the_end_are_no_records(self) -> None:
        """填表人：, 审核人： and their like (ruling 6). As text and as a workbook."""
        self._assert_skipped("signature", "填表人：", "单位负责人（签字）：")

    def test_a_whole_record_is_one_whatever_stands_before_it(self) -> None:
        """合计, 注： or 审核： in the place of a serial number takes no person away (contract §1). As text and as a workbook."""
        words = ("合计", "小计", "注：外聘", "审核：", "填表人：")
        for form in self._both():
            self.assert_alike(Variant("marked", changes.led(words), form))

    def test_a_header_repeated_at_a_page_break_is_no_record(self) -> None:
        """Each of its lines is a header once more (ruling 3). As text and as a workbook."""
        depth = max(1, len(self.short().sheet.table.repeats))
        for form in self._both():
            self.assert_alike(Variant("again", changes.again, form), Counter(header=depth))

    def test_a_row_with_one_field_more_or_less_is_refused_alone(self) -> None:
        """row.malformed: nobody knows which of its cells stands where (ruling 21). As text, which alone has such rows."""
        for change in (changes.longer, changes.shorter):
            self._assert_refused(Variant("width", change, self._text()), {"row.malformed"}, at=1)

    def test_bytes_of_no_encoding_refuse_their_row_alone(self) -> None:
        """text.undecodable names its column (ruling 21). As text in GB18030 and in UTF-8."""
        _, at = self.free()
        header = self.short().sheet.table.layout.texts[at]
        for encoding in ("gb18030", "utf-8"):
            variant = variants.damaged(at, encoding, self.declared())
            issues = self._assert_refused(variant, {"text.undecodable"}, at=1)
            assert issues["column"].to_list() == [header]

    def test_a_text_that_breaks_off_loses_its_last_record_only(self) -> None:
        """A cut record is row.malformed, all before it are loaded (ruling 17). As text, which alone can be read in part."""
        variant = variants.cut(self.declared())
        last = len(self.short().sheet.body) - 1
        self._assert_refused(variant, {"row.malformed"}, at=last)

    def test_a_file_without_a_record_is_an_empty_delivery(self) -> None:
        """As text, as a workbook, and in the sample's own container (ruling 16)."""
        for form in (*self._both(), self._own()):
            failed = self.tell(Variant("none", changes.emptied, form)).failed
            assert failed is not None
            assert (failed.code, failed.source) == ("empty", self.source)

    def test_a_record_alone_is_what_it_is_among_others(self) -> None:
        """Nothing is taken from the rows around it. As text, as a workbook, and in the sample's own container."""
        for form in (*self._both(), self._own()):
            usual = self.usual(form).frame("records")
            rows = usual["row"].unique(maintain_order=True).to_list()
            for number, row in enumerate(rows[:3]):
                told = self.tell(Variant(f"only {number}", changes.only(number), form))
                assert told.failed is None, told.failed
                got, wanted = (
                    each.drop(ELSEWHERE) for each in (told.frame("records"), usual.filter(row=row))
                )
                assert got.equals(wanted), number

    def test_records_in_another_order_are_the_same_records(self) -> None:
        """The last row first. As text, as a workbook, and in the sample's own container."""
        for form in (*self._both(), self._own()):
            usual, told = self.usual(form), self.tell(Variant("reversed", changes.reversed_, form))
            wanted, got = (_unordered(each) for each in (usual, told))
            assert got == wanted

    def test_identity_numbers_stored_as_numbers_are_damaged_and_never_guessed(self) -> None:
        """Excel keeps 15 digits of 18: each such row is id_number.damaged, also where the trace is text (ruling 27).

        As a workbook of numeric cells, and as text «5.0019E+17». Without identity numbers: a column of them is unknown.
        """
        at = self.number()
        if at is None:
            self._assert_nameless()
            return
        digits = changes.column(at, [f"{number[:17]}0" for number in self.numbers()])
        self._assert_damaged(Variant("numbers", digits, forms.workbook(numeric=[at])))
        trace = changes.column(at, [f"{number[0]}.{number[1:5]}E+17" for number in self.numbers()])
        self._assert_damaged(Variant("trace", trace, self._text()))

    def test_identity_numbers_of_15_digits_are_exact_even_as_numbers(self) -> None:
        """They become the numbers of 18 digits that their owners have today (ruling 26), from text and from numeric cells.

        Without identity numbers: a column of them is unknown.
        """
        at = self.number()
        if at is None:
            self._assert_nameless()
            return
        short = changes.column(at, list(map(fifteen, self.numbers())))
        for form in (forms.workbook(numeric=[at]), *self._both()):
            told, usual = self.tell(Variant("15 digits", short, form)), self.usual(self._text())
            assert told.frame("issues").is_empty()
            silent = (*ELSEWHERE, *self.placed("sheet"))
            assert told.frame("records").drop(silent).equals(usual.frame("records").drop(silent))

    def test_slips_of_the_pen_in_identity_numbers_are_mended(self) -> None:
        """Full-width digits, a small x, blanks, Excel's leading mark (ruling 28). Without identity numbers: as above."""
        at = self.number()
        if at is None:
            self._assert_nameless()
            return
        for form in self._both():
            for spoil in SLIPS:
                slips = changes.column(at, list(map(spoil, self.numbers())))
                self.assert_alike(Variant("slip", slips, form))

    def test_full_width_digits_mean_what_they_say(self) -> None:
        """In every cell that is read as a number, a date or a code. As text and as a workbook."""
        for form in self._both():
            self.assert_alike(Variant("wide", variants.widely(self.declared()), form))

    def test_text_that_looks_like_a_formula_stays_text(self) -> None:
        """= + - @ at the beginning of a cell are kept as they are (ruling 63). As text and as a workbook."""
        field, at = self.free()
        for form in self._both():
            for formula in FORMULAS:
                told = self.tell(Variant(formula, changes.cells(at, lambda _, to=formula: to), form))  # type: ignore[misc]
                assert told.failed is None, formula
                assert set(told.frame("records")[field]) == {formula}

    def test_a_cell_of_a_megabyte_harms_no_other_row(self) -> None:
        """In each column once: its row is loaded or refused, the file is not. As text, for a workbook has no such cell."""
        told = self.tell(variants.large(self.short().sheet, self.declared()))
        assert told.failed is None, told.failed
        records, refused, usual = told.frame("records"), told.frame("refused"), self.usual(self._text())
        rows = [*records["row"], *refused["row"]]
        assert len(set(rows)) == len(self.short().sheet.table.layout.fields) + 1
        assert set(refused["row"]) == set(told.frame("issues").filter(severity="error")["row"])
        last = usual.frame("records").filter(pl.col("row") == pl.col("row").max())
        assert records.filter(row=max(rows)).drop(ELSEWHERE).equals(last.drop(ELSEWHERE))

    def test_bytes_that_are_no_delivery_are_refused_under_its_name(self, tmp_path: Path) -> None:
        """A picture, a printed page, zeros: the file is refused as a whole, and the plugin is not to blame (contract §3)."""
        for number, data in enumerate(FOREIGN):
            path = tmp_path / str(number) / self.short().sample.name
            path.parent.mkdir()
            path.write_bytes(data)
            failed = self.told(path).failed
            assert failed is not None, number
            assert failed.code in REFUSING, failed.code
            assert reasons.severity(failed.code) == "delivery"

    def test_a_file_under_a_name_that_says_nothing_is_known_by_its_headers_or_refused(
        self, tmp_path: Path
    ) -> None:
        """«新建 Microsoft Excel 工作表»: never another source's, and never placed by a guess. As a workbook."""
        path = tmp_path / "新建 Microsoft Excel 工作表.xlsx"
        forms.workbook()(path, [self.short().sheet])
        told = self.told(path)
        if told.failed is None:
            assert told.claimed is not None
            assert told.claimed.source == self.source
        else:
            assert told.failed.code in ("place.unknown", "ambiguous", "unrecognised")
            assert told.read == 0

    def _text(self) -> Form:
        return forms.text(self.declared().read.delimiter)

    def _own(self) -> Form:
        return forms.own(self.short().sample, self.declared())

    def _both(self) -> tuple[Form, Form]:
        return self._text(), forms.workbook()

    def _assert_skipped(self, kind: str, *texts: str) -> None:
        for form in self._both():
            for text in texts:
                self.assert_alike(Variant(text, changes.among(text), form), Counter({kind: 2}))

    def _assert_refused(self, variant: Variant, codes: set[str], at: int) -> pl.DataFrame:
        """One record alone is refused, for these reasons; all others are what they usually are."""
        told, usual = self.tell(variant), self.usual(self._text())
        assert told.failed is None, (variant.name, told.failed)
        issues = told.frame("issues")
        assert set(issues["code"]) == codes, variant.name
        assert told.frame("refused").height == issues["row"].n_unique() == 1
        rows = usual.frame("records")["row"].unique(maintain_order=True)
        wanted = usual.frame("records").filter(pl.col("row") != rows[at])
        assert told.frame("records").drop(ELSEWHERE).equals(wanted.drop(ELSEWHERE)), variant.name
        assert kinds(told) == kinds(usual)
        return issues

    def _assert_damaged(self, variant: Variant) -> None:
        told = self.tell(variant)
        assert told.failed is None, told.failed
        assert told.frame("records").is_empty()
        errors = told.frame("issues").filter(severity="error")
        assert set(errors["code"]) == {"id_number.damaged"}
        assert errors["row"].n_unique() == len(self.short().sheet.body)

    def _assert_nameless(self) -> None:
        """Where the format has no column of identity numbers, one that is added is unknown, and nothing of it is kept."""
        for form in self._both():
            variant = Variant("number", changes.beside("身份证号", "500199198001010011"), form)
            assert all(account.unknown == ("身份证号",) for account in self.tell(variant).accounts)
            self.assert_alike(variant)
            records = self.tell(variant).frame("records")
            assert set(records["id_type"]) == {"none"}
            assert records["id_number"].null_count() == records.height


def _unordered(told: Told) -> Counter[str]:
    return Counter(str(row) for row in told.frame("records").drop(ELSEWHERE).rows())
