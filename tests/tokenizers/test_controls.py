from __future__ import annotations

import pytest
import torch

from generec.errors import InputError, UsageError
from generec.testing.contracts import check_tokenizer
from generec.tokenizers.controls import Random, Shuffled
from generec.tokenizers.rq_kmeans import RQKMeans
from generec.types import Events


@pytest.mark.parametrize("part", [Random(levels=3, size=16), Random(levels=2, size=12), Shuffled(of=RQKMeans(size=12))])
def test_contract(features: torch.Tensor, train: Events, part):
    check_tokenizer(part, features, train)


def test_random_codes_are_spread_evenly_and_ignore_the_features(train: Events):
    features = torch.randn(400, 5)
    torch.manual_seed(0)
    first = Random(levels=3, size=8).fit(torch.zeros(400, 2), train).ids.codes
    torch.manual_seed(0)
    assert torch.equal(first, Random(levels=3, size=8).fit(features, train).ids.codes)
    assert all(torch.bincount(first[:, level], minlength=8).min() > 25 for level in range(3))


def test_random_fills_every_id_and_then_refuses(train: Events):
    fitted = Random(levels=2, size=4).fit(torch.zeros(16, 1), train)
    assert fitted.ids.codes.unique(dim=0).shape == (16, 2)
    with pytest.raises(InputError, match="do not fit into 16"):
        fitted.encode(torch.zeros(1, 1), fitted.ids)
    with pytest.raises(UsageError, match="at least 1"):
        Random(levels=0).fit(torch.zeros(2, 1), train)


def test_shuffled_keeps_the_codes_and_breaks_their_meaning(features: torch.Tensor, train: Events):
    of = RQKMeans(levels=2, size=12)
    torch.manual_seed(0)
    plain = of.fit(features, train).ids
    torch.manual_seed(0)
    shuffled = Shuffled(of=of).fit(features, train).ids
    assert sorted(plain.codes.tolist()) == sorted(shuffled.codes.tolist())
    group = torch.arange(120) % 12
    same = [(ids.codes[group == each, 0].mode().values == ids.codes[group == each, 0]).float().mean()
            for ids in (plain, shuffled) for each in range(12)]  # fmt: skip
    assert sum(same[:12]) / 12 > 0.9
    assert sum(same[12:]) / 12 < 0.5
