from __future__ import annotations

import re
import shutil
from typing import Any

import pytest
from click.testing import CliRunner
from openpyxl import Workbook

from etl_core.cli import main, scaffold
from tests.cli.program import here, samples
from tests.drafts import CLONE, draft
from tests.fakes import number

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


ROWS = "姓名,身份证号,单位,项目名称,级别,开始日期,结束日期,学时,培训方式\n" + "".join(
    f"张安,{number(order)},某校,研修,县级,2024-03-01,2024-03-02,8,网络研修\n" for order in range(4)
)


def register(tmp_path, name):
    sheet = tmp_path / name
    sheet.write_text(ROWS, encoding="utf-8")
    return sheet


def placing(tmp_path):
    """The drafted `place`."""
    code = next(tmp_path.glob("cq_example/src/*/place.py")).read_text("utf-8")
    made: dict[str, Any] = {}
    exec(compile(code, "place.py", "exec"), made)
    return made["place"]


def snapshot(tmp_path, name, *said):
    return new(tmp_path, *SAID[:-1], "snapshot", *said, "--anyway", sample=register(tmp_path, name))


@pytest.mark.parametrize(
    ("name", "other", "slot"),
    [
        ("某县登记_2024上.csv", "某县登记_2024下.csv", "2024上半年"),
        ("某县登记（第三批）2024.csv", "某县登记（第四批）2024.csv", "2024第3批"),
        ("某县登记2024年第一学期.csv", "某县登记2024年第二学期.csv", "2024第1学期"),
        ("某县登记2024.3-6.csv", "某县登记2024.7-8.csv", "2024-03~06"),
        ("某县登记20240301.csv", "某县登记20240302.csv", "2024-03-01"),
    ],
)
def test_a_drafted_snapshot_never_takes_the_place_of_another_period(tmp_path, name, other, slot):
    done = snapshot(tmp_path, name, *(("--period", "day") if "0301" in name else ()))
    assert done.exit_code == 0, done.stderr
    assert f"样本的期间: {slot}（来自文件名" in done.stdout
    assert f"样本的期间: {slot}（来自文件名" in (tmp_path / "cq_example/README.md").read_text("utf-8")
    place = placing(tmp_path)
    one, two, again = place(name, ""), place(other, ""), place(name.replace("某县", "某县更正"), "")
    assert one.slot == again.slot == slot != two.slot
    assert one.order < again.order < two.order
    assert place("某县登记2024.csv", "") is None
    (pattern,) = re.findall(
        r'names=\(re.compile\(r"(.*)"\),\)',
        (next(tmp_path.glob("cq_example/src/*/__init__.py"))).read_text("utf-8"),
    )
    assert re.search(pattern, other)


def test_a_word_that_may_tell_a_period_is_asked_for_and_never_guessed(tmp_path):
    done = snapshot(tmp_path, "2024上某县登记.csv")
    assert done.exit_code == 2
    assert (
        "--period  认出的期间是 2024，还剩下“上”：是不是期间？按什么区分各份报送：year | half" in done.stderr
    )
    assert not (tmp_path / "cq_example").exists()
    assert snapshot(tmp_path, "2024上某县登记.csv", "--period", "month").exit_code == 2
    assert snapshot(tmp_path, "2024上某县登记.csv", "--period", "half").exit_code == 0
    place = placing(tmp_path)
    assert [place(f"2024{word}某县登记.csv", "").slot for word in "上下"] == ["2024上半年", "2024下半年"]


def test_a_word_that_a_person_says_is_no_period_is_none_and_another_word_still_is_open(tmp_path):
    assert snapshot(tmp_path, "2024上某县登记.csv", "--period", "year").exit_code == 0
    place = placing(tmp_path)
    assert place("2025上某县登记.csv", "").slot == "2025"
    assert place("2024下某县登记.csv", "") is None


def test_whether_a_day_is_a_period_or_the_day_of_the_export_is_asked_for_a_snapshot_alone(tmp_path):
    done = snapshot(tmp_path, "某县登记_20240301.csv")
    assert done.exit_code == 2
    assert "（exported：同一年的后一份整体替换前一份）" in done.stderr
    assert snapshot(tmp_path, "某县登记_20240301.csv", "--period", "exported").exit_code == 0
    one, two = (placing(tmp_path)(f"某县登记_2024030{day}.csv", "") for day in (1, 2))
    assert one.slot == two.slot == "2024"
    assert one.order < two.order
    assert str(one.dated) == "2024-03-01"


def test_at_a_terminal_the_period_is_asked_when_the_answer_before_makes_it_a_question(tmp_path, monkeypatch):
    monkeypatch.setattr(scaffold, "_terminal", lambda: True)
    sample = register(tmp_path, "某县登记_20240301.csv")
    typed = [
        "plugins",
        "new",
        "cq_example",
        "--sample",
        str(sample),
        "--out",
        str(tmp_path),
        "--anyway",
        *SAID[:-2],
    ]
    done = CliRunner().invoke(main, typed, input="snapshot\nday\n")
    assert done.exit_code == 0, done.output
    assert placing(tmp_path)(sample.name, "").slot == "2024-03-01"


def test_every_column_that_a_person_has_named_is_in_the_draft_with_what_does_not_fit(tmp_path):
    sheet = register(tmp_path, "某县2024年登记.csv")
    sheet.write_text(
        "受训人,学段学科,参训结论,单位\n张安,语文组,优,某校\n李安,数学组,差,某校\n", encoding="utf-8"
    )
    named = [
        part for each in ("受训人=person_name", "学段学科=subject", "参训结论=score") for part in ("-c", each)
    ]
    fixed = ("--project", "研修", "--level", "40", "--mode", "online")
    done = new(tmp_path, *SAID, *named, *fixed, sample=sheet)
    assert done.exit_code == 0, done.stderr
    assert re.search(
        r"学段学科 +subject +100% +由 --column 指定；2/2 格内容读不出：这些格入库后为空", done.stdout
    )
    assert re.search(
        r"参训结论 +score +100% +由 --column 指定；2/2 格内容读不出：这些行会被隔离", done.stdout
    )
    contract = next(tmp_path.glob("cq_example/src/*/contract.py")).read_text("utf-8")
    assert '"学段学科"' in contract
    golden = (tmp_path / "cq_example/tests/golden/expected_delivery.csv").read_text("utf-8")
    assert golden.splitlines()[1].split(",")[6:9] == ["3", "0", "2"]


@pytest.mark.parametrize("said", [("单位=county",), ("单位=subject", "甲栏=subject")])
def test_what_cannot_be_obeyed_is_refused_and_not_dropped(tmp_path, said):
    sheet = tmp_path / "某县2024年名单.csv"
    sheet.write_text("姓名,单位,甲栏\n张安,某区,甲\n李安,某区,乙\n", encoding="utf-8")
    done = new(tmp_path, *SAID, *(part for each in said for part in ("-c", each)), sample=sheet)
    assert done.exit_code == 2
    assert "不能照办" in done.stderr or "只能取自一列" in done.stderr
    assert not (tmp_path / "cq_example").exists()


def test_every_sheet_is_told_with_its_rows_and_one_whose_data_nobody_reads_is_a_warning(tmp_path):
    head, *lines = [line.split(",") for line in ROWS.splitlines()]
    book = Workbook()
    book.active.title = "登记"
    others = ["姓名", "单位", "培训课程", "学习学时", "备注"]
    second, third, fourth = (book.create_sheet(name) for name in ("另表", "说明", "藏"))
    for row in [head, *lines, ["合计", None, None, None, None, None, None, "32"], ["填表人：李安"]]:
        book.active.append(row)
    for row in (others, *([["张安", "某校", "课", "8", None]] * 3)):
        second.append(row)
    third.append(["请认真填写"])
    fourth.append(["姓名", "单位"])
    fourth.sheet_state = "hidden"
    sample = tmp_path / "某县2024年登记.xlsx"
    book.save(sample)
    done = new(tmp_path, *SAID, "--anyway", sample=sample)
    assert done.exit_code == 0, done.stderr
    assert "第 1 张工作表（7 行）：读入，记录 4 条" in done.stdout
    assert "第 2 张工作表（4 行）：表头不同（缺 7 列），不读；其中 3 行数据没有入库" in done.stderr
    assert "第 3 张工作表（1 行）：没有认得的表头，不读" in done.stdout
    assert "第 4 张工作表（1 行）：隐藏，不读" in done.stdout
    assert re.search("跳过行: .*签字行 1.*合计行 1", done.stdout)
    card = (tmp_path / "cq_example/README.md").read_text("utf-8")
    assert "> - 第 2 张工作表（4 行）：表头不同" in card
    assert "合计行 1" in card


def test_the_encoding_of_a_text_is_told(tmp_path):
    assert f"{SAMPLE.name} (csv, gb18030)" in new(tmp_path, *SAID).stdout
