from __future__ import annotations

import pytest
import torch
from torch import Tensor

from generec.decoding.beam import BeamSearch
from generec.decoding.exact import ExhaustiveSearch
from generec.decoding.trie import compile_index
from generec.errors import UsageError
from generec.models.encoder_decoder import EncoderDecoder, EncoderDecoderModel
from generec.nn.relative_position import buckets
from generec.types import Context, SemanticIds

SIZES = (5, 4, 6)
SMALL = EncoderDecoder(width=16, encoder_layers=2, decoder_layers=2, heads=3, head_width=8, feed_forward=32)


def build(seed: int = 0, spec: EncoderDecoder = SMALL, sizes: tuple[int, ...] = SIZES) -> EncoderDecoderModel:
    torch.manual_seed(seed)
    index = compile_index(SemanticIds(torch.zeros(1, len(sizes), dtype=torch.int64), sizes))
    return spec.build(index, torch.empty(1, 0)).eval()


def contexts(lengths: list[int], seed: int = 0, vocabulary: int = sum(SIZES)) -> Context:
    generator = torch.Generator().manual_seed(seed)
    offsets = torch.tensor([0, *lengths]).cumsum(0)
    return Context(torch.randint(vocabulary, (int(offsets[-1]),), generator=generator), offsets)


def some_codes(rows: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.stack([torch.randint(size, (rows,), generator=generator) for size in SIZES], 1)


def naive_log_probs(model: EncoderDecoderModel, tokens: Tensor, codes: Tensor) -> Tensor:
    """One history, one item, textbook operations: (T,), (L,) -> (L,)."""
    spec = model.spec

    def attend(part, x, memory, bias):
        query = part.query(x).unflatten(1, (spec.heads, -1)).transpose(0, 1)
        key, value = (y.unflatten(1, (spec.heads, -1)).transpose(0, 1) for y in part.key_value(memory).chunk(2, 1))
        mixed = (query @ key.transpose(1, 2) + bias).softmax(-1) @ value
        return part.out(mixed.transpose(0, 1).flatten(1))

    def bias(table, length, causal):
        relative = torch.arange(length) - torch.arange(length)[:, None]
        found = table[:, buckets(relative, 32, 128, causal)]
        return found.masked_fill(relative > 0, -torch.inf) if causal else found

    def norm(part, x):
        return x * (x.square().mean(-1, keepdim=True) + 1e-6).rsqrt() * part.weight

    def feed(part, x):
        return part.down(torch.relu(part.up(x)))

    x = model.embedding.weight[tokens]
    for layer in model.encoder:
        y = norm(layer.attention_norm, x)
        x = x + attend(layer.attention, y, y, bias(model.encoder_bias.table, len(tokens), False))
        x = x + feed(layer.feed_forward, norm(layer.feed_forward_norm, x))
    memory = norm(model.encoder_norm, x)
    starts = [sum(SIZES[:level]) for level in range(len(SIZES))]
    written = [model.begin] + [start + int(code) for start, code in zip(starts, codes[:-1], strict=False)]
    x = model.embedding.weight[written]
    for layer in model.decoder:
        y = norm(layer.attention_norm, x)
        x = x + attend(layer.attention, y, y, bias(model.decoder_bias.table, len(written), True))
        x = x + attend(layer.across, norm(layer.across_norm, x), memory, 0)
        x = x + feed(layer.feed_forward, norm(layer.feed_forward_norm, x))
    x = norm(model.decoder_norm, x) * spec.width**-0.5
    return torch.stack(
        [
            (x[level] @ model.embedding.weight[start : start + size].T).log_softmax(0)[codes[level]]
            for level, (start, size) in enumerate(zip(starts, SIZES, strict=True))
        ]
    )


LENGTHS = [6, 3, 12, 3, 6, 1, 40, 6]


def test_packed_batch_equals_textbook_rows() -> None:
    """Batch = single, packed = unpadded, grouped = naive."""
    model, context, codes = build(), contexts(LENGTHS), some_codes(len(LENGTHS))
    found = model.code_log_probs(context, context.last, codes)
    assert found.dtype == torch.float32
    for row in range(len(LENGTHS)):
        tokens = context.tokens[context.offsets[row] : context.offsets[row + 1]]
        torch.testing.assert_close(found[row], naive_log_probs(model, tokens, codes[row]), atol=1e-4, rtol=0)


def test_cached_steps_equal_the_uncached_pass() -> None:
    """Several beams a request, reordered between the steps, with padded cross-attention keys."""
    model, context = build(), contexts(LENGTHS)
    requests, beams = len(LENGTHS), 4
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        log_probs, state = model.start(context)
        written = torch.zeros(requests, 1, 0, dtype=torch.int64)  # (B, W, codes so far)
        total = torch.zeros(requests, 1, 0)
        for level, size in enumerate(SIZES):
            width = written.shape[1]
            parents = torch.randint(width, (requests, beams), generator=generator)
            codes = torch.randint(size, (requests, beams), generator=generator)
            rows = (torch.arange(requests)[:, None] * width + parents).flatten()
            picked = log_probs[rows].gather(1, codes.view(-1, 1)).view(requests, beams, 1)
            index = parents[..., None].expand(-1, -1, level)
            written = torch.cat([written.gather(1, index), codes[..., None]], 2)
            total = torch.cat([total.gather(1, index), picked], 2)
            if level + 1 < len(SIZES):
                log_probs, state = model.step(codes.flatten(), model.select(state, rows))
                assert log_probs.shape == (requests * beams, SIZES[level + 1])
        for beam in range(beams):
            uncached = model.code_log_probs(context, context.last, written[:, beam])
            torch.testing.assert_close(total[:, beam], uncached, atol=1e-4, rtol=0)


def test_log_probabilities_of_a_level_sum_to_one() -> None:
    log_probs, _ = build().start(contexts(LENGTHS))
    torch.testing.assert_close(log_probs.exp().sum(1), torch.ones(len(LENGTHS)))


def test_a_full_beam_equals_exhaustive_search() -> None:
    model, context = build(), contexts([3, 9, 3, 6])
    codes = torch.cartesian_prod(*(torch.arange(size) for size in SIZES))
    order = torch.randperm(len(codes), generator=torch.Generator().manual_seed(0))[:70]
    index = compile_index(SemanticIds(codes[order], SIZES))
    beam = BeamSearch(width=70).decode(model, context, index, 70, None)
    exact = ExhaustiveSearch(beams=50).decode(model, context, index, 70, None)
    torch.testing.assert_close(beam.scores, exact.scores, atol=1e-4, rtol=0)
    assert float((beam.items == exact.items).float().mean()) > 0.9  # near ties may swap
    assert torch.equal(beam.items.sort(1)[0], exact.items.sort(1)[0])


@pytest.mark.parametrize("lengths", [[3, 0, 6], [0, 0, 0]])
def test_an_empty_history_is_answered_the_same_both_ways(lengths: list[int]) -> None:
    model, context = build(), contexts(lengths)
    codes = some_codes(3)
    log_probs, _ = model.start(context)
    found = model.code_log_probs(context, torch.arange(3), codes)
    assert bool(found.isfinite().all())
    torch.testing.assert_close(found[:, :1], log_probs.gather(1, codes[:, :1]), atol=1e-4, rtol=0)


@pytest.mark.parametrize("how", ["copy", "autocast"])
def test_bf16_stays_near_fp32_and_its_log_probabilities_are_fp32(how: str) -> None:
    model, context, codes = build(), contexts(LENGTHS), some_codes(len(LENGTHS))
    exact = model.code_log_probs(context, context.last, codes)
    if how == "copy":
        model = model.bfloat16()
    with torch.autocast("cpu", torch.bfloat16, enabled=how == "autocast"):
        for training in (False, True):
            found = model.train(training).code_log_probs(context, context.last, codes)
            assert found.dtype == torch.float32
            if not training:
                torch.testing.assert_close(found, exact, atol=0.15, rtol=0)
        log_probs, state = model.eval().start(context)
        after, _ = model.step(codes[:, 0], state)
    assert log_probs.dtype == after.dtype == torch.float32
    torch.testing.assert_close(after.gather(1, codes[:, 1:2]), exact[:, 1:2], atol=0.15, rtol=0)
    (-found.sum()).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    assert all(bool(parameter.grad.isfinite().all()) for parameter in model.parameters())


def test_gradients_equal_those_of_the_textbook_model() -> None:
    model, context, codes = build(), contexts([6, 3, 6]), some_codes(3)
    parameters = dict(model.named_parameters())
    fast = torch.autograd.grad(model.code_log_probs(context, context.last, codes).sum(), list(parameters.values()))
    rows = [context.tokens[a:b] for a, b in zip(context.offsets[:-1], context.offsets[1:], strict=True)]
    slow = torch.autograd.grad(
        sum(naive_log_probs(model, tokens, codes[row]).sum() for row, tokens in enumerate(rows)),
        list(parameters.values()),
    )
    for name, a, b in zip(parameters, fast, slow, strict=True):
        torch.testing.assert_close(a, b, atol=2e-4, rtol=1e-3, msg=lambda text, name=name: f"{name}: {text}")


def test_dropout_follows_the_seed_and_ends_with_training() -> None:
    model, context, codes = build(), contexts(LENGTHS), some_codes(len(LENGTHS))

    def run(seed: int) -> Tensor:
        torch.manual_seed(seed)
        return model.code_log_probs(context, context.last, codes)

    model.train()
    assert torch.equal(run(1), run(1))
    assert not torch.equal(run(1), run(2))
    model.eval()
    assert torch.equal(run(1), run(2))


def test_learns_which_item_follows_which() -> None:
    torch.manual_seed(0)
    ids = SemanticIds(torch.cartesian_prod(*(torch.arange(size) for size in SIZES))[::4][:30], SIZES)
    index = compile_index(ids)
    model = SMALL.build(index, torch.empty(30, 0))
    history = torch.randperm(30)
    follows = torch.randperm(30)  # the item after each one
    context = Context((ids.codes[history] + ids.starts).flatten(), torch.arange(31) * 3)
    target = ids.codes[follows[history]]
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    for _ in range(150):
        optimizer.zero_grad()
        (-model.code_log_probs(context, context.last, target).sum(1).mean()).backward()
        optimizer.step()
    ranked = BeamSearch(width=5).decode(model.eval(), context, index, 1, None)
    assert ranked.items[:, 0].tolist() == follows[history].tolist()


def test_extra_tokens_are_read_and_positions_are_counted() -> None:
    model = EncoderDecoder(width=16, heads=2, head_width=8, feed_forward=16, extra_tokens=7).build(
        compile_index(SemanticIds(torch.zeros(1, 3, dtype=torch.int64), SIZES)), torch.empty(1, 0)
    )
    assert model.embedding.num_embeddings == sum(SIZES) + 7 + 1
    context = contexts([4, 4], vocabulary=sum(SIZES) + 7)
    with pytest.raises(UsageError, match="one item per context, got 3 positions for 2"):
        model.code_log_probs(context, torch.arange(3), some_codes(3))
