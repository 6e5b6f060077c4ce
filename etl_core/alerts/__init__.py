"""Who is told: the channels of the configuration, each a plugin that implements `etl_alert`.

channels ─► discovery.alerter ─► mail · webhook · chat, or a plugin of somebody else's
"""

from etl_core.alerts.channels import BUILT_IN, channels

__all__ = ["BUILT_IN", "channels"]
