"""The command line: `etl`. What can be typed is declared in commands.py and groups.py; what it does is imported only then.

commands · groups · chores ─► later ─► run · check · identify · plugins · status · deliveries · quarantine · configs
                                       runs · schedule (hours · reach) · doctor · warehouse
                                └─► watch · summary · export · settings ─► screen · say · log         exits
"""

from etl_core.cli.commands import main

__all__ = ["main"]
