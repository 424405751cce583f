"""What a text creator learns from: an item's own text, written for one of its people, from evidence among other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor

from generec.create.language_model import Alphabet, Prompt, TextBatch
from generec.nn.ragged import row_of_token
from generec.types import Events

Tokens = tuple[int, ...]


@dataclass(frozen=True)
class Directions:
    """Vectors as directions from the middle of the catalogue: means of few and of many items are of one length."""

    centre: Tensor  # (D,)

    def __call__(self, vectors: Tensor) -> Tensor:
        """(..., D) to unit vectors."""
        return torch.nn.functional.normalize(vectors - self.centre, dim=-1)


@dataclass(frozen=True)
class Readers:
    """Who used each item, and what each of them is like without it."""

    sums: Tensor  # (U, D) of the features of all that a person used
    sizes: Tensor  # (U,) how much that is
    users: Tensor  # (E,) people of each item in turn
    times: Tensor  # (E,) how often each used it
    starts: Tensor  # (N + 1,)

    @staticmethod
    def of(train: Events, features: Tensor) -> Readers:
        users, sizes = row_of_token(train.offsets), train.lengths
        sums = torch.zeros(len(train), features.shape[1]).index_add(0, users, features[train.items])
        pairs, times = torch.unique(torch.stack([train.items, users]), dim=1, return_counts=True)  # sorted by item
        counts = torch.bincount(pairs[0], minlength=len(features))
        return Readers(sums, sizes, pairs[1], times, torch.cat([counts.new_zeros(1), counts.cumsum(0)]))

    def draw(self, item: int, feature: Tensor, random: Random) -> Tensor | None:
        """The mean of what one of the item's people used besides it, (D,); None where nobody has anything else."""
        start, end = int(self.starts[item]), int(self.starts[item + 1])
        if start == end:
            return None
        at = random.randrange(start, end)
        user, times = int(self.users[at]), int(self.times[at])
        others = int(self.sizes[user]) - times
        return (self.sums[user] - times * feature) / others if others else None


@dataclass(frozen=True, kw_only=True)
class Teaching:
    """How a lesson is laid out. A text says only what its evidence says, so that nothing is learned to be made up."""

    drop: float = 0.15  # chance that the person, the what, the how or all evidence is left out, each by itself
    keep: float = 0.85  # chance of each of the item's own statements to be evidence, and so to be in the text
    strangers: int = 5  # statements of other items among the evidence
    evidence: int = 192  # tokens of evidence at most
    text: int = 96  # tokens of text at most


@dataclass(frozen=True)
class Lessons:
    """Examples to train on (a `Source`): one item each, with another of its people every time."""

    teaching: Teaching
    alphabet: Alphabet
    said: Sequence[Sequence[Tokens]]  # statements of each item
    fields: Sequence[Sequence[Tokens]]  # its checked fields
    what: Tensor  # (N, Lw)
    how: Tensor  # (N, Lh)
    features: Tensor  # (N, D)
    readers: Readers
    directions: Directions
    rows: tuple[int, ...]  # items that are taught

    @property
    def lengths(self) -> Tensor:
        """(n,) tokens of an example, about."""
        own = [sum(map(len, self.said[row])) for row in self.rows]
        more = self.teaching.evidence // 2
        return torch.tensor([min(size, self.teaching.text) + min(size + more, self.teaching.evidence) for size in own])

    def collate(self, rows: Tensor) -> TextBatch:
        """Draws from torch's own generator, whose state a checkpoint holds."""
        random = Random(int(torch.randint(2**62, ())))
        drawn = [self.example(self.rows[row], random, self.teaching.drop) for row in rows.tolist()]
        return self.alphabet.batch([prompt for prompt, _ in drawn], [text for _, text in drawn], self.features.shape[1])

    def example(self, item: int, random: Random, drop: float) -> tuple[Prompt, Tokens]:
        """A prompt for an item and its text; `drop` as in `Teaching`."""
        user = None if random.random() < drop else self.readers.draw(item, self.features[item], random)
        what = () if random.random() < drop else tuple(self.what[item].tolist())
        how = () if random.random() < drop else tuple(self.how[item].tolist())
        alone = random.random() < drop
        kept = [one for one in self.said[item] if alone or drop == 0 or random.random() < self.teaching.keep]
        kept = list(fitting(kept, self.teaching.text - 1))
        evidence: list[Tokens] = [] if alone else list(kept)
        if not alone:
            evidence += self.strangers(item, random)
            random.shuffle(evidence)
            evidence = list(fitting([*self.fields[item], *evidence], self.teaching.evidence))
            kept = [one for one in kept if one in evidence]
        direction = None if user is None else self.directions(user)
        return Prompt(what, how, direction, tuple(evidence)), tuple(token for one in kept for token in one)

    def strangers(self, item: int, random: Random) -> Iterator[Tokens]:
        """Statements of other items that are taught."""
        for _ in range(self.teaching.strangers):
            others = self.said[self.rows[random.randrange(len(self.rows))]]
            if others:
                one = others[random.randrange(len(others))]
                if one not in self.said[item]:
                    yield one


def fitting(statements: Sequence[Tokens], room: int) -> Iterator[Tokens]:
    """Those that fit whole into a number of tokens (each takes one more for its mark), in order."""
    for one in statements:
        if len(one) + 1 <= room:
            room -= len(one) + 1
            yield one
