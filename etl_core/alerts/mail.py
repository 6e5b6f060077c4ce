"""Alerts by e-mail: settings host, port, security (starttls, tls or none), user, password or password_file,
sender, to, ca_file."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any

from etl_core.alerts.secret import secret
from etl_core.hookspecs import hookimpl
from etl_core.records import Notice

etl_api = 1

PATIENCE = 20  # seconds for each answer of the server


@hookimpl
def etl_alert(notice: Notice, settings: Mapping[str, Any]) -> None:
    """Send one message to all addresses. Raises smtplib's errors, ssl's and OSError."""
    with _connected(settings) as server:
        if settings["security"] == "starttls":
            server.starttls(context=_trusting(settings))
        if settings["user"]:
            server.login(settings["user"], secret(settings, "password") or "")
        server.send_message(message(notice, settings))


def message(notice: Notice, settings: Mapping[str, Any]) -> EmailMessage:
    """The message itself; a notice is known again by its code and source, for a mailbox that sorts."""
    made = EmailMessage()
    made["Subject"] = notice.subject
    made["From"], made["To"] = settings["sender"], ", ".join(settings["to"])
    made["Date"], made["Message-ID"] = formatdate(localtime=True), make_msgid(domain="chuanyu-etl.invalid")
    made["Auto-Submitted"] = "auto-generated"
    made["X-Etl-Alert"] = f"{notice.state} {notice.code}"
    made.set_content(f"{notice.text}\n\n{notice.since.astimezone():%Y-%m-%d %H:%M %z}\n")
    return made


def _connected(settings: Mapping[str, Any]) -> smtplib.SMTP:
    host, port = settings["host"], settings["port"]
    if settings["security"] == "tls":
        return smtplib.SMTP_SSL(host, port, timeout=PATIENCE, context=_trusting(settings))
    return smtplib.SMTP(host, port, timeout=PATIENCE)


def _trusting(settings: Mapping[str, Any]) -> ssl.SSLContext:
    """The server's certificate and name are always checked."""
    return ssl.create_default_context(cafile=settings["ca_file"])
