from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

from etl_core.protocol import Standing, Surveyed, decode, encode
from tests.cli.program import configure, here, samples

FILE = samples("suitong")[0]
STRANGERS = "a,b\n1,2\n"


def asked(file: Path, *more: object) -> tuple[int, list[dict], dict]:
    done = here("identify", file, "--format", "json", *more)
    *claims, last = (json.loads(line) for line in done.output.splitlines())
    return done.exit_code, claims, last


def test_the_source_is_told_with_the_headers_found_and_the_name():
    code, claims, last = asked(FILE)
    assert code == 0
    assert last == {"event": "identified", "file": FILE.name, "source": "suitong", "label": "2023H2-1"}
    claim = {"source": "suitong", "found": 11, "missing": [], "named": True, "unsaid": []}
    assert claims[0] == {"event": "claim", **claim}
    assert all(claim["missing"] and not claim["named"] for claim in claims[1:])


def test_a_person_sees_the_decision_with_its_reasons_and_what_to_do_next():
    assert here("identify", FILE).output.splitlines() == [
        f"{FILE.name}: suitong 2023H2-1",
        "  表样: 遂潼活动联合登记表 · 遂潼教师教育创新实验区",
        "  依据: 找到的表头 11/11 · 文件名相符",
        "  其次像的是: cq_pengshui 1/3",
        f"接下来可以运行: etl preview {FILE}",
    ]


def test_a_person_sees_the_nearest_formats_and_where_to_get_a_form(tmp_path):
    stranger = tmp_path / "名单.csv"
    stranger.write_text("姓名,学科,电话,备注\n某,语文,1,2\n", encoding="utf-8")
    shown = here("identify", stranger).output.splitlines()
    assert shown[0].startswith("名单.csv: unrecognised: 没有一种已登记的格式")
    assert shown[1].split() == ["来源", "表样", "文件名相符", "找到的表头", "缺少的表头"]
    assert shown[3].split()[:5] == ["cq_pengshui", "美术教师培训签到册", "否", "1/3", "单位，签到"]
    assert len(shown) == 8
    assert shown[-2].endswith("etl plugins new NAME --sample FILE")
    assert shown[-1].endswith("etl schema template --source unified")


def test_a_person_sees_which_headers_are_missing_and_the_agreed_form(tmp_path):
    lacking = tmp_path / FILE.name
    text = FILE.read_bytes().decode("gb18030", errors="replace")
    lacking.write_text(text.replace("学时,角色", "课时数,角色", 1), encoding="utf-8")
    shown = here("identify", lacking).output.splitlines()
    assert "schema.missing_column" in shown[0]
    assert shown[3].split() == ["suitong", "遂潼活动联合登记表", "是", "10/11", "学时"]
    assert shown[-1] == "约定的表样: etl schema template --source suitong"


def test_a_person_whose_file_has_no_period_sees_how_to_name_it(tmp_path):
    copy = tmp_path / "2023下半年.csv"
    copy.write_bytes(FILE.read_bytes())
    done = here("identify", copy)
    assert done.exit_code == 3
    lines = done.output.splitlines()
    assert [line.split()[0] for line in lines[3:-1]] == ["suitong"]
    assert lines[-1] == "文件名请照这样写: 潼南区_遂潼活动登记_2024年秋.csv"


def test_another_name_does_not_matter_where_the_headers_are_whole(tmp_path):
    copy = tmp_path / "2023下半年.csv"
    copy.write_bytes(FILE.read_bytes())
    _, claims, last = asked(copy)
    assert (claims[0]["source"], claims[0]["named"]) == ("suitong", False)
    assert last["error"] == "place.unknown"


def test_the_nearest_source_is_told_with_what_is_missing(tmp_path):
    stranger = tmp_path / "名单.csv"
    stranger.write_text("姓名,学科,电话,备注\n某,语文,1,2\n", encoding="utf-8")
    code, claims, last = asked(stranger)
    assert code == 3
    assert last["source"] is None
    assert last["error"] == "unrecognised"
    assert claims[0]["source"] == last["detail"]["nearest"]
    assert claims[0]["missing"]


def test_a_file_like_no_other_has_no_claims(tmp_path):
    stranger = tmp_path / "x.csv"
    stranger.write_text(STRANGERS, encoding="utf-8")
    assert asked(stranger)[:2] == (3, [])


def test_plugins_that_the_configuration_denies_are_not_asked(tmp_path):
    config = configure(tmp_path, plugins="{deny: [suitong]}")
    _, claims, _ = asked(FILE, "--config", config)
    assert "suitong" not in {claim["source"] for claim in claims}


def test_two_sources_that_claim_a_file_are_both_told(monkeypatch, tmp_path):
    twins = tmp_path / "plugins"
    info = twins / "etl_source_twin-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: etl-source-twin\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[etl_core]\ntwin = etl_source_twin\n")
    (twins / "etl_source_twin.py").write_text(
        "from dataclasses import replace\n"
        "import etl_source_suitong as first\n"
        "from etl_core.hookspecs import hookimpl\n"
        "etl_api = 1\n\n"
        "@hookimpl\n"
        "def etl_sources():\n"
        "    yield from (replace(source, name='twin') for source in first.etl_sources())\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(twins))
    code, claims, last = asked(FILE)
    assert code == 3
    assert last["error"] == "ambiguous"
    assert last["detail"]["sources"] == "suitong, twin"
    assert {claim["source"] for claim in claims[:2]} == {"suitong", "twin"}
    shown = here("identify", FILE).output.splitlines()
    assert [line.split()[0] for line in shown[3:-1]] == ["suitong", "twin"]
    assert "plugins.deny" in shown[-1]


def test_another_countys_sheet_in_the_same_form_is_nobodys_and_the_word_that_it_lacks_is_told(tmp_path):
    other = tmp_path / "巫溪县签到册.csv"
    lines = ["巫溪县2024年音乐教师培训签到册,,", "姓名,单位,3月1日", ",,上午", "某,某小学,√"]
    other.write_text("\n".join(lines), encoding="utf-8")
    code, claims, last = asked(other)
    assert (code, last["error"], last["detail"]["nearest"]) == (3, "unrecognised", "cq_pengshui")
    assert last["detail"]["says"] == "彭水"
    assert (claims[0]["missing"], claims[0]["unsaid"]) == ([], ["彭水"])
    shown = here("identify", other).output
    assert "没有写明“彭水”" in shown
    assert "plugins.deny" not in shown
    assert "unrecognised" in here("check", other).output


def test_half_of_a_forms_headers_are_no_claim(tmp_path):
    roll = tmp_path / "某县2024年名单.csv"
    roll.write_text("姓名,单位,课程,学时\n某,某小学,x,8\n", encoding="utf-8")
    assert asked(roll)[2]["error"] == "unrecognised"


def test_a_file_of_two_agencies_is_told_where_it_is_identified_as_where_it_is_checked(tmp_path):
    packed = tmp_path / "a.zip"
    with ZipFile(packed, "w") as into:
        for source in ("cq_beibei", "cq_tongliang"):
            sample = samples(source)[0]
            into.write(sample, sample.name)
    for command in ("identify", "check"):
        done = here(command, packed)
        assert done.exit_code == 3
        assert "ambiguous" in done.output
        assert "cq_beibei, cq_tongliang" in done.output
        assert samples("cq_tongliang")[0].name in done.output
    assert "plugins.deny" not in here("identify", packed).output


def test_what_a_survey_says_travels_whole():
    said = Surveyed((Standing("a", 2, ("学时",), True, ("某",)), Standing("b", 0, (), False)))
    (line,) = encode(said)
    assert decode(line, lambda size: b"") == said


def test_a_folder_is_identified_as_one_delivery():
    pull = samples("sc_credit")[0]
    code, _, last = asked(pull)
    assert code == 0
    assert (last["file"], last["source"], last["label"]) == (pull.name, "sc_credit", "2022-2023年度/20231008")


def test_the_next_command_can_be_typed_as_it_stands(tmp_path):
    copy = tmp_path / f"{FILE.stem} (1).csv"
    copy.write_bytes(FILE.read_bytes())
    config = tmp_path / "pipeline.yaml"
    config.write_text("warehouse: {url: 'sqlite:///w.sqlite'}\nkey_file: k.key\ninbox: [inbox]\n")
    last = here("identify", "--config", config, copy).output.splitlines()[-1]
    assert last == f"接下来可以运行: etl preview --config {config} '{copy}'"
