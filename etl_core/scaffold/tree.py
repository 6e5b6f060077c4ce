"""Every file of a drafted plugin but its specimen and its golden files: path → text."""

from __future__ import annotations

import json

from etl_core.scaffold import code, words
from etl_core.scaffold.card import card
from etl_core.scaffold.place import place
from etl_core.scaffold.plan import Plan


def tree(plan: Plan) -> dict[str, str]:
    """Paths are relative to the plugin's folder. Raises LookupError where the sample tells no period (place)."""
    src = f"src/{plan.package}"
    return {
        "pyproject.toml": project(plan),
        "README.md": card(plan),
        f"{src}/__init__.py": code.package(plan),
        f"{src}/contract.py": code.contract(plan),
        f"{src}/normalise.py": code.normalise(plan),
        f"{src}/place.py": place(plan),
        f"{src}/codes.csv": words.written(plan),
        f"{src}/py.typed": "",
        f"tests/test_{plan.name}.py": code.test(plan),
    }


def project(plan: Plan) -> str:
    """pyproject.toml: a distribution of its own, found by its entry point."""
    about = json.dumps(f"{plan.agency_name}：{plan.title}", ensure_ascii=False)
    return f'''[build-system]
requires = ["setuptools>=80"]
build-backend = "setuptools.build_meta"

[project]
name = "etl-source-{plan.name.replace("_", "-")}"
version = "0.1.0"
description = {about}
requires-python = ">=3.11"
license = "Apache-2.0"
dependencies = ["chuanyu-etl>=0.1"]  # the framework that finds this source by its entry point

[project.entry-points.etl_core]
{plan.name} = "{plan.package}"

[tool.setuptools.packages.find]
where = ["src"]

[tool.setuptools.package-data]
{plan.package} = ["codes.csv", "py.typed"]
'''
