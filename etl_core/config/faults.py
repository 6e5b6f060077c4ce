"""What pydantic finds wrong, said in Chinese and English at its place and without the value."""

from __future__ import annotations

import types
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from etl_core.config.document import Document, Location
from etl_core.errors import ConfigProblem

_TEXTS = {
    "missing": "缺少必填项 {field}｜the required setting “{field}” is missing",
    "extra_forbidden": "没有 {field} 这一项｜there is no setting “{field}”",
    "int_parsing": "应为整数｜must be a whole number",
    "int_type": "应为整数｜must be a whole number",
    "float_parsing": "应为数字｜must be a number",
    "float_type": "应为数字｜must be a number",
    "finite_number": "应为有限的数字｜must be a finite number",
    "bool_parsing": "应为 true 或 false｜must be true or false",
    "bool_type": "应为 true 或 false｜must be true or false",
    "string_type": "应为文字｜must be a text",
    "path_type": "应为路径｜must be a path",
    "tuple_type": "应为列表（[…] 或每行一个 - ）｜must be a list ([…], or one “- ” a line)",
    "dict_type": "应为“键: 值”的映射｜must be a mapping of “key: value”",
    "model_type": "应为“键: 值”的映射｜must be a mapping of “key: value”",
    "greater_than_equal": "不能小于 {ge}｜must not be less than {ge}",
    "less_than_equal": "不能大于 {le}｜must not be more than {le}",
    "literal_error": "只能是 {expected}｜must be one of {expected}",
    "greater_than": "应大于 {gt}｜must be more than {gt}",
    "too_short": "不能为空｜must not be empty",
    "string_too_short": "不能为空｜must not be empty",
    "string_pattern_mismatch": "名称只能用字母、数字和 _ . - ，以字母开头"
    "｜a name holds letters, digits and _ . - and begins with a letter",
}
# The texts of these come from the model itself.
_OWN = ("path", "url", "address", "archive", "dask", "inbox", "name", "pulls", "due", "lineage")
_ELSE = "此处的值不能用｜this value cannot be used"


def problems(error: ValidationError, document: Document, model: type[BaseModel]) -> tuple[ConfigProblem, ...]:
    """Place every fault of a validation in its document, in pydantic's order."""
    return tuple(
        _problem(detail, document, model) for detail in error.errors(include_url=False, include_input=False)
    )


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return a bilingual tail that offers the nearest known name, or "" where none is near."""
    near = get_close_matches(name, list(known), n=1)
    return f"；是否想写 {near[0]}？｜did you mean “{near[0]}”?" if near else ""


def joined(message: str, tail: str) -> str:
    """Append a bilingual tail to a bilingual message, each language to its own."""
    if not tail:
        return message
    (chinese, english), (more, also) = message.split("｜"), tail.split("｜")
    return f"{chinese}{more}｜{english}; {also}"


def _problem(detail: ErrorDetails, document: Document, model: type[BaseModel]) -> ConfigProblem:
    location, kind = detail["loc"], detail["type"]
    key = kind == "extra_forbidden" or location[-1:] == ("[key]",)
    if location[-1:] == ("[key]",):
        location = location[:-1]
    message = _text(detail, location)
    if kind == "extra_forbidden":
        message = joined(message, suggestion(str(location[-1]), _settings(model, location[:-1])))
    return document.problem(location, message, key=key)


def _text(detail: ErrorDetails, location: Location) -> str:
    if detail["type"] in _OWN:
        return detail["msg"]
    words = {"field": location[-1] if location else "", **detail.get("ctx", {})}
    if "expected" in words:
        words["expected"] = words["expected"].replace(" or ", ", ").replace("'", "")
    return _TEXTS.get(detail["type"], _ELSE).format(**words)


def _settings(model: type[BaseModel], location: Location) -> Iterable[str]:
    """Return the names of the settings that a section at `location` has."""
    kind: Any = model
    for part in location:
        kind = kind.model_fields[part].annotation if _is_model(kind) else get_args(kind)[-1]
        kind = _bare(kind)
    return kind.model_fields if _is_model(kind) else ()


def _bare(kind: Any) -> Any:
    """Return a type without its Annotated wrapping and without its None."""
    if get_origin(kind) is Annotated:
        return _bare(get_args(kind)[0])
    if get_origin(kind) in (Union, types.UnionType):
        return next(_bare(part) for part in get_args(kind) if part is not type(None))
    return kind


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
