"""The green-list mark: found in what was sampled with it, not in what people wrote."""

import functools
import zlib

import numpy as np
import pytest

from generec.data.world.making import make_world
from generec.errors import UsageError
from generec.fidelity.payload import tokens
from generec.fidelity.watermark import GreenList

KEY = b"a key of at least sixteen bytes"


@functools.cache
def human_texts(number=60, length=230):
    """Documents of the embedded world's descriptions, each at least `length` tokens, no description twice."""
    descriptions = iter(make_world(items=2000, users=10).dataset.catalog.frame["description"].to_list())
    texts = []
    for _ in range(number):
        parts = []
        while len(tokens(" ".join(parts))) < length:
            parts.append(next(descriptions))
        texts.append(" ".join(parts))
    return texts


def sampled(green, length, strength, seed=0):
    """Words drawn from a narrow model (about 30 likely words at each step), green ones preferred by `strength`."""
    vocabulary = sorted({token for text in human_texts() for token in tokens(text)})[:400]
    walk, words = np.random.default_rng(seed), ["."]
    mask = green.over(vocabulary)
    while len(words) < length:
        logits = 2.5 * np.random.default_rng(zlib.crc32(words[-1].encode())).standard_normal(len(vocabulary))
        logits = logits + strength * mask(words[-1])
        chances = np.exp(logits - logits.max())
        words.append(vocabulary[walk.choice(len(vocabulary), p=chances / chances.sum())])
    return " ".join(words)


def test_marked_text_is_found_and_another_key_sees_nothing():
    green = GreenList(key=KEY)
    text = sampled(green, 220, strength=3.0)
    found = green.count(text)
    assert found.p_value < 1e-6
    assert found.green > 0.65 * found.pairs
    assert GreenList(key=b"another key, as long").count(text).p_value > 1e-3


def test_unmarked_samples_are_not_found():
    green = GreenList(key=KEY)
    values = [green.count(sampled(green, 220, strength=0.0, seed=seed)).p_value for seed in range(20)]
    assert sum(value <= 0.01 for value in values) <= 2


def test_false_positives_on_human_texts_are_at_their_rate():
    """60 texts under 20 keys each: at a level of 1 % about 1 % are taken for marked."""
    values = np.array(
        [
            GreenList(key=f"key number {number:016d}".encode()).count(text).p_value
            for number in range(20)
            for text in human_texts()
        ]
    )
    assert (values <= 0.01).mean() <= 0.02
    assert 0.03 <= (values <= 0.1).mean() <= 0.17
    assert (values <= 1e-4).mean() <= 0.002


def test_the_sampler_and_the_detector_mean_the_same_words():
    green, vocabulary = GreenList(key=KEY, gamma=0.25), [f"w{number}" for number in range(2000)]
    mask = green.mask("the", vocabulary)
    assert mask.mean() == pytest.approx(0.25, abs=0.04)
    assert (green.mask("a", vocabulary) != mask).any()
    for word, inside in zip(vocabulary[:50], mask, strict=False):
        found = green.count(f"the {word}")
        assert (found.pairs, found.green) == (1, int(inside))


def test_the_mask_does_not_depend_on_the_rest_of_the_vocabulary():
    green, vocabulary = GreenList(key=KEY), [f"w{number}" for number in range(100)]
    assert (green.mask("x", vocabulary)[::-1] == green.mask("x", vocabulary[::-1])).all()


def test_a_pair_that_occurs_again_counts_once():
    found = GreenList(key=KEY).count("a b " * 50)
    assert found.pairs == 2


@pytest.mark.parametrize("text", ["", "one"])
def test_a_text_without_pairs_says_nothing(text):
    assert GreenList(key=KEY).count(text).p_value == 1.0


@pytest.mark.parametrize("bad", [{"gamma": 0.0}, {"gamma": 1.0}, {"key": b"short"}])
def test_settings_without_a_meaning_are_refused(bad):
    with pytest.raises(UsageError, match="gamma"):
        GreenList(**{"key": KEY, **bad}).count("a b")


def test_the_p_value_is_the_binomial_tail():
    from scipy.stats import binom

    for gamma in (0.25, 0.5):
        for text in human_texts()[:3]:
            found = GreenList(key=KEY, gamma=gamma).count(text)
            assert found.p_value == pytest.approx(binom.sf(found.green - 1, found.pairs, gamma))


def test_the_key_is_not_printed():
    assert KEY.decode() not in repr(GreenList(key=KEY))
