"""A paged REST service → a folder of its pages, exactly as received."""

from __future__ import annotations

from contextlib import closing
from functools import partial

from etl_core.config import Bounds, Rest
from etl_core.errors import PullError
from etl_core.pulls.asking import Answer, Service
from etl_core.pulls.landing import Landing, Part, page
from etl_core.pulls.outcome import Advanced
from etl_core.pulls.pages import COUNTED, Envelope, envelope, following, parameters


def pull(rest: Rest, limits: Bounds, landing: Landing, name: str, advanced: Advanced) -> tuple[str, ...]:
    """Fetch all pages, going on where an earlier pull of the same request was stopped; the name of the new delivery, if any.

    Raises PullError: what Service.page raises, and "pull.incomplete" (not as many records as the service says that it has),
    "pull.empty", "pull.repeated" (a page that came before, the same place again), "pull.bound". The pages that
    were good are kept for the next time, unless they themselves are what is wrong.
    """
    request = _request(rest)
    fetching = Fetching(rest, limits, landing.part(request, name))
    with closing(Service(rest, limits)) as service:
        while not fetching.complete:
            answer, read = fetching.asked(service)
            if fetching.outdated(read):
                fetching = Fetching(rest, limits, landing.fresh(request, name))
            elif fetching.beyond(answer, read):
                break
            else:
                fetching.keep(service, answer, read)
                advanced(fetching.part.state.progress)
    fetching.demand_whole()
    landed = landing.land(fetching.part)
    return (landed,) if landed else ()


def _request(rest: Rest) -> object:
    """What makes two pulls the same one: who is asked and what for, not by whom."""
    query = {name: value.get_secret_value() for name, value in rest.query.items()}
    return [rest.url, query, rest.pages.model_dump(), rest.items, rest.total]


class Fetching:
    """The pages of one pull, one after the other into its part."""

    def __init__(self, rest: Rest, limits: Bounds, part: Part) -> None:
        self._rest, self._limits, self.part = rest, limits, part
        self._counted = rest.pages.by in COUNTED
        kept = sorted(part.pages.iterdir()) if part.resumed else []
        self._seen = {envelope(rest, each.read_bytes()).digest for each in kept}

    @property
    def complete(self) -> bool:
        """Whether nothing is left to ask for: the service said how many there are, or that nothing follows."""
        state = self.part.state
        if self._counted:
            return state.pages > 0 and state.total is not None and state.rows >= state.total
        return state.pages > 0 and not state.next

    def asked(self, service: Service) -> tuple[Answer, Envelope]:
        """The next page."""
        position = self.part.state.next
        link = position if self._rest.pages.by == "link" else ""
        return service.page(parameters(self._rest.pages, position), link, partial(envelope, self._rest))

    def outdated(self, read: Envelope) -> bool:
        """Whether what an earlier pull left behind is not what there is now: there are more records, or fewer."""
        return self.part.resumed and read.total != self.part.state.total

    def beyond(self, answer: Answer, read: Envelope) -> bool:
        """Whether a page is the empty one after the last."""
        return read.items == 0 and (self._counted or not (read.next or answer.link))

    def keep(self, service: Service, answer: Answer, read: Envelope) -> None:
        """Keep a page, once it is known to be a new one and within the bounds."""
        state = self.part.state
        self._demand_room(len(answer.body))
        position = following(self._rest.pages, state.next, read, answer.link)
        position = service.relative(position) if self._rest.pages.by == "link" else position
        if (read.items and read.digest in self._seen) or (position and position == state.next):
            self.part.drop()
            raise PullError("pull.repeated", found=state.pages + 1)
        self._seen.add(read.digest)
        self.part.add(
            page(state.pages + 1),
            answer.body,
            pages=state.pages + 1,
            rows=state.rows + read.items,
            bytes=state.bytes + len(answer.body),
            total=read.total,
            next=position,
        )

    def demand_whole(self) -> None:
        """A pull that misses records, or has more than there are, is thrown away: nobody can tell which page is wrong (ruling 19)."""
        state = self.part.state
        if state.rows and state.total in (None, state.rows):
            return
        self.part.drop()
        if state.rows:
            raise PullError("pull.incomplete", found=state.rows, expected=state.total or 0)
        raise PullError("pull.empty")

    def _demand_room(self, size: int) -> None:
        state = self.part.state
        if state.pages >= self._limits.pages or state.bytes + size > self._limits.mb << 20:
            raise PullError("pull.bound", limit=f"{self._limits.pages} pages, {self._limits.mb} MB")
