"""Visibility of sources in an answer: by hand, against a slow twin, and what must hold for every answer."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.errors import UsageError
from generec.metrics.visibility import Cited, position_adjusted, word_count

THREE = (
    Cited("Old lamps give warm light.", (0,)),  # 5 words: old lamps give warm light
    Cited("It is up to 40 hours, say both.", (0, 1)),  # 3 words: hours say both
    Cited("Glass is fragile.", (2,)),  # 2 words
)


def test_three_sentences_by_hand():
    """5 words to source 0; 3 shared by 0 and 1; 2 to source 2: 6.5, 1.5 and 2 of 10. Weights are 1, e^-1/2, e^-1."""
    assert word_count(THREE, 3).tolist() == pytest.approx([0.65, 0.15, 0.2])
    half, last = math.exp(-0.5), math.exp(-1)  # 0.60653, 0.36788
    total = 5 + 3 * half + 2 * last  # 7.55535
    expected = [(5 + 1.5 * half) / total, 1.5 * half / total, 2 * last / total]
    assert expected == pytest.approx([0.78220, 0.12042, 0.09738], abs=1e-5)
    assert position_adjusted(THREE, 3).tolist() == pytest.approx(expected)


def naive(answer, sources):
    found = []
    for source in range(sources):
        found.append(0.0)
        for at, sentence in enumerate(answer):
            if source in sentence.sources:
                place = math.exp(-at / (len(answer) - 1)) if len(answer) > 1 else 1.0
                words = [word for word in sentence.text.rstrip(".").split() if len(word) > 2]
                found[source] += len(words) * place / len(sentence.sources)
    return [each / sum(found) if sum(found) else 0.0 for each in found]


sentences = st.builds(
    Cited,
    st.lists(st.sampled_from(["a", "of", "the", "lamp", "glows", "warmly"]), min_size=1).map(" ".join),
    st.sets(st.integers(0, 3)).map(sorted).map(tuple),
)


@settings(deadline=None)
@given(st.lists(sentences, max_size=8))
def test_the_slow_twin_agrees_and_shares_sum_to_one_or_nothing(answer):
    found = position_adjusted(answer, 4)
    torch.testing.assert_close(found, torch.tensor(naive(answer, 4), dtype=torch.float64))
    assert float(found.sum()) == pytest.approx(1.0 if any(each.sources and each.words for each in answer) else 0.0)
    assert bool((found >= 0).all())


def test_being_cited_earlier_is_worth_more_but_not_in_words():
    late = (*THREE[1:], THREE[0])
    assert position_adjusted(late, 3)[0] < position_adjusted(THREE, 3)[0]
    assert torch.equal(word_count(late, 3), word_count(THREE, 3))


def test_a_source_that_is_not_there_is_named():
    with pytest.raises(UsageError, match="there are 2 sources"):
        word_count(THREE, 2)
