"""What people want and the catalogue does not have: pairs of content and style without an item, for its owner."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from generec.data.conditions import mask
from generec.errors import UsageError
from generec.loop.demand import Cells, cells, demand, summed
from generec.records import Code
from generec.system import System
from generec.tokenizers.joined import joined
from generec.types import Condition, Request

_VALUES = 2**24  # numbers in a block of people by items or pairs
_CONSTRAINTS = 5  # named at most per gap


@dataclass(frozen=True)
class Near:
    """An item close to a gap; `distance` in the space of the features."""

    item_id: str
    title: str
    distance: float


@dataclass(frozen=True, kw_only=True)
class Gap:
    """A pair of content and style that people want and that no item, or too few, they may be given has."""

    what: Code
    how: Code
    demand: float  # free demand for it (see loop.demand) of those who can be given too little of it; all demand is 1
    served: float  # what its allowed items really hold of their demand; 0 where there is none
    items: int  # items of the pair that can be recommended, whatever the filters
    people: int  # who want it
    about: tuple[str, ...]  # words that tell the content's items from the others
    manner: tuple[str, ...]  # words that tell the style's items from the others
    nearest: tuple[Near, ...]
    constraints: tuple[str, ...]  # filters that enough of these people stated, most frequent first
    text: str


@dataclass(frozen=True, kw_only=True)
class GapReport:
    """Gaps in order of demand. Nothing in it is true of fewer people than `least`."""

    gaps: tuple[Gap, ...]
    mode: Literal["what and how", "content only"]
    requests: int  # with a known history; the others say nothing of what is wanted
    people: int
    least: int
    unmet: float  # share of all demand that is free for a gap and not served there
    pairs: int
    empty: int  # pairs without any item


def gap_report(
    system: System[Any], requests: Sequence[Request], *, depth: tuple[int, int] = (1, 1), stock: int = 0,
    people: int = 5, rows: int = 20, lift: float = 2.0, nearest: int = 3, words: int = 6,
) -> GapReport:  # fmt: skip
    """The pairs of content and style cells that are wanted most and hold at most `stock` allowed items.

    Ranked by what is missing: free demand less what is served. depth: how many content and style codes make a cell;
    where cells are small for the catalogue, many pairs are empty by chance, and where they are large, few are quite
    empty: then a larger `stock` finds the thin ones. Allowed is what a request's conditions leave of the items that
    were not removed. A person wants a pair whose free demand is at least `lift` times an even share of all pairs; those
    that fewer than `people` persons want are left out, and requests without a user_id count as one person together.
    Raises UsageError for codes without a split into content and style, and for people or rows below 1.
    """
    if people < 1 or rows < 1:
        raise UsageError(f"people and rows must be at least 1, got {people} and {rows}")
    asked = [request for request in requests if system.catalog.known_rows(request.history)]
    groups = cells(system, depth)
    tally = _tally(system, asked, groups, stock, lift)
    missing = tally.free - tally.held
    count = torch.bincount(tally.pairs, minlength=len(missing))
    stocked = torch.bincount(groups.pair_of[system.index.alive.cpu()], minlength=len(missing))
    order = missing.masked_fill(count < people, 0).argsort(descending=True, stable=True)[:rows].tolist()
    chosen = [divmod(pair, len(groups.how)) for pair in order if count[pair] >= people and missing[pair] > 0]
    about = distinctive(system.catalog.texts, groups.what_of, {what for what, _ in chosen}, words)
    manner = distinctive(system.catalog.texts, groups.how_of, {how for _, how in chosen}, words)
    near, share, gaps = _Neighbours.of(system, groups), 1 / max(1, len(asked)), []
    for what, how in chosen:
        pair = what * len(groups.how) + how
        said = about[what], manner[how] if groups.how[how] else ()
        gaps.append(
            Gap(
                what=groups.what[what], how=groups.how[how], demand=share * float(tally.free[pair]),
                served=share * float(tally.held[pair]), items=int(stocked[pair]), people=int(count[pair]),
                about=said[0], manner=said[1], nearest=near.nearest(system, what, how, nearest),
                constraints=tally.constraints(pair, people), text=_text(*said),
            )
        )  # fmt: skip
    return GapReport(
        gaps=tuple(gaps), mode="what and how" if joined(system.tokenizer).levels[1] else "content only",
        requests=len(asked), people=len(tally.conditions), least=people,
        unmet=share * float(missing.clamp(min=0).sum()), pairs=len(stocked), empty=int((stocked == 0).sum()),
    )  # fmt: skip


def distinctive(texts: Sequence[str], group: Tensor, wanted: set[int], count: int) -> dict[int, tuple[str, ...]]:
    """The words that set the texts of each wanted group apart from all others, best first.

    Log-odds of a text having the word, in the group against outside, over their standard error (Monroe, Colaresi and
    Quinn 2008, with a prior of one text of the catalogue's usual wording on each side).
    """
    import numpy as np
    from sklearn.feature_extraction.text import CountVectorizer

    counter = CountVectorizer(strip_accents="unicode", binary=True, min_df=2, max_features=20_000)
    try:
        present = counter.fit_transform(texts)  # (N, V)
    except ValueError:  # no word occurs twice
        return dict.fromkeys(wanted, ())
    names, total = counter.get_feature_names_out(), np.asarray(present.sum(0)).ravel()
    usual = (total + 0.5) / (len(texts) + 1)
    found: dict[int, tuple[str, ...]] = {}
    for place in wanted:
        member = (group == place).numpy()
        inside, size = np.asarray(present[member].sum(0)).ravel() + usual, member.sum() + 1
        outside, others = total - inside + 2 * usual, len(texts) - member.sum() + 1
        odds = np.log(inside / (size - inside)) - np.log(outside / (others - outside))
        score = odds / np.sqrt(1 / inside + 1 / outside)
        best = np.argsort(-score, kind="stable")[:count]
        found[place] = tuple(str(names[word]) for word in best if score[word] > 0)
    return found


@dataclass(frozen=True)
class _Tally:
    """What the requests add up to, over P pairs of cells, and who wants which gap (M distinct wishes)."""

    free: Tensor  # (P,) free demand, summed over the requests for which the pair is a gap
    held: Tensor  # (P,) probability of its allowed items, over the same requests
    pairs: Tensor  # (M,) pair of each wish
    persons: Tensor  # (M,) person of each wish
    conditions: tuple[frozenset[Condition], ...]  # of each person

    def constraints(self, pair: int, least: int) -> tuple[str, ...]:
        """What at least so many of those who want the pair filtered by."""
        stated: Counter[str] = Counter()
        for person in self.persons[self.pairs == pair].tolist():
            stated.update(str(condition) for condition in self.conditions[person])
        ordered = sorted(stated.items(), key=lambda entry: (-entry[1], entry[0]))
        return tuple(text for text, number in ordered if number >= least)[:_CONSTRAINTS]


def _tally(system: System[Any], asked: Sequence[Request], groups: Cells, stock: int, lift: float) -> _Tally:
    pairs, pair_of = len(groups.what) * len(groups.how), groups.pair_of
    free, held = torch.zeros(pairs, dtype=torch.float64), torch.zeros(pairs, dtype=torch.float64)
    names = {name: place for place, name in enumerate(dict.fromkeys(request.user_id for request in asked))}
    stated: list[set[Condition]] = [set() for _ in names]
    for request in asked:
        stated[names[request.user_id]].update(request.conditions)
    allowed = {
        conditions: mask(system.catalog, conditions) & system.index.alive.cpu()
        for conditions in dict.fromkeys(request.conditions for request in asked)
    }
    wishes = [torch.zeros(0, dtype=torch.int64)]
    size = max(1, _VALUES // max(pairs, len(pair_of)))
    for start in range(0, len(asked), size):
        block = asked[start : start + size]
        wanted = demand(system, block, groups)
        may = torch.stack([allowed[request.conditions] for request in block]).float()  # (B, N)
        gap = summed(may, pair_of, pairs) <= stock  # (B, P)
        wish = wanted.free * gap
        free += wish.double().sum(0)
        held += (summed(wanted.items * may, pair_of, pairs) * gap).double().sum(0)
        rows, places = ((wish > 0) & (wish >= lift / pairs)).nonzero().unbind(1)
        person = torch.tensor([names[request.user_id] for request in block], dtype=torch.int64)
        wishes.append(places * len(names) + person[rows])
    keys = torch.unique(torch.cat(wishes))
    return _Tally(free, held, keys // max(1, len(names)), keys % max(1, len(names)), tuple(map(frozenset, stated)))


@dataclass(frozen=True)
class _Neighbours:
    """Where the cells lie among the items: means of content columns per content cell, of style per style cell."""

    what: Tensor  # (W, D content)
    how: Tensor  # (H, D style); no columns where there are no style codes
    features: Tensor  # (N, D)
    alive: Tensor  # (N,)

    @staticmethod
    def of(system: System[Any], groups: Cells) -> _Neighbours:
        quantizer, features = joined(system.tokenizer), system.features.float()
        content, style = features[:, : -quantizer.style], features[:, -quantizer.style :]
        if quantizer.levels[1] == 0:
            style = style[:, :0]
        what, how = _means(content, groups.what_of, len(groups.what)), _means(style, groups.how_of, len(groups.how))
        return _Neighbours(what, how, torch.cat([content, style], 1), system.index.alive.cpu())

    def nearest(self, system: System[Any], what: int, how: int, count: int) -> tuple[Near, ...]:
        distances = (self.features - torch.cat([self.what[what], self.how[how]])).norm(dim=1)
        order = distances.masked_fill(~self.alive, torch.inf).argsort(stable=True)[:count].tolist()
        ids = [system.catalog.item_ids[row] for row in order if self.alive[row]]
        return tuple(
            Near(item_id, title, float(distances[row]))
            for item_id, title, row in zip(ids, system.catalog.titles(ids), order, strict=False)
        )


def _means(rows: Tensor, group: Tensor, groups: int) -> Tensor:
    sums = rows.new_zeros(groups, rows.shape[1]).index_add_(0, group, rows)
    return sums / torch.bincount(group, minlength=groups).clamp(min=1).unsqueeze(1)


def _text(about: Sequence[str], manner: Sequence[str]) -> str:
    content = f"about {', '.join(about)}" if about else "of this content"
    return f"something {content}, told with {', '.join(manner)}" if manner else f"something {content}"
