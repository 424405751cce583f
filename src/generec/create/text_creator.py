"""Writes new texts for a person from codes and evidence, with a small model trained on the catalogue's own text.

The model chooses, orders and joins; nothing that the evidence does not say leaves this file. Whether it may be used at
all is measured on items that it has not seen: it has to read more usual than an n-gram model, and to keep to evidence.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from random import Random
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from generec.create.language_model import Alphabet, LanguageModel, Prompt, Sample, Sampling, TextModel, sample
from generec.create.language_words import Words
from generec.create.text_fluency import NgramFluency
from generec.create.text_lessons import Directions, Lessons, Readers, Teaching, Tokens, fitting
from generec.create.text_statements import Phrases, Supported, sayings, statements, support, supported
from generec.errors import ArtefactError, FittingError, InputError
from generec.evidence.verify import EvidenceIndex
from generec.fitting.loop import Optimisation, Run, optimise
from generec.records import Abstain, BackendCard, Code, Draft, Evidence, Guidance, TextPayload, fingerprint
from generec.types import Catalog, Events

Reward = Callable[[Sequence[str]], Sequence[float]]
"""What texts are worth to the person; from other features than those that guide the model, and than the judge's."""

CARD = BackendCard("text creator")
_JUDGED = 48  # held-out items that texts are written for, to measure the support of facts


@dataclass(frozen=True, kw_only=True)
class TextBrief:
    """What to write. what, how and user guide the model; evidence is all that may be said."""

    guidance: Guidance
    evidence: tuple[Evidence, ...]
    what: Code = ()
    how: Code = ()
    user: Tensor | None = None  # (D,) mean of the features of what the person used
    human: str = ""  # a text by a person that the drafts have to beat
    asked: tuple[
        str, ...
    ] = ()  # statements of the evidence that a draft has to make: of the subject, then of the manner


class Author(Protocol):
    """Whoever writes texts on a brief, behind the same checks."""

    def create(
        self, brief: TextBrief, n: int = 1, seed: int = 0, reward: Reward | None = None
    ) -> tuple[Draft, ...] | Abstain: ...


def refusal(brief: TextBrief) -> str:
    """Why nothing may be written on a brief, by anybody; empty where something may."""
    if not brief.guidance.consent:
        return "this person did not agree to creations"
    if not brief.guidance.locale.lower().startswith("en"):
        return "only English texts are created"
    return "" if sayings(brief.evidence) else "there is no evidence to write from"


@dataclass(frozen=True)
class Drafting:
    """Makes drafts of texts as a model wrote them: what evidence does not say is left out, the best come first.

    phrases: of texts that a draft must not repeat outside of its evidence; least: statements that it must hold.
    """

    card: BackendCard
    phrases: Phrases
    least: int

    def drafts(
        self, brief: TextBrief, written: Sequence[tuple[str, float]], n: int, seed: int, reward: Reward | None
    ) -> tuple[Draft, ...] | Abstain:
        """Up to n drafts, the best by the reward first (by the number beside each text where None), or why none."""
        index = EvidenceIndex(brief.evidence)
        found: dict[str, tuple[Supported, float]] = {}
        for text, likely in written:
            kept = supported(_completed(text, brief.asked), index)
            if kept is not None and self._holds(kept):
                found.setdefault(kept.text, (kept, likely))
        if not found:
            return Abstain(f"none of {len(written)} texts could be verified")
        worth = _worth({text: likely for text, (_, likely) in found.items()}, reward, brief.human)
        best = sorted(found, key=lambda text: -worth[text])
        if brief.human and worth[brief.human] >= worth[best[0]]:
            return Abstain("the text that a person wrote is worth as much; it stays")
        return tuple(self._draft(brief, found[text][0], worth[text], seed) for text in best[:n])

    def _holds(self, kept: Supported) -> bool:
        return kept.statements >= self.least and not self.phrases.repeated(kept.text, kept.spans)

    def _draft(self, brief: TextBrief, kept: Supported, worth: float, seed: int) -> Draft:
        used = {span.evidence for span in kept.spans}
        return Draft(
            id=fingerprint(self.card.name, kept.text, brief.guidance.fingerprint),
            mode="created",
            payload=TextPayload(kept.text, spans=kept.spans),
            parents=tuple(dict.fromkeys(one.item_id for one in brief.evidence if one.id in used and one.item_id)),
            evidence=tuple(one for one in brief.evidence if one.id in used),
            backend=self.card,
            guidance=brief.guidance.fingerprint,
            seed=seed,
            what=brief.what,
            how=brief.how,
            reward=worth,
            notes=() if kept.whole else ("sentences without evidence were left out",),
        )


def _completed(text: str, asked: Sequence[str]) -> str:
    """The text with what was asked for and was left out: its subject before it, the rest behind it."""
    missing = [one for one in asked if one.rstrip(".!?") not in text]
    before = missing[:1] if missing and missing[0] == asked[0] else []
    return " ".join([*before, text, *missing[len(before) :]])


def _worth(likely: Mapping[str, float], reward: Reward | None, human: str) -> dict[str, float]:
    """What each text is worth, the person's own included; without a reward that one always stays."""
    if reward is None:
        return {**likely, **({human: math.inf} if human else {})}
    texts = [*([human] if human else []), *likely]
    return dict(zip(texts, map(float, reward(texts)), strict=True))


@dataclass(frozen=True, kw_only=True)
class TextCreator:
    """Trains a writer on a catalogue. English only: the verifier is."""

    model: LanguageModel = field(default_factory=LanguageModel)
    optimisation: Optimisation = field(
        default_factory=lambda: Optimisation(
            epochs=12, batch_tokens=4000, warm_up=0.05, decay_from=0.5, weight_decay=0.01, clip=1.0, patience=3,
            validate_every=1,
        )
    )  # fmt: skip
    teaching: Teaching = field(default_factory=Teaching)
    sampling: Sampling = field(default_factory=Sampling)
    vocabulary: int = 4096
    prose: str = "description"
    """The field whose texts are learned."""
    fields: tuple[str, ...] = ("topic", "categories", "genres", "tags")
    """Checked fields that are given as evidence."""
    held_out: float = 0.1
    """Share of the items that are not learned, for the gate."""
    best_of: int = 8
    least: int = 2
    """Statements that a draft must hold."""
    least_support: float = 0.8
    """Share of the content words of unfiltered samples that evidence must support."""
    run: int = 8
    """Most words in a row that a draft may share with one learned text, outside of its evidence."""

    def fit(
        self, items: Catalog, features: Tensor, what: Tensor, how: Tensor, train: Events, run: Run | None = None
    ) -> FittedTextCreator:
        """Learns from the items' texts. features (N, D), what (N, Lw), how (N, Lh) int64; train: rows of `items`.

        Raises InputError on shapes that do not fit, FittingError where too few items have text.
        """
        run = run or Run()
        _checked(items, features, what, how)
        texts = _prose(items, self.prose)
        rows = [row for row, text in enumerate(texts) if statements(text)]
        taught, held = _parted(rows, self.held_out, run.seed)
        words = Words.fit((texts[row] for row in taught), self.vocabulary)
        sizes = [tuple(int(top) + 1 for top in codes.amax(0)) for codes in (what, how)]
        alphabet = Alphabet(len(words), *sizes)
        features = features.float()
        directions, readers = Directions(features.mean(0)), Readers.of(train, features)
        said = [[tuple(words.encode(one)) for one in statements(text)] for text in texts]
        named = [[tuple(words.encode(one)) for one in ones] for ones in self._fields(items)]
        lessons = Lessons(self.teaching, alphabet, said, named, what, how, features, readers, directions, tuple(taught))
        torch.manual_seed(run.seed)
        model = self.model.build(alphabet, features.shape[1]).to(run.device)
        unseen = [[lessons.example(row, Random(row), 0.0) for row in held], _alone(lessons, held)]
        trajectory = optimise(
            model,
            lambda batch: -model.log_probs(batch).mean(),
            lessons,
            self.optimisation,
            run,
            name="text creator",
            validate=lambda: _read(model, unseen),
            metric="fluency",
        )
        figures = {
            **_read(model, unseen),
            "ngram": _ngram_nats(lessons, held),
            "support": self._support(model, words, unseen[0], run.seed),
            "epochs": float(trajectory.best_epoch),
            "held_out": float(len(held)),
        }
        phrases = Phrases.of((texts[row] for row in taught), self.run + 1)
        return FittedTextCreator(self, words, model, directions, phrases, figures)

    def restore(self, state: Mapping[str, Tensor]) -> FittedTextCreator:
        """A creator from its state. Raises ArtefactError where that is none, or of other hyperparameters."""
        try:
            card = json.loads(_text(state["card"]))
            alphabet = Alphabet(card["words"], tuple(card["what"]), tuple(card["how"]))
            model = self.model.build(alphabet, card["dimensions"])
            prefix = "model."
            own = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
            model.load_state_dict(own)
            phrases = Phrases(state["phrases"].numpy(), card["phrase"])
            words, directions = Words(_text(state["words"])), Directions(state["centre"])
            return FittedTextCreator(self, words, model.eval(), directions, phrases, card["figures"])
        except (KeyError, ValueError, TypeError, RuntimeError) as error:
            raise ArtefactError(f"this is no state of this text creator ({error}); train it again") from error

    def _fields(self, items: Catalog) -> list[tuple[str, ...]]:
        """What each item's checked fields say."""
        present = [name for name in self.fields if name in items.frame.columns]
        found: list[tuple[str, ...]] = []
        for row in items.frame.select(present).iter_rows(named=True) if present else ({} for _ in range(len(items))):
            values = {name: value if isinstance(value, str) else ", ".join(value or ()) for name, value in row.items()}
            evidence = [Evidence(name, value, None, name, "field") for name, value in values.items() if value]
            found.append(sayings(evidence))
        return found

    def _support(self, model: TextModel, words: Words, unseen: Sequence[tuple[Prompt, Tokens]], seed: int) -> float:
        """Share of content words that evidence supports, in one unfiltered sample per held-out item."""
        right = total = 0
        for prompt, _ in unseen[:_JUDGED]:
            known = EvidenceIndex(tuple(Evidence(str(at), words.decode(one)) for at, one in enumerate(prompt.evidence)))
            for drawn in sample(model, words, prompt, 1, self.sampling, seed):
                counts = support(drawn.text, known)
                right, total = right + counts[0], total + counts[1]
        return right / max(1, total)


@dataclass(frozen=True)
class FittedTextCreator:
    """A trained writer and what was measured of it.

    figures: `nats` per token of held-out texts without evidence and `ngram` for the same; `nats_given` with evidence;
    `support` of unfiltered samples; `epochs`; `held_out` items.
    """

    spec: TextCreator
    words: Words
    model: TextModel
    directions: Directions
    phrases: Phrases
    figures: Mapping[str, float]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it may not be used; none where it may."""
        nats, ngram, share = (self.figures[name] for name in ("nats", "ngram", "support"))
        least, found = self.spec.least_support, []
        if not nats < ngram:
            found.append(f"it reads no better than an n-gram model ({nats:.2f} nats per token, {ngram:.2f})")
        if not share >= least:
            found.append(f"evidence supports {share:.0%} of what it writes, at least {least:.0%} is asked")
        return tuple(found)

    @property
    def ready(self) -> bool:
        return not self.reasons

    def create(
        self, brief: TextBrief, n: int = 1, seed: int = 0, reward: Reward | None = None
    ) -> tuple[Draft, ...] | Abstain:
        """Up to n drafts, the best by the reward first (by the model's own likelihood where None); ties to the earlier.

        Abstains without consent or evidence, when the gate is not met, when nothing can be verified, and when the
        text by a person is worth as much.
        """
        refusal = self._refusal(brief)
        if refusal:
            return Abstain(refusal)
        written = [(drawn.text, drawn.log_prob) for drawn in self.samples(brief, self.spec.best_of, seed)]
        return Drafting(CARD, self.phrases, self.spec.least).drafts(brief, written, n, seed, reward)

    def samples(self, brief: TextBrief, count: int, seed: int) -> list[Sample]:
        """Texts as the model writes them, before anything is checked."""
        return sample(self.model, self.words, self.prompt(brief), count, self.spec.sampling, seed)

    def prompt(self, brief: TextBrief) -> Prompt:
        """The brief as the model reads it; statements beyond the room for evidence are left out."""
        said = [tuple(self.words.encode(one)) for one in sayings(brief.evidence)]
        user = None
        if brief.user is not None and bool((brief.user - self.directions.centre).any()) and bool(brief.user.any()):
            user = self.directions(brief.user.float())
        return Prompt(brief.what, brief.how, user, tuple(fitting(said, self.spec.teaching.evidence)))

    def state(self) -> dict[str, Tensor]:
        alphabet = self.model.alphabet
        card = {
            "words": alphabet.words, "what": alphabet.what, "how": alphabet.how, "dimensions": self.model.dimensions,
            "phrase": self.phrases.length, "figures": dict(self.figures), "model": asdict(self.spec.model),
        }  # fmt: skip
        own = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        return own | {
            "centre": self.directions.centre, "phrases": torch.from_numpy(self.phrases.hashes),
            "words": _tensor(self.words.json), "card": _tensor(json.dumps(card)),
        }  # fmt: skip

    def _refusal(self, brief: TextBrief) -> str:
        unready = f"the text creator is not good enough on this catalogue: {'; '.join(self.reasons)}"
        return refusal(brief) or ("" if self.ready else unready)


def _checked(items: Catalog, features: Tensor, what: Tensor, how: Tensor) -> None:
    for name, given in (("features", features), ("what codes", what), ("how codes", how)):
        if given.ndim != 2 or len(given) != len(items):
            raise InputError(f"{name} must be ({len(items)}, width), one row per item, got {tuple(given.shape)}")


def _prose(items: Catalog, name: str) -> list[str]:
    if name not in items.frame.columns:
        raise InputError(f"a text creator learns from the field {name!r}, the catalogue has {items.frame.columns}")
    return [text or "" for text in items.frame[name].to_list()]


def _parted(rows: Sequence[int], share: float, seed: int) -> tuple[list[int], list[int]]:
    """Items that are learned, and those held out."""
    held = max(1, round(share * len(rows)))
    if len(rows) - held < 1:
        raise FittingError(f"{len(rows)} items have text that stands by itself; a text creator needs at least two")
    mixed = Random(seed).sample(list(rows), len(rows))
    return sorted(mixed[held:]), mixed[:held]


def _alone(lessons: Lessons, rows: Sequence[int]) -> list[tuple[Prompt, Tokens]]:
    """The same items without evidence."""
    found = []
    for row in rows:
        prompt, _ = lessons.example(row, Random(row), 0.0)
        text = tuple(t for one in fitting(lessons.said[row], lessons.teaching.text - 1) for t in one)
        found.append((Prompt(prompt.what, prompt.how, prompt.user), text))
    return found


@torch.no_grad()
def _read(model: TextModel, unseen: Sequence[Sequence[tuple[Prompt, Tokens]]]) -> dict[str, float]:
    """Nats per token (each text's end included) with and without evidence; fluency is what is to be made large."""
    device = model.embedding.weight.device
    found = []
    for examples in unseen:
        total, tokens = 0.0, 0
        for start in range(0, len(examples), 32):
            some = examples[start : start + 32]
            batch = model.alphabet.batch([p for p, _ in some], [t for _, t in some], model.dimensions).to(device)
            worth = model.log_probs(batch)
            total, tokens = total - float(worth.sum()), tokens + worth.numel()
        found.append(total / max(1, tokens))
    return {"nats_given": found[0], "nats": found[1], "fluency": -(found[0] + found[1]) / 2}


def _ngram_nats(lessons: Lessons, held: Sequence[int]) -> float:
    """Nats per token of the same held-out texts under trigrams of the same tokens."""

    def spelled(row: int) -> str:
        tokens = (t for one in fitting(lessons.said[row], lessons.teaching.text - 1) for t in one)
        return " ".join(map(str, [*tokens, lessons.alphabet.end]))

    usual = NgramFluency.fit(spelled(row) for row in lessons.rows)
    worth = [value for row in held for value in usual.log_probs(spelled(row).split())]
    return -sum(worth) / max(1, len(worth))


def _tensor(text: str) -> Tensor:
    return torch.from_numpy(np.frombuffer(text.encode(), np.uint8).copy())


def _text(tensor: Tensor) -> str:
    return tensor.cpu().numpy().astype(np.uint8).tobytes().decode()
