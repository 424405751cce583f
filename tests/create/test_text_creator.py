"""The text creator on a planted language: each code has its words, and each person likes one manner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from random import Random

import polars as pl
import pytest
import torch

from generec.create.language_model import LanguageModel, Sampling
from generec.create.text_creator import FittedTextCreator, TextBrief, TextCreator
from generec.create.text_evidence import CodedTexts, closest
from generec.create.text_fluency import words_of
from generec.create.text_lessons import Readers, Teaching, fitting
from generec.create.text_statements import Phrases, is_specific, sayings, statements, support, supported
from generec.encoders.tfidf import TfidfEncoder
from generec.errors import ArtefactError, FittingError, InputError
from generec.evidence.verify import EvidenceIndex, verify
from generec.fitting.loop import Optimisation, Run
from generec.loop.meaning import Meaning
from generec.loop.retrieve import Retriever
from generec.loop.text_create_maker import TextCreateMaker
from generec.loop.writer import Writer
from generec.records import Abstain, Evidence, Guidance, Person, Span
from generec.types import Catalog, Events, Request, Slate

THINGS, MOODS, ITEMS = ("boats", "birds", "stars"), ("calm", "wild"), 150


def said_of(thing: str) -> tuple[str, str]:
    return f"The {thing} gather near the gate.", f"Every path leads to {thing}."


def said_in(mood: str) -> tuple[str, str]:
    return f"Expect {mood} hours with friends.", f"The evening stays {mood} to the end."


PALETTE = tuple(
    Evidence(f"e{at}", one)
    for at, one in enumerate(
        [one for thing in THINGS for one in said_of(thing)] + [s for m in MOODS for s in said_in(m)]
    )
)
SPEC = TextCreator(
    model=LanguageModel(width=32, layers=2, heads=2, reach=48, dropout=0.0), vocabulary=600,
    optimisation=Optimisation(
        epochs=30, batch_tokens=600, learning_rate=1e-2, decay_from=0.5, warm_up=0.05, clip=1.0, validate_every=6
    ),
    teaching=Teaching(strangers=4, drop=0.35), sampling=Sampling(tokens=24, temperature=0.7),
)  # fmt: skip


@cache
def world() -> tuple[Catalog, torch.Tensor, torch.Tensor, torch.Tensor, Events]:
    random = Random(0)
    what = [random.randrange(len(THINGS)) for _ in range(ITEMS)]
    how = [random.randrange(len(MOODS)) for _ in range(ITEMS)]
    texts = [
        f"{random.choice(said_of(THINGS[w]))} {random.choice(said_in(MOODS[h]))}"
        for w, h in zip(what, how, strict=True)
    ]
    frame = pl.DataFrame({"item_id": [f"i{row}" for row in range(ITEMS)], "description": texts})
    liked = [[row for row in range(ITEMS) if how[row] == user % 2 and random.random() < 0.1] for user in range(30)]
    features = torch.nn.functional.one_hot(torch.tensor(how), 2).float()
    return Catalog(frame), features, torch.tensor(what)[:, None], torch.tensor(how)[:, None], Events.pack(liked)


@cache
def creator(shuffled: bool = False) -> FittedTextCreator:
    items, features, what, how, train = world()
    order = torch.tensor(Random(1).sample(range(ITEMS), ITEMS)) if shuffled else torch.arange(ITEMS)
    torch.set_num_threads(1)
    return SPEC.fit(items, features[order], what[order], how[order], train)


def brief(what: int | None = 0, how: int | None = 0, user: int | None = None, **changes: object) -> TextBrief:
    vector = None if user is None else torch.nn.functional.one_hot(torch.tensor(user), 2).float()
    of = TextBrief(
        guidance=Guidance(), evidence=PALETTE, user=vector,
        what=() if what is None else (what,), how=() if how is None else (how,),
    )  # fmt: skip
    return replace(of, **changes)  # type: ignore[arg-type]


def hits(of: FittedTextCreator, count: int = 6) -> float:
    """Share of unfiltered texts about the asked thing only, in the asked mood only: read from the words."""
    right = []
    for what, thing in enumerate(THINGS):
        for how, mood in enumerate(MOODS):
            for drawn in of.samples(brief(what, how), count, seed=what):
                words = set(words_of(drawn.text))
                right.append(words & set(THINGS) == {thing} and words & set(MOODS) == {mood})
    return sum(right) / len(right)


def test_it_learns_which_words_a_code_stands_for_and_its_shuffled_twin_does_not():
    learned, twin = hits(creator()), hits(creator(shuffled=True))
    assert learned > 0.8
    assert twin < 0.4


def test_the_person_decides_where_no_manner_is_asked_for():
    moods = []
    for user, mood in enumerate(MOODS):
        texts = [drawn.text for drawn in creator().samples(brief(1, None, user), 8, seed=3)]
        moods += [mood in words_of(text) and MOODS[1 - user] not in words_of(text) for text in texts]
    assert sum(moods) / len(moods) > 0.7


def test_the_gate_is_met_by_figures_of_items_that_were_not_learned():
    figures = creator().figures
    assert creator().ready
    assert figures["held_out"] == 15
    assert figures["nats"] < figures["ngram"]
    assert figures["support"] >= SPEC.least_support


def test_drafts_say_only_what_the_evidence_says():
    made = creator().create(brief(2, 1), n=3, seed=5)
    assert not isinstance(made, Abstain)
    assert 1 <= len(made) <= 3
    for draft in made:
        assert verify(draft.payload.text, draft.evidence).supported
        assert (draft.mode, draft.what, draft.how) == ("created", (2,), (1,))
        assert {span.evidence for span in draft.payload.spans} == {one.id for one in draft.evidence}
        assert len(statements(draft.payload.text)) >= SPEC.least
    assert [draft.reward for draft in made] == sorted((draft.reward for draft in made), reverse=True)
    assert creator().create(brief(2, 1), n=3, seed=5) == made


def test_the_best_by_the_reward_is_served_and_the_human_text_can_win():
    def longest(texts: list[str]) -> list[float]:
        return [float(len(text)) for text in texts]

    made = creator().create(brief(0, 0), n=8, seed=1, reward=longest)
    assert not isinstance(made, Abstain)
    assert [draft.reward for draft in made] == sorted((float(len(draft.payload.text)) for draft in made), reverse=True)
    short = creator().create(brief(0, 0, human="Boats."), seed=1, reward=longest)
    assert not isinstance(short, Abstain)
    stays = creator().create(brief(0, 0, human="B" * 500), seed=1, reward=longest)
    assert isinstance(stays, Abstain)
    assert "person wrote" in stays.reason
    ties = creator().create(brief(0, 0, human="Boats."), seed=1, reward=lambda texts: [0.0] * len(texts))
    assert isinstance(ties, Abstain)
    assert isinstance(creator().create(brief(0, 0, human="Boats."), seed=1), Abstain)  # nothing says what is better


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"evidence": ()}, "no evidence"),
        ({"evidence": (Evidence("p", "boats", None, "likes", "person"),)}, "no evidence"),
        ({"evidence": (Evidence("x", "It shouts.", None),)}, "no evidence"),
        ({"guidance": Guidance(consent=False)}, "agree"),
        ({"guidance": Guidance(locale="de")}, "English"),
        ({"evidence": PALETTE[:1]}, "could be verified"),
    ],
)
def test_it_abstains_and_says_why(changes: dict[str, object], words: str):
    made = creator().create(brief(**changes))  # type: ignore[arg-type]
    assert isinstance(made, Abstain)
    assert words in made.reason


def test_it_abstains_where_its_gate_is_not_met():
    for figure, value, words in (("nats", 9.0, "n-gram"), ("support", 0.1, "10%"), ("nats", float("nan"), "n-gram")):
        poor = replace(creator(), figures={**creator().figures, figure: value})
        made = poor.create(brief())
        assert not poor.ready
        assert isinstance(made, Abstain)
        assert words in made.reason


def test_it_travels_as_named_tensors():
    state = creator().state()
    assert all(isinstance(value, torch.Tensor) for value in state.values())
    back = SPEC.restore(state)
    assert back.create(brief(1, 1, 0), n=4, seed=2) == creator().create(brief(1, 1, 0), n=4, seed=2)
    assert (back.figures, back.ready) == (creator().figures, True)
    with pytest.raises(ArtefactError, match="train it again"):
        SPEC.restore({name: value for name, value in state.items() if name != "card"})
    with pytest.raises(ArtefactError, match="train it again"):
        replace(SPEC, model=LanguageModel(width=16)).restore(state)


def test_training_resumes_to_the_same_weights(tmp_path):
    items, features, what, how, train = world()
    short = replace(SPEC, optimisation=replace(SPEC.optimisation, epochs=2))
    whole = short.fit(items, features, what, how, train)
    run = Run(directory=tmp_path, resume=True)
    short.fit(items, features, what, how, train, run)
    again = short.fit(items, features, what, how, train, run)  # reads what is finished
    assert all(torch.equal(value, again.state()[name]) for name, value in whole.state().items() if "model." in name)


def test_wrong_shapes_and_empty_catalogues_are_refused():
    items, features, what, how, train = world()
    with pytest.raises(InputError, match="what codes must be"):
        SPEC.fit(items, features, what[:3], how, train)
    with pytest.raises(InputError, match="plot"):
        replace(SPEC, prose="plot").fit(items, features, what, how, train)
    bare = Catalog(items.frame.with_columns(description=pl.lit("It is.")))
    with pytest.raises(FittingError, match="at least two"):
        SPEC.fit(bare, features, what, how, train)


def test_a_person_is_known_by_everything_but_the_target():
    features = torch.eye(4)
    readers = Readers.of(Events.pack([[0, 1, 1], [2], [3, 1]]), features)
    seen = {tuple(readers.draw(1, features[1], Random(seed)).tolist()) for seed in range(20)}  # type: ignore[union-attr]
    assert seen == {(1.0, 0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0)}
    assert readers.draw(2, features[2], Random(0)) is None
    assert [round(v, 3) for v in readers.draw(0, features[0], Random(0)).tolist()] == [0, 1, 0, 0]  # type: ignore[union-attr]


def test_statements_stand_by_themselves():
    text = "The lamp is bright. It hums. But only at night. A fan cools the bulb. Costs 20 euros. Free of charge."
    assert statements(text) == ("The lamp is bright.", "A fan cools the bulb.", "Costs 20 euros.", "Free of charge.")
    assert [is_specific(one) for one in statements(text)] == [False, False, True, True]
    assert sayings([Evidence("a", text), Evidence("b", "garden", None, "topic", "field")])[-1] == "Topic: garden"
    assert list(fitting([(1, 2, 3), (1,) * 9, (4,)], 8)) == [(1, 2, 3), (4,)]


def test_what_evidence_does_not_support_is_left_out():
    index = EvidenceIndex(PALETTE)
    mixed = f"{PALETTE[0].text} The moon is made of cheese. {PALETTE[8].text} {PALETTE[0].text}"
    kept = supported(mixed, index)
    assert kept is not None
    assert kept.text == f"{PALETTE[0].text} {PALETTE[8].text}"
    assert (kept.statements, kept.whole) == (2, False)
    assert supported("The moon is made of cheese.", index) is None
    right, total = support(mixed, index)
    assert 0 < right < total
    assert support(kept.text, index)[0] == support(kept.text, index)[1]
    two = EvidenceIndex((Evidence("a", PALETTE[0].text, "x"), Evidence("b", PALETTE[8].text, "y")))
    assert supported(kept.text, two).text == PALETTE[0].text  # type: ignore[union-attr]


def test_a_long_stretch_of_a_learned_text_is_found_outside_of_the_evidence_only():
    learned = "one two three four five six seven eight nine ten"
    phrases = Phrases.of([learned], 9)
    nine = "So: two three four five six seven eight nine ten!"
    assert phrases.repeated(nine)
    assert not phrases.repeated(nine.replace("six", "6"))
    assert not phrases.repeated("two three four five six seven eight nine")
    assert not phrases.repeated(nine, (Span(4, 20, "e"),))
    assert phrases.repeated(nine, (Span(0, 2, "e"),))


def test_evidence_about_a_kind_of_thing_names_no_item_and_no_fact_of_one():
    items, _, what, how, _ = world()
    texts = [f"{text} Costs {row} euros." for row, text in enumerate(items.frame["description"])]
    coded = CodedTexts(items.item_ids, texts, what, how)
    found = coded.gather((1,), [(0,)], near=[7, 3])
    assert all(one.item_id is None and "euros" not in one.text for one in found)
    assert {one.text for one in found} == {*said_of("birds"), *said_in("calm")}
    assert all(one.text in texts[items.row(one.origin)] for one in found if one.origin)
    assert closest(what, (1,), [row for row in range(ITEMS) if what[row] == 1][::-1])[0] == max(
        row for row in range(ITEMS) if what[row] == 1
    )
    assert coded.gather((9,), []) == ()


def test_a_manner_is_told_by_what_is_said_under_it_more_often_than_elsewhere():
    usual, own, other = "Expect a day out.", "Soft voices fill the room.", "Expect loud nights."
    texts = [f"{usual} {own if row % 2 else other}" for row in range(40)]
    what, how = torch.arange(40)[:, None] % 5, torch.arange(40)[:, None] % 2
    found = CodedTexts([f"i{row}" for row in range(40)], texts, what, how).gather((0,), [(1,)], each=1)
    assert [one.text for one in found] == [own]


@dataclass(frozen=True)
class Newest:
    """A recommender that shows the items in the catalogue's order."""

    catalog: Catalog

    def recommend(self, asked: Sequence[Request], k: int = 10) -> list[Slate]:
        ids = [[i for i in self.catalog.item_ids if i not in {*one.history, *one.exclude}][:k] for one in asked]
        return [Slate(tuple(found), tuple(-float(at) for at in range(len(found)))) for found in ids]


@cache
def maker() -> TextCreateMaker:
    items, features, what, how, _ = world()
    meaning = Meaning(items, TfidfEncoder(dimensions=8).fit(items, Events.pack([])))
    retriever = Retriever(recommender=Newest(items), meaning=meaning)
    texts = CodedTexts(items.item_ids, items.frame["description"].to_list(), what, how)
    return TextCreateMaker(retriever=retriever, writer=Writer(creator(), texts, features))


@pytest.mark.parametrize(("what", "how"), [(0, 1), (2, 0)])
def test_the_maker_writes_what_the_guidance_asks_for_from_real_items(what: int, how: int):
    right, texts = 0, dict(world()[0].frame.iter_rows())
    near = [
        item_id
        for item_id, code in zip(world()[0].item_ids, world()[2].flatten().tolist(), strict=True)
        if code == what
    ]
    for seed in range(8):
        guidance = Guidance(act="create", kind="text", what=(((what,), 0.9),), how=(((how,), 0.8),), seed=seed)
        made = maker().make(guidance, Person(), near[:5], 1)
        assert not isinstance(made, Abstain)
        draft = made[0]
        right += {THINGS[what], MOODS[how]} <= set(words_of(draft.payload.text))
        assert draft.guidance == guidance.fingerprint
        assert draft.parents
        assert all(any(one.text in texts[parent] for parent in draft.parents) for one in draft.evidence)
        assert verify(draft.payload.text, draft.evidence).supported
        assert isinstance(maker().worth(draft, guidance, Person()), float)
    assert right >= 5  # by chance it would be one or two


def test_the_maker_takes_the_manner_from_the_history_and_the_rest_from_the_nearest_item():
    items, _, what, how, _ = world()
    wild = [row for row in range(ITEMS) if how[row] == 1]
    person = Person(history=tuple(items.item_ids[row] for row in wild[:6]))
    nearest = next(row for row in range(ITEMS) if what[row] == 2 and how[row] == 0)
    made = maker().make(Guidance(act="create"), person, [items.item_ids[nearest]], 1)
    assert not isinstance(made, Abstain)
    assert (made[0].what, made[0].how) == ((2,), (1,))
    assert "stars" in words_of(made[0].payload.text)


def test_where_the_maker_abstains_it_names_the_editor():
    for guidance, near in ((Guidance(), []), (Guidance(consent=False), ["i1"])):
        made = maker().make(guidance, Person(), near, 1)
        assert isinstance(made, Abstain)
        assert "the text editor stands in" in made.reason
