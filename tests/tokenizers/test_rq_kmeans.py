from __future__ import annotations

import pytest
import torch

from generec.errors import ArtefactError, InputError, UsageError
from generec.testing.contracts import check_tokenizer
from generec.tokenizers.collisions import AppendLevel, Reassign
from generec.tokenizers.rq_kmeans import RQKMeans
from generec.types import Events


@pytest.mark.parametrize("balanced", [False, True])
@pytest.mark.parametrize("collisions", [AppendLevel(), Reassign()])
def test_contract(features: torch.Tensor, train: Events, balanced: bool, collisions):
    part = RQKMeans(levels=3, size=12, balanced=balanced, collisions=collisions)
    check_tokenizer(part, features, train)


def test_groups_share_their_first_code(features: torch.Tensor, train: Events):
    codes = RQKMeans(levels=2, size=12).fit(features, train).ids.codes[:, 0]
    tables = torch.stack([torch.bincount(codes[torch.arange(120) % 12 == group], minlength=12) for group in range(12)])
    assert tables.max(1).values.sum() > 0.9 * 120
    assert tables.max(0).values.sum() > 0.8 * 120


def test_every_level_brings_the_reconstruction_nearer(features: torch.Tensor, train: Events):
    fitted = RQKMeans(levels=4, size=12).fit(features, train)
    books = fitted.quantizer.codebooks
    left, errors = features, [float(features.square().sum())]
    for level, book in enumerate(books):
        left = left - book[fitted.raw[:, level]]
        errors.append(float(left.square().sum()))
    assert errors == sorted(errors, reverse=True)
    assert float((features - fitted.quantizer.vectors(fitted.raw)).square().sum()) == pytest.approx(
        errors[-1], rel=1e-4
    )


def test_balanced_codes_keep_their_share(train: Events):
    generator = torch.Generator().manual_seed(0)
    skewed = torch.cat([0.1 * torch.randn(100, 4, generator=generator), 5 + torch.randn(20, 4, generator=generator)])
    fitted = RQKMeans(levels=2, size=6, balanced=True, slack=1.0).fit(skewed, train)
    for level in range(2):
        assert torch.bincount(fitted.raw[:, level]).tolist() == [20] * 6


def test_small_catalogues(train: Events):
    for items in (1, 2, 7):
        rows = torch.randn(items, 3)
        assert RQKMeans().fit(rows, train).ids.codes.shape == (items, 4)


def test_a_copy_of_an_item_gets_the_item_s_codes_and_another_number(features: torch.Tensor, train: Events):
    fitted = RQKMeans(levels=3, size=12).fit(features, train)
    new = fitted.encode(features[50:51], fitted.ids)
    assert new[0, :3].tolist() == fitted.ids.codes[50, :3].tolist()
    assert new[0, 3] != fitted.ids.codes[50, 3]


def test_bad_settings_and_features_are_refused(features: torch.Tensor, train: Events):
    with pytest.raises(UsageError, match="at least 1"):
        RQKMeans(levels=0).fit(features, train)
    with pytest.raises(InputError, match="give the recipe an encoder"):
        RQKMeans().fit(torch.zeros(5, 0), train)
    features[17, 3] = torch.nan
    with pytest.raises(InputError, match="item row 17 are not finite"):
        RQKMeans().fit(features, train)


def test_damaged_states_are_refused(features: torch.Tensor, train: Events):
    part = RQKMeans(levels=2, size=12)
    state = part.fit(features, train).state()
    twice, beyond = state["codes"].clone(), state["codes"].clone()
    twice[1] = twice[0]
    beyond[0, 0] = 12
    for codes, message in ((twice, "share a semantic ID"), (beyond, "exceed their codebooks")):
        with pytest.raises(ArtefactError, match=message):
            part.restore({**state, "codes": codes})
    with pytest.raises(ArtefactError, match="cannot be used"):
        part.restore({name: value for name, value in state.items() if name != "sizes"})
