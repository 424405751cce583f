"""The socket that `generec serve` listens at."""

from __future__ import annotations

import asyncio
import socket

import pytest

from generec.cli.serve import _bound
from generec.errors import UsageError


def test_answers_leave_at_once():
    """Without TCP_NODELAY an answer in two pieces waits 40 ms for the other side's acknowledgement."""

    async def accepted() -> int:
        met: asyncio.Queue[asyncio.StreamWriter] = asyncio.Queue()
        with _bound("127.0.0.1", 0) as listening:
            server = await asyncio.start_server(lambda _, writer: met.put_nowait(writer), sock=listening)
            _, client = await asyncio.open_connection(*listening.getsockname())
            answering = await met.get()
            delay: int = answering.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
            for one in (client, answering, server):
                one.close()
        return delay

    assert asyncio.run(accepted())


def test_a_port_in_use_says_what_to_do():
    with _bound("127.0.0.1", 0) as taken:
        taken.listen()
        with pytest.raises(UsageError, match="another --port"):
            _bound("127.0.0.1", taken.getsockname()[1])
