"""What follows the deliveries of a run: its record, who is told of what changed, figures and lineage for other systems.

close ─► journal · conditions (due) · telling · metrics · lineage
"""

from etl_core.night.close import Night, Trouble
from etl_core.night.due import Arrived, Judged, judged

__all__ = ["Arrived", "Judged", "Night", "Trouble", "judged"]
