"""The JSON Schema of the configuration, for editors.

`python -m etl_core.config.schema > configs/pipeline.schema.json` writes it anew.
"""

from __future__ import annotations

import json
import sys

from etl_core.config.model import Config


def render() -> str:
    """Return the JSON Schema (draft 2020-12) as text, stable from run to run."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Config.model_json_schema()}
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    sys.stdout.write(render())
