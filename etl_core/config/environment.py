"""`${NAME}` and `${NAME:-default}` inside the scalars of a configuration file.

The text of a variable is a value and nothing else: it is never read as YAML again, and it is never shown.
Inside `{…}` and `[…]` YAML itself wants quotes around a reference: `{file: "${NAME}"}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_REFERENCE = re.compile(
    r"(?P<escape>\$)?\$\{(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\})?"
)


class InterpolationError(ValueError):
    """A reference that cannot be replaced; the text says why, in Chinese and English."""


def interpolate(text: str, environ: Mapping[str, str]) -> str:
    """Replace every reference of `text`; `$${` stands for a literal `${`, any other `$` for itself.

    As in a shell, the default of `${NAME:-default}` also stands in for a variable that is set but empty.

    Raises:
        InterpolationError: a variable is not set and has no default, or `${` begins no reference.
    """
    return _REFERENCE.sub(lambda match: _value(match, environ), text)


def _value(match: re.Match[str], environ: Mapping[str, str]) -> str:
    name, default = match["name"], match["default"]
    if match["escape"]:
        return match[0][1:]
    if name is None:
        raise InterpolationError("“${”后面应为“变量名}”｜“${” must be followed by a variable's name and “}”")
    found = environ.get(name)
    if found or (found is not None and default is None):
        return found
    if default is None:
        raise InterpolationError(
            f"环境变量 {name} 没有设置；可写成 ${{{name}:-默认值}}"
            f"｜environment variable {name} is not set; ${{{name}:-default}} gives it a default"
        )
    return default
