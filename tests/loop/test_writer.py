"""A writer beside a model: taught from its catalogue, kept in a verified folder, used by the loop and the commands."""

from __future__ import annotations

import gc
import json
import weakref
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from generec.cli import app
from generec.cli.teach import beside
from generec.create.language_model import LanguageModel
from generec.create.text_creator import TextCreator
from generec.data import write_dataset
from generec.data.world import make_world
from generec.encoders.collaborative import CollaborativeEncoder
from generec.encoders.fusion import ConcatEncoder
from generec.encoders.style import ContentEncoder, StyleEncoder, SubjectEncoder
from generec.encoders.tfidf import TfidfEncoder
from generec.errors import ArtefactError, UsageError
from generec.fidelity.keys import Keys
from generec.fitting.loop import Optimisation
from generec.loop.generec import GeneRec
from generec.loop.meaning import Meaning
from generec.loop.turn import TurnRequest
from generec.loop.writer import Writer
from generec.recipe.record import override
from generec.recipes.sasrec import sasrec
from generec.recipes.what_and_how import STYLE, what_and_how
from generec.records import TextPayload
from generec.types import Events

SPEC = TextCreator(
    model=LanguageModel(width=48, layers=2, heads=2, reach=64, dropout=0.0), vocabulary=800,
    optimisation=Optimisation(epochs=10, batch_tokens=1500, learning_rate=5e-3, warm_up=0.05), best_of=8,
    least_support=0.0,
)  # fmt: skip


def recipe():
    subject = SubjectEncoder(of=TfidfEncoder(dimensions=16))
    taste = CollaborativeEncoder(dimensions=16, text=subject)
    style = StyleEncoder(content=subject, taste=taste, components=48, dimensions=STYLE)
    content = ContentEncoder(of=TfidfEncoder(dimensions=32), style=replace(style, taste=None))
    return override(
        replace(what_and_how(), encoder=ConcatEncoder(parts=(content, style))),
        ["stages.0.optimisation.epochs=1", "tokenizer.least=200", "tokenizer.what.size=12", "tokenizer.what.levels=1",
         "tokenizer.how.size=6", "tokenizer.how.levels=1"],
    )  # fmt: skip


@pytest.fixture(scope="module")
def dataset():
    return make_world(items=300, users=120, seed=5).dataset


@pytest.fixture(scope="module")
def system(dataset):
    return recipe().fit(dataset, refit=False).system


@pytest.fixture(scope="module")
def writer(system, dataset):
    histories = dataset.events.group_by("user_id", maintain_order=True).agg("item_id")["item_id"].to_list()
    return ready(Writer.fit(system, histories, SPEC))


def ready(writer):
    """The gate is tested elsewhere; so small a model would not pass it."""
    figures = {**writer.creator.figures, "nats": 0.0, "ngram": 1.0, "support": 1.0}
    return replace(writer, creator=replace(writer.creator, figures=figures))


@pytest.fixture
def generec(system, dataset, writer, tmp_path):
    found = GeneRec(
        system=system, data=dataset, folder=tmp_path / "ledger", keys=Keys(tmp_path / "keys"), writer=writer
    )
    found.meaning = Meaning(system.catalog, TfidfEncoder(dimensions=32).fit(system.catalog, Events.pack([])))
    return found


def test_a_text_is_created_from_words_checked_labelled_and_rests_on_items(generec):
    person = generec.person("u00003")
    turn = generec.turn(TurnRequest(words="write me a few lines about astronomy", person=person))
    made = [candidate for candidate in turn.slate if candidate.mode == "created"]
    assert made, turn.message
    draft, catalog = made[0].draft, generec.system.catalog
    assert isinstance(draft.payload, TextPayload)
    texts = {item_id: catalog.frame["description"][catalog.row(item_id)] for item_id in draft.parents}
    assert all(
        one.origin in texts and one.text.rstrip(".") in texts[one.origin] for one in draft.evidence if one.origin
    )
    assert made[0].report.passed
    assert made[0].label
    assert any(candidate.mode == "retrieved" for candidate in turn.slate)
    assert turn.guidance.what
    assert turn.guidance.oracle


def test_what_no_text_can_keep_is_refused_and_the_editor_stands_in(generec):
    turn = generec.turn(TurnRequest(words="write me a few lines about astronomy, under 20 minutes"))
    assert all(candidate.mode != "created" for candidate in turn.slate)
    assert "cannot be promised" in turn.message
    assert turn.trace["plan"]["arms"] == ("text creation", "text edits")


def test_a_writer_survives_the_disk_and_knows_only_what_the_catalogue_still_has(writer, system, tmp_path):
    place = writer.save(tmp_path / "model.writer")
    again = Writer.load(place, system.catalog)
    assert again.manners == writer.manners
    assert again.texts.item_ids == writer.texts.item_ids
    assert again.creator.figures == pytest.approx(writer.creator.figures)
    fewer = replace(system.catalog, frame=system.catalog.frame.head(200))
    known = Writer.load(place, fewer)
    assert set(known.texts.item_ids) == set(fewer.item_ids)
    assert {one.origin for one in known.manners} <= set(fewer.item_ids)
    assert known.features.shape[0] == 200
    (place / "stock.json").write_text("{}")
    with pytest.raises(ArtefactError, match=r"stock\.json"):
        Writer.load(place, system.catalog)


def test_codes_that_do_not_tell_what_from_how_are_refused(dataset):
    plain = override(sasrec(), ["stages.0.optimisation.epochs=1", "model.width=16"]).fit(dataset, refit=False).system
    with pytest.raises(UsageError, match="what from how"):
        Writer.fit(plain, [], SPEC)


def test_the_command_teaches_and_says_whether_it_may_be_used(system, dataset, tmp_path):
    data = write_dataset(dataset, tmp_path / "world")
    system.record = {**system.record, "data": {**system.record["data"], "directory": str(data)}}
    model = system.save(tmp_path / "model")
    sizes = ["model.width=16", "model.layers=1", "model.heads=2", "optimisation.epochs=1", "vocabulary=300"]
    words = ["teach", str(model), *(word for each in sizes for word in ("--set", each)), "--json", "--quiet"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["ready"] == (not found["reasons"])
    assert 0 <= found["support"] <= 1
    assert (beside(model) / "MANIFEST.json").exists()
    assert CliRunner().invoke(app, words).exit_code == 2  # it is there


def test_a_loop_that_nobody_uses_any_more_is_freed_at_once(system, dataset, writer, tmp_path):
    """A server makes one after each change of the catalogue, and lets its collector run seldom."""
    meaning = Meaning(system.catalog, TfidfEncoder(dimensions=32).fit(system.catalog, Events.pack([])))

    def used():
        keys = Keys(tmp_path / "keys")
        made = GeneRec(system=system, data=dataset, folder=tmp_path / "ledger", keys=keys, writer=writer)
        made.meaning = meaning
        made.turn(TurnRequest(words="something calm", person=made.person("u00003")))
        meant = Meaning(system.catalog, meaning.encoder)
        assert len(meant.similarity("calm")) == len(system.catalog)
        return weakref.ref(made), weakref.ref(made.loop), weakref.ref(made.loop.retriever), weakref.ref(meant)

    gc.collect()
    gc.disable()
    try:
        assert [one() for one in used()] == [None] * 4
    finally:
        gc.enable()
