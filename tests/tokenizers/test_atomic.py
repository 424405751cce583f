from __future__ import annotations

import pytest
import torch

from generec.errors import InputError, UsageError
from generec.testing.contracts import check_tokenizer
from generec.tokenizers.atomic import Atomic
from generec.types import Events, SemanticIds


def test_contract(features: torch.Tensor, train: Events):
    check_tokenizer(Atomic(), features, train)
    check_tokenizer(Atomic(room=10), torch.zeros(30, 0), train)


def test_codes_are_rows_and_new_items_follow(train: Events):
    fitted = Atomic(room=3).fit(torch.zeros(4, 0), train)
    assert fitted.ids.codes.flatten().tolist() == [0, 1, 2, 3]
    assert fitted.ids.sizes == (7,)
    assert fitted.encode(torch.zeros(2, 0), fitted.ids).flatten().tolist() == [4, 5]
    taken = SemanticIds(torch.tensor([[0], [1], [2], [3], [5]]), (7,))
    assert fitted.encode(torch.zeros(2, 0), taken).flatten().tolist() == [4, 6]
    with pytest.raises(InputError, match="3 new items, 2 free item codes"):
        fitted.encode(torch.zeros(3, 0), taken)


def test_negative_room_is_refused(train: Events):
    with pytest.raises(UsageError, match="room"):
        Atomic(room=-1).fit(torch.zeros(4, 0), train)
