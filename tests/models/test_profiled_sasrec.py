"""SASRec told about the person: silent where nothing is told, alone as in a batch, refusing what tells nothing."""

import pytest
import torch
from item_worlds import packed, random_histories, small_index

from generec.decoding.exact import Exact
from generec.decoding.states_first import StatesFirst
from generec.errors import UsageError
from generec.models.profiled import ProfiledSasRec
from generec.models.sasrec import SasRec
from generec.nn.conditioned import ConditionedContext


def told(histories, about):
    plain = packed(histories)
    return ConditionedContext(plain.tokens, plain.offsets, about=about)


def built():
    torch.manual_seed(0)
    index = small_index()
    model = ProfiledSasRec(about=6, of=SasRec()).build(index, torch.randn(len(index), 8))
    return model.eval(), index


def test_a_person_of_whom_nothing_is_told_is_read_as_by_sasrec():
    model, index = built()
    torch.manual_seed(0)
    plain = SasRec().build(index, torch.randn(len(index), 8)).eval()
    plain.load_state_dict({name: at for name, at in model.state_dict().items() if not name.startswith("tell")})
    histories = random_histories(5, len(index))
    context = told(histories, torch.zeros(5, 6))
    assert torch.allclose(model.hidden(context, context.last), plain.hidden(packed(histories), context.last), atol=1e-6)


def test_each_row_is_told_its_own():
    model, index = built()
    histories, about = random_histories(5, len(index)), torch.randn(5, 6)
    context = told(histories, about)
    together = model.hidden(context, context.last)
    for row in range(5):
        alone = told([histories[row]], about[row : row + 1])
        assert torch.allclose(model.hidden(alone, alone.last)[0], together[row], atol=1e-5)
    other = told(histories, about.roll(1, 0))
    assert not torch.allclose(model.hidden(other, other.last), together, atol=1e-2)


def test_a_context_that_tells_nothing_is_refused():
    model, index = built()
    context = packed(random_histories(2, len(index)))
    with pytest.raises(UsageError, match="Profiled"):
        model.hidden(context, context.last)


def test_states_first_answers_as_exact_does():
    _, index = built()
    torch.manual_seed(1)
    model = SasRec().build(index, torch.randn(len(index), 8)).eval()
    context, allowed = packed(random_histories(9, len(index))), torch.rand(9, len(index)) < 0.5
    for mask in (None, allowed):
        exact = Exact().decode(model, context, index, 7, mask)
        found = StatesFirst(of=Exact(requests=4)).decode(model, context, index, 7, mask)
        assert torch.equal(found.items, exact.items)
        assert torch.allclose(found.scores, exact.scores, atol=1e-5)


def test_what_is_told_reaches_the_ranking():
    model, index = built()
    histories = random_histories(6, len(index))
    ranked = [StatesFirst(of=Exact(requests=4)).decode(model, told(histories, about), index, 5, None).items
              for about in (torch.zeros(6, 6), torch.randn(6, 6))]  # fmt: skip
    assert not torch.equal(*ranked)
