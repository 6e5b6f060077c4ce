"""A real HTTP server for the tests, in a thread of its own, with faults on demand."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered; `cut`: the connection ends after so many bytes of the body."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


Answering = Callable[[Request], Answer]


@dataclass(slots=True)
class Web:
    """A running server: its address, and every request so far."""

    url: str
    answering: Answering
    asked: list[Request] = field(default_factory=list)


@contextmanager
def web(answering: Answering, certificate: Path | None = None, key: Path | None = None) -> Iterator[Web]:
    """Serve on this machine until left, by TLS where there is a certificate."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            headers = {name.title(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("Content-Length", "0")))
            request = Request(self.command, parts.path, query, headers, body)
            running.asked.append(request)
            answer = running.answering(request)
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body[: answer.cut])

        do_HEAD = do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    running = Web(f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}", answering)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def table(count: int, size: int = 50, shape: str = "number") -> Answering:
    """A service of `count` records in pages, as agencies write them."""

    def answer(request: Request) -> Answer:
        start = _start(request.query, size, shape)
        items = [{"id": str(each), "name": f"测试{each}"} for each in range(start, min(start + size, count))]
        after = start + size
        told: dict[str, object] = {"totalCount": count, "items": items}
        headers = {}
        if after < count:
            told |= {"cursor": f"c{after}", "next": f"/records?offset={after}&token=canary-token"}
            headers["Link"] = f'</records?offset={after}&token=canary-token>; rel="next"'
        body = json.dumps({"code": 0, "data": told}, ensure_ascii=False)
        return Answer(body.encode(), headers=headers)

    return answer


def _start(query: Mapping[str, str], size: int, shape: str) -> int:
    if shape == "number":
        return (int(query.get("page", query.get("pageIndex", "1"))) - 1) * size
    if shape == "cursor":
        return int(query.get("cursor", "c0")[1:])
    return int(query.get("offset", "0"))
