"""The warehouse: SQLite or PostgreSQL, every version of every record, one transaction per delivery.

store ─► ledger · load ─► rows (identity) ─► repeats ─► books ─► settle     outcomes · measures · integrity · alerting     lock
   └────────────────────────────── dialect · schema · tables ──────────────────────────────┘
"""

from etl_core.warehouse.alerting import Standing
from etl_core.warehouse.integrity import Fault
from etl_core.warehouse.ledger import Run
from etl_core.warehouse.load import Load
from etl_core.warehouse.settle import SEMANTICS, Plan
from etl_core.warehouse.store import Warehouse

__all__ = ["SEMANTICS", "Fault", "Load", "Plan", "Run", "Standing", "Warehouse"]
