"""The warehouse: SQLite or PostgreSQL, every version of every record, one transaction per delivery.

store ─► ledger · load ─► rows (identity) ─► repeats ─► books ─► settle     outcomes · measures · view · integrity · alerting     lock
   │     leave ─► settle · books · waiting     reread ─► leave
   └────────────────────────────── dialect · schema · tables ──────────────────────────────┘
"""

from etl_core.warehouse.alerting import Standing
from etl_core.warehouse.integrity import Fault
from etl_core.warehouse.leave import Left
from etl_core.warehouse.ledger import Decided, Run
from etl_core.warehouse.load import Load
from etl_core.warehouse.settle import SEMANTICS, Plan
from etl_core.warehouse.store import Warehouse
from etl_core.warehouse.view import View

__all__ = [
    "SEMANTICS",
    "Decided",
    "Fault",
    "Left",
    "Load",
    "Plan",
    "Run",
    "Standing",
    "View",
    "Warehouse",
]
