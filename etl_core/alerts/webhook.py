"""Alerts as a JSON POST: settings url and, where the receiver wants proof of the sender, secret or secret_file."""

from __future__ import annotations

import hashlib
import hmac
import json
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from etl_core.alerts.secret import secret
from etl_core.hookspecs import hookimpl
from etl_core.records import Notice

etl_api = 1

PATIENCE = 20  # seconds for the answer
SIGNATURE = "X-Etl-Signature"


@hookimpl
def etl_alert(notice: Notice, settings: Mapping[str, Any]) -> None:
    """Post one notice. Raises urllib's HTTPError for an answer that is no success, and OSError."""
    sent = body(notice)
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "chuanyu-etl"}
    key = secret(settings, "secret")
    if key:
        headers[SIGNATURE] = f"sha256={signature(sent, key)}"
    request = urllib.request.Request(settings["url"], sent, headers, method="POST")  # noqa: S310 (the configuration allows http and https only)
    with urllib.request.urlopen(request, timeout=PATIENCE):  # noqa: S310
        pass


def body(notice: Notice) -> bytes:
    """The JSON that is sent: every field of a notice; `since` in ISO 8601, UTC."""
    told = {**asdict(notice), "since": notice.since.isoformat("T", "seconds")}
    return json.dumps(told, ensure_ascii=False, sort_keys=True).encode()


def signature(sent: bytes, key: str) -> str:
    """HMAC-SHA256 of the very bytes that are sent, in hex."""
    return hmac.new(key.encode(), sent, hashlib.sha256).hexdigest()
