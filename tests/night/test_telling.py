"""People are told once when something begins and once when it is over, and again only where they could not be told."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from etl_core.night.conditions import Condition
from etl_core.night.telling import changed, notice_of, of_run, told

NOW = datetime(2026, 11, 1, 2, tzinfo=UTC)
LATE = Condition("late", "suitong", {"due": "2026-10-10", "days": 6})


class Post:
    """Channels that remember what they sent, and some that do not answer."""

    def __init__(self, *silent: str) -> None:
        self.silent = set(silent)
        self.sent: list[tuple[str, str, str]] = []

    def send(self, name: str, notice) -> bool:
        if name not in self.silent:
            self.sent.append((name, notice.state, notice.code))
        return name not in self.silent


def night(before, conditions, post, channels=("mail", "hook"), only=None):
    now = changed(before, conditions, channels, NOW, lambda source: only in (None, source))
    return told(now, post.send)


def test_a_state_is_told_once_to_every_channel_and_so_is_its_end():
    post = Post()
    standing = night([], [LATE], post)
    assert post.sent == [("mail", "raised", "late"), ("hook", "raised", "late")]
    assert night(standing, [LATE], post) == standing
    assert len(post.sent) == 2
    assert night(standing, [], post) == []
    assert post.sent[2:] == [("mail", "cleared", "late"), ("hook", "cleared", "late")]


def test_a_channel_that_did_not_answer_is_told_the_next_time_and_no_other_again():
    post = Post("hook")
    standing = night([], [LATE], post)
    assert standing[0].untold == ("hook",)
    post.silent.clear()
    standing = night(standing, [LATE], post)
    assert standing[0].untold == ()
    assert post.sent == [("mail", "raised", "late"), ("hook", "raised", "late")]


def test_a_channel_that_never_heard_of_it_does_not_hear_that_it_is_over():
    post = Post("hook")
    standing = night([], [LATE], post)
    post.silent.clear()
    assert night(standing, [], post) == []
    assert post.sent == [("mail", "raised", "late"), ("mail", "cleared", "late")]


def test_a_recovery_that_could_not_be_told_is_kept_until_it_is():
    post = Post()
    standing = night([], [LATE], post)
    post.silent.add("mail")
    standing = night(standing, [], post)
    assert [(each.state, each.untold) for each in standing] == [("cleared", ("mail",))]
    post.silent.clear()
    assert night(standing, [], post) == []
    assert post.sent[-1] == ("mail", "cleared", "late")


def test_what_comes_back_before_its_end_was_told_is_told_as_new():
    post = Post()
    standing = night([], [LATE], post)
    post.silent.add("mail")
    standing = night(standing, [], post)
    post.silent.clear()
    standing = night(standing, [LATE], post)
    assert standing[0].state == "raised"
    assert post.sent[-2:] == [("mail", "raised", "late"), ("hook", "raised", "late")]


def test_a_run_of_one_source_says_nothing_of_the_others():
    post = Post()
    standing = night([], [LATE], post)
    assert night(standing, [], post, only="cq_beibei") == standing
    assert len(post.sent) == 2


def test_a_channel_that_is_not_configured_any_more_is_not_waited_for():
    post = Post("hook")
    standing = night([], [LATE], post)
    assert night(standing, [], post, channels=("mail",)) == []


def test_a_notice_says_it_in_both_languages_and_names_the_source():
    (alert,) = changed([], [LATE], ["mail"], NOW, lambda _: True)
    notice = notice_of(alert)
    assert notice.subject == "[chuanyu-etl] 告警｜alert: 迟报｜late suitong"
    assert notice.text.splitlines() == [
        "来源 suitong 应在 2026-10-10 之前报送，至今没有收到（已过 6 天）。请催问报送单位。",
        "The delivery of suitong was due on 2026-10-10 and has not come (6 days ago). Please ask its sender.",
    ]
    assert "退出码 2" in of_run("raised", 2, NOW).text


def test_a_refused_delivery_of_nobody_is_told_without_a_source():
    condition = Condition("refused", "", {"count": 1, "codes": "unrecognised"})
    (alert,) = changed([], [condition], ["mail"], NOW, lambda _: True)
    assert notice_of(alert).text.startswith("来源有 1 份报送没有入库（unrecognised）")


NIGHTS = st.lists(
    st.tuples(st.sets(st.sampled_from("abc")), st.sets(st.sampled_from(["mail", "hook"]))), max_size=12
)


@given(NIGHTS)
def test_what_each_channel_hears_of_a_source_goes_from_raised_to_cleared_and_back_without_repeats(nights):
    post, standing = Post(), []
    for wrong, silent in nights:
        post.silent = silent
        standing = night(standing, [Condition("late", each, {"due": "d", "days": 1}) for each in wrong], post)
    for channel in ("mail", "hook"):
        heard = [state for name, state, _ in post.sent if name == channel]
        assert heard.count("raised") >= heard.count("cleared")
    post.silent = set()
    assert night(standing, [], post) == []
