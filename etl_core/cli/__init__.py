"""The command line: `etl`. What can be typed is declared in commands.py and groups.py; what it does is imported only then.

commands · groups ─► later ─► run · check · identify · plugins · status · deliveries · quarantine · configs
                                └─► watch · summary · export · settings ─► screen · say · log         exits
"""

from etl_core.cli.commands import main

__all__ = ["main"]
