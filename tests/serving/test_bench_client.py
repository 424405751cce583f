"""What the benches over HTTP share: a client that counts waiting, figures, and targets that are met or missed."""

import asyncio
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("fastapi")
from served import Client, Target, arriving, busy, quantiles, reported
from soak import Sample, slope


class Twice:
    """Answers two requests of a connection and closes it; `late` seconds each, one at a time. Gone: hangs up."""

    def __init__(self, late=0.0):
        self.late, self.connections, self.bodies, self.turn = late, 0, [], asyncio.Lock()

    async def __call__(self, reader, writer):
        self.connections += 1
        for last in (False, True):
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
            except asyncio.IncompleteReadError:
                break
            length = next(int(line[16:]) for line in head.split("\r\n") if line.startswith("content-length: "))
            body = await reader.readexactly(length)
            if "/gone" in head:
                break
            self.bodies.append(body)
            async with self.turn:
                await asyncio.sleep(self.late)
            status = "404 Not Found" if "/missing" in head else "200 OK"
            close = "connection: close\r\n" if last else ""
            writer.write(
                f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{close}X-Of: {head.split()[0]}\r\n\r\n".encode()
            )
            writer.write(body)
        writer.close()


def asking(work, **how):
    async def main():
        twice = Twice(**how)
        server = await asyncio.start_server(twice, "127.0.0.1", 0)
        async with server:
            client = Client("127.0.0.1", server.sockets[0].getsockname()[1])
            try:
                return twice, await work(client)
            finally:
                client.close()

    return asyncio.run(main())


def test_connections_are_kept_until_the_server_closes_them():
    async def work(client):
        return [await client.ask("POST", "/x", {"n": n}) for n in range(5)]

    twice, replies = asking(work)
    assert [reply.json()["n"] for reply in replies] == list(range(5))
    assert {(reply.status, reply.headers["x-of"]) for reply in replies} == {(200, "POST")}
    assert twice.connections == 3
    assert json.loads(twice.bodies[0]) == {"n": 0}


def test_arrivals_do_not_wait_for_answers_but_waiting_counts():
    async def work(client):
        return await arriving(lambda place: client.ask("GET", "/gone" if place == 7 else "/x"), 500, 12)

    _, found = asking(work, late=0.02)
    assert [one.due for one in found] == sorted(one.due for one in found)
    assert [place for place, one in enumerate(found) if not one.ok] == [7]
    assert "Error" in found[7].error
    answered = [one.due + one.seconds for one in found if one.ok]
    assert max(answered) >= 11 * 0.02  # one at a time, counted from when each was due


def test_busy_clients_ask_everything_once():
    async def work(client):
        return await busy(lambda place: client.ask("POST", "/missing" if place == 3 else "/x", {"n": place}), 4, 20)

    twice, (rate, replies) = asking(work)
    assert rate > 0
    assert sorted(json.loads(body)["n"] for body in twice.bodies) == list(range(20))
    assert sorted(reply.status for reply in replies) == [200] * 19 + [404]


@given(st.lists(st.floats(0, 10), min_size=1, max_size=50))
def test_quantiles_are_times_that_were_measured(seconds):
    found = quantiles(seconds)
    assert found["p50"] <= found["p90"] <= found["p99"] <= found["max"] == round(1000 * max(seconds), 2)
    assert all(any(round(1000 * one, 2) == figure for one in seconds) for figure in found.values())


@given(st.floats(-5, 5), st.floats(100, 1000))
def test_the_slope_of_a_line_is_its_slope(grows, size):
    assert slope([Sample(at, size + grows * at / 60, 0.0) for at in range(0, 600, 5)]) == pytest.approx(grows, abs=1e-6)


def test_a_missed_target_fails_the_bench_and_keeps_its_figure(capsys, tmp_path):
    met, missed = Target("kept", 400, least=400), Target("late ms", 61.25, most=60)
    assert reported([met], {"a": 1}, None) == 0
    assert reported([met, missed], {"a": 1}, tmp_path / "figures.json") == 1
    assert re.search(r"late ms +61.25 +<= 60 +MISSED", capsys.readouterr().out)
    kept = json.loads((tmp_path / "figures.json").read_text())
    assert (kept["a"], [one["met"] for one in kept["targets"]]) == (1, [True, False])
