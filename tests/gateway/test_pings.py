"""An agent who is offered call after call, and answers every ping, is neither silent nor in haste."""

import trio
from trio.testing import MockClock

from engine.domain import limits

from .test_deadlines import OFFER, ended_after
from .wire import PING, PONG, virtual_node

EVERY_S = 0.1
OFFERS = 3 * int(limits.CONTROLS_BURST)


async def test_offer_upon_offer(autojump_clock: MockClock) -> None:
    async with virtual_node() as node:
        client = node.listener.connect()
        await client.hello()
        late = b""
        for _ in range(OFFERS):
            node.reception.last.client.tell(OFFER)
            assert (await client.hear())["type"] == "offer"
            opcode, payload = await client.receive()
            assert opcode == PING
            if late:
                await client.send(PONG, late)
            late = payload  # so that one is on its way whenever anybody looks
            await trio.sleep(EVERY_S)
        assert node.reception.last.gone_times == 0
        assert node.gateway.tally.silent == 0
        _, seconds = await ended_after(client)
        assert limits.OFFER_PONG_S - EVERY_S <= seconds <= limits.OFFER_PONG_S + limits.SWEEP_EVERY_S
        assert node.gateway.tally.silent == 1
