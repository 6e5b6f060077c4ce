"""What every section of the configuration is made of: a frozen mapping without unknown keys, paths and names."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationInfo
from pydantic_core import PydanticCustomError


def base(info: ValidationInfo) -> Path:
    """The configuration file's folder."""
    return Path((info.context or {}).get("base", "."))


def resolved(path: Path, info: ValidationInfo) -> Path:
    """The absolute path, taken from the configuration file's folder."""
    try:
        if path != Path():
            return (base(info) / path).resolve()
    except (OSError, RuntimeError, ValueError):  # links in a circle, a null character
        pass
    raise PydanticCustomError("path", "应为文件或文件夹的路径｜must be the path of a file or folder")


Place = Annotated[Path, AfterValidator(resolved)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$")]


class Section(BaseModel):
    """A mapping of settings: frozen, no unknown key, and its errors never quote a value."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )
