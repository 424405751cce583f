"""A small random catalogue with semantic IDs, for model tests."""

import torch

from generec.decoding.trie import compile_index
from generec.types import Context, SemanticIds


def small_index(items=60, sizes=(5, 4, 6), seed=0):
    generator = torch.Generator().manual_seed(seed)
    total = torch.tensor(sizes).prod()
    flat = torch.randperm(int(total), generator=generator)[:items]
    codes = torch.stack([flat // (sizes[1] * sizes[2]), flat // sizes[2] % sizes[1], flat % sizes[2]], dim=1)
    return compile_index(SemanticIds(codes, tuple(sizes)))


def packed(histories):
    offsets = torch.tensor([0, *map(len, histories)]).cumsum(0)
    return Context(torch.tensor([item for history in histories for item in history]), offsets)


def random_histories(people, items, longest=12, seed=1):
    generator = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, longest + 1, (people,), generator=generator).tolist()
    return [torch.randint(items, (length,), generator=generator).tolist() for length in lengths]
