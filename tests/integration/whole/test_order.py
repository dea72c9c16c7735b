"""Between streams there is no order, and everything may come again: subscribers end up knowing the same.

Within a stream nothing gets past the compare-and-set: an event that comes again, or too early, has no effect.
"""

import random
from collections.abc import Sequence

import pytest

from shared.consumer.batch import Applier, Outrun
from shared.consumer.envelope import Envelope
from shared.contracts import SERVICES, subscribers_of
from shared.contracts.base import stream_of
from tests.integration.whole.test_snapshots import KEPT, hear, kept
from tests.support.pump import Installation, installation, subscriptions_of
from tests.support.trading import Trading

RUN_MAX = 9  # events that arrive together
TIMES_MAX = 5


async def test_replicas_when_streams_arrive_in_any_order_and_again_and_again_then_are_the_same() -> None:
    async with installation() as origin, installation() as told:
        trading = Trading(origin)
        for day in (1, 2, 3):
            await trading.play(day)
        assert await origin.set_aside() == []
        await hear(told, origin, {producer: len(await origin.history(producer)) for producer in SERVICES})
        for seed in (1, 2):
            async with installation() as anew:
                await hear_in_disorder(anew, origin, random.Random(seed))
                assert await anew.set_aside() == []
                for service, queries in KEPT.items():
                    known, learnt = await kept(told, service), await kept(anew, service)
                    for query in queries:
                        assert learnt[query] == known[query], f"seed {seed}, {service}: {query}"
                        assert known[query], f"{service}: nothing to compare in {query}"


async def hear_in_disorder(place: Installation, origin: Installation, chance: random.Random) -> None:
    """Let every subscriber hear its streams mixed, in runs of any length, each run too early and too often."""
    histories = {producer: await origin.history(producer) for producer in SERVICES}
    waiting = {
        (producer, subscriber): runs_of(histories[producer], chance)
        for producer in SERVICES
        for subscriber in subscribers_of(producer)
    }
    while waiting:
        producer, subscriber = chance.choice(sorted(waiting))
        runs = waiting[producer, subscriber]
        applier = Applier(place.databases[subscriber], stream_of(producer), subscriptions_of(subscriber))
        if not runs:
            del waiting[producer, subscriber]
            continue
        run = runs.pop(0)
        await place.apply(subscriber, stream_of(producer), [])
        if runs:
            await refused(applier, chance.choice(runs))
        await place.apply(subscriber, stream_of(producer), run)
        for _ in range(chance.randrange(TIMES_MAX)):
            await refused(applier, run)


def runs_of(events: Sequence[Envelope], chance: random.Random) -> list[list[Envelope]]:
    runs: list[list[Envelope]] = []
    rest = list(events)
    while rest:
        length = chance.randint(1, RUN_MAX)
        runs.append(rest[:length])
        rest = rest[length:]
    return runs


async def refused(applier: Applier, run: Sequence[Envelope]) -> None:
    with pytest.raises(Outrun):
        await applier.apply(run, singly=False)
