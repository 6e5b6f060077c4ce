from __future__ import annotations

import re
import shutil

import pytest
from click.testing import CliRunner

from etl_core.cli import main, scaffold
from tests.cli.program import here, samples
from tests.drafts import CLONE, draft

SAMPLE = CLONE / "tests" / "guide" / "示例县2024年春季教师培训登记表.csv"
SAID = ("--agency", "500199", "--agency-name", "某校", "--title", "登记表", "--semantics", "append")


def new(tmp_path, *said, sample=SAMPLE, name="cq_example"):
    return here("plugins", "new", name, "--sample", sample, "--out", tmp_path, *said)


def test_without_a_terminal_every_option_that_lacks_is_named_at_once_and_nothing_is_written(tmp_path):
    done = new(tmp_path, "--agency", "500199")
    assert done.exit_code == 2
    assert re.findall(r"--[a-z-]+(?=  )", done.stderr) == ["--agency-name", "--title", "--semantics"]
    assert list(tmp_path.iterdir()) == []


def test_at_a_terminal_what_the_sample_does_not_tell_is_asked_until_it_can_be_an_answer(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(scaffold, "_terminal", lambda: True)
    typed = ["plugins", "new", "cq_example", "--sample", str(SAMPLE), "--out", str(tmp_path)]
    done = CliRunner().invoke(main, typed, input="50\n500199\n某校\n登记表\nsometimes\nappend\n")
    assert done.exit_code == 0, done.output
    assert "六位" in done.output
    assert "append, snapshot, ledger" in done.stderr
    assert 'semantics="append"' in (tmp_path / "cq_example/src/etl_source_cq_example/__init__.py").read_text(
        "utf-8"
    )


def test_what_no_column_says_for_any_row_is_asked_too(tmp_path):
    sheet = tmp_path / "某县2024年名单.csv"
    sheet.write_text("姓名,单位\n张安,某校\n李安,某校\n", encoding="utf-8")
    done = new(tmp_path, *SAID, sample=sheet)
    assert done.exit_code == 2
    assert re.findall(r"--[a-z-]+(?=  )", done.stderr) == ["--project", "--level", "--mode"]


@pytest.mark.parametrize("name", ["Cq", "1a", "a-b", "class", "../x"])
def test_a_name_that_is_no_name_of_a_source_is_refused(tmp_path, name):
    done = new(tmp_path, *SAID, name=name)
    assert done.exit_code == 2
    assert "cq_example" in done.stderr


def test_a_folder_that_is_there_is_never_touched(tmp_path):
    (tmp_path / "cq_example").mkdir()
    done = new(tmp_path, *SAID)
    assert done.exit_code == 2
    assert list((tmp_path / "cq_example").iterdir()) == []


def test_a_file_that_an_installed_source_reads_is_refused_with_its_name(tmp_path):
    done = new(tmp_path, *SAID, sample=samples("suitong")[0])
    assert done.exit_code == 2
    assert "suitong" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_file_without_names_or_without_a_year_is_refused_with_what_to_do(tmp_path):
    nameless, yearless = tmp_path / "某县2024年.csv", tmp_path / "台账.csv"
    nameless.write_text("身份证号,学时\n500199198001010016,8\n", encoding="utf-8")
    yearless.write_text("姓名,学时\n张安,8\n", encoding="utf-8")
    assert "--column 表头=person_name" in new(tmp_path, *SAID, sample=nameless).stderr
    assert "没有年份" in new(tmp_path, *SAID, sample=yearless).stderr


def test_a_field_that_does_not_exist_is_refused_with_those_that_do(tmp_path):
    done = new(tmp_path, *SAID, "--column", "备注=remark")
    assert done.exit_code == 2
    assert "project_name" in done.stderr


def test_a_plugin_that_cannot_read_its_own_sample_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setattr(
        scaffold, "tree", lambda plan: {f"src/{plan.package}/__init__.py": "raise ValueError('张安')"}
    )
    done = new(tmp_path, *SAID)
    assert done.exit_code == 2
    assert "LookupError" in done.stderr
    assert "张安" not in done.output
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    return draft("cq_example", SAMPLE, tmp_path_factory.mktemp("plugin"))


def test_golden_files_are_compared_and_written_only_when_that_is_said(plugin, tmp_path):
    copy = shutil.copytree(plugin, tmp_path / "cq_example")
    golden = copy / "tests" / "golden" / "expected_state.csv"
    before = golden.read_bytes()
    assert here("plugins", "golden", copy).exit_code == 0
    golden.write_text("measure,value\n", encoding="utf-8")
    told = here("plugins", "golden", copy)
    assert told.exit_code == 3
    assert f"不一致: {golden}" in told.output
    assert golden.read_text(encoding="utf-8") == "measure,value\n"
    accepted = here("plugins", "golden", copy, "--accept")
    assert accepted.exit_code == 0
    assert f"已改写: {golden}" in accepted.output
    assert golden.read_bytes() == before


def test_a_folder_that_is_no_plugin_is_refused(tmp_path):
    assert here("plugins", "golden", tmp_path).exit_code == 2


def test_no_person_of_the_sample_is_in_the_draft_or_in_what_is_said(plugin, tmp_path):
    said = new(tmp_path, *SAID).output
    persons = {line.split(",")[1] for line in SAMPLE.read_text("gb18030").splitlines()[3:-2]} | {
        "19900000010",
        "冯安安",
    }
    persons = {name for name in persons if len(name) > 2}
    files = [path.read_bytes() for path in plugin.rglob("*") if path.is_file()]
    texts = [said, *(data.decode(codec, "replace") for data in files for codec in ("utf-8", "gb18030"))]
    assert [name for name in persons for text in texts if name in text] == []
    assert not re.search(r"500199\d{2}(7|8|9)", said)


def test_an_own_list_of_columns_and_a_key_are_taken_as_they_are_said(tmp_path):
    done = new(tmp_path, *SAID, "--key", "person,project_name", "--column", "备注=class_name")
    assert done.exit_code == 0, done.stderr
    code = (tmp_path / "cq_example/src/etl_source_cq_example/__init__.py").read_text("utf-8")
    assert 'key=("person", "project_name"),' in code
    assert 'class_name: str = column("备注")' in (
        tmp_path / "cq_example/src/etl_source_cq_example/contract.py"
    ).read_text("utf-8")


OWN = "xm1,dw,cj,fs,xmmc,ks,js,xs\n张安,某校,A,1,研修,20240708,20240712,8\n李安,某校,B,3,研修,20240708,20240712,8\n"


def foreign(tmp_path):
    """A delivery with nothing but words of the agency's own."""
    sheet = tmp_path / "某县2024年名单.csv"
    sheet.write_text(OWN, encoding="utf-8")
    return sheet


def test_columns_that_are_not_used_are_named_where_an_answer_is_missing(tmp_path):
    done = new(tmp_path, *SAID, "-c", "xm1=person_name", "-c", "dw=employer_name", sample=foreign(tmp_path))
    assert done.exit_code == 2
    assert "--level  表中没有级别，全部记录都是：10 国家级 20 省级" in done.stderr
    assert "还没有用上的列｜columns that are not used yet: cj，fs" in done.stderr


def test_every_header_of_column_that_the_sample_lacks_is_named_with_the_nearest(tmp_path):
    done = new(tmp_path, *SAID, "-c", "教师名=person_name", "-c", "任教学=subject")
    assert done.exit_code == 2
    assert "教师名  是否想写 教师姓名？" in done.stderr
    assert "任教学  是否想写 任教学科？" in done.stderr


def test_a_file_without_a_header_is_refused_with_what_makes_it_one(tmp_path):
    sheet = tmp_path / "某县2024年名单.csv"
    sheet.write_text("甲,乙\n1,2\n", encoding="utf-8")
    done = new(tmp_path, *SAID, sample=sheet)
    assert done.exit_code == 2
    assert "没有一行像表头" in done.stderr


def test_a_column_that_a_person_names_is_loaded_though_all_its_words_are_open(tmp_path):
    names = (
        "xm1=person_name",
        "dw=employer_name",
        "cj=level",
        "fs=mode_detail",
        "ks=start_date",
        "js=end_date",
    )
    said = [part for name in names for part in ("-c", name)]
    done = new(tmp_path, *SAID, *said, sample=foreign(tmp_path))
    assert done.exit_code == 0, done.stderr
    codes = (tmp_path / "cq_example/src/etl_source_cq_example/codes.csv").read_text("utf-8")
    assert "level,A,,cj；待定，可填｜open: 10 国家级 20 省级" in codes
    assert "mode_detail,1,,fs；待定，可填｜open: face_to_face 集中面授" in codes
    assert f"etl plugins golden {tmp_path / 'cq_example'} --accept" in done.stdout
    made = (tmp_path / "cq_example/src/etl_source_cq_example/__init__.py").read_text("utf-8")
    assert 'example="某县2024年名单.csv"' in made
