from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest
from openpyxl import load_workbook

from etl_core.testing.bench import installed
from etl_schemas.dictionary import dictionary
from tests.cli.program import here

LISTED = sorted(loaded.source.name for loaded in installed().sources)
EMPTY = {"meta", "br"}


class Page(HTMLParser):
    """What of a page must hold for those who hear it: every tag is closed, ids are there once, tables have headings."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.seen: list[str] = []
        self.outside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        told = dict(attrs)
        self.seen.append(tag)
        self.ids += [told["id"]] if "id" in told else []
        self.links += [told["href"]] if tag == "a" else []
        self.outside += [value for name, value in attrs if name in ("src", "href") and "//" in value]
        assert tag != "th" or told["scope"] in ("col", "row")
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_a_form_is_written_under_a_name_by_which_it_is_recognised(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = here("schema", "template", "--source", "suitong")
    (file,) = tmp_path.iterdir()
    assert done.exit_code == 0
    assert file.name == "潼南区_遂潼活动登记_2024年秋.xlsx"
    assert f"etl check {file.name}" in done.output
    assert (
        json.loads(here("identify", file, "--format", "json").output.splitlines()[-1])["source"] == "suitong"
    )


def test_a_form_that_somebody_may_have_filled_in_is_not_overwritten(tmp_path):
    file = tmp_path / "x.xlsx"
    file.write_bytes(b"mine")
    refused = here("schema", "template", "-s", "unified", "--out", file)
    assert refused.exit_code == 2
    assert "--force" in refused.stderr
    assert file.read_bytes() == b"mine"
    assert here("schema", "template", "-s", "unified", "--out", file, "--force").exit_code == 0
    assert load_workbook(file).sheetnames == ["数据", "填写说明", "下拉选项"]


def test_under_another_name_it_is_said_what_the_file_must_be_called(tmp_path):
    done = here("schema", "template", "-s", "unified", "--out", tmp_path / "x.xlsx")
    assert "教师培训记录_某某区教师进修学校_2024年上半年.xlsx" in done.output


def test_a_misspelt_source_is_told_with_the_nearest(tmp_path):
    done = here("schema", "template", "-s", "suitang", "--out", tmp_path / "x.xlsx")
    assert done.exit_code == 2
    assert "suitong" in done.stderr


def test_the_dictionary_is_the_one_of_the_readme():
    assert here("schema", "dictionary").output == f"# 数据字典｜Data dictionary\n\n{dictionary()}"


def test_the_dictionary_of_a_source_tells_headers_checks_and_words():
    said = here("schema", "dictionary", "--source", "cq_beibei").output
    assert "| 身份证号码、身份证号 | 列｜column | 必填｜required |" in said
    assert "`required.hours`<br>`hours.unparsable`" in said
    assert "优秀（合格）、良好（合格）" in said


@pytest.mark.parametrize("name", [None, *LISTED])
def test_a_page_needs_nothing_but_itself_and_can_be_heard(name, tmp_path):
    file = tmp_path / "page.html"
    more = ["--source", name] if name else []
    assert here("schema", "dictionary", "--format", "html", "--out", file, *more).exit_code == 0
    text = file.read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    assert page.outside == []
    assert len(set(page.ids)) == len(page.ids)
    assert {link.removeprefix("#") for link in page.links} <= set(page.ids)
    assert page.seen.count("h1") == page.seen.count("main") == page.seen.count("nav") == 1
    assert 'lang="zh-CN"' in text
    assert "@media print" in text
    assert "script" not in page.seen
    assert not re.search(r"@import|url\(", text)


def test_nothing_that_a_header_says_is_taken_for_html():
    from etl_schemas.pages import Section, html, markdown

    section = Section("`x` <b>", head=("a|b", "c"), rows=(("<script>", "1\n2"),))
    page = html("t & u", (section,))
    assert "&lt;script&gt;" in page
    assert "<code>x</code> &lt;b&gt;" in page
    assert "<title>t &amp; u</title>" in page
    assert "| a\\|b | c |" in markdown((section,))
    assert "1<br>2" in markdown((section,))
