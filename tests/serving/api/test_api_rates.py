"""How often one may ask: never more than rate and burst allow, never less; each key, tenant and address for itself."""

import time

import pytest
from api_world import Server, asking, is_problem
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.errors import UsageError
from generec.serving.api.rates import RateError, Rates
from generec.serving.api.settings import Settings


def admitted(rates, rate, name="ann"):
    try:
        rates.spend("key", name, rate)
    except RateError as error:
        return error.retry_after
    return 0.0


@settings(max_examples=80, deadline=None)
@given(st.lists(st.floats(0, 2), min_size=1, max_size=60), st.sampled_from([0.5, 1.0, 3.0, 10.0]))
def test_no_stretch_of_time_sees_more_than_rate_and_burst(waits, rate):
    now = [0.0]
    rates, let, burst = Rates(2.0, lambda: now[0]), [], max(1.0, 2 * rate)
    for wait in waits:
        now[0] += wait
        retry = admitted(rates, rate)
        if retry:
            assert sum(moment > now[0] - (burst / rate) - 1e-9 for moment in let) >= 1
            now[0] += retry + 1e-6  # who waits as told is let in
            assert admitted(rates, rate) == 0
        let.append(now[0])
    for first in range(len(let)):
        for last in range(first, len(let)):
            assert last - first + 1 <= burst + rate * (let[last] - let[first]) + 1e-3


def test_idle_buckets_make_room_and_no_rate_means_any_number():
    rates = Rates()
    assert all(admitted(rates, 0.0) == 0 for _ in range(1000))
    assert len(rates._left) == 0
    for number in range(10_100):
        admitted(rates, 1.0, f"key {number}")
    assert len(rates._left) == 10_000
    with pytest.raises(UsageError, match="rate"):
        Settings(rate=-1)


def test_each_key_has_its_own_and_is_told_when_to_come_back(again, store):
    with asking(again(rate=0.5)) as client:
        server = Server(client, store)
        ann, bob = server.key("read"), server.key("read")
        assert client.get("/v1/items", headers=ann).status_code == 200
        refused = client.get("/v1/items", headers=ann)
        assert "rate-limited" in is_problem(refused, 429)["type"]
        assert 1 <= int(refused.headers["retry-after"]) <= 2
        assert client.get("/v1/items", headers=bob).status_code == 200
        assert client.get("/healthz").status_code == 200
        time.sleep(float(refused.headers["retry-after"]))
        assert client.get("/v1/items", headers=ann).status_code == 200


def test_all_keys_of_a_tenant_share_its_rate_and_guessers_have_one(again, store):
    with asking(again(tenant_rate=0.5)) as client:
        server = Server(client, store)
        assert client.get("/v1/items", headers=server.key("read")).status_code == 200
        is_problem(client.get("/v1/items", headers=server.key("read")), 429)
        assert client.get("/v1/items", headers=server.key("read", tenant="other")).status_code == 200
    with asking(again(rate=0.5)) as client:
        wrong = {"authorization": "Bearer generec_guess"}
        is_problem(client.get("/v1/items", headers=wrong), 401)
        is_problem(client.get("/v1/items", headers=wrong), 429)
