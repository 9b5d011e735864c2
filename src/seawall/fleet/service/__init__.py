"""The service ``seawall fleet run``: keeps the fleet current, and says how it is.

`Supervisor` goes round; `children` do the work; `health`, `metrics` and `answering` show it.
"""

from seawall.fleet.service.settings import ServiceSettings
from seawall.fleet.service.supervisor import Supervisor, Watched

__all__ = ["ServiceSettings", "Supervisor", "Watched"]
