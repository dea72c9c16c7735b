"""What a measured process says at its end: seconds per stage, seconds in all, and its greatest memory."""

import json
import resource
import sys
from collections.abc import Mapping


def tell(stages: Mapping[str, float], total: float) -> None:
    """Print it as one line of JSON; memory is that of the largest of this process and its children, in MiB."""
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    sys.stdout.write(json.dumps({"stages": stages, "total": total, "peak_mib": peak}) + "\n")
