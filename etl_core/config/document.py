"""A YAML file as a tree of plain texts in which every value and every key knows its line and column.

Scalars stay texts, so `no` is never false and `0123` never 83; whoever knows the wanted type converts. Tags,
anchors and aliases, duplicate keys, several documents and deep nesting are refused, so nothing is executed or
multiplied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from etl_core.config.environment import InterpolationError, interpolate
from etl_core.errors import ConfigProblem

Tree = str | None | list["Tree"] | dict[str, "Tree"]
Location = tuple[str | int, ...]
Mark = tuple[int, int]
AnyMark = Any  # yaml's own mark: its stubs name two unrelated classes of it

_DEPTH = 16
_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Document:
    """A composed file: its tree, the 1-based (line, column) of each value and key, and what was refused."""

    file: str
    tree: Tree
    values: Mapping[Location, Mark]
    keys: Mapping[Location, Mark]
    problems: tuple[ConfigProblem, ...] = ()

    def problem(self, location: Location, message: str, *, key: bool = False) -> ConfigProblem:
        """Say `message` at a location: at its key if `key`, else at its value, else at its nearest parent."""
        if key and location in self.keys:
            return ConfigProblem(self.file, *self.keys[location], message)
        while location and location not in self.values:
            location = location[:-1]
        return ConfigProblem(self.file, *self.values.get(location, (1, 1)), message)


def compose(content: bytes, file: str, environ: Mapping[str, str]) -> Document:
    """Compose the bytes of a YAML file (UTF-8, at most 1 MiB); faults come back in `Document.problems`.

    Args:
        content: the file's bytes.
        file: the file as problems shall call it.
        environ: the variables that `${NAME}` may name.
    """
    planted = _Planted(file, environ)
    root = _root(content, planted)
    tree: Tree = {} if root is None else planted.plant(root, ())
    return Document(file, tree, planted.values, planted.keys, tuple(planted.problems))


@dataclass(slots=True)
class _Planted:
    """The tree while it grows."""

    file: str
    environ: Mapping[str, str]
    values: dict[Location, Mark] = field(default_factory=dict)
    keys: dict[Location, Mark] = field(default_factory=dict)
    problems: list[ConfigProblem] = field(default_factory=list)

    def refuse(self, mark: AnyMark, message: str) -> None:
        self.problems.append(ConfigProblem(self.file, *_mark(mark), message))

    def plant(self, node: Node, location: Location) -> Tree:
        self.values[location] = _mark(node.start_mark)
        if isinstance(node, MappingNode):
            return self._mapping(node, location)
        if isinstance(node, SequenceNode):
            return [self.plant(child, (*location, number)) for number, child in enumerate(node.value)]
        return self._scalar(node.value, node)

    def _mapping(self, node: MappingNode, location: Location) -> dict[str, Tree]:
        tree: dict[str, Tree] = {}
        for name, value in node.value:
            if not isinstance(name, ScalarNode):
                self.refuse(name.start_mark, "键应为文字｜a key must be a plain text")
                continue
            key: str = name.value
            place = (*location, key)
            if key in tree:
                line = self.keys[place][0]
                self.refuse(
                    name.start_mark,
                    f"键 {key} 重复，第 {line} 行已有｜key “{key}” stands on line {line} already",
                )
                continue
            self.keys[place] = _mark(name.start_mark)
            tree[key] = self.plant(value, place)
        return tree

    def _scalar(self, text: str, node: Node) -> str | None:
        plain = isinstance(node, ScalarNode) and node.style is None
        if plain and text in ("", "~", "null"):
            return None
        try:
            text = interpolate(text, self.environ)
        except InterpolationError as fault:
            self.refuse(node.start_mark, str(fault))
            return None
        return None if plain and not text else text


class _Loader(yaml.SafeLoader):
    """Composes nodes and refuses, at its place, whatever could run or multiply."""

    def __init__(self, text: str, planted: _Planted) -> None:
        super().__init__(text)
        self._planted = planted
        self._depth = 0

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[no-untyped-call]
        mark: AnyMark = event.start_mark
        if isinstance(event, yaml.AliasEvent):
            self._planted.refuse(mark, "不允许使用别名（*）｜aliases (*) are not allowed")
            self.get_event()  # type: ignore[no-untyped-call]
            return ScalarNode("tag:yaml.org,2002:null", "", mark, mark)
        if getattr(event, "anchor", None):
            self._planted.refuse(mark, "不允许使用锚点（&）｜anchors (&) are not allowed")
        if getattr(event, "tag", None):
            self._planted.refuse(mark, "不允许使用标签（!）｜tags (!) are not allowed")
        return self._deeper(parent, index, mark)

    def _deeper(self, parent: Node | None, index: int, mark: AnyMark) -> Node | None:
        if self._depth == _DEPTH:
            raise yaml.MarkedYAMLError(problem="嵌套过深｜nested too deeply", problem_mark=mark)
        self._depth += 1
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def _root(content: bytes, planted: _Planted) -> Node | None:
    """Return the root node; a file that is not YAML at all is one problem and no node."""
    try:
        if len(content) > _BYTES:
            raise yaml.YAMLError("文件超过 1 MiB｜the file is larger than 1 MiB")
        return _Loader(content.decode("utf-8-sig"), planted).get_single_node()
    except UnicodeDecodeError as error:
        mark = _position(content[: error.start].decode("utf-8-sig"))
        message = "文件不是 UTF-8 编码，请另存为 UTF-8｜the file is not UTF-8; save it as UTF-8"
    except yaml.reader.ReaderError as error:
        mark = _position(content.decode("utf-8-sig")[: error.position])
        message = "含有不允许的控制字符｜holds a control character"
    except yaml.MarkedYAMLError as error:
        mark = _mark(error.problem_mark) if error.problem_mark else (1, 1)
        message = f"YAML 语法有误：{error.problem}｜not valid YAML: {error.problem}"
    except yaml.YAMLError as error:
        mark, message = (1, 1), str(error)
    planted.problems.append(ConfigProblem(planted.file, *mark, message))
    return None


def _mark(mark: AnyMark) -> Mark:
    return mark.line + 1, mark.column + 1


def _position(before: str) -> Mark:
    return before.count("\n") + 1, len(before) - before.rfind("\n")
