from __future__ import annotations

import inspect
import types
from pathlib import Path

import pluggy
import pytest

from etl_core import hookspecs

HOOKS = {
    name: hook
    for name, hook in vars(hookspecs).items()
    if inspect.isfunction(hook) and hasattr(hook, f"{hookspecs.GROUP}_spec")
}


def registry(**implementations):
    plugin = types.SimpleNamespace(**{n: hookspecs.hookimpl(f) for n, f in implementations.items()})
    manager = pluggy.PluginManager(hookspecs.GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(plugin)
    manager.check_pending()
    return manager


def test_the_hooks_are_those_that_plugins_were_promised():
    assert list(HOOKS) == ["etl_sources", "etl_alert"]
    assert hookspecs.API_VERSION == 1


@pytest.mark.parametrize("hook", HOOKS.values(), ids=HOOKS)
def test_every_hook_is_documented_typed_empty_and_shown_in_the_example(hook):
    summary, _, rest = inspect.getdoc(hook).partition("\n\n")
    assert summary.endswith(".")
    assert len(rest) > 40
    assert inspect.signature(hook).return_annotation is not inspect.Signature.empty
    assert hook(*inspect.signature(hook).parameters) is None
    assert f"def {hook.__name__}(" in hookspecs.__doc__


@pytest.mark.parametrize("hook", HOOKS.values(), ids=HOOKS)
def test_every_hook_stands_in_the_guide_with_its_arguments_and_in_both_languages(hook):
    guide = (Path(__file__).parents[1] / "plugins" / "README.md").read_text(encoding="utf-8")
    arguments = ", ".join(inspect.signature(hook).parameters)
    _, heading, rest = guide.partition(f"\n### `{hook.__name__}({arguments})`\n")
    assert heading
    said = rest.split("\n#", 1)[0]
    assert len(said) > 120
    assert any("\u4e00" <= char <= "\u9fff" for char in said)
    assert "*" in said


@pytest.mark.parametrize("name", HOOKS)
def test_every_hook_has_a_test_of_its_own(name):
    assert f"def test_{name}_" in Path(__file__).read_text(encoding="utf-8")


def test_etl_sources_gathers_what_a_plugin_brings():
    assert registry(etl_sources=lambda: ["one", "two"]).hook.etl_sources() == [["one", "two"]]


def test_etl_alert_is_given_the_notice_and_the_settings_of_its_channel():
    heard = []
    hook = registry(etl_alert=lambda notice, settings: heard.append((notice, settings["to"]))).hook
    hook.etl_alert(notice="late", settings={"to": "a"})
    assert heard == [("late", "a")]


def test_etl_alert_may_leave_out_what_it_does_not_need():
    heard = []
    registry(etl_alert=lambda notice: heard.extend([notice])).hook.etl_alert(notice="late", settings={})
    assert heard == ["late"]


def test_etl_alert_lets_its_error_through_to_the_run():
    def fail(notice):
        raise OSError(notice)

    with pytest.raises(OSError, match="late"):
        registry(etl_alert=fail).hook.etl_alert(notice="late", settings={})


def test_etl_sources_without_a_mark_is_not_a_hook():
    plugin = types.SimpleNamespace(etl_sources=lambda: ["one"])
    manager = pluggy.PluginManager(hookspecs.GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(plugin)
    assert manager.hook.etl_sources() == []


def test_a_hook_that_does_not_exist_is_found_out():
    with pytest.raises(pluggy.PluginValidationError, match="etl_source"):
        registry(etl_source=lambda: [])
