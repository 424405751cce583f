"""The model of slates and its objective against loops, torch's own distributions, and planted truths."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import Normal, kl_divergence

from generec.errors import InputError
from generec.models.slate_gru import Gated, Linear, SlateGru, dot, nearness
from generec.nn.mean_field import MeanField, normal_divergence
from generec.nn.slates import Slates
from generec.objectives.slate_likelihood import SlateLikelihood, as_shown, uniform

GROUPS = torch.tensor([0, 0, 1, 2, 1, 2, 0, 1, 2, 0])


def some_slates(people=5, steps=6, places=4, seed=0):
    draw = torch.Generator().manual_seed(seed)
    shown = torch.stack([
        torch.stack([torch.randperm(10, generator=draw)[:places] for _ in range(steps)]) for _ in range(people)
    ])  # fmt: skip
    size = torch.randint(1, places + 1, (people, steps), generator=draw)
    size[0, -1] = 0  # a step that is not there
    shown[torch.arange(places) >= size[..., None]] = -1
    taken = (torch.rand(people, steps, generator=draw) * (size + 1)).long() - 1
    return Slates(shown, taken)


def built(**options):
    torch.manual_seed(0)
    model = SlateGru(width=3, **options).build(GROUPS, 4)
    for parameter in model.parameters():
        parameter.data += 0.2 * torch.randn_like(parameter)
    return model


@settings(max_examples=20, deadline=None)
@given(loc=st.floats(-9, 9), scale=st.floats(0.01, 9), prior=st.floats(0.1, 9))
def test_divergence_equals_torchs(loc, scale, prior):
    found = normal_divergence(torch.tensor(loc), torch.tensor(math.log(scale)), prior)
    assert float(found) == pytest.approx(
        float(kl_divergence(Normal(torch.tensor(loc), scale), Normal(0.0, prior))), rel=1e-3, abs=1e-4
    )


def test_draws_have_the_posteriors_moments():
    field = MeanField(3, scale=0.5)
    field.loc.data = torch.tensor([-1.0, 0.0, 2.0])
    drawn = field.draw(20_000, torch.Generator().manual_seed(0))
    assert torch.allclose(drawn.mean(0), field.loc, atol=0.02)
    assert torch.allclose(drawn.std(0), torch.full((3,), 0.5), atol=0.02)
    drawn.sum().backward()
    assert torch.allclose(field.loc.grad, torch.full((3,), 20_000.0))


def test_divergence_of_the_hierarchy_is_that_of_its_parts():
    model = built()
    items = model.items
    expected = sum(
        kl_divergence(Normal(part.loc, part.log_scale.exp()), Normal(0.0, prior)).sum()
        for part, prior in ((items.own, 1.0), (items.centres, 5.0), (items.spreads, 5.0))
    )
    assert torch.allclose(model.divergence(), expected, rtol=1e-4)


def test_an_item_that_nobody_saw_has_the_spread_of_its_group():
    model = built()
    model.items.own.loc.data[3] = 0.0
    model.items.own.log_scale.data[3] = 0.0
    model.items.centres.log_scale.data -= 9
    model.items.spreads.log_scale.data -= 9
    drawn = model.items.draw(20_000, torch.Generator().manual_seed(1))[:, 3]
    group = int(GROUPS[3])
    assert torch.allclose(drawn.mean(0), model.items.centres.loc[group], atol=0.03)
    assert torch.allclose(drawn.std(0), model.items.spreads.loc[group].abs(), atol=0.03)


@pytest.mark.parametrize(("movement", "score"), [(Gated(), nearness), (Linear(), nearness), (Gated(), dot)])
def test_likelihood_equals_a_loop_over_people_steps_and_places(movement, score):
    model, slates = built(movement=movement, score=score), some_slates()
    with torch.no_grad():
        vectors, clicked = model.items.mean(), slates.clicked
        wanted = model.walk(clicked, vectors, model.beginning(clicked, vectors))[:, :-1]
        found = model.log_chances(slates, vectors, wanted)
        for person in range(5):
            clicks, weight = torch.zeros(3), 0.0
            for step in range(6):
                if slates.taken[person, step] >= 0:
                    item = slates.shown[person, step, slates.taken[person, step]]
                    clicks = clicks + 0.9**step * vectors[0, item]
                    weight += 0.9**step
            state = model.first(clicks / (1 + weight))
            for step in range(6):
                items = [item for item in slates.shown[person, step].tolist() if item >= 0]
                scores = [float(model.nothing[len(items)])]
                scores += [float(score(model.read(state), vectors[0, item])) for item in items]
                taken = int(slates.taken[person, step])
                chance = math.exp(scores[taken + 1]) / sum(map(math.exp, scores))
                assert math.exp(found[person, step]) == pytest.approx(chance if items else 1.0, abs=1e-5)
                if taken >= 0:
                    state = model.movement(state[None], vectors[0, items[taken]][None])[0]


def test_a_step_is_judged_before_its_own_click_is_known():
    model, slates = built(), some_slates()
    other = slates.taken.clone()
    other[:, 4:] = -1
    pair = [model.predictive(Slates(slates.shown, taken), 4, 1, torch.Generator().manual_seed(0))
            for taken in (slates.taken, other)]  # fmt: skip
    assert torch.allclose(pair[0][:, :4], pair[1][:, :4])
    assert not torch.allclose(pair[0][:, 4:], pair[1][:, 4:])


def test_padding_and_company_change_nothing():
    model, slates = built(), some_slates()
    wide = Slates(torch.nn.functional.pad(slates.shown, (0, 0, 0, 2), value=-1),
                  torch.nn.functional.pad(slates.taken, (0, 2), value=-1))  # fmt: skip
    vectors = model.items.mean()
    whole = model.walk(slates.clicked, vectors, model.beginning(slates.clicked, vectors))[:, -1]
    padded = model.walk(wide.clicked, vectors, model.beginning(wide.clicked, vectors))[:, -1]
    alone = slates.collate(torch.tensor([2])).clicked
    assert torch.allclose(whole, padded)
    assert torch.allclose(whole[2], model.walk(alone, vectors, model.beginning(alone, vectors))[0, -1], atol=1e-6)


def test_scores_of_draws_equal_those_under_each_draw():
    model, clicked = built(), some_slates().clicked
    found = model.scores(clicked, 3, torch.Generator().manual_seed(5))
    assert found.shape == (5, 3, 10)
    again = torch.Generator().manual_seed(5)
    vectors, centred = model.items.draw(15, again), []
    for row in range(15):
        centred.append(model.beginning(clicked[row // 3][None], vectors[row : row + 1]))
    first = model.beginning_drawn(torch.cat(centred), again)
    for row in range(15):
        own = vectors[row : row + 1]
        wanted = model.walk(clicked[row // 3][None], own, first[row : row + 1])[:, -1]
        assert torch.allclose(nearness(wanted[:, None], own)[0], found[row // 3, row % 3], atol=1e-5)


def test_greedy_scores_are_those_of_the_mean():
    model, clicked = built(), some_slates().clicked
    assert torch.equal(model.scores(clicked, 0, torch.Generator()), model.scores(clicked, 0, torch.Generator()))
    assert model.scores(clicked, 0, torch.Generator()).shape == (5, 1, 10)


def test_uniform_candidates_keep_sizes_and_clicks():
    slates = some_slates()
    drawn = uniform(slates, 10)
    assert torch.equal(drawn.clicked, slates.clicked)
    assert torch.equal(drawn.sizes, slates.sizes)
    assert not torch.equal(drawn.shown, slates.shown)


def test_objective_is_the_bound_per_slate():
    model, slates = built(), some_slates()
    torch.manual_seed(3)
    log_chances, local = model.evidence(slates, slates)
    torch.manual_seed(3)
    found = SlateLikelihood(steps=200, items=10, tempering=0.5, candidates=as_shown)(model, slates)
    expected = (local.sum() - log_chances.sum()) / 29 + 0.5 * model.divergence() / 200
    assert torch.allclose(found, expected)
    found.backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


@pytest.mark.parametrize(("shown", "taken"), [([[[0, -1]]], [[1]]), ([[[0, 1]]], [[2]]), ([[[0, 1]], [[1, 2]]], [[0]])])
def test_slates_that_cannot_be_are_refused(shown, taken):
    with pytest.raises(InputError):
        Slates(torch.tensor(shown), torch.tensor(taken))
