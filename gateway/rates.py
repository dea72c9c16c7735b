"""How often somebody may ask: per API token, per person and per address, in minutes of the clock.

Counted in the memory of one gateway process: two processes let through up to twice as much, and a restart forgets. It
is there so that one program cannot take the place of all others; it does not replace the limits of nginx in front.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address

from gateway.settings import GatewaySettings
from shared.auth import Actor
from shared.problems import RateLimited

MINUTE_SECONDS = 60
COUNTED_MAX = 200_000  # of one minute; more are an attack, and then the oldest counts are given up
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left of the tightest limit that counts for a request."""

    limit: int
    remaining: int
    reset_seconds: int

    def headers(self) -> Headers:
        return [
            (b"x-ratelimit-limit", b"%d" % self.limit),
            (b"x-ratelimit-remaining", b"%d" % self.remaining),
            (b"x-ratelimit-reset", b"%d" % self.reset_seconds),
        ]

    def refusal(self) -> RateLimited:
        wait = self.reset_seconds
        return RateLimited(f"Too many requests; wait {wait} seconds.", headers={"Retry-After": str(wait)})


class Rates:
    """The counts of the present minute."""

    def __init__(self, settings: GatewaySettings, now: Callable[[], float] = time.time) -> None:
        times = settings.rates_times
        self._token = settings.requests_per_token_and_minute * times
        self._person = settings.requests_per_user_and_minute * times
        self._address = settings.requests_per_address_and_minute * times
        self._unsigned = settings.unsigned_requests_per_address_and_minute * times
        self._now = now
        self._minute = 0
        self._counts: dict[object, int] = {}

    def take(self, address: str, actor: Actor | None, *, of_mail: bool = False) -> tuple[Standing, bool]:
        """Count one request; ``False``: it is one too many. ``actor`` ``None``: nobody is signed in.

        ``of_mail``: a link or picture of a mail. One address may stand for all readers of a mail provider, which
        fetches pictures in their place, so these have a count of their own and the wider limit.
        """
        now = self._now()
        minute = int(now // MINUTE_SECONDS)
        if minute != self._minute or len(self._counts) > COUNTED_MAX:
            self._minute, self._counts = minute, {}
        reset = MINUTE_SECONDS - int(now % MINUTE_SECONDS)
        place = _network(address)
        if of_mail:
            return self._standing(self._address, self._count(("mail", place)), reset)
        if actor is None:
            return self._standing(self._unsigned, self._count(("unsigned", place)), reset)
        if actor.scopes is not None:
            limit, count = self._token, self._count(actor.session_id)
        else:
            limit, count = self._person, self._count(actor.user_id)
        of_address = self._count(place)
        if self._address - of_address < limit - count:
            limit, count = self._address, of_address
        return self._standing(limit, count, reset)

    def _count(self, key: object) -> int:
        count = self._counts.get(key, 0) + 1
        self._counts[key] = count
        return count

    @staticmethod
    def _standing(limit: int, count: int, reset: int) -> tuple[Standing, bool]:
        return Standing(limit, max(limit - count, 0), reset), count <= limit


def _network(address: str) -> str:
    """The address, of IPv6 the network of one household: it has more addresses than anybody can count."""
    if ":" not in address:
        return address
    try:
        return IPv6Address(int(IPv6Address(address.partition("%")[0])) >> 64 << 64).compressed
    except ValueError:
        return address
