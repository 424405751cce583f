from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from generec.decoding.trie import children, compile_index, on_device, root_children, with_items, without
from generec.errors import InputError, UsageError
from generec.types import ItemIndex, SemanticIds


@st.composite
def catalogues(draw) -> SemanticIds:
    sizes = tuple(draw(st.lists(st.integers(1, 5), min_size=1, max_size=4)))
    tuples = draw(st.sets(st.tuples(*(st.integers(0, size - 1) for size in sizes)), min_size=1, max_size=60))
    order = draw(st.permutations(sorted(tuples)))
    return SemanticIds(torch.tensor(order), sizes)


def naive(ids: SemanticIds) -> dict[tuple[int, ...], list[int]]:
    """Every prefix with the rows below it: the trie as a dictionary of tuples."""
    rows: dict[tuple[int, ...], list[int]] = {}
    for row, codes in enumerate(ids.codes.tolist()):
        for length in range(len(codes) + 1):
            rows.setdefault(tuple(codes[:length]), []).append(row)
    return rows


def prefixes(index: ItemIndex) -> list[list[tuple[int, ...]]]:
    """The prefix of every node, per level, read through the parents."""
    found: list[list[tuple[int, ...]]] = []
    for level in index.levels:
        above = found[-1] if found else [()]
        found.append([(*above[p], c) for p, c in zip(level.parents.tolist(), level.codes.tolist(), strict=True)])
    return found


def assert_like_naive(index: ItemIndex) -> None:
    twin, found = naive(index.ids), prefixes(index)
    for length, nodes in enumerate(found, start=1):
        assert nodes == sorted(prefix for prefix in twin if len(prefix) == length)
        spans = index.levels[length - 1].spans.tolist()
        for node, prefix in enumerate(nodes):
            assert sorted(index.order[spans[node] : spans[node + 1]].tolist()) == twin[prefix]
    for level, nodes in zip(index.levels[:-1], found[1:], strict=True):
        every = torch.arange(level.codes.numel())[None]
        below, parents, there = children(level.children, every, torch.ones_like(every, dtype=torch.bool))
        packed, parent = below[there], parents[there]
        assert packed.tolist() == list(range(len(nodes)))
        above = found[len(nodes[0]) - 2]
        assert [nodes[c][:-1] for c in packed.tolist()] == [above[p] for p in parent.tolist()]
    assert index.levels[-1].children.tolist() == list(range(len(index) + 1))
    assert root_children(index).tolist() == [0, len(found[0])]


@given(catalogues())
def test_trie_equals_dictionary_of_tuples(ids: SemanticIds) -> None:
    assert_like_naive(compile_index(ids))


@given(catalogues(), st.data())
def test_grown_index_equals_compiled_and_keeps_rows(ids: SemanticIds, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(ids)))
    if cut:
        index = compile_index(SemanticIds(ids.codes[:cut], ids.sizes))
        removed = data.draw(st.sets(st.integers(0, cut - 1)))
        grown = with_items(without(index, sorted(removed)), ids.codes[cut:])
        assert_like_naive(grown)
        assert torch.equal(grown.ids.codes, ids.codes)
        assert (~grown.alive).nonzero().flatten().tolist() == sorted(removed)
        assert bool(index.alive.all())  # the index before is untouched


def test_children_of_repeated_childless_and_dropped_nodes() -> None:
    nodes = torch.tensor([[2, 1, 0, 2], [1, 1, 0, 2]])
    live = torch.tensor([[True, True, True, True], [True, False, True, False]])
    below, parents, there = children(torch.tensor([0, 2, 2, 5]), nodes, live)
    assert below.tolist() == [[2, 3, 4, 0, 1, 2, 3, 4], [0, 1, 0, 0, 0, 0, 0, 0]]
    assert parents[there].tolist() == [0, 0, 0, 2, 2, 3, 3, 3, 2, 2]
    assert there.sum(1).tolist() == [8, 2]


def test_nodes_without_children_leave_one_empty_place() -> None:
    below, _, there = children(torch.tensor([0, 0, 3]), torch.tensor([[0], [1]]), torch.tensor([[True], [False]]))
    assert below.tolist() == [[0], [0]]
    assert not bool(there.any())


def test_codes_too_wide_for_one_key_sort_the_same(random_ids) -> None:
    ids = random_ids(200, (4, 4, 4, 4), seed=3)
    wide = SemanticIds(ids.codes, (2**20,) * 4)  # 80 bits
    narrow, long = compile_index(ids), compile_index(wide)
    assert torch.equal(narrow.order, long.order)
    for a, b in zip(narrow.levels, long.levels, strict=True):
        for name in ("codes", "parents", "children", "spans"):
            assert torch.equal(getattr(a, name), getattr(b, name))


def test_shared_ids_are_counted_and_named() -> None:
    codes = torch.tensor([[0, 1], [1, 1], [0, 1], [0, 1], [1, 0]])
    with pytest.raises(InputError, match=r"3 of 5 items share a semantic ID, e\.g\. rows 0 and 2.*disambiguation"):
        compile_index(SemanticIds(codes, (2, 2)))


def test_inserting_a_taken_id_is_refused_even_when_its_item_was_removed() -> None:
    index = without(compile_index(SemanticIds(torch.tensor([[0, 1], [1, 1]]), (2, 2))), [0])
    with pytest.raises(InputError, match="2 of 3 items share"):
        with_items(index, torch.tensor([[0, 1]]))


def test_wrong_shapes_and_ranges_are_refused() -> None:
    index = compile_index(SemanticIds(torch.tensor([[0, 1]]), (2, 2)))
    with pytest.raises(InputError, match=r"level 1 must be in range\(2\), got 1 to 2"):
        with_items(index, torch.tensor([[0, 2]]))
    with pytest.raises(InputError, match=r"must be \(n, 2\)"):
        with_items(index, torch.tensor([0, 1]))
    with pytest.raises(UsageError, match=r"range\(1\)"):
        without(index, [1])
    with pytest.raises(UsageError, match="1 booleans"):
        compile_index(index.ids, torch.ones(2, dtype=torch.bool))


def test_index_moves_to_another_device() -> None:
    index = compile_index(SemanticIds(torch.tensor([[0, 1], [1, 0]]), (2, 2)))
    assert on_device(index, torch.device("cpu")) is index
    moved = on_device(index, torch.device("meta"))
    assert all(part.is_meta for part in (moved.order, moved.alive, moved.levels[1].spans, moved.ids.codes))
