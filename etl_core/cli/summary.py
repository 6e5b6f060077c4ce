"""What a person is shown after a run: what was loaded, quarantined and skipped, why, and what to type next."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from etl_core.cli import screen
from etl_core.cli.say import Lang, counted, reason, title
from etl_core.inbox import CLOSED
from etl_core.pipeline import Report
from etl_core.records import Aside, Outcome
from etl_schemas.messages import text

ROWS = ("read", "loaded", "quarantined", "skipped", "records")
# read = loaded + quarantined + skipped, as the headings say it.
CHANGES = ("inserted", "updated", "withdrawn")
SIGNS = {"loaded": "= ", "quarantined": "+ ", "skipped": "+ "}

# So many exports are named as what to do next.
MOST = 3

# Results of deliveries that nothing was done with.
QUIET = ("unchanged", "revoked")


def rows(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """The sums of the five numbers of rows and records."""
    counts = [each.counts for each in outcomes]
    return {name: sum(getattr(each, name) for each in counts) for name in ROWS}


def plan(outcomes: Iterable[Outcome]) -> dict[str, int]:
    """The sums of what deliveries did, or would do, to the records that stood."""
    outcomes = list(outcomes)
    return {name: sum(getattr(each, name) for each in outcomes) for name in CHANGES}


def summed(outcomes: Iterable[Outcome], kind: str) -> dict[str, int]:
    """Reasons, skips or warnings of all deliveries, the most frequent first."""
    total: Counter[str] = Counter()
    for each in outcomes:
        total.update(getattr(each.counts, kind))
    return dict(sorted(total.items(), key=lambda one: (-one[1], one[0])))


def show(report: Report, config: Path, lang: Lang, into: str | None = None) -> None:
    """Print the whole summary; `into`: the address of a warehouse that the run made and the configuration does not name."""
    news = [each for each in report.outcomes if each.result not in QUIET]
    if report.dry_run:
        screen.line(title("dry_run", lang))
    if news:
        _deliveries(news, lang)
        _plan(news, lang)
    _quiet(report, lang, bool(news))
    _faults(news, lang)
    _unknown(news, lang)
    _aside(news, lang)
    _refused(news, lang)
    _besides(report, lang)
    if news and report.run_id and not report.dry_run:
        screen.line(f"{title('run_id', lang)}: {report.run_id}")
    if into is not None:
        screen.line(screen.shown(f"{title('into', lang)}: {config}: warehouse.url: {into}"))
    for command in following(report, config):
        screen.line(f"{title('next', lang)}: {command}")


def _quiet(report: Report, lang: Lang, news: bool) -> None:
    """Deliveries that nothing was done with: how many, and which a person took back."""
    quiet = Counter(each.result for each in report.outcomes if each.result in QUIET)
    if quiet["unchanged"] or not news:
        screen.line(f"{text('result.unchanged', lang)}: {quiet['unchanged']}")
    for each in report.outcomes:
        if each.result == "revoked":
            screen.line(f"{text('result.revoked', lang)}: {screen.shown(each.file)}")


def _aside(news: list[Outcome], lang: Lang) -> None:
    """Sheets that were passed over."""
    for each in news:
        for said in asides(each.asides, lang):
            screen.line(screen.shown(f"{each.file}: {said}"))


def _besides(report: Report, lang: Lang) -> None:
    """Plugins that cannot be used, the snapshot, and what could not be kept or told."""
    for problem in report.problems:
        screen.line(
            f"{title('problem', lang)}: {problem.plugin} ({problem.distribution} {problem.version}): {problem.reason}"
        )
    if report.published is not None and report.published.new:
        screen.line(f"{title('published', lang)}: {screen.shown(str(report.published.folder))}")
    for trouble in report.troubles:
        told = f"{title('untold', lang)}: {trouble.what}: {trouble.where} ({trouble.kind})"
        screen.line(screen.shown(told))


def equation(counts: dict[str, int], lang: Lang) -> str:
    """«读入行 9 = 入库行 7 + 隔离行 1 + 跳过行 1；记录数 12»."""
    parts = [f"{SIGNS.get(name, '')}{title(name, lang)} {counts[name]}" for name in ROWS]
    return f"{' '.join(parts[:-1])}; {parts[-1]}"


def _deliveries(news: list[Outcome], lang: Lang) -> None:
    heads = [title(name, lang) for name in ("file", "source", "label", "result")]
    heads += [SIGNS.get(name, "") + title(name, lang) for name in ROWS]
    screen.table(heads, (_line(each, lang) for each in news))
    screen.line(f"{title('total', lang)}: {equation(rows(news), lang)}")


def _plan(news: list[Outcome], lang: Lang) -> None:
    """By source: records that are new, that take another's place, that stand no more; and rows in quarantine."""
    sources = sorted({each.source for each in news if each.source})
    if not sources:
        return
    screen.line()
    heads = [title(name, lang) for name in ("source", *CHANGES, "quarantined")]
    screen.table(
        heads, (_changes(source, [each for each in news if each.source == source]) for source in sources)
    )


def _changes(source: str, news: list[Outcome]) -> list[object]:
    return [source, *plan(news).values(), rows(news)["quarantined"]]


def _line(outcome: Outcome, lang: Lang) -> list[object]:
    numbers = rows([outcome])
    label = outcome.place.label if outcome.place else None
    named = [outcome.file, outcome.source, label, text(f"result.{outcome.result}", lang)]
    return [*named, *(numbers[name] for name in ROWS)]


def _faults(news: list[Outcome], lang: Lang) -> None:
    """Why rows are in quarantine, what was skipped, and what was loaded with a warning."""
    for kind in ("reasons", "warnings"):
        found = summed(news, kind)
        if found:
            screen.line()
            heads = [title(name, lang) for name in (kind, "count", "message")]
            screen.table(heads, ([code, number, reason(code, lang)] for code, number in found.items()))
    skips = summed(news, "skips")
    if skips:
        screen.line(f"{title('skipped', lang)}: {counted(skips, 'skip', lang)}")


def _unknown(news: list[Outcome], lang: Lang) -> None:
    """Columns that no source declares: nothing of them was loaded, and nobody may overlook that."""
    for each in news:
        for account in each.accounts:
            if account.unknown:
                sheet = f": {account.sheet}" if account.sheet else ""
                told = f"{title('unknown', lang)}: {each.file}{sheet}: {', '.join(account.unknown)}"
                screen.line(screen.shown(told))


def asides(passed: Iterable[Aside], lang: Lang) -> Iterator[str]:
    """A warning for each sheet that was passed over: nothing of it was loaded, and nobody may overlook that either."""
    for each in passed:
        sheet = "/".join(filter(None, (each.file.partition("/")[2], each.sheet)))
        yield f"{title('aside', lang)}: {sheet}: {counted({each.kind: each.rows}, 'skip', lang)}"


def _refused(news: list[Outcome], lang: Lang) -> None:
    """Files of which nothing was loaded, and why."""
    for each in news:
        if each.error:
            result = text(f"result.{each.result}", lang)
            told = (
                f"{result}: {screen.shown(each.file)}: {each.error}: {reason(each.error, lang, each.detail)}"
            )
            screen.line(screen.shown(told))


def _exports(report: Report) -> Iterator[tuple[str, str]]:
    """Source and file of every export that gives something: a delivery that was rejected has a list, and no workbook to mend."""
    waits = {
        (str(each.source), ".xlsx" if each.result == "loaded" else ".csv")
        for each in report.outcomes
        if each.source and each.counts.quarantined
    }
    yield from ((source, f"{source}{suffix}") for source, suffix in sorted(waits))


def following(report: Report, config: Path) -> Iterator[str]:
    """Commands that tell more, fit for a shell."""
    file = shlex.quote(str(config))
    if any(each.counts.quarantined for each in report.outcomes):
        yield f"etl quarantine list --config {file}"
        found = list(_exports(report))
        for source, out in found[:MOST]:
            yield f"etl quarantine export --config {file} --source {source} --out {out}"
        if len(found) > MOST:
            yield "…"
    for source in sorted({str(each.source) for each in report.outcomes if each.stopped}):
        yield f"etl run --config {file} --source {source} --allow-shrink {source}"
    if any(each.error == CLOSED for each in report.outcomes):
        yield f"etl doctor --config {file}"
    if any(each.result in ("failed", "rejected") and each.error != CLOSED for each in report.outcomes):
        yield f"etl deliveries list --config {file}"
    yield f"etl status --config {file}"
