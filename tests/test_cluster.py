"""A cluster of real processes: the same warehouse as without it, whoever dies, and nothing in clear on the way."""

from __future__ import annotations

import datetime
import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path

import polars as pl
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from distributed import Client

from benchmarks.sample import Shape
from benchmarks.sample import write as sample
from etl_core import ahead, config, loading, protocol
from etl_core.cluster import Cluster, node, parent, stay
from etl_core.cluster.staging import Staging, packed, pieces, unpacked
from etl_core.cluster.stay import Stay
from etl_core.config import Config, Dask
from etl_core.errors import ClusterError, DeliveryError
from etl_core.keys import Keys
from etl_core.pipeline import run
from etl_core.pool import Told
from etl_core.protocol import Claimed, Done, Hello, Job, Ready
from etl_core.records import Prepared
from etl_core.seal import Seal
from tests.fakes import install, number, person, write
from tests.nodes import Nodes, nodes
from tests.services import Server
from tests.test_deliveries import CLOCKS, NUMBERS, SAMPLES, Home, dump, goldens, home, told
from tests.test_pipeline import Watch
from tests.test_supervisor import HOSTILE

HELLO = Hello(2048)
TWO = ("suitong", "swu_guopei")
FILES = [path for path in SAMPLES if path.parents[2].name in TWO]

# A plugin that takes the whole worker along, not only the child.
WORSE = f"""
{HOSTILE}

_before = place

def place(name, above):
    if "_1910" in name:
        os.kill(os.getppid(), signal.SIGKILL)
    return _before(name, above)
"""


def settings(of: Nodes, folder: Path, **more: object) -> Dask:
    """What a configuration says of a cluster; staging is an address, not a path."""
    return Dask.model_validate({"address": of.address, "staging": f"file://{folder / 'staging'}", **more})


def dask(of: Nodes, folder: Path) -> str:
    return f"executor: dask\ndask:\n  address: {of.address}\n  staging: file://{folder / 'staging'}\n"


def clustered(of: Home, cluster: Nodes) -> Config:
    """The home's configuration with a cluster."""
    path = of.configured()
    path.write_text(path.read_text() + dask(cluster, of.folder), encoding="utf-8")
    return config.load(path)


def job(folder: Path, year: int) -> Job:
    path = write(folder / f"made_up_{year}.csv", [person(year % 1000)])
    return Job(str(path), path.name, 1.7e9)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nodes]:
    """Two workers with the plugins that are installed here."""
    with nodes(tmp_path_factory.mktemp("pair")) as running:
        yield running


@pytest.fixture
def two(postgres_server: Server, tmp_path: Path) -> Iterator[tuple[Home, Home]]:
    """Two homes under one key, each with a PostgreSQL warehouse of its own."""
    key = tmp_path / "person.key"
    Keys.load(key)
    with postgres_server.database() as first, postgres_server.database() as second:
        yield home(tmp_path / "local", first, key), home(tmp_path / "cluster", second, key)


@pytest.mark.slow
def test_a_cluster_makes_the_warehouse_that_this_machine_makes_and_stages_nothing_in_clear(
    two: tuple[Home, Home], pair: Nodes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contract §5: every object is kept, and none holds a number, a name, or anything that looks like Parquet."""
    for name in ("remove", "clear"):
        monkeypatch.setattr(Staging, name, lambda *_: None)
    seal = Seal.random()
    monkeypatch.setattr(Seal, "random", lambda: seal)
    local, cluster = two
    for each in two:
        each.receive(FILES)
    expected = local.run()
    report = run(clustered(cluster, pair), Watch())
    assert [replace(one, seconds=0.0) for one in report.outcomes] == [
        replace(one, seconds=0.0) for one in expected
    ]
    assert dump(cluster.url) == dump(local.url)
    assert told(cluster)["measures"].equals(told(local)["measures"])

    staged = [path for path in (cluster.folder / "staging").rglob("*") if path.is_file()]
    assert len(staged) >= 2 * len(FILES)
    people = [goldens()[source].records.select("person_name", "id_number") for source in TWO]
    texts = {text for frame in people for column in frame for text in column.drop_nulls()}
    canaries = [text.encode(codec) for text in texts for codec in ("utf-8", "gb18030", "utf-16-le")]
    assert len(canaries) > 1000
    for path in staged:
        content = path.read_bytes()
        # Four bytes turn up among a million random ones now and then, six do not.
        assert not any(canary in content for canary in canaries if len(canary) >= 6)
        assert b"PAR1" not in content
    assert seal.tell().encode() not in pair.log()
    # The same search finds them in what the seal hides: the names of the objects bind it.
    shown = [b"".join(seal.open([path.read_bytes()], path.name)) for path in staged]
    assert any(canary in content for content in shown for canary in canaries[:300])
    assert sum(b"PAR1" in content for content in shown) >= len(FILES)


@dataclass
class Killer(Watch):
    """Freezes a worker when the first rows are loaded, and kills it once it has a part: to be read, or read and not yet fetched."""

    cluster: Nodes = field(kw_only=True)
    lost: list[str] = field(default_factory=list)
    thread: threading.Thread | None = None

    def advanced(self, rows: int) -> None:
        super().advanced(rows)
        if self.thread is None:
            self.cluster.workers[0].send_signal(signal.SIGSTOP)
            self.thread = threading.Thread(target=self._kill, daemon=True)
            self.thread.start()

    def _kill(self) -> None:
        try:
            with Client(self.cluster.address, set_as_default=False) as client:
                workers = client.scheduler_info()["workers"]
                frozen = next(address for address, one in workers.items() if str(one["id"]) == "0")
                while not self.lost:
                    held = (*client.processing()[frozen], *client.has_what()[frozen])
                    self.lost = [key for key in map(str, held) if key.startswith("deliver-")]
                    time.sleep(0.02)
        finally:
            self.cluster.workers[0].kill()


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_of_a_delivery_changes_nothing(
    two: tuple[Home, Home], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local, cluster = two
    large = local.folder / "in" / "西南大学国培结业数据_2023_第1批.csv"
    sample(large, Shape(20_000, 7))
    os.utime(large, (1.76e9, 1.76e9))
    shutil.copy2(large, cluster.folder / "in")
    expected = local.run()
    for module in (ahead, loading):
        monkeypatch.setattr(module, "PART", large.stat().st_size // 12)
    asked: list[Job] = []
    submit = Cluster.submit

    def noted(self: Cluster, job: Job, held: int = 4) -> object:
        asked.append(job)
        return submit(self, job, held)

    monkeypatch.setattr(Cluster, "submit", noted)
    with nodes(tmp_path / "nodes") as running:
        watch = Killer(cluster=running)
        report = run(clustered(cluster, running), watch)
        assert watch.lost
        assert running.workers[0].wait(20) == -signal.SIGKILL
    assert sum(one.part is not None for one in asked) > 8
    assert [one.counts for one in report.outcomes] == [one.counts for one in expected]
    assert report.outcomes[0].counts.loaded > 15_000
    # Refused rows are numbered batch by batch, and parts make other batches: only those numbers may differ.
    assert dump(cluster.url, CLOCKS | NUMBERS) == dump(local.url, CLOCKS | NUMBERS)
    before, after = told(local), told(cluster)
    for each in (before, after):
        each["refused"] = each["refused"].drop("quarantine_id").sort("row")
    assert [name for name, frame in after.items() if not frame.equals(before[name])] == []


@pytest.fixture
def hostile(tmp_path: Path) -> Iterator[Nodes]:
    """Two workers with a plugin that misbehaves by year; nobody tries again what took a worker along."""
    site = install(tmp_path / "site", more=WORSE)
    environment = {"PYTHONPATH": str(site), "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    with nodes(tmp_path / "nodes", environment=environment) as running:
        yield running


def answers(cluster: Cluster, asked: Job) -> list[Told]:
    return list(cluster.submit(asked))


def crashed(cluster: Cluster, asked: Job) -> str:
    with pytest.raises(DeliveryError) as fault:
        answers(cluster, asked)
    return fault.value.code


@pytest.mark.slow
def test_a_delivery_that_ends_its_child_or_its_worker_fails_alone(
    hostile: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Cluster(Hello(1024, allow=("made_up",)), 20, settings(hostile, tmp_path)) as cluster:
        assert cluster.size == 2
        assert crashed(cluster, job(tmp_path, 1904)) == "crashed"
        assert crashed(cluster, job(tmp_path, 1906)) == "plugin.failed"
        assert len(answers(cluster, job(tmp_path, 2001))) == 3
        assert crashed(cluster, job(tmp_path, 1910)) == "crashed"
        claimed, prepared, done = answers(cluster, job(tmp_path, 2002))
        assert isinstance(claimed, Claimed)
        assert isinstance(prepared, Prepared)
        assert isinstance(done, Done)
        assert (claimed.place.label, prepared.records.height) == ("2002", 1)
        monkeypatch.setattr(parent, "WAIT", 1.0)
        monkeypatch.setattr(parent, "LOOK", 0.2)
        for worker in hostile.workers:
            worker.kill()
        while cluster._workers():
            time.sleep(0.05)
        with pytest.raises(ClusterError, match="no workers"):
            answers(cluster, job(tmp_path, 2003))


@pytest.mark.slow
def test_a_failed_delivery_of_a_run_is_an_outcome_and_the_others_load(hostile: Nodes, tmp_path: Path) -> None:
    made = home(tmp_path / "home", f"sqlite:///{tmp_path / 'w.sqlite'}")
    for year in (1904, 2001, 2002):
        job(made.folder / "in", year)
    chosen = clustered(made, hostile)
    chosen = chosen.model_copy(update={"plugins": config.Plugins(allow=("made_up",))})
    report = run(chosen, Watch())
    assert [(one.result, one.error) for one in report.outcomes] == [
        ("failed", "crashed"),
        ("loaded", None),
        ("loaded", None),
    ]
    assert list((made.folder / "staging").iterdir()) == []
    assert list((tmp_path / "nodes" / "tmp").glob("etl-room-*")) == []


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority and a certificate of this machine: ca.pem, cert.pem, key.pem; and other.pem, another authority."""
    folder = tmp_path_factory.mktemp("certificates")
    authority, ours = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    stranger = ec.generate_private_key(ec.SECP256R1())
    files = {
        "ca.pem": signed("authority", authority, "authority", authority),
        "other.pem": signed("stranger", stranger, "stranger", stranger),
        "cert.pem": signed("node", ours, "authority", authority),
    }
    for name, certificate in files.items():
        (folder / name).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(ours.private_bytes(*plain))
    return folder


def signed(
    name: str, key: ec.EllipticCurvePrivateKey, by: str, signer: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    subject, issuer = (x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (name, by))
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=name == by, path_length=None), critical=True)
        .sign(signer, hashes.SHA256())
    )


@pytest.mark.slow
def test_over_tls_a_delivery_loads_and_a_stranger_is_turned_away(
    certificates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {name: certificates / f"{name}.pem" for name in ("ca", "cert", "key")}
    options = [
        f"--tls-{name}{suffix}={files[name]}" for name, suffix in (("ca", "-file"), ("cert", ""), ("key", ""))
    ]
    ours = {"ca_file": files["ca"], "cert_file": files["cert"], "cert_key": files["key"]}
    with nodes(tmp_path / "nodes", count=1, options=[*options, "--protocol", "tls"]) as running:
        assert running.address.startswith("tls://")
        with Cluster(HELLO, 60, settings(running, tmp_path, **ours)) as cluster:
            told = answers(cluster, Job(str(SAMPLES[-1]), SAMPLES[-1].name, 1.76e9))
            assert [type(one).__name__ for one in told][:: len(told) - 1] == ["Claimed", "Done"]
        monkeypatch.setattr(parent, "WAIT", 2.0)
        others = {**ours, "ca_file": certificates / "other.pem"}
        with (
            pytest.raises(ClusterError, match="cannot be reached"),
            Cluster(HELLO, 60, settings(running, tmp_path, **others)),
        ):
            pass


@pytest.mark.slow
def test_a_cluster_without_workers_and_a_scheduler_that_is_not_there_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parent, "WAIT", 1.0)
    with nodes(tmp_path / "nodes", count=0) as running:
        with pytest.raises(ClusterError, match="no workers"), Cluster(HELLO, 60, settings(running, tmp_path)):
            pass
        assert list((tmp_path / "staging").iterdir()) == []
    with (
        pytest.raises(ClusterError, match="cannot be reached"),
        Cluster(HELLO, 60, settings(running, tmp_path)),
    ):
        pass


def test_a_staging_place_that_cannot_be_written_is_told(pair: Nodes, tmp_path: Path) -> None:
    (tmp_path / "staging").write_text("a file, not a folder")
    with pytest.raises(ClusterError, match="staging place"), Cluster(HELLO, 60, settings(pair, tmp_path)):
        pass


def test_workers_with_other_versions_are_refused(
    pair: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node, "versions", lambda: {"polars": "0.0.1"})
    with (
        Cluster(HELLO, 60, settings(pair, tmp_path)) as cluster,
        pytest.raises(ClusterError, match=r"polars is .* there and 0\.0\.1 here"),
    ):
        cluster.ready()


def test_a_worker_that_differs_from_what_was_agreed_does_no_work(pair: Nodes, tmp_path: Path) -> None:
    with Cluster(HELLO, 60, settings(pair, tmp_path)) as cluster:
        cluster.ready()
        cluster._agreement = "another"
        with pytest.raises(ClusterError, match="other versions or plugins"):
            answers(cluster, Job(str(SAMPLES[-1]), SAMPLES[-1].name, 1.76e9))


def test_answers_that_nobody_wants_any_more_let_the_run_end(pair: Nodes, tmp_path: Path) -> None:
    with Cluster(HELLO, 60, settings(pair, tmp_path)) as cluster:
        streams = [cluster.submit(Job(str(one), one.name, 1.76e9)) for one in SAMPLES]
        next(iter(streams[0]))
    assert all(stream.over for stream in streams)
    assert list((tmp_path / "staging").iterdir()) == []


def order(folder: Path, **more: object) -> str:
    """What a worker is told, in this very process."""
    usual = {
        "run": "a",
        "hello": protocol.line(Hello(1024, allow=("swu_guopei",))).decode(),
        "seconds": 60,
        "staging": str(folder),
        "agreement": "",
    }
    return json.dumps({**usual, **more})


def test_a_task_says_what_went_wrong_by_its_kind_alone(tmp_path: Path) -> None:
    """Raised, it would have its order in the worker's log, with the key."""
    secret = Seal.random().tell()
    try:
        greeting = json.loads(node.greet(order(tmp_path))[0])
        broken = [
            "no JSON",
            order(tmp_path, seal=secret, job="", file="0" * 32, agreement=greeting["agreement"]),
            order(
                tmp_path,
                seal=secret,
                job=protocol.line(Job("", "x.csv", 0)).decode(),
                file="../x",
                agreement=greeting["agreement"],
            ),
            order(tmp_path, seal=secret),
        ]
        for each in broken:
            (line,) = node.deliver(each)
            assert json.loads(line)["type"] == "Fault"
            assert secret not in line
            assert str(tmp_path) not in line
    finally:
        node.forget("a")


@pytest.fixture
def here() -> Iterator[Stay]:
    """A run's things in this process, without any child."""
    made = Stay(HELLO, 60)
    yield made
    made.end()


def test_a_file_is_fetched_once_for_its_parts_and_goes_when_another_comes(here: Stay) -> None:
    fetched: list[str] = []

    def fetch(name: str) -> Iterator[bytes]:
        fetched.append(name)
        yield name.encode()

    def path(name: str, again: bool) -> Path:
        with here.file(name, lambda: fetch(name), again) as found:
            assert found.read_bytes() == name.encode()
            assert found.stat().st_mode & 0o077 == found.parent.stat().st_mode & 0o077 == 0
            return found

    first = path("a", True)
    assert path("a", True) == first
    assert not path("small", False).exists()
    assert first.exists()
    second = path("b", True)
    assert (first.exists(), second.exists(), fetched) == (False, True, ["a", "small", "b"])
    here.end()
    assert not second.parent.exists()


def test_a_file_that_could_not_be_fetched_is_fetched_again(here: Stay) -> None:
    def cut() -> Iterator[bytes]:
        yield b"half"
        raise OSError

    with pytest.raises(OSError), here.file("a", cut, True):
        pass
    with here.file("a", lambda: [b"whole"], True) as path:
        assert path.read_bytes() == b"whole"


def test_a_run_that_asks_for_nothing_any_more_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stay, "IDLE", 0.01)
    with stay.stay("b", HELLO, 60) as one:
        folder = one._folder
        with stay.stay("b", HELLO, 60) as other:
            assert other is one
    timer = one._timer
    assert timer is not None
    timer.join()
    assert not folder.exists()


def test_a_run_that_ends_while_a_task_is_at_work_keeps_its_folder_until_the_task_has_noticed() -> None:
    with stay.stay("c", HELLO, 60) as one:
        stay.forget("c")
        assert one._folder.exists()
    assert not one._folder.exists()


def test_two_workers_agree_whatever_the_order_and_the_reasons_of_their_plugins() -> None:
    facts = protocol.SourceFacts("a", "t", "g", "append", ("k",), (), 0.2, "p 1.0")
    problem = protocol.Problem("p", "d", "1", "no module in one folder")
    one = Ready((facts, replace(facts, name="b")), (problem,))
    same = Ready((replace(facts, name="b"), facts), (replace(problem, reason="in another"),))
    assert node.agreement(one) == node.agreement(same)
    assert node.agreement(one) != node.agreement(replace(one, problems=()))
    assert node.agreement(one) != node.agreement(Ready((replace(facts, plugin="p 1.1"),), (problem,)))


def test_what_is_staged_comes_back_and_a_name_leads_nowhere_else(tmp_path: Path) -> None:
    staging = Staging(str(tmp_path / "staging"), "run", Seal.random())
    staging.make()
    frames = [pl.DataFrame({name: [number(1)]}) for name in protocol.FRAMES]
    prepared = Prepared(**dict(zip(protocol.FRAMES, frames, strict=True)), read=3)
    parts = packed(prepared)
    name = staging.put(parts)
    back = unpacked(b"".join(staging.get(name)), [len(part) for part in parts], 3)
    assert all(getattr(back, each).equals(getattr(prepared, each)) for each in protocol.FRAMES)
    assert back.read == 3
    file = write(tmp_path / "a.csv", [person(1)])
    assert b"".join(staging.get(staging.put(pieces(file)))) == file.read_bytes()
    with pytest.raises(ValueError, match="not the name"):
        list(staging.get("../../a.csv"))
    staging.clear()
    staging.remove(name)
    assert list((tmp_path / "staging").iterdir()) == []


def test_without_its_extra_the_cluster_names_the_command_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    for module in [name for name in sys.modules if name.startswith("etl_core.cluster")]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, "distributed", None)
    made = home(tmp_path / "home", f"sqlite:///{tmp_path / 'w.sqlite'}")
    made.configured()
    path = made.folder / "pipeline.yaml"
    path.write_text(path.read_text() + "executor: dask\ndask: {address: 'tcp://127.0.0.1:1', staging: s}\n")
    with pytest.raises(ClusterError, match=r"pip install 'chuanyu-etl\[dask\]'"):
        run(config.load(path), Watch())
