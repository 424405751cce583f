"""The decoder over tokens: cached steps against whole passes, and learning."""

import pytest
import torch
from item_worlds import random_histories, small_index

from generec.decoding.beam import BeamSearch
from generec.decoding.exact import ExhaustiveSearch
from generec.errors import UsageError
from generec.models.decoder_only import DecoderOnly
from generec.objectives.next_token import NextToken
from generec.templates.history import CodeStream, code_context
from generec.types import Events

SMALL = DecoderOnly(width=16, layers=2, heads=2, reach=9)


def built(spec=SMALL):
    torch.manual_seed(0)
    index = small_index()
    model = spec.build(index, torch.zeros(len(index), 0))
    for parameter in model.parameters():
        parameter.data += 0.1 * torch.randn_like(parameter)
    return model.eval(), index


def test_codes_written_step_by_step_have_the_probabilities_of_one_pass():
    model, index = built()
    histories = random_histories(7, len(index), longest=6)
    targets = torch.randint(len(index), (7,)).tolist()
    batch = CodeStream().examples(Events.pack([[*h, t] for h, t in zip(histories, targets, strict=True)]), index.ids)
    whole = batch.collate(torch.arange(7))
    last = torch.tensor([len(history) for history in histories]).cumsum(0) - 1  # each row's last target
    expected = model.code_log_probs(whole.context, whole.at, whole.codes)[last]
    context = CodeStream().context(Events.pack(histories), index.ids)
    log_probs, state = model.start(context)
    codes = index.ids.codes[targets]
    found = [log_probs.gather(1, codes[:, :1])]
    for level in range(2):
        log_probs, state = model.step(codes[:, level], state)
        found.append(log_probs.gather(1, codes[:, level + 1 : level + 2]))
    assert torch.allclose(torch.cat(found, 1), expected, atol=1e-5)


def test_batch_equals_single():
    model, index = built()
    histories = random_histories(5, len(index), longest=8)
    together = ExhaustiveSearch().decode(model, CodeStream().context(Events.pack(histories), index.ids), index, 6, None)
    for row, history in enumerate(histories):
        alone = ExhaustiveSearch().decode(
            model, CodeStream().context(Events.pack([history]), index.ids), index, 6, None
        )
        assert torch.equal(alone.items[0], together.items[row])


def test_a_full_beam_is_exact():
    model, index = built()
    context = CodeStream().context(Events.pack(random_histories(6, len(index))), index.ids)
    exact = ExhaustiveSearch().decode(model, context, index, 10, None)
    beam = BeamSearch(width=len(index)).decode(model, context, index, 10, None)
    assert torch.equal(beam.items, exact.items)
    assert torch.allclose(beam.scores, exact.scores, atol=1e-4)


def test_a_later_item_does_not_change_an_earlier_prediction():
    model, index = built()
    source = CodeStream().examples(Events.pack([[1, 2, 3, 4], [1, 2, 3, 9]]), index.ids)
    one, other = (source.collate(torch.tensor([row])) for row in (0, 1))
    first, second = (model.code_log_probs(b.context, b.at, b.codes) for b in (one, other))
    assert torch.allclose(first[:2], second[:2], atol=1e-6)


def test_codes_that_do_not_follow_are_refused():
    model, index = built()
    context = code_context(torch.tensor([1, 2]), torch.tensor([0, 2]), index.ids)
    with pytest.raises(UsageError, match="CodeStream"):
        model.code_log_probs(context, context.last, index.ids.codes[[3]])


def test_it_learns_a_cycle():
    model, index = built(DecoderOnly(width=32, layers=2, heads=2, dropout=0.0))
    items = len(index)
    histories = Events.pack([[(start + step) % items for step in range(5)] for start in range(items)])
    source = CodeStream().examples(histories, index.ids)
    batch, objective = source.collate(torch.arange(items)), NextToken()
    optimizer = torch.optim.AdamW(model.parameters(), 5e-3)
    for _ in range(100):
        optimizer.zero_grad()
        objective(model, batch).backward()
        optimizer.step()
    shorter = Events.pack([[(start + step) % items for step in range(3)] for start in range(items)])
    context = CodeStream().context(shorter, index.ids)
    top = BeamSearch(width=5).decode(model.eval(), context, index, 1, None).items.squeeze(1)
    assert (top == (torch.arange(items) + 3) % items).float().mean() > 0.95
