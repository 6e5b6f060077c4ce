"""What was seen in a sample file, and what a person says of it → a whole source plugin, as files. Text only: nothing is read."""

from __future__ import annotations

from etl_core.scaffold.plan import Plan, Question, fitted, questions
from etl_core.scaffold.tree import tree

__all__ = ["Plan", "Question", "fitted", "questions", "tree"]
