"""A small decoder that writes under conditions, and copies from evidence.

A row reads: the person, the codes of what and how, the evidence, a mark, then the text:
    <user> what ... how ... <fact> tokens ... <fact> tokens ... <write> text ... <end>
The next token is a mixture of the vocabulary and of the evidence's own tokens, p(w) = g softmax(w) + (1 - g) sum of
attention over the places where w stands in the evidence (See et al. 2017, arXiv 1704.04368, eq. 9). Deviations: one
causal decoder reads and writes, without a coverage loss; the pointer has its own query and key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from generec.create.language_words import Words
from generec.errors import UsageError
from generec.nn.attention import PackedLayout, Prefix, TransformerBlock
from generec.nn.ragged import pad, row_of_token, unpad
from generec.records import Code

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Green = Callable[[str], "NDArray[np.bool_]"]
"""Which of `Words.vocabulary` a mark prefers after a token: `GreenList.over(vocabulary)`."""

_CONDITION, _EVIDENCE, _TEXT = range(3)
_LEAST = 1e-20  # probability below which a copy counts as impossible


@dataclass(frozen=True)
class Prompt:
    """What a text is written from. What is empty or None is not known, nor is a code that no item had."""

    what: Code = ()
    how: Code = ()
    user: Tensor | None = None  # (D,)
    evidence: tuple[tuple[int, ...], ...] = ()  # tokens of each statement


@dataclass(frozen=True)
class TextBatch:
    """Packed rows: prompts, and the texts behind them where there are any."""

    tokens: Tensor  # (sum T,) ids of the whole alphabet
    kinds: Tensor  # (sum T,) condition, evidence or text
    offsets: Tensor  # (B + 1,)
    users: Tensor  # (B, D) zeros where nobody is known
    source: Tensor  # (E,) packed positions of what may be copied
    source_offsets: Tensor  # (B + 1,)
    at: Tensor  # (P,) packed positions whose next token is asked for
    at_offsets: Tensor  # (B + 1,)
    targets: Tensor  # (P,) those next tokens; empty where a text is still to be written

    def to(self, device: torch.device) -> TextBatch:
        return TextBatch(**{name: value.to(device) for name, value in vars(self).items()})


@dataclass(frozen=True)
class Alphabet:
    """One numbering for all that a row consists of: words, <end>, <fact>, <write>, somebody, nobody, codes."""

    words: int
    what: tuple[int, ...]  # codebook sizes
    how: tuple[int, ...]

    @property
    def end(self) -> int:
        return self.words

    @property
    def outputs(self) -> int:
        """The words and <end> are what can be written."""
        return self.words + 1

    @property
    def size(self) -> int:
        return self.words + 5 + sum(size + 1 for size in (*self.what, *self.how))

    def row(self, prompt: Prompt) -> tuple[list[int], list[int], list[int]]:
        """Tokens of a prompt, their kinds, and where what may be copied stands."""
        fact, write, somebody, nobody = range(self.words + 1, self.words + 5)
        tokens = [nobody if prompt.user is None else somebody]
        start = self.words + 5
        for sizes, code in ((self.what, prompt.what), (self.how, prompt.how)):
            for level, size in enumerate(sizes):
                known = level < len(code) and 0 <= code[level] < size
                tokens.append(start + (code[level] if known else size))  # one more code: not known
                start += size + 1
        kinds = [_CONDITION] * len(tokens)
        places: list[int] = []
        for statement in prompt.evidence:
            tokens.append(fact)
            places += range(len(tokens), len(tokens) + len(statement))
            tokens += statement
        kinds += [_EVIDENCE] * (len(tokens) - len(kinds))
        return [*tokens, write], [*kinds, _TEXT], places

    def batch(self, prompts: Sequence[Prompt], texts: Sequence[Sequence[int]], dimensions: int) -> TextBatch:
        """Rows of prompts with their texts, each ended; prompts alone where `texts` is empty. dimensions: of users."""
        tokens: list[int] = []
        kinds: list[int] = []
        source: list[int] = []
        at: list[int] = []
        targets: list[int] = []
        offsets, source_offsets, at_offsets = [0], [0], [0]
        users = torch.zeros(len(prompts), dimensions)
        for number, prompt in enumerate(prompts):
            row, kind, places = self.row(prompt)
            base, written = len(tokens), [*texts[number], self.end] if texts else []
            if prompt.user is not None:
                users[number] = prompt.user
            source += [base + place for place in places]
            at += range(base + len(row) - 1, base + len(row) - 1 + max(1, len(written)))
            targets += written
            tokens += [*row, *written[:-1]]
            kinds += [*kind, *[_TEXT] * (len(written) - 1)]
            for ends, value in ((offsets, tokens), (source_offsets, source), (at_offsets, at)):
                ends.append(len(value))
        numbers = (tokens, kinds, offsets, source, source_offsets, at, at_offsets, targets)
        t, k, o, s, so, a, ao, w = (torch.tensor(part, dtype=torch.int64) for part in numbers)
        return TextBatch(t, k, o, users, s, so, a, ao, w)


@dataclass(frozen=True)
class Writing:
    """Texts under way: their prompt and what each has written."""

    prefix: Prefix
    keys: tuple[Tensor, ...]  # per layer (M, H, t, d)
    values: tuple[Tensor, ...]
    source: Tensor  # (E, K) pointer keys of what may be copied
    ids: Tensor  # (E,) its tokens


class TextModel(nn.Module):
    """Learned state of `LanguageModel`."""

    def __init__(self, spec: LanguageModel, alphabet: Alphabet, dimensions: int):
        super().__init__()
        self.alphabet, self.dimensions = alphabet, dimensions
        self.embedding = nn.Embedding(alphabet.size, spec.width)
        nn.init.normal_(self.embedding.weight, std=spec.width**-0.5)
        self.kind = nn.Embedding(3, spec.width)
        nn.init.normal_(self.kind.weight, std=spec.width**-0.5)
        self.user = nn.Linear(dimensions, spec.width, bias=False)
        self.dropout = nn.Dropout(spec.dropout)
        self.norm = nn.LayerNorm(spec.width)
        self.blocks = nn.ModuleList(
            TransformerBlock(spec.width, spec.heads, spec.reach, 4 * spec.width, spec.dropout)
            for _ in range(spec.layers)
        )
        self.final_norm = nn.LayerNorm(spec.width)
        self.query = nn.Linear(spec.width, spec.width)
        self.key = nn.Linear(2 * spec.width, spec.width)
        self.gate = nn.Linear(spec.width, 1)

    def _blocks(self) -> list[TransformerBlock]:
        return [cast(TransformerBlock, block) for block in self.blocks]

    def _embedded(self, batch: TextBatch) -> Tensor:
        x = self.embedding(batch.tokens) + self.kind(batch.kinds)
        x = x.index_add(0, batch.offsets[:-1], self.user(batch.users))  # a row begins with the person
        return torch.as_tensor(self.dropout(self.norm(x)))

    def hidden(self, batch: TextBatch) -> Tensor:
        """(sum T, W): what is known after each token."""
        layout, x = PackedLayout(batch.offsets), self._embedded(batch)
        for block in self._blocks():
            x = block(x, layout)
        return torch.as_tensor(self.final_norm(x))

    def pointer_keys(self, hidden: Tensor, batch: TextBatch) -> Tensor:
        """(E, K): a place is found by what stands there and by what stands before it."""
        both = torch.cat([hidden[batch.source], hidden[batch.source - 1]], dim=-1)
        return torch.as_tensor(self.key(both))

    def log_probs(self, batch: TextBatch) -> Tensor:
        """Log-probability of every target, (P,)."""
        hidden = self.hidden(batch)
        at = hidden[batch.at]  # (P, W)
        words = nn.functional.linear(at, self.embedding.weight[: self.alphabet.outputs]).float().log_softmax(-1)
        written = words.gather(1, batch.targets[:, None]).squeeze(1)
        rows = len(batch.offsets) - 1
        if batch.source.numel() == 0:
            return written
        asked, given = PackedLayout(batch.at_offsets), PackedLayout(batch.source_offsets)
        keys = pad(self.pointer_keys(hidden, batch), given.slots, rows, given.width)  # (B, E, K)
        queries = pad(self.query(at), asked.slots, rows, asked.width)  # (B, S, K)
        scores = (queries @ keys.transpose(-1, -2)).float() * keys.shape[-1] ** -0.5  # (B, S, E)
        lengths = batch.source_offsets[1:] - batch.source_offsets[:-1]
        absent = torch.arange(given.width, device=lengths.device) >= lengths[:, None]  # (B, E)
        weights = scores.masked_fill(absent[:, None], torch.finfo(scores.dtype).min).softmax(-1)
        ids = pad(batch.tokens[batch.source] + 1, given.slots, rows, given.width) - 1  # -1 behind each row
        targets = pad(batch.targets, asked.slots, rows, asked.width)
        copied = (weights * (ids[:, None] == targets[..., None])).sum(-1)  # (B, S)
        copied = unpad(copied, asked.slots)
        gate = self.gate(at).squeeze(-1).float()
        log_g, log_c = nn.functional.logsigmoid(gate), nn.functional.logsigmoid(-gate)
        mixed = torch.logaddexp(log_g + written, log_c + copied.clamp_min(_LEAST).log())
        return torch.where((lengths > 0)[row_of_token(batch.at_offsets)], mixed, written)

    def mixture(self, hidden: Tensor, source: Tensor, ids: Tensor) -> Tensor:
        """Log-probabilities of all outputs, (M, V), after states (M, W) over one evidence: keys (E, K), ids (E,)."""
        words = nn.functional.linear(hidden, self.embedding.weight[: self.alphabet.outputs]).float().log_softmax(-1)
        if ids.numel() == 0:
            return words
        weights = (self.query(hidden) @ source.T * source.shape[-1] ** -0.5).float().softmax(-1)  # (M, E)
        copied = torch.zeros_like(words).index_add(1, ids, weights)
        gate = self.gate(hidden).float()
        mixed = torch.sigmoid(gate) * words.exp() + torch.sigmoid(-gate) * copied
        return mixed.clamp_min(_LEAST).log()

    def start(self, prompt: Prompt, writers: int) -> tuple[Tensor, Writing]:
        """Reads a prompt once for several writers: log-probabilities (M, V) of their first token, and the state."""
        device = self.embedding.weight.device
        batch = self.alphabet.batch([prompt], [], self.dimensions).to(device)
        layout, x, keys, values = PackedLayout(batch.offsets), self._embedded(batch), [], []
        for block in self._blocks():
            x, key, value = block.read(x, layout)
            keys.append(key)
            values.append(value)
        hidden = self.final_norm(x)
        prefix = Prefix(tuple(keys), tuple(values), batch.offsets[1:])
        nothing = tuple(key[:, :, :0].expand(writers, -1, -1, -1) for key in keys)
        source = self.pointer_keys(hidden, batch)
        state = Writing(prefix, nothing, nothing, source, batch.tokens[batch.source])
        return self.mixture(hidden[batch.at].expand(writers, -1), state.source, state.ids), state

    def step(self, tokens: Tensor, state: Writing) -> tuple[Tensor, Writing]:
        """Each writer writes a token (M,): log-probabilities (M, V) of the next one."""
        x = self.norm(self.embedding(tokens) + self.kind.weight[_TEXT])
        keys, values = [], []
        for layer, block in enumerate(self._blocks()):
            x, key, value = block.step(x, state.prefix, layer, state.keys[layer], state.values[layer])
            keys.append(key)
            values.append(value)
        state = Writing(state.prefix, tuple(keys), tuple(values), state.source, state.ids)
        return self.mixture(self.final_norm(x), state.source, state.ids), state


@dataclass(frozen=True, kw_only=True)
class LanguageModel:
    """A GPT-like decoder with a pointer; about 2.6 million weights with 4,096 words."""

    width: int = 192
    layers: int = 4
    heads: int = 4
    reach: int = 256  # distances in tokens; those beyond share one position bias
    dropout: float = 0.1

    def build(self, alphabet: Alphabet, dimensions: int) -> TextModel:
        """dimensions: of the user vector."""
        return TextModel(self, alphabet, dimensions)


_LIKELY = 64  # words among which a draw mostly ends


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How tokens are drawn: softened by `temperature`, from the smallest set that holds `top_p` of the probability.

    Holtzman et al. 2020 (arXiv 1904.09751). green: a mark in the choice of tokens; `strength` is added to the logits
    of what it prefers.
    """

    temperature: float = 0.8
    top_p: float = 0.95
    tokens: int = 96  # most of one text
    green: Green | None = None
    strength: float = 2.0

    def __post_init__(self) -> None:
        if self.temperature <= 0 or not 0 < self.top_p <= 1 or self.tokens < 1:
            raise UsageError(f"sampling needs temperature > 0, 0 < top_p <= 1 and at least one token, got {self}")

    def draw(self, log_probs: Tensor, generator: torch.Generator) -> Tensor:
        """(M, V) -> (M,)."""
        probs = (log_probs / self.temperature).softmax(-1)
        ranked, order = probs.topk(min(_LIKELY, probs.shape[-1]))
        if bool((ranked.sum(-1) < self.top_p).any()):  # seldom: sorting all words is what costs
            ranked, order = probs.sort(dim=-1, descending=True)
        kept = ranked.masked_fill(ranked.cumsum(-1) - ranked >= self.top_p, 0.0)  # what is reached before top_p stays
        return order.gather(1, torch.multinomial(kept.cpu(), 1, generator=generator).to(order.device)).squeeze(1)


@dataclass(frozen=True)
class Sample:
    """A text that was drawn, and its mean log-probability per token (the end's included)."""

    text: str
    tokens: tuple[int, ...]
    log_prob: float
    ended: bool  # False: it was cut off at the limit


@torch.no_grad()
def sample(
    model: TextModel, words: Words, prompt: Prompt, count: int, sampling: Sampling, seed: int = 0
) -> list[Sample]:
    """Draws `count` texts at once, the same for the same seed, model and device."""
    model.eval()
    generator = torch.Generator().manual_seed(seed)
    log_probs, state = model.start(prompt, count)
    drawn: list[Tensor] = []
    worth: list[Tensor] = []
    last, going = [""] * count, torch.ones(count, dtype=torch.bool)
    for _ in range(sampling.tokens):
        tokens = sampling.draw(_marked(log_probs, last, sampling, words), generator)
        drawn.append(torch.where(going, tokens.cpu(), model.alphabet.end))
        worth.append(torch.where(going, log_probs.gather(1, tokens[:, None]).squeeze(1).cpu(), 0.0))
        going = going & (drawn[-1] != model.alphabet.end)
        if not bool(going.any()):
            break
        last = [words.vocabulary[t] if t < len(words.vocabulary) else "" for t in drawn[-1].tolist()]
        log_probs, state = model.step(drawn[-1].to(log_probs.device), state)
    found = torch.stack(drawn, 1).tolist()
    totals = torch.stack(worth, 1).sum(1).tolist()
    samples = []
    for row, total, unfinished in zip(found, totals, going.tolist(), strict=True):
        tokens_of = tuple(token for token in row if token != model.alphabet.end)
        samples.append(Sample(words.decode(tokens_of), tokens_of, total / (len(tokens_of) + 1), not unfinished))
    return samples


def _marked(log_probs: Tensor, last: Sequence[str], sampling: Sampling, words: Words) -> Tensor:
    """Log-probabilities with the mark on them; <end> is never green."""
    if sampling.green is None:
        return log_probs
    import numpy as np

    masks = torch.from_numpy(np.stack([sampling.green(token) for token in last]))
    if masks.shape[1] != len(words.vocabulary):
        raise UsageError(f"the mark is over {masks.shape[1]} tokens, the model writes {len(words.vocabulary)}")
    lifted = nn.functional.pad(masks.float(), (0, log_probs.shape[1] - masks.shape[1])) * sampling.strength
    return log_probs + lifted.to(log_probs.device)
