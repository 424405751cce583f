"""Versions: one active, a way back, trials that share what is left."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from generec.errors import InputError, UsageError

SHA = "ab" * 32


@pytest.fixture
def models(store):
    for version in "abcd":
        store.models.add(
            "default", version, folder=f"/models/{version}", manifest=SHA, watermark=7, figures={"ndcg": 0.1}, by="me"
        )
    return store.models


def states(models):
    return "".join(one.state[0] for one in models.list("default"))


def test_versions_are_entered_once_as_candidates(models):
    one = models.get("default", "a")
    assert (one.folder, one.manifest, one.figures, one.watermark, one.state) == (
        "/models/a", SHA, {"ndcg": 0.1}, 7, "candidate",
    )  # fmt: skip
    with pytest.raises(UsageError, match="is there already"):
        models.add("default", "a", folder="x", manifest=SHA, watermark=0, by="me")
    with pytest.raises(InputError, match="sha256"):
        models.add("default", "e", folder="x", manifest="AB" * 32, watermark=0, by="me")
    with pytest.raises(InputError, match="the figures cannot be kept"):
        models.add("default", "e", folder="x", manifest=SHA, watermark=0, figures={"ndcg": float("nan")}, by="me")
    with pytest.raises(UsageError, match="unknown model version 'z'"):
        models.activate("default", "z", by="me")
    assert models.active("default") is None


def test_the_way_back_leads_through_what_was_active(models):
    with pytest.raises(UsageError, match="no version was active before"):
        models.roll_back("default", by="me")
    for version in "abc":
        models.activate("default", version, by="me")
    models.activate("default", "c", by="me")  # again: nothing happens
    assert states(models) == "rrac"
    assert models.roll_back("default", by="me").version == "b"
    models.activate("default", "d", by="me")
    assert models.roll_back("default", by="me").version == "b"
    assert models.roll_back("default", by="me").version == "a"
    with pytest.raises(UsageError, match="no version was active before"):
        models.roll_back("default", by="me")
    assert states(models) == "arrr"


def test_trials_share_what_is_left(models):
    models.activate("default", "a", by="me")
    models.try_out("default", "b", share=0.5, by="me")
    models.try_out("default", "c", share=0.4, by="me")
    with pytest.raises(UsageError, match=r"a share is 0 to 0\.1"):
        models.try_out("default", "d", share=0.2, by="me")
    with pytest.raises(UsageError, match="is active"):
        models.try_out("default", "a", share=0.1, by="me")
    models.shadow("default", "c", by="me")
    assert models.try_out("default", "d", share=0.5, by="me").share == 0.5
    models.retire("default", "d", by="me")
    with pytest.raises(UsageError, match="is active"):
        models.retire("default", "a", by="me")
    assert models.activate("default", "b", by="me").share == 0.0
    assert states(models) == "rasr"


def test_of_many_activations_at_once_one_is_active(models):
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: models.activate("default", "abcd"[n % 4], by="me"), range(12)))
    assert states(models).count("a") == 1
