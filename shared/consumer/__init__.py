"""Events come in here: what a service subscribes to, and the readers that bring each event to its handler once.

``subscriptions`` is what a service's ``handlers.py`` needs; ``reader``, ``batch`` and ``retries`` are the machinery.
"""

from shared.consumer.envelope import Envelope
from shared.consumer.subscriptions import Reject, Subscription, on, on_any

__all__ = ["Envelope", "Reject", "Subscription", "on", "on_any"]
