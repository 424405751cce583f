"""Constrained decoding beside Hugging Face `generate` with a prefix function: same weights, same ranking, what time?

Prints a table and writes JSON. Both sides hold the weights of one TIGER-size encoder-decoder and take the softmax over
the whole vocabulary, as T5 does. In fp32 the rankings must agree before anything is timed; in bf16 they are compared
for the record only, as random weights leave scores closer together than bf16 can tell apart.

    python bench/decode.py --threads 1 --out decode.json
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from generec.decoding.beam import BeamSearch
from generec.decoding.trie import children, compile_index
from generec.models.encoder_decoder import EncoderDecoder, EncoderDecoderModel
from generec.types import Context, ItemIndex, Ranked, SemanticIds
from measured import written

LEVELS, CODES, ITEMS = 4, 256, 12_000


class WholeVocabulary(EncoderDecoderModel):
    """The model with T5's normaliser, so that its scores are those of the peer."""

    def log_probs(self, hidden: Tensor, level: int) -> Tensor:
        logits = nn.functional.linear(hidden * self.spec.width**-0.5, self.embedding.weight)
        return logits.float().log_softmax(-1)[:, level * CODES : (level + 1) * CODES]


def catalogue(items: int, seed: int = 0) -> ItemIndex:
    """Random distinct code tuples."""
    generator = torch.Generator().manual_seed(seed)
    flat = torch.randint(CODES**LEVELS, (items + items // 100 + 100,), generator=generator).unique()
    flat = flat[torch.randperm(len(flat), generator=generator)[:items]]
    codes = torch.stack([flat // CODES**level % CODES for level in reversed(range(LEVELS))], 1)
    return compile_index(SemanticIds(codes, (CODES,) * LEVELS))


def requests(index: ItemIndex, count: int, items: int, seed: int = 1) -> Context:
    """Histories of random items as flat code tokens."""
    generator = torch.Generator().manual_seed(seed)
    history = torch.randint(len(index), (count * items,), generator=generator)
    tokens = (index.ids.codes[history] + index.ids.starts).flatten()
    return Context(tokens, torch.arange(count + 1) * items * LEVELS)


def as_hugging_face(model: EncoderDecoderModel) -> Any:
    """A T5ForConditionalGeneration with the model's weights."""
    from transformers import T5Config, T5ForConditionalGeneration

    spec = model.spec
    peer = T5ForConditionalGeneration(
        T5Config(
            vocab_size=model.begin + 1, d_model=spec.width, d_kv=spec.head_width, d_ff=spec.feed_forward,
            num_layers=spec.encoder_layers, num_decoder_layers=spec.decoder_layers, num_heads=spec.heads,
            dropout_rate=spec.dropout, pad_token_id=model.begin, decoder_start_token_id=model.begin, eos_token_id=None,
        )
    ).eval()  # fmt: skip
    state: dict[str, Tensor] = {"shared.weight": model.embedding.weight}
    for side, bias, norm in (("encoder", model.encoder_bias, model.encoder_norm),
                             ("decoder", model.decoder_bias, model.decoder_norm)):  # fmt: skip
        state[f"{side}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"] = bias.table.T
        state[f"{side}.final_layer_norm.weight"] = norm.weight
        for number, layer in enumerate(getattr(model, side)):
            attentions = [("SelfAttention", layer.attention, layer.attention_norm)]
            if side == "decoder":
                attentions.append(("EncDecAttention", layer.across, layer.across_norm))
            for place, (name, attention, before) in enumerate(attentions):
                key, value = attention.key_value.weight.chunk(2)
                at = f"{side}.block.{number}.layer.{place}."
                parts = {"q": attention.query.weight, "k": key, "v": value, "o": attention.out.weight}
                state |= {f"{at}{name}.{part}.weight": weight for part, weight in parts.items()}
                state[at + "layer_norm.weight"] = before.weight
            at = f"{side}.block.{number}.layer.{len(attentions)}."
            state[at + "DenseReluDense.wi.weight"] = layer.feed_forward.up.weight
            state[at + "DenseReluDense.wo.weight"] = layer.feed_forward.down.weight
            state[at + "layer_norm.weight"] = layer.feed_forward_norm.weight
    missing, unexpected = peer.load_state_dict(state, strict=False)
    assert not unexpected, unexpected
    assert set(missing) <= {"encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight"}, missing
    return peer


def followers(index: ItemIndex) -> dict[tuple[int, ...], list[int]]:
    """The trie as a dictionary of tuples: the flat tokens that may follow each prefix."""
    found: dict[tuple[int, ...], set[int]] = {}
    for tokens in (index.ids.codes + index.ids.starts).tolist():
        for length in range(LEVELS):
            found.setdefault(tuple(tokens[:length]), set()).add(tokens[length])
    return {prefix: sorted(tokens) for prefix, tokens in found.items()}


def generec(model: EncoderDecoderModel, context: Context, index: ItemIndex, beams: int) -> Callable[[], Ranked]:
    return lambda: BeamSearch(width=beams).decode(model, context, index, beams, None)


def hugging_face(peer: Any, context: Context, index: ItemIndex, beams: int) -> Callable[[], Ranked]:
    """`generate` with a prefix function, answers turned into rows."""
    table = followers(index)
    rows = {tuple(tokens): row for row, tokens in enumerate((index.ids.codes + index.ids.starts).tolist())}
    inputs = context.tokens.view(len(context), -1)

    def run() -> Ranked:
        with torch.no_grad():
            out = peer.generate(
                input_ids=inputs, attention_mask=torch.ones_like(inputs), num_beams=beams, num_return_sequences=beams,
                max_new_tokens=LEVELS, do_sample=False, length_penalty=0.0, return_dict_in_generate=True,
                output_scores=True, prefix_allowed_tokens_fn=lambda _, written: table[tuple(written.tolist()[1:])],
            )  # fmt: skip
        items = torch.tensor([rows[tuple(tokens)] for tokens in out.sequences[:, 1:].tolist()])
        return Ranked(items.view(-1, beams), out.sequences_scores.view(-1, beams))

    return run


def agreement(ours: Ranked, theirs: Ranked) -> dict[str, float]:
    pairs = list(zip(ours.items.tolist(), theirs.items.tolist(), strict=True))
    return {
        "top-1": statistics.mean(a[0] == b[0] for a, b in pairs),
        "overlap": statistics.mean(len(set(a) & set(b)) / len(b) for a, b in pairs),
        "largest score difference": float((ours.scores - theirs.scores).abs().max()),
    }


def interleaved(ours: Callable[[], Any], theirs: Callable[[], Any], pairs: int) -> dict[str, float]:
    """Median seconds of both sides and the median of the pairwise ratios, A B A B after one warm-up each."""
    ours(), theirs()
    seconds: dict[str, list[tuple[float, float]]] = {"ours": [], "theirs": []}
    for _ in range(pairs):
        for name, run in (("ours", ours), ("theirs", theirs)):
            wall, cpu = time.perf_counter(), time.process_time()
            run()
            seconds[name].append((time.perf_counter() - wall, time.process_time() - cpu))
    found: dict[str, float] = {}
    for place, clock in enumerate(("wall", "cpu")):
        a, b = ([pair[place] for pair in seconds[name]] for name in ("ours", "theirs"))
        found[f"{clock} ours"], found[f"{clock} theirs"] = statistics.median(a), statistics.median(b)
        found[f"{clock} ratio"] = statistics.median(y / x for x, y in zip(a, b, strict=True))
    return found


def trie_steps(index: ItemIndex, batch: int, beams: int, pairs: int) -> dict[str, float]:
    """One expansion of random first-level prefixes to scored candidates: CSR gather beside the dictionary of tuples."""
    table, level = followers(index), index.levels[0]
    nodes = torch.randint(level.codes.numel(), (batch, beams), generator=torch.Generator().manual_seed(2))
    prefixes = [(code,) for code in level.codes[nodes.flatten()].tolist()]
    scores, live = torch.randn(batch, beams * CODES), torch.ones(batch, beams, dtype=torch.bool)

    def fast() -> Tensor:
        below, parents, there = children(level.children, nodes, live)
        found = scores.gather(1, parents * CODES + index.levels[1].codes.take(below))
        return found.masked_fill_(~there, -torch.inf)

    def naive() -> Tensor:
        mask = torch.full((batch * beams, CODES), -torch.inf)
        for row, prefix in enumerate(prefixes):
            mask[row, torch.tensor(table[prefix]) - CODES] = 0
        return scores.view(-1, CODES) + mask

    ours, masked = fast(), naive()
    torch.testing.assert_close(ours[ours > -torch.inf], masked[masked > -torch.inf])
    return interleaved(fast, naive, pairs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--history", type=int, default=20, help="items a request; 20 are 80 tokens")
    parser.add_argument("--busy", action="store_true", help="measure on a loaded machine too; the load is recorded")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    before = os.getloadavg()[0]
    if before > (os.cpu_count() or 1) / 2 and not arguments.busy:
        sys.exit(f"the load is {before:.1f}: wait for a quiet machine, or accept its noise with --busy")
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    index = catalogue(ITEMS)
    context = requests(index, arguments.batch, arguments.history)
    result: dict[str, Any] = {
        "transformers": version("transformers"), "batch": arguments.batch, "history": arguments.history,
        "pairs": arguments.pairs, "load_before": before, "decoding": [],
    }  # fmt: skip
    model = WholeVocabulary(EncoderDecoder(), index.ids.sizes).eval()
    peer = as_hugging_face(model)
    for dtype in (torch.float32, torch.bfloat16):
        model, peer = model.to(dtype), peer.to(dtype)
        for beams in (20, 50):
            ours = generec(model, context, index, beams)
            theirs = hugging_face(peer, context, index, beams)
            agree = agreement(ours(), theirs())
            if dtype == torch.float32 and (agree["top-1"] < 1 or agree["overlap"] < 0.999):
                sys.exit(f"the rankings differ, nothing was timed: {agree}")
            row = {"precision": str(dtype), "beams": beams, **agree, **interleaved(ours, theirs, arguments.pairs)}
            result["decoding"].append(row)
            print(
                f"{row['precision']:15} beam {beams}: {arguments.batch / row['wall ours']:6.1f} against "
                f"{arguments.batch / row['wall theirs']:5.1f} requests/s, {row['wall ratio']:5.1f} x "
                f"({row['cpu ratio']:.1f} x CPU time), overlap {row['overlap']:.4f}",
                flush=True,
            )
    result["trie step"] = trie_steps(index, arguments.batch, 50, arguments.pairs)
    print(f"trie step of {arguments.batch * 50} beams: {result['trie step']['wall ratio']:.0f} x the naive twin")
    if arguments.out:
        written(arguments.out, result)


if __name__ == "__main__":
    main()
