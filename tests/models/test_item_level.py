"""The item-level trunk, SASRec and the one-pass generator against slow twins."""

from copy import deepcopy

import pytest
import torch
from item_worlds import packed, random_histories, small_index
from torch.nn.functional import normalize

from generec.decoding.beam import BeamSearch
from generec.decoding.exact import Exact, ExhaustiveSearch
from generec.decoding.trie import with_items
from generec.models.one_pass import OnePass
from generec.models.sasrec import SasRec
from generec.objectives.next_token import NextToken
from generec.objectives.sampled_softmax import SampledSoftmax
from generec.types import Batch


def built(spec, index=None, features=8):
    torch.manual_seed(0)
    index = index or small_index()
    model = spec.build(index, torch.randn(len(index), features))
    for parameter in model.parameters():  # away from the special values of initialisation
        parameter.data += 0.1 * torch.randn_like(parameter)
    return model.eval(), index


@pytest.mark.parametrize("spec", [SasRec(layers=2), OnePass(layers=2)])
def test_batch_equals_single_and_every_position_sees_only_its_past(spec):
    model, index = built(spec)
    histories = random_histories(9, len(index))
    context = packed(histories)
    together = model.hidden(context, torch.arange(len(context.tokens)))
    start = 0
    for history in histories:
        for end in range(1, len(history) + 1):
            alone = model.hidden(packed([history[:end]]), torch.tensor([end - 1]))
            assert torch.allclose(together[start + end - 1], alone[0], atol=1e-5)
        start += len(history)


def test_attention_reaches_no_further_bias_than_its_last_distance():
    model, index = built(SasRec(reach=4))
    history = random_histories(1, len(index), longest=30, seed=5)[0] * 3
    assert torch.isfinite(model.hidden(packed([history]), torch.tensor([len(history) - 1]))).all()


def test_one_pass_scores_are_a_distribution_over_items():
    model, index = built(OnePass())
    context = packed(random_histories(7, len(index)))
    scores = model.item_scores(model.hidden(context, context.last))
    assert torch.allclose(scores.exp().sum(1), torch.ones(7), atol=1e-4)


def test_one_pass_exact_scores_equal_the_codes_written_one_by_one():
    model, index = built(OnePass())
    context = packed(random_histories(5, len(index)))
    scores = model.item_scores(model.hidden(context, context.last))
    for item in range(len(index)):
        codes = index.ids.codes[item].expand(5, -1)
        assert torch.allclose(model.code_log_probs(context, context.last, codes).sum(1), scores[:, item], atol=1e-4)


def test_one_pass_node_scores_equal_their_definition():
    """q = (1 + G v) * (A h) + B v, cosine with the child, softmax among siblings: one node at a time."""
    model, index = built(OnePass())
    context = packed(random_histories(3, len(index)))
    hidden = model.hidden(context, context.last)
    item = 17
    for level in (1, 2):
        scorer, above = model._scorer(level), model._scorer(level - 1)
        siblings = sorted({tuple(code[: level + 1]) for code in index.ids.codes.tolist()
                           if code[:level] == index.ids.codes[item, :level].tolist()})  # fmt: skip
        nodes = {prefix: place for place, prefix in enumerate(sorted({tuple(code[: level + 1])
                 for code in index.ids.codes.tolist()}))}  # fmt: skip
        parents = {prefix: place for place, prefix in enumerate(sorted({tuple(code[:level])
                   for code in index.ids.codes.tolist()}))}  # fmt: skip

        def vector(scorer, level, prefix, place):
            below = [row for row, code in enumerate(index.ids.codes.tolist()) if tuple(code[: level + 1]) == prefix]
            centroid = model.trunk.table.features[below].mean(0)
            total = scorer.codes.weight[prefix[-1]] + scorer.nodes.weight[place] + scorer.centroid(centroid)
            return normalize(total, dim=-1)

        prefix = siblings[0][:level]
        prefix_vector = vector(above, level - 1, prefix, parents[prefix])
        query = normalize((1 + scorer.gate(prefix_vector)) * scorer.read(hidden) + scorer.shift(prefix_vector), dim=-1)
        scores = torch.stack([query @ vector(scorer, level, each, nodes[each]) for each in siblings], dim=1)
        expected = (scores / scorer.log_temperature.exp()).log_softmax(1)
        place = siblings.index(tuple(index.ids.codes[item, : level + 1].tolist()))
        found = model.code_log_probs(context, context.last, index.ids.codes[item].expand(3, -1))[:, level]
        assert torch.allclose(found, expected[:, place], atol=1e-4)


def test_one_pass_exact_beam_and_exhaustive_agree():
    model, index = built(OnePass())
    context = packed(random_histories(11, len(index)))
    allowed = torch.rand(11, len(index)) < 0.4
    exact = Exact().decode(model, context, index, 10, allowed)
    for other in (BeamSearch(width=len(index)), ExhaustiveSearch()):
        found = other.decode(model, context, index, 10, allowed)
        assert torch.equal(found.items, exact.items)
        assert torch.allclose(found.scores, exact.scores, atol=1e-4)


def test_one_pass_ranks_an_inserted_item_and_leaves_the_others_as_they_were():
    model, index = built(OnePass())
    context = packed(random_histories(6, len(index)))
    before = [part.clone() for part in (model._vectors(0), model.trunk.table(context.tokens))]
    taken = {tuple(code) for code in index.ids.codes.tolist()}
    free = next((a, b, c) for a in range(5) for b in range(4) for c in range(6) if (a, b, c) not in taken)
    grown = with_items(index, torch.tensor([free]))
    features = torch.cat([model.trunk.table.features, torch.randn(1, 8)])
    model.extend(grown, features)
    scores = model.item_scores(model.hidden(context, context.last))
    assert scores.shape == (6, len(index) + 1)
    assert torch.allclose(scores.exp().sum(1), torch.ones(6), atol=1e-4)
    assert torch.equal(model.trunk.table(context.tokens), before[1])
    untouched = [node for node in range(len(before[0])) if node != free[0]]
    assert torch.allclose(model._vectors(0)[untouched], before[0][untouched], atol=1e-6)
    beam = BeamSearch(width=len(grown)).decode(model, context, grown, 5, None)
    assert torch.equal(beam.items, Exact().decode(model, context, grown, 5, None).items)


def test_sasrec_scores_are_cosines_over_the_temperature():
    model, index = built(SasRec())
    context = packed(random_histories(4, len(index)))
    hidden = model.hidden(context, context.last)
    assert torch.allclose(hidden.norm(dim=1), torch.ones(4), atol=1e-5)
    expected = hidden @ model.item_vectors(torch.tensor([3, 5])).T / model.temperature()
    assert torch.allclose(model.item_scores(hidden)[:, [3, 5]], expected, atol=1e-4)


def test_sampled_softmax_estimates_the_full_one():
    """At a mild temperature, where a few negatives suffice, the corrected loss agrees with the full cross-entropy."""
    model, index = built(SasRec(temperature=1.0))
    context = packed(random_histories(40, len(index)))
    targets = torch.randint(len(index), (40,))
    batch = Batch(context, context.last, targets, index.ids.codes[targets])
    scores = model.item_scores(model.hidden(context, context.last))
    full = torch.nn.functional.cross_entropy(scores, targets)
    sampled = torch.stack([SampledSoftmax(negatives=50)(model, batch) for _ in range(300)]).mean()
    assert sampled.item() == pytest.approx(full.item(), abs=0.02)


@pytest.mark.parametrize(
    ("spec", "objective"),
    [
        (SasRec(dropout=0.0, residual_dropout=0.0), SampledSoftmax(negatives=64)),
        (OnePass(dropout=0.0, residual_dropout=0.0), NextToken()),
    ],
)
def test_a_model_learns_a_cycle(spec, objective):
    """Item i is always followed by i + 1: after training it is ranked first."""
    model, index = built(spec, features=0)
    items = len(index)
    histories = [[(start + step) % items for step in range(5)] for start in range(items)]
    context = packed(histories)
    targets = (context.tokens + 1) % items
    batch = Batch(context, torch.arange(len(targets)), targets, index.ids.codes[targets])
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    for _ in range(60):
        optimizer.zero_grad()
        objective(model, batch).backward()
        optimizer.step()
    top = Exact().decode(model, context, index, 1, None).items.squeeze(1)
    assert torch.equal(top, targets[context.last])


@torch.no_grad()
def test_what_scoring_keeps_follows_the_weights():
    model, index = built(OnePass())
    context = packed(random_histories(5, len(index)))
    hidden = model.hidden(context, context.last)
    first, again = model.item_scores(hidden), model.item_scores(hidden)
    assert torch.equal(first, again)
    for parameter in model.scorers.parameters():
        parameter.add_(0.1 * torch.randn_like(parameter))  # as an optimiser steps
    fresh = deepcopy(model)
    fresh._kept = None, {}
    moved = model.item_scores(hidden)
    assert not torch.allclose(moved, first)
    assert torch.allclose(moved, fresh.item_scores(hidden), atol=1e-6)
