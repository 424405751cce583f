"""Histories with a profile: written from what lies before, the same way in training and in questions."""

import polars as pl
import pytest
import torch

from generec.encoders.tfidf import TfidfEncoder
from generec.errors import InputError
from generec.templates.history import CodeHistory
from generec.templates.profile_text import ProfileText
from generec.templates.profiled import Profiled, all_told, as_catalog
from generec.types import Catalog, Events, SemanticIds

KINDS = ["Bakery", "Office", "Gym", "Park", "Cinema", "Library"]
PLACES = Catalog(pl.DataFrame({"item_id": list("abcdef"), "categories": [[kind] for kind in KINDS]}))
IDS = SemanticIds(torch.arange(6)[:, None], (6,))


def visits(seed=0, lengths=(9, 1, 4, 13)):
    draw = torch.Generator().manual_seed(seed)
    packed = Events.pack([torch.randint(6, (length,), generator=draw).tolist() for length in lengths])
    return Events(packed.items, packed.offsets, torch.arange(packed.items.numel()) * 5000)


def template(train):
    writer = ProfileText().fit(PLACES)
    words = TfidfEncoder(dimensions=5).fit(as_catalog(sorted(set(all_told(writer, train, 3)))), train)
    return Profiled(of=CodeHistory(length=2), writer=writer, encoder=words, every=3)


def test_every_example_carries_the_profile_of_whole_threes_before_it():
    train = visits()
    profiled = template(train)
    examples = profiled.examples(train, IDS)
    batch = examples.collate(torch.arange(examples.lengths.numel()))
    at = 0
    for person in range(4):
        begin, length = int(train.offsets[person]), int(train.lengths[person])
        for place in range(1, length):
            known = place // 3 * 3
            expected = torch.zeros(batch.context.about.shape[1])
            if known:
                end = begin + known
                told = profiled.writer.write(train.items[begin:end].tolist(), train.times[begin:end].tolist())
                expected = profiled.encoder.encode(as_catalog([told]))[0]
            assert torch.allclose(batch.context.about[at], expected, atol=1e-6)
            assert int(batch.items[at]) == int(train.items[begin + place])
            at += 1
    assert at == examples.lengths.numel()


def test_a_question_reads_what_an_example_with_the_same_history_read():
    train = visits()
    profiled = template(train)
    whole = profiled.examples(train, IDS)
    batch = whole.collate(torch.arange(whole.lengths.numel()))
    last = Events.pack([train.history(3)[:-1].tolist()])
    asked = profiled.context(Events(last.items, last.offsets, train.times[train.offsets[3] : -1]), IDS)
    assert torch.allclose(asked.about[0], batch.context.about[-1], atol=1e-6)
    assert asked.tokens.tolist() == train.history(3)[-3:-1].tolist()


def test_no_profile_knows_its_answer():
    train = visits()
    profiled = template(train)
    changed = train.items.clone()
    changed[-4:] = (changed[-4:] + 1) % 6  # the last person's places 9 to 12
    logs = [Events(items, train.offsets, train.times) for items in (train.items, changed)]
    before, after = (profiled.examples(log, IDS) for log in logs)
    rows = torch.arange(before.lengths.numel() - 3)  # up to the answer at place 9
    about = [each.collate(rows).context.about for each in (before, after)]
    assert torch.equal(about[0], about[1])


def test_what_is_told_travels_and_needs_times():
    train = visits()
    profiled = template(train)
    context = profiled.context(train, IDS)
    assert torch.equal(context.to(torch.device("cpu")).about, context.about)
    assert not context.about[1].any()  # one visit: nothing is known yet
    with pytest.raises(InputError, match="time"):
        profiled.context(Events(train.items, train.offsets), IDS)
