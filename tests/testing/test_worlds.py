from __future__ import annotations

import pytest
import torch

from generec.data.dataset import fingerprint, pack_events, read_dataset, write_dataset
from generec.data.split import split
from generec.errors import UsageError
from generec.testing.worlds import markov_world, planted_tastes


def test_the_transition_matrix_is_one() -> None:
    world = markov_world()
    assert torch.allclose(world.transition.sum(dim=1), torch.ones(50, dtype=torch.float64))
    assert (world.transition.diagonal() == 0).all()
    assert (world.transition >= 0).all()
    assert float(world.first.sum()) == pytest.approx(1)


def test_the_log_follows_the_matrix() -> None:
    """Observed moves of a long log come as close to the matrix as their number lets them."""
    world = markov_world(20, 3000, seed=1)
    events = pack_events(world.dataset.events, world.dataset.catalog)
    moves = torch.zeros(20, 20, dtype=torch.float64)
    for user in range(len(events)):
        history = events.history(user)
        moves.index_put_((history[:-1], history[1:]), torch.ones(len(history) - 1, dtype=torch.float64), True)
    counts = moves.sum(dim=1, keepdim=True)
    error = (moves / counts - world.transition).abs()
    assert (error < 5 * (world.transition / counts).sqrt() + 1e-3).all()
    starts = torch.bincount(events.items[events.offsets[:-1]], minlength=20) / len(events)
    assert (starts - world.first).abs().max() < 0.05


def test_the_optimum_reaches_its_expected_recall_and_nothing_simple_does_better() -> None:
    world = markov_world(50, 4000, seed=2)
    cases, catalog = split(world.dataset).test, world.dataset.catalog
    last = torch.tensor([catalog.row(case.request.history[-1]) for case in cases])
    target = torch.tensor([catalog.row(case.relevant[0]) for case in cases])
    hits = (world.optimal(last, 2) == target[:, None]).any(dim=1).double()
    expected = world.best_recall(last, 2)
    assert 0.5 < expected < 0.8
    assert abs(float(hits.mean()) - expected) < 4 * 0.5 / len(cases) ** 0.5
    popular = world.transition.mean(dim=0).topk(2).indices
    assert float((popular == target[:, None]).any(dim=1).double().mean()) < 0.5 * expected


def test_every_case_of_a_markov_world_can_be_answered() -> None:
    world = markov_world(30, 40)
    assert world.dataset.repeats
    assert len(split(world.dataset).test) == 40
    with pytest.raises(UsageError, match="successors"):
        markov_world(3, successors=3)


def test_choices_follow_the_planted_utility() -> None:
    world = planted_tastes(60, 2000, seed=3)
    events = pack_events(world.dataset.events, world.dataset.catalog)
    owner = torch.arange(2000).repeat_interleave(events.lengths)
    assert events.lengths.tolist() == [8] * 2000
    assert world.dataset.events.select("user_id", "item_id").is_duplicated().sum() == 0
    inside = (world.item_group[events.items] == world.user_group[owner]).double().mean()
    assert inside > 0.7
    # the first of Gumbel top-k is a softmax draw; its permutation keeps the set, so compare expected set membership
    draws = world.utility - torch.empty_like(world.utility).exponential_().log()
    drawn = torch.zeros_like(world.utility).scatter_(1, draws.topk(8, dim=1).indices, 1)
    chosen = torch.zeros_like(world.utility)
    chosen[owner, events.items] = 1
    assert (drawn.mean(dim=0) - chosen.mean(dim=0)).abs().max() < 0.06


def test_the_order_of_planted_choices_means_nothing() -> None:
    world = planted_tastes(60, 4000, seed=4)
    events = pack_events(world.dataset.events, world.dataset.catalog)
    worth = world.utility[torch.arange(4000).repeat_interleave(8), events.items].view(4000, 8).mean(dim=0)
    assert float(worth.max() - worth.min()) < 0.12
    with pytest.raises(UsageError, match="too few"):
        planted_tastes(10, length=8)


@pytest.mark.parametrize("make", [markov_world, planted_tastes])
def test_worlds_are_data_sets_and_come_back_by_seed(make: object, tmp_path: object) -> None:
    world = make(seed=5)
    assert fingerprint(make(seed=5).dataset) == fingerprint(world.dataset) != fingerprint(make(seed=6).dataset)
    again = read_dataset(write_dataset(world.dataset, f"{tmp_path}/world"))
    assert again.events.equals(world.dataset.events)
    assert again.repeats == world.dataset.repeats
