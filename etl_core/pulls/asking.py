"""One page of a REST service, asked for politely: at a bounded rate, again after what passes, never again after what does not.

No text of the other side and no address with its query reaches an error or a log: both can hold secrets and persons.
"""

from __future__ import annotations

import email.utils
import logging
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import NoReturn, TypeVar
from urllib.parse import urljoin

import httpx
import tenacity

from etl_core.config import Bounds, Rest
from etl_core.errors import PullError

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0  # seconds: 0.5, 1, 2, 4 … with jitter
REDIRECTS = 5
_PORTS = {"http": 80, "https": 443}

Read = TypeVar("Read")


class _AgainError(Exception):
    """What may pass: to be tried again, after so many seconds where the service says so."""

    def __init__(self, fault: PullError, after: float | None = None) -> None:
        super().__init__(fault.code)
        self.fault, self.after = fault, after


@dataclass(frozen=True, slots=True)
class Answer:
    """The bytes of a page as received, and the address in its header Link, "" where there is none."""

    body: bytes
    link: str


class Service:
    """A REST service; `page` asks it for one page. To be closed."""

    def __init__(self, rest: Rest, limits: Bounds) -> None:
        self._rest, self._limits = rest, limits
        self._until = time.monotonic() + limits.seconds
        self._due = 0.0
        self._client = _client(rest)
        self._origin = httpx.URL(rest.url)
        self._asked = httpx.QueryParams({**_plain(rest.query)})
        self._retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_AgainError),
            stop=tenacity.stop_after_attempt(rest.attempts),
            wait=_pause,
            sleep=self._sleep,
            reraise=True,
        )

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def page(
        self, parameters: Mapping[str, str], link: str, read: Callable[[bytes], Read]
    ) -> tuple[Answer, Read]:
        """Ask for a page until `read` understands it.

        Args:
            parameters: of the query, beside those of every request.
            link: where the page is, as a page before it said (`relative`); "" for the service's own address.
            read: raises PullError for a body that is no page; services and gateways send such in passing.

        Raises PullError: unreachable, untrusted, refused, failing, redirected, elsewhere, bound, unreadable.
        """
        url = self._url(parameters, link)
        try:
            return self._retrying(self._once, url, read)
        except _AgainError as last:
            raise last.fault from None

    def relative(self, link: str) -> str:
        """A link without what we ask ourselves, in which secrets may stand; it is joined to it again when it is followed."""
        if not link:
            return ""
        url = httpx.URL(urljoin(str(self._origin), link))
        if _place(url) != _place(self._origin):
            raise PullError("pull.redirected", host=url.host)
        pairs = {name: value for name, value in url.params.items() if self._asked.get(name) != value}
        return url.copy_with(params=httpx.QueryParams({**pairs})).raw_path.decode("ascii")

    def _url(self, parameters: Mapping[str, str], link: str) -> httpx.URL:
        url = self._origin.join(link) if link else self._origin
        asked = self._asked.merge(url.params).merge(httpx.QueryParams({**parameters}))
        return url.copy_with(params=asked)

    def _once(self, url: httpx.URL, read: Callable[[bytes], Read]) -> tuple[Answer, Read]:
        answer = self._got(url)
        try:
            return answer, read(answer.body)
        except PullError as fault:
            raise _AgainError(fault) from None

    def _got(self, url: httpx.URL) -> Answer:
        for _ in range(REDIRECTS):
            self._wait()
            with self._stream(url) as response:
                if not response.has_redirect_location:
                    return self._answer(response)
                url = self._elsewhere(response)
        raise PullError("pull.redirected", host=url.host)

    @contextmanager
    def _stream(self, url: httpx.URL) -> Iterator[httpx.Response]:
        """An answer whose body is still to come; what goes wrong with the connection, then or later, may pass."""
        try:
            with self._client.stream("GET", url) as response:
                yield response
        except (httpx.TransportError, httpx.DecodingError) as error:
            _unreachable(error, url.host)
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            raise PullError("pull.unreachable", host=url.host, kind=type(error).__name__) from None

    def _answer(self, response: httpx.Response) -> Answer:
        status, host = response.status_code, response.url.host
        if status == httpx.codes.TOO_MANY_REQUESTS or status >= 500:
            raise _AgainError(PullError("pull.failing", host=host, status=status), self._after(response))
        if status != httpx.codes.OK:
            raise PullError("pull.refused", host=host, status=status)
        return Answer(self._body(response), str(response.links.get("next", {}).get("url", "")))

    def _body(self, response: httpx.Response) -> bytes:
        """The body, whose parts are counted while they come."""
        body, most = bytearray(), self._limits.page_mb << 20
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > most:
                raise PullError("pull.bound", limit=f"{self._limits.page_mb} MB")
            self._demand_time()
        return bytes(body)

    def _after(self, response: httpx.Response) -> float | None:
        """The seconds of Retry-After (a number or a date); longer than the pull has left is not waited for."""
        seconds = _seconds(response.headers.get("retry-after", ""))
        if seconds is not None and seconds > self._until - time.monotonic():
            raise PullError("pull.failing", host=response.url.host, status=response.status_code)
        return seconds

    def _elsewhere(self, response: httpx.Response) -> httpx.URL:
        """Where a redirection leads, on the same host: a token is for one host alone."""
        url = response.next_request.url if response.next_request else response.url
        if _place(url) != _place(response.url):
            raise PullError("pull.redirected", host=url.host)
        return url

    def _wait(self) -> None:
        """Not more requests a second than agreed, and none after the pull's time."""
        self._demand_time()
        time.sleep(max(0.0, self._due - time.monotonic()))
        self._due = time.monotonic() + 1 / self._rest.rate

    def _sleep(self, seconds: float) -> None:
        time.sleep(min(seconds, max(0.0, self._until - time.monotonic())))

    def _demand_time(self) -> None:
        if time.monotonic() >= self._until:
            raise PullError("pull.bound", limit=f"{self._limits.seconds} s")


def _client(rest: Rest) -> httpx.Client:
    for name in ("httpx", "httpcore"):  # whose logs show addresses with their queries
        logging.getLogger(name).setLevel(logging.WARNING)
    headers = {"accept": "application/json", "user-agent": f"chuanyu-etl/{version('chuanyu-etl')}"}
    auth = None
    if rest.auth and rest.auth.bearer:
        headers["authorization"] = f"Bearer {rest.auth.bearer.get_secret_value()}"
    elif rest.auth and rest.auth.user and rest.auth.password:
        auth = httpx.BasicAuth(rest.auth.user, rest.auth.password.get_secret_value())
    try:
        trust = ssl.create_default_context(cafile=str(rest.ca_file) if rest.ca_file else None)
    except OSError:  # no such file, or no certificate in it
        raise PullError("pull.untrusted", host=httpx.URL(rest.url).host) from None
    try:
        return httpx.Client(
            headers=headers | _plain(rest.headers), auth=auth, timeout=rest.timeout, verify=trust
        )
    except (UnicodeError, ValueError):  # a header that is none, a proxy of the environment that is none
        raise PullError("pull.unreachable", host=httpx.URL(rest.url).host, kind="headers") from None


def _plain(secrets: Mapping[str, object]) -> dict[str, str]:
    return {name: value.get_secret_value() for name, value in secrets.items()}  # type: ignore[attr-defined]


def _unreachable(error: httpx.RequestError, host: str) -> NoReturn:
    """Raise what a fault of the connection means; a certificate that is not trusted does not pass by waiting."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise PullError("pull.untrusted", host=host) from None
        cause = cause.__cause__ or cause.__context__
    raise _AgainError(PullError("pull.unreachable", host=host, kind=type(error).__name__)) from None


def _pause(state: tenacity.RetryCallState) -> float:
    """What the service asked for, else longer and longer, with jitter so that many clients do not come back at once."""
    fault = state.outcome.exception() if state.outcome else None
    if isinstance(fault, _AgainError) and fault.after is not None:
        return fault.after
    return tenacity.wait_exponential_jitter(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE, jitter=FIRST_PAUSE)(
        state
    )


def _seconds(stated: str) -> float | None:
    if stated.isascii() and stated.strip().isdigit():
        return float(stated)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(stated).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def _place(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or _PORTS.get(url.scheme)
