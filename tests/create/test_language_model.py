"""The conditioned decoder: its mixture against an explicit sum, its cache against whole passes, its sampling."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.create.language_model import Alphabet, LanguageModel, Prompt, Sampling, TextModel, sample
from generec.create.language_words import Words
from generec.errors import ArtefactError, UsageError
from generec.fidelity.watermark import GreenList

TEXTS = ("The boats gather near the gate.", "Every path leads to the stars.", "Café <write> — 20 € <end>")
ALPHABET = Alphabet(11, (3, 2), (4,))


@cache
def model(width=16) -> TextModel:
    torch.manual_seed(0)
    built = LanguageModel(width=width, layers=2, heads=2, reach=7).build(ALPHABET, 5)
    for parameter in built.parameters():
        parameter.data += 0.2 * torch.randn_like(parameter)
    return built.eval()


@cache
def words() -> Words:
    return Words.fit(TEXTS * 3, 300)


def prompts() -> list[Prompt]:
    user = torch.randn(5, generator=torch.Generator().manual_seed(1))
    return [
        Prompt((1, 0), (3,), user, ((4, 5, 4), (6, 7))),
        Prompt((), (2,), None, ((8, 4),)),
        Prompt((2, 1), (), user, ()),
        Prompt((9, 1), (0,), None, ((1, 2, 3, 1, 2),)),
    ]


def naive(of: TextModel, prompt: Prompt, text: list[int]) -> torch.Tensor:
    """The whole distribution after a prompt and a text, place by place: an explicit sum over the evidence."""
    batch = of.alphabet.batch([prompt], [text], of.dimensions)
    hidden = of.hidden(batch)
    state = hidden[batch.at[-1]]
    scores = state @ of.embedding.weight.T
    words_of = scores[: of.alphabet.outputs].softmax(0)
    if not len(batch.source):
        return words_of
    gate = torch.sigmoid(of.gate(state))
    keys = of.key(torch.stack([torch.cat([hidden[p], hidden[p - 1]]) for p in batch.source]))
    weights = (keys @ of.query(state) / keys.shape[1] ** 0.5).softmax(0)
    copied = torch.zeros(of.alphabet.outputs)
    for place, weight in zip(batch.source, weights, strict=True):
        copied[batch.tokens[place]] += weight
    return gate * words_of + (1 - gate) * copied


@torch.no_grad()
def test_training_probabilities_are_the_explicit_mixture():
    texts = [[4, 5], [8, 0, 10, 1], [3], [1, 2, 9]]
    batch = ALPHABET.batch(prompts(), texts, 5)
    found = model().log_probs(batch).split([len(text) + 1 for text in texts])
    for prompt, text, each in zip(prompts(), texts, found, strict=True):
        whole = [*text, ALPHABET.end]
        expected = [naive(model(), prompt, whole[:at])[token].log() for at, token in enumerate(whole)]
        assert torch.allclose(each, torch.stack(expected), atol=1e-5)
    assert all(float(naive(model(), prompt, []).sum()) == pytest.approx(1, abs=1e-5) for prompt in prompts())


@torch.no_grad()
@given(st.integers(0, 3), st.lists(st.integers(0, 10), min_size=2, max_size=12))
@settings(max_examples=25, deadline=None)
def test_cached_steps_equal_whole_passes(which: int, text: list[int]):
    prompt, other = prompts()[which], list(reversed(text))
    log_probs, state = model().start(prompt, 2)
    for at in range(len(text)):
        for writer, written in enumerate((text, other)):
            assert torch.allclose(log_probs[writer].exp(), naive(model(), prompt, written[:at]), atol=1e-5)
        log_probs, state = model().step(torch.tensor([text[at], other[at]]), state)


def test_what_is_not_known_reads_as_an_unknown_code():
    assert ALPHABET.row(Prompt((9, 1), (7,)))[0] == ALPHABET.row(Prompt((-1, 1), ()))[0]
    tokens = {t for w in range(4) for v in range(3) for h in range(5) for t in ALPHABET.row(Prompt((w, v), (h,)))[0]}
    assert max(tokens) == ALPHABET.size - 1
    assert len(ALPHABET.row(Prompt())[0]) == 5  # nobody, three codes that are not known, <write>


def test_each_condition_changes_what_is_written():
    base = prompts()[0]
    changed = [
        Prompt((2, 0), base.how, base.user, base.evidence),
        Prompt(base.what, (0,), base.user, base.evidence),
        Prompt(base.what, base.how, None, base.evidence),
        Prompt(base.what, base.how, base.user, base.evidence[:1]),
    ]
    with torch.no_grad():
        first = model().start(base, 1)[0]
        assert all(not torch.allclose(first, model().start(one, 1)[0], atol=1e-4) for one in changed)


@given(st.text(max_size=60))
@settings(deadline=None, max_examples=50)
def test_any_text_is_written_and_read_back(text: str):
    plain = " ".join(text.split())
    assert words().decode(words().encode(plain)) == plain.strip()
    assert all(token < len(words()) for token in words().encode(plain))  # never one of the model's own marks


def test_words_travel_as_text():
    assert Words(words().json).encode(TEXTS[2]) == words().encode(TEXTS[2])
    with pytest.raises(ArtefactError, match="train the creator again"):
        Words("{}").encode("a")
    with pytest.raises(UsageError, match="256"):
        Words.fit(TEXTS, 100)


@cache
def writer() -> TextModel:
    torch.manual_seed(0)
    return LanguageModel(width=16, layers=1, heads=2, reach=9).build(Alphabet(len(words()), (2,), (2,)), 3).eval()


def test_sampling_is_repeatable_and_keeps_its_limit():
    prompt = Prompt((1,), (0,), None, (tuple(words().encode(TEXTS[0])),))
    sampling = Sampling(tokens=12, temperature=1.2)
    first = sample(writer(), words(), prompt, 3, sampling, seed=4)
    assert [s.tokens for s in first] == [s.tokens for s in sample(writer(), words(), prompt, 3, sampling, seed=4)]
    assert [s.tokens for s in first] != [s.tokens for s in sample(writer(), words(), prompt, 3, sampling, seed=5)]
    assert all(len(s.tokens) <= 12 and s.ended == (len(s.tokens) < 12) for s in first)
    assert all(words().decode(s.tokens) == s.text for s in first)


@given(st.lists(st.floats(-4, 4), min_size=3, max_size=9), st.floats(0.05, 1.0), st.integers(0, 99))
@settings(deadline=None)
def test_only_the_smallest_set_that_holds_top_p_is_drawn_from(logits: list[float], top_p: float, seed: int):
    log_probs = torch.tensor([logits]).log_softmax(-1)
    drawn = Sampling(top_p=top_p, temperature=1.0).draw(log_probs, torch.Generator().manual_seed(seed))
    share, allowed = 0.0, set()
    for token in sorted(range(len(logits)), key=lambda token: -float(log_probs[0, token])):
        if share < top_p + 1e-6:
            allowed.add(float(log_probs[0, token]))
        share += float(log_probs[0, token].exp())
    assert float(log_probs[0, int(drawn)]) in allowed


def test_a_mark_is_found_in_what_was_sampled_with_it_and_not_without():
    green = GreenList(key=b"0123456789abcdef", tokens=words().pieces)
    marked = Sampling(tokens=80, temperature=1.0, top_p=1.0, green=green.over(words().vocabulary), strength=4.0)
    plain = Sampling(tokens=80, temperature=1.0, top_p=1.0)

    def share(sampling: Sampling) -> float:
        found = sample(writer(), words(), Prompt((0,), (0,)), 6, sampling, seed=1)
        pairs = [p for s in found for p in zip(s.tokens, s.tokens[1:], strict=False)]
        mask = green.over(words().vocabulary)
        return float(np.mean([mask(words().vocabulary[a])[b] for a, b in pairs]))

    assert share(marked) > 0.85
    assert 0.35 < share(plain) < 0.65


def test_a_mark_over_another_vocabulary_is_refused():
    green = GreenList(key=b"0123456789abcdef").over(["a", "b"])
    with pytest.raises(UsageError, match="mark is over 2"):
        sample(writer(), words(), Prompt(), 1, Sampling(green=green))
    with pytest.raises(UsageError, match="top_p"):
        Sampling(top_p=0.0)
