"""A text generator retrained, round after round, on its own texts that people took: with safeguards, and without.

Everything is small and real: an n-gram model writes, the people of the embedded world choose by what the frozen reader
finds in the words, and what they took trains the next model.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from generec.errors import UsageError
from generec.simulation.answers import Shown
from generec.simulation.chance import Doubles, Ints
from generec.simulation.eyes import Words, as_words
from generec.simulation.people import READING_SPEED, WorldPeople
from generec.simulation.safeguards import Guard, Health

BEGIN, END = "\x02", "\x03"


class Writes(Protocol):
    """A fitted text generator."""

    def write(self, count: int, generator: np.random.Generator) -> list[str]: ...
    def likelihood(self, texts: Sequence[str]) -> float: ...  # mean log-likelihood a word


class FitsTexts(Protocol):
    def fit(self, texts: Sequence[str]) -> Writes: ...


@dataclass(frozen=True, kw_only=True)
class Ngrams:
    """A trigram model of words; what it never saw gets its likelihood by interpolation (Jelinek and Mercer)."""

    weights: tuple[float, float, float] = (0.7, 0.2, 0.09)
    """Of the trigram, the bigram and the word; the rest is spread evenly."""
    longest: int = 90

    def fit(self, texts: Sequence[str]) -> FittedNgrams:
        if not texts:
            raise UsageError("a text model is fitted on at least one text, got none")
        after: dict[tuple[str, str], list[str]] = defaultdict(list)
        for text in texts:
            words = [BEGIN, BEGIN, *text.split(), END]
            for first, second, third in zip(words, words[1:], words[2:], strict=False):
                after[first, second].append(third)
        return FittedNgrams(self, dict(after))


class FittedNgrams:
    """What followed each pair of words; writes word by word in proportion."""

    def __init__(self, model: Ngrams, after: dict[tuple[str, str], list[str]]):
        self.model, self.after = model, after
        self._pairs: dict[tuple[str, str, str], int] = Counter(
            (*pair, word) for pair, words in after.items() for word in words
        )
        self._after_one: dict[tuple[str, str], int] = Counter()
        self._words: dict[str, int] = Counter()
        for (_, second, third), count in self._pairs.items():
            self._after_one[second, third] += count
            self._words[third] += count
        self._first: dict[str, int] = Counter()
        for (second, _), count in self._after_one.items():
            self._first[second] += count
        self._total = sum(self._words.values())

    def write(self, count: int, generator: np.random.Generator) -> list[str]:
        """New texts."""
        return [self._one(generator.random(self.model.longest).tolist()) for _ in range(count)]

    def _one(self, numbers: Sequence[float]) -> str:
        pair, words = (BEGIN, BEGIN), []
        for number in numbers:
            known = self.after[pair]
            word = known[int(number * len(known))]
            if word == END:
                break
            words.append(word)
            pair = (pair[1], word)
        return " ".join(words)

    def likelihood(self, texts: Sequence[str]) -> float:
        """Mean log-likelihood a word, the end of a text included."""
        three, two, one = self.model.weights
        rest = (1 - three - two - one) / (len(self._words) + 1)
        total, count = 0.0, 0
        for text in texts:
            words = [BEGIN, BEGIN, *text.split(), END]
            for first, second, third in zip(words, words[1:], words[2:], strict=False):
                chance = rest + one * self._words.get(third, 0) / self._total
                if second in self._first:
                    chance += two * self._after_one.get((second, third), 0) / self._first[second]
                if (first, second) in self.after:
                    chance += three * self._pairs.get((first, second, third), 0) / len(self.after[first, second])
                total, count = total + math.log(chance), count + 1
        return total / max(count, 1)


@dataclass(frozen=True, kw_only=True)
class SelfTraining:
    """A loop: train, write, show beside human items, keep what was taken, train again.

    A round's new texts and all human items are drawn blindly into slates; people choose by what they read, so that a
    slate is the K draws of which the best are kept. `blind` keeps as many texts at random instead: what is lost then is
    lost to sampling noise, not to taste.
    """

    writer: FitsTexts
    rounds: int = 10
    texts: int = 1200
    """Written a round."""
    slate: int = 8
    anchor: float = 0.1
    """Share of the human texts that is frozen: never trained on, judged in every round."""
    blind: bool = False
    seed: int = 0

    def run(self, people: WorldPeople, guard: Guard) -> Loop:
        """Rounds of the loop, the first on human data alone; a breach stops it and is the owner's to read."""
        generator = np.random.default_rng(self.seed)
        human = people.eyes.texts(range(len(people.catalog)))
        frozen = [human[at] for at in generator.permutation(len(human))[: round(self.anchor * len(human))].tolist()]
        rare = Rare.of(people.eyes.items)
        audience = Audience(people.fresh(), self.slate)
        taken: list[str] = []
        past: list[Health] = []
        for number in range(self.rounds + 1):
            mix = guard.mix(human, taken, frozen, self.seed + number)
            model = self.writer.fit(mix.examples)
            texts = model.write(self.texts, generator)
            words = as_words(people.hidden.reader.read(texts), texts)
            seen = audience.watch(texts, words, guard, generator)
            kept = generator.integers(0, len(texts), seen.kept.size) if self.blind else seen.kept
            sorts = Sorts.of(words)
            now = Health(
                number=number,
                reward=seen.reward,
                coverage=rare.kept(words),
                coverage_noise=rare.noise(len(words)),
                diversity=sorts.effective,
                noise=sorts.noise,
                human_exposure=seen.human_exposure,
                anchor=model.likelihood(frozen),
                synthetic=mix.share,
            )
            past.append(now)
            if reasons := guard.breach(past[0], now):
                return Loop(tuple(past), reasons)
            taken = guard.gather(taken, [texts[at] for at in kept.tolist()])
        return Loop(tuple(past), ())


@dataclass(frozen=True)
class Loop:
    """What became of it."""

    rounds: tuple[Health, ...]
    breach: tuple[str, ...]  # why it was stopped; empty where it went through


@dataclass(frozen=True)
class Watched:
    """What people made of the texts of a round. reward: what a text is worth to a person, over all of both."""

    kept: Ints  # texts that were taken, once per person who took them
    human_exposure: float
    reward: float


class Audience:
    """The people of a world before slates of human items and machine-made texts."""

    def __init__(self, people: WorldPeople, slate: int):
        self.people, self.k = people, slate
        self.users = np.arange(len(people.user_ids))
        self.items = people.hidden.utility(self.users, None, people.when).astype(np.float64)  # (U, N)
        self.seconds = np.array([len(text.split()) for text in people.eyes.texts(range(len(people.catalog)))])

    def watch(
        self, texts: Sequence[str], words: Sequence[Words], guard: Guard, generator: np.random.Generator
    ) -> Watched:
        """One session of one slate for everybody, after a rest."""
        n, reach = self.items.shape[1], 4 * self.k
        worth = np.concatenate([self.items, self.people.read_worth(self.users, words)], axis=1)
        length = np.concatenate([self.seconds, [len(text.split()) for text in texts]]) / READING_SPEED
        drawn = generator.random((self.users.size, n + len(texts))).argpartition(reach, axis=1)[:, :reach]
        places = guard.slates(drawn >= n, self.k)
        there = places >= 0
        slate = np.take_along_axis(drawn, places.clip(0), 1)
        felt: Doubles = np.take_along_axis(worth, slate, 1)
        self.people.rest()
        answers = self.people.respond_shown(
            self.users, Shown(felt, felt, length[slate], np.zeros(slate.shape, bool), there)
        )
        synthetic = slate >= n
        human = float((answers.looked & ~synthetic).sum() / max(answers.looked.sum(), 1))
        return Watched(slate[answers.taken & synthetic] - n, human, float(worth[:, n:].mean()))


@dataclass(frozen=True)
class Sorts:
    """How many cells (subtopic, tone) texts are spread over, as they are read; unreadable ones are one cell."""

    effective: float  # exp of the entropy
    noise: float  # standard error of the entropy

    @staticmethod
    def of(words: Sequence[Words]) -> Sorts:
        counts = np.array(list(Counter((text.subtopic, text.how[0]) for text in words).values()))
        share = counts / counts.sum()
        entropy = float(-(share * np.log(share)).sum())
        spread = float((share * np.log(share) ** 2).sum()) - entropy**2
        return Sorts(math.exp(entropy), math.sqrt(max(spread, 0.0) / len(words)))


@dataclass(frozen=True)
class Rare:
    """The rarer half of the subtopics that people made, with their shares of what people made."""

    shares: dict[int, float]

    @staticmethod
    def of(human: Sequence[Words]) -> Rare:
        counts = Counter(text.subtopic for text in human)
        return Rare({leaf: count / len(human) for leaf, count in counts.most_common()[len(counts) // 2 :]})

    def kept(self, made: Sequence[Words]) -> float:
        """Share of them that still occurs."""
        there = {text.subtopic for text in made}
        return sum(leaf in there for leaf in self.shares) / len(self.shares)

    def noise(self, made: int) -> float:
        """Standard error of `kept` over so many texts, were each sort as frequent as people made it."""
        missed = [math.exp(-made * share) for share in self.shares.values()]
        return math.sqrt(sum(chance * (1 - chance) for chance in missed)) / len(missed)
