"""Secrets of a channel: from a file where one is named, else as the configuration gives them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def secret(settings: Mapping[str, Any], name: str) -> str | None:
    """The setting `name`, or the one line of the file that `name`_file says. Raises OSError where it cannot be read."""
    file = settings[f"{name}_file"]
    if file is not None:
        return Path(file).read_text(encoding="utf-8").strip()
    given: str | None = settings[name]
    return given
