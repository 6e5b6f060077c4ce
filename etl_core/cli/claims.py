"""What `etl identify` shows on a terminal: whose a file is and why, or who comes nearest and what can be done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from etl_core.cli import screen
from etl_core.cli.say import Lang, reason, title
from etl_core.errors import DeliveryError
from etl_core.protocol import Claimed, Problem, SourceFacts, Standing

NEAREST = 3  # so many sources are shown where none is the one
TEMPLATE = "etl schema template --source"
FEW = 8  # of the headers that a source misses so many are named


@dataclass(frozen=True, slots=True)
class Answer:
    """What is known of a file: the claims on it, the one believed, the fault that stopped the recognition, and who was asked."""

    standings: tuple[Standing, ...] = ()
    claimed: Claimed | None = None
    fault: DeliveryError | None = None
    problems: tuple[Problem, ...] = ()
    sources: tuple[SourceFacts, ...] = ()

    def facts(self, source: str) -> SourceFacts:
        """What a source says of itself."""
        return next(each for each in self.sources if each.name == source)


def show(file: Path, claims: list[Standing], answer: Answer, lang: Lang, config: Path | None) -> None:
    """Print the decision and what to type next, or the fault with the claims between which nothing decides."""
    name = screen.shown(file.name)
    if answer.claimed:
        _identified(name, answer.claimed, claims, answer, lang)
        if not answer.fault:
            screen.line(f"{title('next', lang)}: {_next(file, config)}")
    if answer.fault:
        screen.line(f"{name}: {answer.fault.code}: {screen.shown(said(answer.fault, lang))}")
        _refused(claims, answer, answer.fault, lang)
    for problem in answer.problems:
        screen.line(
            f"{title('problem', lang)}: {problem.plugin} ({problem.distribution} {problem.version}): {problem.reason}"
        )


def _identified(name: str, claimed: Claimed, claims: list[Standing], answer: Answer, lang: Lang) -> None:
    """Whose it is, which delivery, and why nobody else's."""
    facts = answer.facts(claimed.source)
    own = next(claim for claim in claims if claim.source == claimed.source)
    screen.line(f"{name}: {claimed.source} {screen.shown(claimed.place.label)}")
    screen.line(f"  {title('form', lang)}: {facts.title} · {facts.agency}")
    screen.line(f"  {title('why', lang)}: {_why(own, lang)}")
    others = [claim for claim in claims if claim.source != claimed.source]
    if others:
        best = max(others, key=_share)
        screen.line(f"  {title('others', lang)}: {best.source} {_found(best)}")


def _next(file: Path, config: Path | None) -> str:
    """The command that looks into the file, with the configuration and the path as they were typed."""
    return screen.typed("etl", "preview", *(("--config", config) if config else ()), file)


def _why(claim: Standing, lang: Lang) -> str:
    """How many of the promised headers stand in the file, and whether its name fits."""
    parts = [f"{title('found', lang)} {_found(claim)}"]
    parts += [f"{title('missing', lang)}: {_few(claim.missing)}"] if claim.missing else []
    parts += [title("name_fits" if claim.named else "name_differs", lang)]
    return screen.shown(" · ".join(parts))


def _refused(claims: list[Standing], answer: Answer, fault: DeliveryError, lang: Lang) -> None:
    """The sources that may be meant, best first, and what can be done."""
    if answer.claimed or not claims:
        return
    meant = _meant(claims, fault)
    heads = [title(key, lang) for key in ("source", "form", "named", "found", "missing")]
    lines = (
        [
            each.source,
            answer.facts(each.source).title,
            _yes(each.named, lang),
            _found(each),
            _lacking(each, lang),
        ]
        for each in meant
    )
    screen.table(heads, lines)
    for advice in _advice(meant[0], answer.facts(meant[0].source), fault, lang):
        screen.line(screen.shown(advice))


def _advice(nearest: Standing, facts: SourceFacts, fault: DeliveryError, lang: Lang) -> Iterator[str]:
    """What can be done about it: name the file otherwise, take the agreed form, draft a plugin, or deny one of two."""
    if fault.code == "place.unknown" and facts.example:
        yield f"{title('name_like', lang)}: {facts.example}"
    if fault.code == "ambiguous":
        yield f"{title('next', lang)}: {title('apart' if fault.detail.get('sheet') else 'deny_one', lang)}"
    if fault.code == "schema.missing_column":
        yield f"{title('agreed_form', lang)}: {TEMPLATE} {nearest.source}"
    if fault.code == "unrecognised":
        if nearest.unsaid and not nearest.missing:
            yield f"{title('say_whose', lang)}: {'，'.join(nearest.unsaid)}"
        elif nearest.found >= len(nearest.missing) and not nearest.unsaid:
            yield f"{title('agreed_form', lang)}: {TEMPLATE} {nearest.source}"
        yield f"{title('new_form', lang)}: etl plugins new NAME --sample FILE"
        yield f"{title('no_form', lang)}: {TEMPLATE} unified"


def _meant(claims: list[Standing], fault: DeliveryError) -> list[Standing]:
    """The claimants between which nothing decides, or the one whose every header is there; else those that come nearest."""
    rivals = str(fault.detail.get("sources", "")).split(", ")
    named = [claim for claim in claims if claim.source in rivals]
    whole = [claim for claim in claims if claim.found and not claim.missing]
    return named or whole or sorted(claims, key=_share, reverse=True)[:NEAREST]


def _share(claim: Standing) -> tuple[float, bool]:
    return claim.found / max(1, claim.found + len(claim.missing)), claim.named


def _found(claim: Standing) -> str:
    return f"{claim.found}/{claim.found + len(claim.missing)}"


def _lacking(claim: Standing, lang: Lang) -> str:
    """The headers that it misses, and the words of which the file says none."""
    unsaid = f"{title('unsaid', lang)}“{'，'.join(claim.unsaid)}”" if claim.unsaid else ""
    return " · ".join(filter(None, (_few(claim.missing), unsaid)))


def _few(headers: tuple[str, ...]) -> str:
    """The first of many headers."""
    more = "……" if len(headers) > FEW else ""
    return "，".join(headers[:FEW]) + more


def said(fault: DeliveryError, lang: Lang = "both") -> str:
    """What a fault means and what to do about it."""
    return reason(fault.code, lang, fault.detail)


def _yes(so: bool, lang: Lang) -> str:
    return title("yes" if so else "no", lang)
