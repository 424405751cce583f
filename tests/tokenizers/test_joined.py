from __future__ import annotations

import pytest
import torch

from generec.errors import UsageError
from generec.testing.contracts import check_tokenizer
from generec.tokenizers.collisions import AppendLevel, Reassign
from generec.tokenizers.controls import Shuffled
from generec.tokenizers.joined import Joined, joined
from generec.tokenizers.product_quantization import ProductQuantization
from generec.tokenizers.report import semantic_id_report
from generec.tokenizers.rq_kmeans import RQKMeans
from generec.types import Events

WHAT, HOW = RQKMeans(levels=2, size=12), RQKMeans(levels=1, size=5)
TWO = Joined(what=WHAT, how=HOW, style=6, least=100)


@pytest.fixture
def sides() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """600 items of 10 subjects x 5 manners, drawn independently: features (600, 10 + 6), subject and manner."""
    generator = torch.Generator().manual_seed(0)
    subject = torch.randint(10, (600,), generator=generator)
    manner = torch.randint(5, (600,), generator=generator)
    subjects, manners = torch.randn(10, 10, generator=generator), torch.randn(5, 6, generator=generator)
    centres = torch.cat([subjects[subject], manners[manner]], 1)
    return centres + 0.2 * torch.randn(600, 16, generator=generator), subject, manner


def error(fitted, features: torch.Tensor) -> float:
    return float((features - fitted.quantizer.vectors(fitted.raw)).square().sum() / features.var(0).sum() / 600)


@pytest.mark.parametrize("collisions", [AppendLevel(), Reassign()])
def test_contract(features: torch.Tensor, train: Events, collisions):
    part = Joined(what=WHAT, how=RQKMeans(levels=2, size=5, balanced=True), style=6, least=100, collisions=collisions)
    check_tokenizer(part, features, train)


def test_contract_of_other_quantisers_and_of_one_code_only(features: torch.Tensor, train: Events):
    check_tokenizer(Joined(what=ProductQuantization(levels=2, size=8), how=HOW, style=6, least=0), features, train)
    check_tokenizer(Joined(what=WHAT, how=HOW, style=6), features, train)


def test_first_levels_tell_the_subject_and_the_next_the_manner(sides, train: Events):
    features, subject, manner = sides
    fitted = Joined(what=RQKMeans(levels=1, size=10), how=HOW, style=6).fit(features, train)
    assert joined(fitted).levels == (1, 1)
    assert fitted.ids.levels == 3
    for level, truth in ((0, subject), (1, manner)):
        codes = fitted.ids.codes[:, level]
        majority = sum(int(torch.bincount(truth[codes == code]).max()) for code in codes.unique())
        assert majority > 0.85 * 600


def test_a_side_does_not_see_the_other(sides, train: Events):
    features, _, _ = sides
    fitted = TWO.fit(features, train)
    other = features.clone()
    other[:, -6:] = features[:, -6:].flip(0)
    moved = fitted.quantizer.codes(other)
    assert torch.equal(moved[:, :2], fitted.raw[:, :2])
    assert torch.equal(moved[:, 2], fitted.raw[:, 2].flip(0))


def test_two_codebooks_reconstruct_better_than_one_of_equal_size(sides, train: Events):
    """As many codes in one codebook, and as many codes on as many residual levels."""
    features, _, _ = sides
    two = error(Joined(what=RQKMeans(levels=1, size=10), how=HOW, style=6).fit(features, train), features)
    one = error(RQKMeans(levels=1, size=15).fit(features, train), features)
    residual = error(RQKMeans(levels=2, size=8).fit(features, train), features)
    assert two < 0.5 * one
    assert two < 0.7 * residual


def test_costs_are_squared_distances_to_the_next_code_of_the_own_side(sides, train: Events):
    features, _, _ = sides
    quantizer = TWO.fit(features, train).quantizer
    row, codes = features[7], tuple(quantizer.codes(features[7:8])[0].tolist())
    for depth in range(3):
        assert int(quantizer.costs(row, codes[:depth]).argmin()) == codes[depth]
    chosen = quantizer.vectors(torch.tensor([codes]))[0]
    assert float(quantizer.costs(row, codes[:2])[codes[2]]) == pytest.approx(
        float((chosen - row)[-6:].square().sum()), rel=1e-4
    )


def test_few_items_or_no_style_leave_the_how_empty(sides, train: Events):
    features, _, _ = sides
    flat = features.clone()
    flat[:, -6:] = 0.3
    for part, rows in ((TWO, flat), (Joined(what=WHAT, how=HOW, style=6, least=601), features)):
        fitted = part.fit(rows, train)
        assert joined(fitted).levels == (2, 0)
        assert fitted.ids.levels == 3
        assert torch.equal(fitted.quantizer.vectors(fitted.raw)[:, -6:], torch.zeros(600, 6))
        assert joined(part.restore(fitted.state())).levels == (2, 0)


def test_the_report_on_ids_reads_them(sides, train: Events):
    features, _, _ = sides
    report = semantic_id_report(TWO.fit(features, train), features, train, sample=100)
    assert report.reconstruction_error is not None
    assert report.reconstruction_error < 0.5
    assert report.insertion.clashes == 0


def test_a_wrong_split_and_codes_without_one_are_refused(features: torch.Tensor, train: Events):
    for style in (0, 16, 20):
        with pytest.raises(UsageError, match="style columns must be 1 to 15 of 16"):
            Joined(what=WHAT, how=HOW, style=style).fit(features, train)
    for part in (WHAT, Shuffled(of=TWO)):
        with pytest.raises(UsageError, match="do not tell what from how"):
            joined(part.fit(features, train))
