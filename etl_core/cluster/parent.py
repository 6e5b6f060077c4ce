"""The parent's side of a cluster: hands out jobs, reads the answers from the staging place, ends the run everywhere."""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self, cast

from distributed import CancelledError, Client, Future
from distributed.scheduler import KilledWorker
from distributed.security import Security

from etl_core import protocol
from etl_core.cluster import node
from etl_core.cluster.staging import Staging, pieces, unpacked
from etl_core.config import Dask, private
from etl_core.errors import ClusterError, DeliveryError
from etl_core.pool import HELD, Pool, Stream, Told
from etl_core.protocol import Claimed, Done, Failed, Hello, Job, Mending, Ready
from etl_core.records import Prepared
from etl_core.seal import Seal

WAIT = 30.0  # seconds that a scheduler, or a cluster without workers, is waited for
LOOK = 2.0  # seconds between two looks after a task: one that no worker is left for waits for ever and tells nobody


class _Asked(Stream):
    """A stream whose task is cancelled when nobody wants it any more."""

    def __init__(self, job: Job, held: int) -> None:
        super().__init__(job, held)
        self.dropped = threading.Event()

    def drop(self) -> None:
        """Want no more of it; the task is given up at the next look after it."""
        self.dropped.set()
        super().drop()


class _Sent:
    """A delivery's file, staged once, by whoever needs it first; gone when the private copy is gone."""

    def __init__(self, path: Path, staging: Staging) -> None:
        self.path, self._staging = path, staging
        self._lock = threading.Lock()
        self._name: str | None = None

    def name(self) -> str:
        """The staged object's name."""
        with self._lock:
            if self._name is None:
                self._name = self._staging.put(pieces(self.path))
            return self._name

    def remove(self) -> None:
        """Remove the staged object."""
        with self._lock:
            if self._name is not None:
                self._staging.remove(self._name)


class Cluster:
    """The workers of one scheduler, for one run; use it as a context.

    Raises ClusterError where the scheduler or the staging place cannot be reached, there are no workers, they differ, or
    something would travel between machines in clear.
    """

    def __init__(self, hello: Hello, seconds: float, settings: Dask) -> None:
        assert settings.address and settings.staging
        self._hello, self._seconds, self._settings = hello, seconds, settings
        self._run, self._seal = uuid.uuid4().hex, Seal.random()
        self._over = ExitStack()
        self._ready: Ready | None = None
        self._agreement = ""
        self._streams: list[tuple[_Asked, threading.Thread]] = []
        self._sent: dict[str, _Sent] = {}
        self._near: Pool | None = None

    @property
    def size(self) -> int:
        """How many tasks the workers carry out at a time now."""
        return max(1, sum(self._workers().values()))

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            self._client = _client(self._settings)
            opening.callback(self._client.close)
            with _staged():
                self._staging = Staging(str(self._settings.staging), self._run, self._seal)
                self._staging.make()
            opening.callback(self._staging.clear)
            self._await_workers()
            self._over = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give up what is unread, have every worker forget the run, and remove what was staged."""
        for stream, _ in self._streams:
            stream.drop()
        for _, thread in self._streams:
            thread.join()
        with suppress(Exception):  # a worker that is gone has forgotten
            if self._client.status == "running":
                self._client.run(node.forget, self._run, on_error="ignore")
        self._over.close()

    def ready(self) -> Ready:
        """The plugins that every worker has. Raises DeliveryError where a worker cannot start a child."""
        if self._ready is None:
            greetings = self._greetings()
            self._demand_alike(greetings)
            first = greetings[min(greetings)]
            self._agreement = first["agreement"]
            ready = protocol.decode(first["ready"].encode(), _nothing)
            assert isinstance(ready, Ready)
            self._ready = ready
        return self._ready

    def submit(self, job: Job, held: int = HELD) -> Stream:
        """Have the job carried out by the next free worker; at most `held` decoded answers wait for their reader.

        A mending is small and wants several files at once: it is read on this machine.
        """
        if job.originals:
            return self._nearby().submit(job, held)
        with suppress(DeliveryError):  # told once more to whoever reads the stream
            self.ready()
        self._streams = [(each, thread) for each, thread in self._streams if not each.over]
        for path in [path for path in self._sent if not Path(path).exists()]:
            self._sent.pop(path).remove()
        sent = self._sent.setdefault(job.path, _Sent(Path(job.path), self._staging))
        stream = _Asked(job, held)
        thread = threading.Thread(
            target=stream.fill, args=(self._answers(stream, sent),), name="task", daemon=True
        )
        self._streams.append((stream, thread))
        thread.start()
        return stream

    def _nearby(self) -> Pool:
        if self._near is None:
            self._near = self._over.enter_context(Pool(self._hello, self._seconds))
        return self._near

    def _answers(self, stream: _Asked, sent: _Sent) -> Generator[Told]:
        """Everything about a job, fetched from the staging place as it is read."""
        job = stream.job
        self.ready()
        with _staged():
            name = sent.name()
        told = protocol.line(replace(job, path="")).decode("ascii")
        order = self._order(job=told, file=name, agreement=self._agreement, seal=self._seal.tell())
        source = job.source
        for line in self._done(node.deliver, order, stream, source):
            answer = self._read(line, source)
            source = answer.source if isinstance(answer, Claimed) else source
            yield answer

    def _order(self, **more: str) -> str:
        """One text: nothing that Dask would look into or change on the way."""
        common = {
            "run": self._run,
            "hello": protocol.line(self._hello).decode("ascii"),
            "seconds": self._seconds,
        }
        return json.dumps({**common, "staging": self._settings.staging, **more})

    def _done(self, task: Any, order: str, stream: _Asked, source: str) -> list[str]:
        """What a task gave, whoever carried it out in the end; nothing where nobody wants it any more."""
        key = f"{task.__name__}-{uuid.uuid4().hex}"
        future = self._client.submit(task, order, key=key, pure=False)
        since = time.monotonic()
        while not stream.dropped.is_set():
            try:
                return _lines(future, LOOK)
            except TimeoutError:
                since = time.monotonic() if self._workers() else since
                if time.monotonic() - since > WAIT:
                    _nobody()
            except KilledWorker:
                raise DeliveryError("crashed", source=source) from None
        future.cancel()
        return []

    def _read(self, line: str, source: str) -> Told:
        told = json.loads(line)
        if told["type"] == "Fault":
            _unfit(told)
        if told["type"] == "Staged":
            return self._fetched(told)
        answer = protocol.decode(line.encode(), _nothing)
        if isinstance(answer, Failed):
            raise DeliveryError(answer.code, **{**answer.detail, "source": answer.source or source})
        assert isinstance(answer, Claimed | Mending | Done)
        return answer

    def _fetched(self, told: dict[str, Any]) -> Prepared:
        with _staged():
            content = b"".join(self._staging.get(told["name"]))
            self._staging.remove(told["name"])
        return unpacked(content, told["sizes"], told["read"])

    def _greetings(self) -> dict[str, dict[str, Any]]:
        """What every worker says of itself, by address; workers that left in the meantime say nothing."""
        asked = {
            address: self._client.submit(
                node.greet, self._order(), key=f"greet-{uuid.uuid4().hex}", workers=[address], pure=False
            )
            for address in self._await_workers()
        }
        found: dict[str, dict[str, Any]] = {}
        while asked:
            for address, future in list(asked.items()):
                with suppress(TimeoutError, KilledWorker):
                    found[address] = _greeting(_lines(future, LOOK))
                if address in found or address not in self._workers():
                    del asked[address]
        return found or _nobody()

    def _demand_alike(self, greetings: dict[str, dict[str, Any]]) -> None:
        """Every worker is as this program is, and as the others are: results must not depend on who read."""
        ours, first = node.versions(), greetings[min(greetings)]
        for address, told in sorted(greetings.items()):
            for name in sorted(ours):
                if told["versions"].get(name) != ours[name]:
                    theirs = told["versions"].get(name, "—")
                    raise ClusterError(
                        f"{address}: {name} 为 {theirs}，本机为 {ours[name]}；所有节点须安装相同版本"
                        f"｜{name} is {theirs} there and {ours[name]} here; install the same on every node"
                    )
            if told["agreement"] != first["agreement"]:
                raise ClusterError(
                    f"{address}: 插件与 {min(greetings)} 的不同；所有节点须安装相同的插件"
                    f"｜its plugins are not those of {min(greetings)}; install the same on every node"
                )

    def _await_workers(self) -> dict[str, int]:
        """The workers, as soon as there is one."""
        end = time.monotonic() + WAIT
        while not (workers := self._workers()):
            if time.monotonic() > end:
                _nobody()
            time.sleep(0.1)
        return workers

    def _workers(self) -> dict[str, int]:
        """Threads of each worker by its address, as the scheduler knows them now."""
        with _reached():
            workers: dict[str, int] = dict(cast("Any", self._client.nthreads()))
        for address in workers:
            _demand_private(address)
        return workers


def _client(settings: Dask) -> Client:
    address = str(settings.address)
    _demand_private(address)
    logging.getLogger("distributed").setLevel(
        logging.CRITICAL
    )  # what matters of it is told by our own errors
    with _reached(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # differing versions are told by us (_demand_alike)
        return Client(address, security=_security(settings), timeout=WAIT, set_as_default=False)


def _security(settings: Dask) -> Security | None:
    """Both sides show a certificate of the same authority; nothing is ever sent over an open connection."""
    if not settings.encrypted:
        return None
    return Security(
        require_encryption=True,
        tls_ca_file=str(settings.ca_file),
        tls_client_cert=str(settings.cert_file),
        tls_client_key=str(settings.cert_key),
    )


def _demand_private(address: str) -> None:
    """Without TLS nothing goes beyond this machine: the run's key opens files with ID numbers."""
    if not private(address):
        raise ClusterError(
            f"{address}: 本机以外的连接须用 tls://，否则密钥会以明文经过网络"
            "｜beyond this machine only tls:// is used: the run's key would travel in clear"
        )


def _lines(future: Future[Any], seconds: float) -> list[str]:
    """What a task gave. Raises TimeoutError, KilledWorker, ClusterError."""
    try:
        lines: Sequence[str] = future.result(timeout=seconds)
        return list(lines)
    except (TimeoutError, KilledWorker):
        raise
    except CancelledError:
        raise ClusterError("与调度器的连接断了｜the connection to the scheduler was lost") from None
    except Exception as fault:  # noqa: BLE001  # a worker without our software raises what it likes
        raise ClusterError(
            f"节点无法执行任务，请确认每个节点和调度器都装有相同的 chuanyu-etl（{type(fault).__name__}）"
            "｜a worker cannot carry out the task; the same chuanyu-etl must be installed on every worker and the scheduler"
        ) from None


def _greeting(lines: list[str]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(lines[-1])
    if told["type"] == "Failed":
        raise DeliveryError(told["value"]["code"])
    if told["type"] == "Fault":
        _unfit(told)
    return told


def _unfit(told: dict[str, Any]) -> NoReturn:
    if told["kind"] == "other_versions":
        raise ClusterError(
            "有节点的版本或插件与其他节点不同｜a worker that came later has other versions or plugins than the others"
        )
    raise ClusterError(
        f"节点无法完成任务，请检查它的暂存位置和磁盘（{told['kind']}，{told['where']}）"
        f"｜a worker cannot do its work, look at its staging place and disk ({told['kind']} at {told['where']})"
    )


def _nobody() -> NoReturn:
    raise ClusterError(
        "集群里没有节点，请先启动 dask worker｜the cluster has no workers; start `dask worker` first"
    )


def _nothing(_: int) -> bytes:
    """Only Prepared has bytes behind its line, and none comes this way."""
    raise ClusterError("节点的回答有误｜a worker's answer is malformed")


@contextmanager
def _reached() -> Iterator[None]:
    """Whatever goes wrong on the way to the scheduler, by its kind alone."""
    try:
        yield
    except ClusterError:
        raise
    except Exception as fault:  # noqa: BLE001  # sockets, certificates, handshakes
        raise ClusterError(
            f"无法连接调度器，请检查地址和证书（{type(fault).__name__}）"
            "｜the scheduler cannot be reached, check address and certificates"
        ) from None


@contextmanager
def _staged() -> Iterator[None]:
    """Whatever goes wrong at the staging place, by its kind alone: its address may hold a password."""
    try:
        yield
    except (OSError, ValueError, ImportError) as fault:
        raise ClusterError(
            f"暂存位置无法读写（{type(fault).__name__}）｜the staging place cannot be read or written"
        ) from None
