"""The gap report over HTTP: the loop's own, of the people in the store, made once per state of the catalogue."""

import json
from dataclasses import replace

import pytest
from api_world import is_problem

from generec.encoders.fusion import ConcatEncoder
from generec.encoders.style import ContentEncoder, StyleEncoder, SubjectEncoder
from generec.encoders.tfidf import TfidfEncoder
from generec.loop.gaps import gap_report
from generec.recipe.record import override
from generec.recipes.what_and_how import what_and_how
from generec.records import to_json
from generec.serving.store.imports import Histories
from generec.tokenizers.joined import Joined
from generec.tokenizers.rq_kmeans import RQKMeans
from generec.types import Request
from small_world import dataset


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """Instead of the shop's usual model one whose codes tell content from style."""
    style = StyleEncoder(content=SubjectEncoder(of=TfidfEncoder(dimensions=4)), components=6, dimensions=3)
    content = ContentEncoder(of=TfidfEncoder(dimensions=8), style=style)
    codes = Joined(what=RQKMeans(levels=2, size=5), how=RQKMeans(levels=1, size=3), style=3, least=20)
    recipe = replace(what_and_how(), encoder=ConcatEncoder(parts=(content, style)), tokenizer=codes)
    recipe = override(recipe, ["stages.0.optimisation.epochs=2", "model.width=16"])
    return recipe.fit(dataset(), refit=False).system.save(tmp_path_factory.mktemp("gaps") / "shop")


def test_the_report_is_that_of_the_loop_and_follows_the_catalogue(server, app, store):
    Histories(store, "default", dataset(), "test").bring()
    for number in range(0, 60, 5):
        server.client.delete(f"/v1/items/i{number}")  # no lamps any more, which people had used
    about = {"people": 3, "stock": 4}
    found = server.client.get("/v1/gaps", params=about).json()
    grouped = dataset().events.group_by("user_id", maintain_order=True).agg("item_id", "timestamp")
    last = grouped.with_columns(last=grouped["timestamp"].list.max()).sort("last")
    asked = [
        Request(history=tuple(items), user_id=user, times=tuple(times))
        for user, items, times in last.select("user_id", "item_id", "timestamp").iter_rows()
    ]
    system = app.state.parts.engine.versions.serving.active.snapshot.system
    expected = json.loads(to_json(gap_report(system, asked, people=3, stock=4)))
    assert expected["gaps"]
    assert found.pop("model") == "one"
    assert found.pop("catalogue") == 12
    assert [gap["text"] for gap in found["gaps"]] == [gap["text"] for gap in expected["gaps"]]
    assert [gap["demand"] for gap in found["gaps"]] == pytest.approx([gap["demand"] for gap in expected["gaps"]])
    assert found["people"] == expected["people"] > 0
    assert server.client.get("/v1/gaps", params=about).json()["catalogue"] == 12
    assert len(app.state.parts.reports._made) == 1
    server.client.delete("/v1/items/i1")
    assert server.client.get("/v1/gaps", params=about).json()["catalogue"] == 13
    assert len(app.state.parts.reports._made) == 2


def test_that_nobody_was_here_yet_has_a_type_of_its_own(server):
    assert is_problem(server.client.get("/v1/gaps"), 422)["type"].endswith(":nothing-yet")


def test_nothing_is_told_of_single_persons(server):
    is_problem(server.client.get("/v1/gaps", params={"people": 1}), 422)
