"""The accept loop, when there is no room."""

import errno

import trio
from trio.testing import MockClock

from engine.domain import limits

from .wire import upgrade_request, virtual_node


async def test_running_out_of_file_descriptors_makes_accepting_rest_not_end(
    autojump_clock: MockClock,
) -> None:
    async with virtual_node() as node:
        await node.serves()
        for number in (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM):
            node.listener.fail(OSError(number, "no room"))
        begin = trio.current_time()
        await node.serves()
        assert trio.current_time() - begin == 4 * limits.ACCEPT_REST_S


async def test_refusing_costs_a_bounded_number_of_tasks(autojump_clock: MockClock) -> None:
    async with virtual_node(sockets=0) as node:
        clients = [node.listener.connect() for _ in range(limits.REFUSALS_AT_ONCE + 10)]
        told = 0
        for client in clients:
            try:
                told += await client.upgrade(upgrade_request()) == 503
            except (trio.EndOfChannel, trio.BrokenResourceError):
                continue
        assert told == limits.REFUSALS_AT_ONCE
        await trio.sleep(limits.LINGER_S)
        assert await node.listener.connect().upgrade() == 503
