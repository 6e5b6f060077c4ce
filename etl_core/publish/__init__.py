"""Publish: after a run, files for analysts and officials, swapped in atomically (docs/publish.md).

snapshot ─► crossed · parquet ─► folder · manifest
"""

from etl_core.publish.snapshot import Published, publish

__all__ = ["Published", "publish"]
