"""What a source's format is, told to those who fill it in: templates and dictionaries, made of the declaration that judges them.

Nothing here is written down twice: headers, checks and words are the contract's own, and every example and every word of a
list has gone through the source's own way before anybody is shown it (trial.py).
"""

from __future__ import annotations

from etl_core.forms.book import write
from etl_core.forms.dictionary import described
from etl_core.forms.form import Field, Form, form

__all__ = ["Field", "Form", "described", "form", "write"]
