from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.decoding.beam import BeamSearch
from generec.decoding.blocks import rows
from generec.decoding.exact import ExhaustiveSearch
from generec.decoding.trie import compile_index, with_items, without
from generec.errors import UsageError
from generec.types import Context, ItemIndex, SemanticIds


def naive_beam(model, context: Context, index: ItemIndex, width: int, allowed) -> list[tuple[float, int]]:
    """Beam search for one request over a dictionary of tuples."""
    items = {tuple(index.ids.codes[row].tolist()): row for row in range(len(index)) if allowed[row]}
    log_probs, state = model.start(context)
    beams = [(0.0, (), log_probs[0], state)]
    for level in range(index.ids.levels):
        found = []
        for score, prefix, log_probs, state in beams:
            for code in sorted({key[level] for key in items if key[:level] == prefix}):
                found.append((score + float(log_probs[code]), (*prefix, code), state))
        found = sorted(found, key=lambda beam: -beam[0])[:width]
        if level + 1 == index.ids.levels:
            return [(score, items[prefix]) for score, prefix, _ in found]
        beams = [(score, prefix, *_stepped(model, prefix, state)) for score, prefix, state in found]
    raise AssertionError


def _stepped(model, prefix, state):
    log_probs, state = model.step(torch.tensor([prefix[-1]]), state)
    return log_probs[0], state


@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(1, 12), st.integers(1, 8))
@settings(max_examples=40, deadline=None)
def test_equals_a_beam_over_a_dictionary_of_tuples(
    recurrent, random_ids, random_context, seed: int, items: int, width: int, k: int
) -> None:
    sizes = (4, 3, 5)
    model, index = recurrent.random(sizes, seed), compile_index(random_ids(items, sizes, seed))
    context = random_context(3, seed)
    allowed = torch.rand(3, items, generator=torch.Generator().manual_seed(seed)) > 0.4
    ranked = BeamSearch(width=width).decode(model, context, index, k, allowed)
    assert ranked.items.shape == ranked.scores.shape == (3, k)
    for request, (found, scores) in enumerate(ranked):
        twin = naive_beam(model, rows(context, request, request + 1), index, max(width, k), allowed[request])[:k]
        assert scores == pytest.approx([score for score, _ in twin], abs=1e-4)
        assert found == [item for _, item in twin]
        assert bool((ranked.items[request, len(found) :] == -1).all())
        assert bool((ranked.scores[request, len(found) :] == -torch.inf).all())


@pytest.mark.parametrize("levels", [1, 2, 4])
def test_as_wide_as_the_catalogue_equals_the_exact_ranking(recurrent, random_ids, random_context, levels: int) -> None:
    sizes = (60, 6, 6, 6)[:levels] if levels > 1 else (60,)
    ids = random_ids(60, sizes)
    model, index, context = recurrent.random(sizes), compile_index(ids), random_context(7)
    beam = BeamSearch(width=60).decode(model, context, index, 60, None)
    exact = ExhaustiveSearch().decode(model, context, index, 60, None)
    every = torch.stack(
        [model.code_log_probs(context, context.last, ids.codes[[row]].expand(7, -1)).sum(1) for row in range(60)], 1
    )
    torch.testing.assert_close(exact.scores, every.gather(1, exact.items), atol=1e-4, rtol=0)
    torch.testing.assert_close(exact.scores, every.sort(1, descending=True)[0], atol=1e-4, rtol=0)
    torch.testing.assert_close(beam.scores, exact.scores, atol=1e-4, rtol=0)
    assert torch.equal(beam.items, exact.items)


def test_ten_thousand_random_requests_get_only_legal_distinct_allowed_items(
    recurrent, random_ids, random_context
) -> None:
    """Valid-ID rate 1: filters that leave none to all, removed and inserted items, k beyond what is allowed."""
    requests, k, sizes = 10_000, 10, (8, 8, 8)
    index = compile_index(random_ids(300, sizes))
    spare = torch.tensor([c for c in torch.cartesian_prod(*map(torch.arange, sizes)).tolist()
                          if c not in index.ids.codes.tolist()][:40])  # fmt: skip
    index = without(with_items(index, spare), range(0, 340, 7))
    generator = torch.Generator().manual_seed(1)
    share = torch.rand(requests, 1, generator=generator) ** 3
    allowed = torch.rand(requests, 340, generator=generator) < share
    ranked = BeamSearch(width=12).decode(recurrent.random(sizes), random_context(requests), index, k, allowed)

    legal = allowed & index.alive
    found = ranked.items >= 0
    assert bool(legal.gather(1, ranked.items.clamp(min=0))[found].all())
    assert torch.equal(found.sum(1), legal.sum(1).clamp(max=k))  # a live prefix always reaches an item
    assert bool((found == (ranked.scores > -torch.inf)).all())
    assert bool((ranked.scores[:, 1:] <= ranked.scores[:, :-1]).all())
    distinct = torch.where(found, ranked.items, -1 - torch.arange(k)).sort(1)[0]
    assert bool((distinct[:, 1:] != distinct[:, :-1]).all())


def test_small_allowed_sets_are_ranked_exactly(recurrent, random_ids, random_context) -> None:
    sizes = (8, 8, 8)
    model, index, context = recurrent.random(sizes), compile_index(random_ids(300, sizes)), random_context(50)
    allowed = torch.zeros(50, 300, dtype=torch.bool)
    allowed[:, ::60] = True  # five items, fewer than the width
    beam = BeamSearch(width=5).decode(model, context, index, 5, allowed)
    exact = ExhaustiveSearch(beams=100).decode(model, context, index, 5, allowed)
    assert torch.equal(beam.items, exact.items)
    torch.testing.assert_close(beam.scores, exact.scores, atol=1e-4, rtol=0)


@pytest.mark.parametrize("decoder", [BeamSearch(width=10), BeamSearch(width=10, requests=3), ExhaustiveSearch(beams=7)])
def test_batch_equals_single(recurrent, random_ids, random_context, decoder) -> None:
    sizes = (6, 7, 8)
    model, index, context = recurrent.random(sizes), compile_index(random_ids(200, sizes)), random_context(11)
    allowed = torch.rand(11, 200, generator=torch.Generator().manual_seed(0)) > 0.3
    together = decoder.decode(model, context, index, 10, allowed)
    for request in range(11):
        alone = decoder.decode(model, rows(context, request, request + 1), index, 10, allowed[request : request + 1])
        assert torch.equal(alone.items[0], together.items[request])
        torch.testing.assert_close(alone.scores[0], together.scores[request], atol=1e-5, rtol=0)


def test_equal_scores_go_to_the_lower_row(recurrent, random_ids, random_context) -> None:
    sizes = (4, 4, 4)
    model, index = recurrent.random(sizes), compile_index(random_ids(64, sizes))
    model.out = [torch.zeros_like(out) for out in model.out]
    for decoder in (BeamSearch(width=64), ExhaustiveSearch()):
        assert decoder.decode(model, random_context(2), index, 20, None).items.tolist() == [list(range(20))] * 2


def test_asking_for_more_than_the_width_widens_the_beam(recurrent, random_ids, random_context) -> None:
    sizes = (6, 7, 8)
    model, index, context = recurrent.random(sizes), compile_index(random_ids(200, sizes)), random_context(4)
    narrow = BeamSearch(width=2).decode(model, context, index, 30, None)
    wide = BeamSearch(width=30).decode(model, context, index, 30, None)
    assert torch.equal(narrow.items, wide.items)


def test_one_filter_for_all_and_nothing_allowed(recurrent, random_ids, random_context) -> None:
    sizes = (6, 7, 8)
    model, index, context = recurrent.random(sizes), compile_index(random_ids(200, sizes)), random_context(4)
    one = torch.rand(1, 200, generator=torch.Generator().manual_seed(0)) > 0.5
    shared = BeamSearch(requests=3).decode(model, context, index, 5, one)
    assert torch.equal(shared.items, BeamSearch().decode(model, context, index, 5, one.expand(4, -1)).items)
    nothing = BeamSearch().decode(model, context, index, 5, torch.zeros(1, 200, dtype=torch.bool))
    assert nothing.items.tolist() == [[-1] * 5] * 4
    mixed = torch.zeros(4, 200, dtype=torch.bool)
    mixed[2] = True
    assert (BeamSearch().decode(model, context, index, 5, mixed).items >= 0).sum(1).tolist() == [0, 0, 5, 0]


def test_more_than_the_catalogue_has(recurrent, random_context) -> None:
    index = compile_index(SemanticIds(torch.tensor([[0, 0], [1, 1], [1, 0]]), (2, 2)))
    ranked = BeamSearch().decode(recurrent.random((2, 2)), random_context(2), index, 5, None)
    assert ranked.items.shape == (2, 5)
    assert [sorted(found) for found, _ in ranked] == [[0, 1, 2]] * 2


def test_impossible_items_are_not_returned(recurrent, random_context) -> None:
    index = compile_index(SemanticIds(torch.tensor([[0, 0], [1, 1], [1, 0]]), (2, 2)))
    model = recurrent.random((2, 2))
    start = model.start

    def never_one(context):
        log_probs, state = start(context)
        return log_probs.index_fill(1, torch.tensor([1]), -torch.inf), state

    model.start = never_one
    assert BeamSearch().decode(model, random_context(1), index, 3, None).items.tolist() == [[0, -1, -1]]


def test_no_requests_and_no_places(recurrent, random_context) -> None:
    index = compile_index(SemanticIds(torch.tensor([[0, 0], [1, 1]]), (2, 2)))
    none = Context(torch.empty(0, dtype=torch.int64), torch.zeros(1, dtype=torch.int64))
    assert BeamSearch().decode(recurrent.random((2, 2)), none, index, 3, None).items.shape == (0, 3)
    with pytest.raises(UsageError, match="k >= 1"):
        BeamSearch().decode(recurrent.random((2, 2)), random_context(1), index, 0, None)
