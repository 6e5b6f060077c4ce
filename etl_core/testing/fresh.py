"""The answers about a file as one number, by which processes compare them."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from hashlib import sha256

from etl_core.protocol import Job, encode
from etl_core.testing.bench import Told, bench


def digest(told: Told) -> str:
    """SHA-256 over all answers as they would be sent."""
    sent = sha256()
    for answer in told.answers:
        for part in encode(answer):
            sent.update(part)
    return sent.hexdigest()


def script(job: Job) -> str:
    """Python code that prints the digest of a job, in any process that has the same plugins."""
    told = json.dumps(asdict(replace(job, part=None)))
    return f"from etl_core.testing import fresh; fresh.say({told!r})"


def say(told: str) -> None:
    """Print the digest of a job that `script` wrote down."""
    print(digest(bench().afresh(Job(**json.loads(told)))))  # noqa: T201  # that is what it is for
