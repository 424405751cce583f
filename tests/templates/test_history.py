"""Templates against plain Python."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.templates.history import CodeHistory, ItemHistory
from generec.types import Events, SemanticIds

people = st.lists(st.lists(st.integers(0, 19), max_size=9), min_size=1, max_size=12)
IDS = SemanticIds(torch.stack([torch.arange(20) // 5, torch.arange(20) % 5], dim=1), (4, 5))


@given(histories=people, length=st.integers(1, 6))
@settings(max_examples=60, deadline=None)
def test_item_examples_are_histories_shifted_by_one(histories, length):
    source = ItemHistory(length=length).examples(Events.pack(histories), IDS)
    expected = [history[-length - 1 :] for history in histories if len(history) >= 2]
    assert source.lengths.tolist() == [len(history) - 1 for history in expected]
    if not expected:
        return
    rows = torch.arange(len(expected)).flip(0)
    batch = source.collate(rows)
    cuts = batch.context.offsets.tolist()
    for place, row in enumerate(rows.tolist()):
        inside = slice(cuts[place], cuts[place + 1])
        assert batch.context.tokens[inside].tolist() == expected[row][:-1]
        assert batch.items[inside].tolist() == expected[row][1:]
    assert batch.at.tolist() == list(range(len(batch.items)))
    assert torch.equal(batch.codes, IDS.codes[batch.items])


@given(histories=people, length=st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_code_examples_are_every_prefix_with_its_next_item(histories, length):
    source = CodeHistory(length=length).examples(Events.pack(histories), IDS)
    expected = [
        (history[max(0, end - length) : end], history[end]) for history in histories for end in range(1, len(history))
    ]
    assert source.lengths.tolist() == [2 * len(prefix) for prefix, _ in expected]
    if not expected:
        return
    batch = source.collate(torch.arange(len(expected)))
    assert batch.items.tolist() == [target for _, target in expected]
    tokens = [token for prefix, _ in expected for item in prefix for token in (item // 5, 4 + item % 5)]
    assert batch.context.tokens.tolist() == tokens
    assert torch.equal(batch.at, batch.context.offsets[1:] - 1)


def test_contexts_keep_the_latest_and_their_times():
    histories = Events(torch.arange(7), torch.tensor([0, 5, 7]), torch.arange(100, 107))
    context = ItemHistory(length=3).context(histories, IDS)
    assert context.tokens.tolist() == [2, 3, 4, 5, 6]
    assert context.offsets.tolist() == [0, 3, 5]
    assert context.times.tolist() == [102, 103, 104, 105, 106]
