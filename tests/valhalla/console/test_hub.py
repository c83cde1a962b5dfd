"""Latest wins, for each client by itself."""

from __future__ import annotations

import asyncio

import pytest

from valhalla.console.board import Board
from valhalla.console.hub import Hub

pytestmark = pytest.mark.anyio


async def test_who_does_not_read_finds_the_latest_frame_only() -> None:
    hub = Hub()
    with hub.outbox() as quick, hub.outbox() as slow:
        hub.publish("frame", "one")
        assert await quick.take() == "one"
        hub.publish("frame", "two")
        assert await quick.take() == "two"
        hub.publish("frame", "three")
        assert await slow.take() == "three"
        waiting = asyncio.create_task(slow.take())
        await asyncio.sleep(0)
        assert not waiting.done()
        hub.publish("frame", "four")
        assert await waiting == "four"


async def test_answers_come_in_order_and_wait_for_a_client_that_does_not_take_them() -> None:
    hub = Hub()
    with hub.outbox() as outbox:
        for number in range(4):
            await outbox.reply(str(number))
        fifth = asyncio.create_task(outbox.reply("4"))
        await asyncio.sleep(0)
        assert not fifth.done()
        assert [await outbox.take() for _ in range(4)] == ["0", "1", "2", "3"]
        await fifth
        assert await outbox.take() == "4"


async def test_somebody_is_there_while_a_client_is_connected() -> None:
    hub = Hub()
    waiting = asyncio.create_task(hub.somebody())
    await asyncio.sleep(0)
    assert not waiting.done()
    with hub.outbox():
        await waiting
        assert len(hub) == 1
    assert len(hub) == 0
    again = asyncio.create_task(hub.somebody())
    await asyncio.sleep(0)
    assert not again.done()
    again.cancel()


class Counting:
    """A state whose questions end when the test says so."""

    def __init__(self) -> None:
        self.asked = 0
        self.answers = asyncio.Semaphore(0)

    async def update_metrics(self) -> dict[str, int]:
        self.asked += 1
        number = self.asked
        await self.answers.acquire()
        return {"number": number}


async def test_all_who_ask_while_a_question_is_on_its_way_share_the_next_one() -> None:
    state = Counting()
    board = Board("x", state)
    first = asyncio.create_task(board.fresh())
    await asyncio.sleep(0.01)
    crowd = [asyncio.create_task(board.fresh()) for _ in range(50)]
    await asyncio.sleep(0.01)
    assert state.asked == 1
    state.answers.release()
    assert await first == '{"number":1}'
    state.answers.release()
    assert set(await asyncio.gather(*crowd)) == {'{"number":2}'}
    state.answers.release()
    assert await board.fresh() == '{"number":3}'
    assert state.asked == 3


async def test_a_board_that_is_stopped_leaves_no_question_behind() -> None:
    board = Board("x", Counting())
    asking = asyncio.create_task(board.fresh())
    await asyncio.sleep(0.01)
    await board.stop()
    with pytest.raises(asyncio.CancelledError):
        await asking
