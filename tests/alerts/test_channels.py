"""Alerts over a real mail server and a real web server, and what is told when they do not answer."""

from __future__ import annotations

import email
import hashlib
import hmac
import json
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.policy import default
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from etl_core.alerts import BUILT_IN, channels
from etl_core.config import Alerts
from etl_core.errors import PluginError
from etl_core.records import Notice
from tests.web import Answer, Web

NOTICE = Notice(
    "late",
    "suitong",
    "raised",
    datetime(2026, 11, 1, 18, tzinfo=UTC),
    {"due": "2026-10-10", "days": 6},
    "[chuanyu-etl] 告警｜alert: 迟报｜late suitong",
    "来源 suitong 应在 2026-10-10 之前报送。\nThe delivery of suitong was due.",
)
USER, PASSWORD = "etl", "canary-pass-91"


class Box:
    """Keeps the messages that a mail server takes."""

    def __init__(self) -> None:
        self.letters: list[tuple[bool, list[str], email.message.EmailMessage]] = []

    async def handle_DATA(self, server, session, envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        letter = email.message_from_bytes(envelope.content, policy=default)
        self.letters.append((session.ssl is not None, envelope.rcpt_tos, letter))
        return "250 taken"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate of 127.0.0.1 by itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    shapes = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    paths = folder / "cert.pem", folder / "key.pem"
    for path, content in zip(
        paths, (made.public_bytes(Encoding.PEM), key.private_bytes(*shapes)), strict=True
    ):
        path.write_bytes(content)
    return paths


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def server(box: Box, certificate: tuple[Path, Path]) -> Iterator[Controller]:
    """A mail server that takes letters after STARTTLS and a login only."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)

    def authenticated(_server, _session, _envelope, _mechanism, data) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (USER.encode(), PASSWORD.encode()))

    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=free_port(),  # aiosmtpd does not find one by itself
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=authenticated,
    )
    controller.start()
    yield controller
    controller.stop()


def mail(server: Controller, certificate: tuple[Path, Path], **more: object) -> Alerts:
    usual = {
        "host": "127.0.0.1",
        "port": server.port,
        "ca_file": str(certificate[0]),
        "user": USER,
        "password": PASSWORD,
        "sender": "etl@example.org",
        "to": ["a@example.org", "b@example.org"],
    }
    return Alerts.model_validate({"mail": {**usual, **more}})


def test_a_letter_arrives_encrypted_at_every_address_in_both_languages(server, certificate, box):
    channels(mail(server, certificate))["mail"](NOTICE)
    ((encrypted, to, letter),) = box.letters
    assert encrypted
    assert to == ["a@example.org", "b@example.org"]
    assert letter["Subject"] == NOTICE.subject
    assert letter.get_content().splitlines()[:2] == NOTICE.text.splitlines()
    assert letter["X-Etl-Alert"] == "raised late"


def test_a_password_may_stand_in_a_file(server, certificate, box, tmp_path):
    (tmp_path / "password").write_text(PASSWORD + "\n")
    settings = mail(server, certificate, password=None, password_file=str(tmp_path / "password"))
    channels(settings)["mail"](NOTICE)
    assert len(box.letters) == 1


@pytest.mark.parametrize(
    "wrong", [{"password": "other"}, {"ca_file": None}, {"security": "none"}, {"security": "tls"}], ids=str
)
def test_a_wrong_password_certificate_or_way_sends_nothing_and_raises(server, certificate, box, wrong):
    with pytest.raises(OSError):
        channels(mail(server, certificate, **wrong))["mail"](NOTICE)
    assert box.letters == []


def webhook(hook: Web, **more: str) -> Alerts:
    return Alerts.model_validate({"webhook": {"url": f"{hook.url}/hook?token=x", **more}})


def test_a_webhook_gets_every_field_as_json(hook):
    channels(webhook(hook))["webhook"](NOTICE)
    (asked,) = hook.asked
    assert json.loads(asked.body) == {
        "code": "late",
        "source": "suitong",
        "state": "raised",
        "since": "2026-11-01T18:00:00+00:00",
        "detail": {"due": "2026-10-10", "days": 6},
        "subject": NOTICE.subject,
        "text": NOTICE.text,
    }
    assert asked.headers["Content-Type"].startswith("application/json")
    assert "X-Etl-Signature" not in asked.headers


def test_a_webhook_with_a_secret_signs_the_very_bytes(hook, tmp_path):
    (tmp_path / "secret").write_text("from-file\n")
    channels(webhook(hook, secret="plain"))["webhook"](NOTICE)
    channels(webhook(hook, secret_file=str(tmp_path / "secret")))["webhook"](NOTICE)
    for asked, key in zip(hook.asked, (b"plain", b"from-file"), strict=True):
        signed = hmac.new(key, asked.body, hashlib.sha256).hexdigest()
        assert asked.headers["X-Etl-Signature"] == f"sha256={signed}"


def test_a_webhook_that_refuses_raises(hook):
    hook.answering = lambda _: Answer(status=500)
    with pytest.raises(OSError, match="500"):
        channels(webhook(hook))["webhook"](NOTICE)


def test_apprise_reaches_a_service_by_its_address_and_says_when_it_does_not(hook):
    address = f"{hook.url}/".replace("http", "json")
    channels(Alerts.model_validate({"apprise": {"urls": [address]}}))["apprise"](NOTICE)
    told = json.loads(hook.asked[0].body)
    assert (told["title"], told["type"]) == (NOTICE.subject, "warning")
    hook.answering = lambda _: Answer(status=500)
    for urls in ([address], ["nonsense"]):
        with pytest.raises(Exception, match=r"^$") as caught:
            channels(Alerts.model_validate({"apprise": {"urls": urls}}))["apprise"](NOTICE)
        assert type(caught.value).__name__ == "NotSentError"


def test_without_settings_there_is_no_channel():
    assert channels(Alerts()) == {}
    assert set(BUILT_IN) < set(Alerts.model_fields)


PLUGIN = """
from etl_core.hookspecs import hookimpl

etl_api = 1

@hookimpl
def etl_alert(notice, settings):
    open(settings["file"], "a").write(notice.code)
"""


def installed(site: Path, content: str) -> None:
    info = site / "etl_alert_pager-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: etl-alert-pager\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[etl_core.alerts]\npager = etl_alert_pager\n")
    (site / "etl_alert_pager.py").write_text(content)


def test_a_plugin_of_somebody_elses_is_a_channel_by_its_entry_point(tmp_path, monkeypatch):
    installed(tmp_path, PLUGIN)
    monkeypatch.syspath_prepend(tmp_path)
    settings = Alerts(plugins={"pager": {"file": str(tmp_path / "sent")}})
    channels(settings)["pager"](NOTICE)
    assert (tmp_path / "sent").read_text() == "late"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "no_channel"),
        ("raise ValueError('x')", "import_failed"),
        ("etl_api = 0", "wrong_api"),
        ("etl_api = 1", "no_channel"),
    ],
)
def test_a_channel_that_cannot_be_used_is_a_plugin_error_when_it_has_to_send(
    tmp_path, monkeypatch, content, reason
):
    if content is not None:
        installed(tmp_path, content)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "etl_alert_pager", raising=False)
    send = channels(Alerts(plugins={"pager": {}}))["pager"]
    with pytest.raises(PluginError, match=reason):
        send(NOTICE)
