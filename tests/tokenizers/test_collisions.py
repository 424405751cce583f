from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.errors import InputError
from generec.tokenizers.collisions import AppendLevel, Reassign, Refuse, check_distinct, resolve
from generec.tokenizers.quantized import ResidualQuantizer
from generec.types import SemanticIds


def quantizer(sizes: tuple[int, ...], seed: int = 0) -> ResidualQuantizer:
    generator = torch.Generator().manual_seed(seed)
    return ResidualQuantizer(
        tuple(torch.randn(size, 4, generator=generator) / (level + 1) for level, size in enumerate(sizes))
    )


def naive_nearest_free(feature: torch.Tensor, leaf: tuple[int, ...], taken: set, books: ResidualQuantizer) -> tuple:
    """The longest prefix with a free leaf; under it, code by code, the nearest that still leads to a free leaf."""
    free = [codes for codes in itertools.product(*map(range, books.sizes)) if codes not in taken]
    kept = max(length for length in range(len(leaf)) if any(codes[:length] == leaf[:length] for codes in free))
    found = leaf[:kept]
    while len(found) < len(leaf):
        left = feature - sum((books.codebooks[level][code] for level, code in enumerate(found)), torch.zeros(4))
        choices = sorted({codes[len(found)] for codes in free if codes[: len(found)] == found})
        book = books.codebooks[len(found)]
        found += (min(choices, key=lambda code, left=left, book=book: float((book[code] - left).square().sum())),)
    return found


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 18), st.integers(0, 1000))
def test_reassign_equals_the_naive_twin(items: int, seed: int):
    books = quantizer((3, 2, 3), seed)
    features = 0.3 * torch.randn(items, 4, generator=torch.Generator().manual_seed(seed))
    raw = books.codes(features)
    taken: set = set()
    expected: list = []
    for leaf in map(tuple, raw.tolist()):
        expected.append(leaf if leaf not in taken else None)
        taken.add(leaf)
    for row, leaf in enumerate(expected):
        if leaf is None:
            expected[row] = naive_nearest_free(features[row], tuple(raw[row].tolist()), taken, books)
            taken.add(expected[row])
    assert list(map(tuple, resolve(Reassign(), books, features, raw).codes.tolist())) == expected


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([Reassign(), AppendLevel(), AppendLevel(size=2)]), st.integers(0, 20), st.integers(0, 10))
def test_later_items_get_ids_of_their_own_and_nothing_changes(rule, items: int, later: int):
    books = quantizer((4, 3, 3))
    features = torch.zeros(items + 2 * later, 4)  # all the same: everything collides
    if rule == Reassign() and len(features) > 36:
        return
    raw = books.codes(features)
    ids = resolve(rule, books, features[:items], raw[:items])
    codes, rest = ids.codes, raw[items:]
    for batch in (rest[:later], rest[later:]):
        taken = SemanticIds(codes, ids.sizes)
        codes = torch.cat([codes, rule.place(books, torch.zeros(later, 4), batch, taken)])
    check_distinct(codes)
    assert torch.equal(codes[:items], ids.codes)
    assert (codes < torch.tensor(ids.sizes)).all()


def test_appended_numbers_count_the_items_of_a_leaf():
    books = quantizer((2, 2))
    raw = torch.tensor([[0, 1], [1, 0], [0, 1], [0, 1], [1, 0]])
    ids = resolve(AppendLevel(room=4), books, torch.zeros(5, 4), raw)
    assert ids.codes.tolist() == [[0, 1, 0], [1, 0, 0], [0, 1, 1], [0, 1, 2], [1, 0, 1]]
    assert ids.sizes == (2, 2, 7)


def test_a_full_leaf_spills_into_the_nearest():
    books = ResidualQuantizer((torch.tensor([[0.0], [1.0], [3.0]]),))
    features = torch.zeros(5, 1)
    ids = resolve(AppendLevel(size=2), books, features, books.codes(features))
    assert ids.codes.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1], [2, 0]]


def test_an_item_with_a_leaf_of_its_own_is_never_displaced():
    books = ResidualQuantizer((torch.tensor([[0.0], [1.0], [3.0]]),))
    features = torch.tensor([[0.0], [0.0], [1.0]])
    assert resolve(Reassign(), books, features, books.codes(features)).codes.tolist() == [[0], [2], [1]]


def test_numbers_with_gaps_are_filled_without_a_clash():
    books = quantizer((2,))
    taken = SemanticIds(torch.tensor([[0, 1], [0, 2]]), (2, 4))
    placed = AppendLevel().place(books, torch.zeros(2, 4), torch.tensor([[0], [0]]), taken)
    check_distinct(torch.cat([taken.codes, placed]))


@pytest.mark.parametrize("rule", [Reassign(), AppendLevel(size=1)])
def test_more_items_than_ids_is_an_error(rule):
    books = quantizer((2, 2))
    features = torch.zeros(5, 4)
    with pytest.raises(InputError, match=r"all 4 semantic IDs of sizes \(2, 2\) are taken"):
        resolve(rule, books, features, books.codes(features))


def test_refusing_says_how_many_share_and_what_to_do():
    raw = torch.tensor([[0, 1], [1, 1], [0, 1]])
    with pytest.raises(InputError, match="2 of 3 items share a semantic ID; append a disambiguation level"):
        resolve(Refuse(), quantizer((2, 2)), torch.zeros(3, 4), raw)
    assert resolve(Refuse(), quantizer((2, 2)), torch.zeros(2, 4), raw[:2]).codes.tolist() == raw[:2].tolist()
