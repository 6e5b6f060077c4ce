from __future__ import annotations

import sys
from importlib.metadata import distributions
from textwrap import dedent

import pytest

from etl_core.discovery import REASONS, Found, discover
from etl_core.errors import PluginError

GOOD = """
from etl_core.contract import RawContract
from etl_core.hookspecs import hookimpl
from etl_core.records import Agency
from etl_core.source import Source

etl_api = 1

def source(name):
    return Source(
        name=name, agency=Agency("500199", "synthetic"), title="测试", contract=RawContract, normalise={},
        key=("project_name",), semantics="append", place=lambda name, title: None,
    )

@hookimpl
def etl_sources():
    return [source('NAME')]
"""


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder of installed distributions; discovery sees no other."""
    yield Site(tmp_path, monkeypatch)
    for name in [name for name in sys.modules if name.startswith("fake_")]:
        del sys.modules[name]


class Site:
    def __init__(self, root, monkeypatch):
        self.root, self.monkeypatch, self.paths = root, monkeypatch, []
        monkeypatch.setattr("etl_core.discovery.distributions", lambda: distributions(path=self.paths))

    def install(self, distribution, entry_points, code="", *, module=None, version="1.0", folder="site"):
        """Write one distribution; `entry_points` maps names to targets of the group etl_core."""
        path = self.root / folder
        info = path / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        pairs = entry_points.items() if isinstance(entry_points, dict) else entry_points
        lines = [f"{name} = {target}" for name, target in pairs]
        (info / "entry_points.txt").write_text(
            "\n".join(["[etl_core]", *lines, "[console_scripts]", "x = y:z"])
        )
        if module:
            (path / f"{module}.py").write_text(dedent(code), encoding="utf-8")
        if str(path) not in self.paths:
            self.paths.append(str(path))
            self.monkeypatch.syspath_prepend(str(path))

    def good(self, name, **more):
        module = f"fake_{name}"
        self.install(f"etl-source-{name}", {name: module}, GOOD.replace("NAME", name), module=module, **more)

    def broken(self, name, code):
        self.install(f"etl-source-{name}", {name: f"fake_{name}"}, code, module=f"fake_{name}")


def reasons(found: Found) -> dict[str, str]:
    return {problem.plugin: problem.reason.partition(":")[0] for problem in found.problems}


def names(found: Found) -> list[str]:
    return [loaded.source.name for loaded in found.sources]


def test_every_installed_plugin_is_loaded_with_its_origin(site):
    site.good("b", version="2.1")
    site.good("a")
    found = discover()
    assert found.problems == ()
    assert [(one.plugin, one.distribution, one.version, one.module) for one in found.sources] == [
        ("a", "etl-source-a", "1.0", "fake_a"),
        ("b", "etl-source-b", "2.1", "fake_b"),
    ]
    assert names(found) == ["a", "b"]


def test_nothing_installed_is_nothing_found(site):
    assert discover() == Found((), ())


def test_a_target_may_be_an_object_in_a_module(site):
    code = (
        GOOD.replace("NAME", "a")
        + "\nclass Box:\n    pass\nbox = Box()\nbox.plugin = __import__('sys').modules[__name__]\n"
    )
    site.install("dist", {"a": "fake_box : box.plugin"}, code, module="fake_box")
    assert names(discover()) == ["a"]


def test_a_plugin_may_bring_several_sources_lazily(site):
    code = GOOD.replace("NAME", "a").replace(
        "return [source('a')]", "yield source('a2')\n    yield source('a1')"
    )
    site.broken("a", code)
    assert names(discover()) == ["a1", "a2"]


@pytest.mark.parametrize(("allow", "deny"), [(["good"], ()), (None, ["bad"]), (["good", "bad"], ["bad"])])
def test_what_is_not_allowed_is_never_imported(site, allow, deny):
    site.good("good")
    site.broken("bad", "import sys\nsys.modules['fake_trace'] = sys\nraise SystemExit(3)")
    found = discover(allow, deny)
    assert (names(found), found.problems) == (["good"], ())
    assert not {"fake_bad", "fake_trace"} & set(sys.modules)


def test_an_allowed_plugin_that_is_not_installed_is_told(site):
    site.good("a")
    found = discover(allow=["a", "z"])
    assert names(found) == ["a"]
    assert reasons(found) == {"z": "not_installed"}


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise ValueError('secret')", "import_failed"),
        ("raise SystemExit('secret')", "import_failed"),
        ("def broken(:", "import_failed"),
        ("from os import secret_name", "import_failed"),
        ("import package_that_is_missing.secret", "missing_dependency"),
        ("x = 1", "wrong_api"),
        (GOOD.replace("etl_api = 1", "etl_api = 2"), "wrong_api"),
        (GOOD.replace("etl_api = 1", "etl_api = '1'"), "wrong_api"),
        (GOOD.replace("def etl_sources()", "def etl_source()"), "unknown_hook"),
        (GOOD.replace("def etl_sources()", "def etl_sources(config)"), "wrong_hook"),
        (GOOD.replace("return [", "raise ValueError('secret') or ["), "hook_failed"),
        (GOOD.replace("return [", "raise SystemExit('secret') or ["), "hook_failed"),
        (GOOD.replace("return [source('NAME')]", "yield source('a')\n    raise ValueError"), "hook_failed"),
        (GOOD.replace("return [source('NAME')]", "return 3"), "hook_failed"),
        (GOOD.replace("return [source('NAME')]", "return None"), "no_source"),
        (GOOD.replace("return [source('NAME')]", "return []"), "no_source"),
        (GOOD.replace("@hookimpl", ""), "no_source"),
        (GOOD.replace("return [source('NAME')]", "return ['secret']"), "wrong_source"),
        (GOOD.replace("return [source('NAME')]", "return [Source]"), "wrong_source"),
    ],
)
def test_a_plugin_that_cannot_be_used_is_named_and_the_others_load(site, code, reason):
    site.good("good")
    site.broken("bad", code.replace("NAME", "bad"))
    found = discover()
    assert names(found) == ["good"]
    (problem,) = found.problems
    assert (problem.plugin, problem.distribution, problem.version) == ("bad", "etl-source-bad", "1.0")
    assert reasons(found) == {"bad": reason}
    assert "secret" not in str(problem).replace("package_that_is_missing.secret", "")
    assert problem.reason.count("｜") == 1


def test_a_missing_dependency_is_named(site):
    site.broken("bad", "import package_that_is_missing")
    (problem,) = discover().problems
    assert "package_that_is_missing" in problem.reason


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("fake_missing", "no_target"),
        ("fake_missing.inner", "no_target"),
        ("fake_good.inner", "no_target"),
        ("fake_good:missing", "no_target"),
        ("fake_good:source.missing", "no_target"),
        (":source", "import_failed"),
        ("..fake", "import_failed"),
    ],
)
def test_an_entry_point_to_nothing_is_told(site, target, reason):
    site.good("good")
    site.install("pointer", {"bad": target})
    found = discover()
    assert (names(found), reasons(found)) == (["good"], {"bad": reason})


def test_two_distributions_of_one_plugin_name_are_both_named_and_neither_is_used(site):
    site.good("good")
    site.good("a")
    site.install("impostor", {"a": "fake_impostor"}, GOOD.replace("NAME", "a2"), module="fake_impostor")
    found = discover()
    assert names(found) == ["good"]
    assert reasons(found) == {"a": "duplicate_plugin"}
    assert [problem.distribution for problem in found.problems] == ["etl-source-a", "impostor"]
    assert "fake_impostor" not in sys.modules


def test_one_distribution_with_one_plugin_name_twice_is_told(site):
    site.install("double", [("a", "fake_a"), ("a", "fake_b")])
    assert [problem.reason.partition(":")[0] for problem in discover().problems] == ["duplicate_plugin"] * 2


def test_two_plugins_with_one_source_are_both_named_and_neither_is_used(site):
    site.good("good")
    site.good("a")
    site.install("other", {"b": "fake_b"}, GOOD.replace("NAME", "a"), module="fake_b")
    found = discover()
    assert names(found) == ["good"]
    assert reasons(found) == {"a": "duplicate_source", "b": "duplicate_source"}


def test_the_second_copy_of_a_distribution_on_the_path_does_not_count(site):
    site.good("a", version="1.0", folder="first")
    site.good("a", version="0.9", folder="second")
    found = discover()
    assert [(one.plugin, one.version) for one in found.sources] == [("a", "1.0")]
    assert found.problems == ()


def test_damaged_metadata_of_one_distribution_leaves_the_others(site):
    site.good("a")
    site.install("damaged", {"b": "fake_b"})
    (info,) = site.root.glob("site/damaged*")
    (info / "entry_points.txt").write_bytes(b"[etl_core]\nno equals sign \xff\n")
    found = discover()
    assert names(found) == ["a"]
    assert [(one.distribution, one.reason[:15]) for one in found.problems] == [("damaged", "broken_metadata")]


def test_what_is_found_does_not_depend_on_the_order_of_the_path(site):
    for name in ("c", "a", "b"):
        site.good(name, folder=name)
    site.install("impostor", {"b": "fake_b"}, folder="d")
    first = discover()
    site.paths.reverse()
    second = discover()
    assert names(first) == names(second) == ["a", "c"]
    assert [str(problem) for problem in first.problems] == [str(problem) for problem in second.problems]


def test_problems_are_plugin_errors_with_a_known_code(site):
    site.broken("bad", "x = 1")
    (problem,) = discover().problems
    assert isinstance(problem, PluginError)
    assert problem.reason.partition(":")[0] in REASONS
