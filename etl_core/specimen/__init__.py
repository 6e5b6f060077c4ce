"""A sample file → what it looks like, and a specimen of it: the same shape and the same faults, and nobody in it.

The specimen is written anew from the rows that the readers give: nothing of the file's bytes (authors, comments, hidden
parts, old versions) can come along, and of its cells only what is known to be harmless stays as it is.
"""

from __future__ import annotations

from etl_core.specimen.look import Specimen, look

__all__ = ["Specimen", "look"]
