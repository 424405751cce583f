"""New texts for a guidance: what the catalogue says of the asked *what* and *how*, written for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from torch import Tensor

from generec.create.text_creator import CARD, Reward, TextBrief
from generec.create.text_evidence import taking_turns
from generec.create.text_statements import statements
from generec.loop.arms import Arm
from generec.loop.meaning import Scores
from generec.loop.retrieve import Retriever
from generec.loop.writer import Writer
from generec.records import Abstain, Code, Draft, Evidence, Guidance, Person
from generec.types import Condition

ARM = Arm(name="text creation", action="create", kind="text", card=CARD, latency_ms=2000.0)
_MANNER = 0.15  # worth of each of the given manners that a text has, in cosines; twice that where it was asked for
_SUBJECTS = 4000  # statements that wishes are compared with
FALLBACK = "the text editor stands in for it"


@dataclass(frozen=True)
class _Wish:
    """What is wished for in words: a manner where that is what the nearest statement tells, else a subject."""

    words: str
    manners: tuple[Evidence, ...]


@dataclass(frozen=True, kw_only=True)
class TextCreateMaker:
    """Writes new texts (a Maker) about what was retrieved, in the manner that was asked for or that the person likes.

    What is about the subject comes from items that meet the stated conditions; the manner may come from any. A new
    text has no other fields, so that it abstains where a condition on one was stated.
    """

    retriever: Retriever
    writer: Writer
    alike: float = 0.25
    """Cosine from which a wish is taken to mean a known manner."""
    each: int = 4
    """Statements of the subject, and of the person's own manner."""
    manner: Callable[[Person], Scores] | None = None
    """person -> (N,) how far each item is made as they like things made; None: nothing is known of it."""
    arm: Arm = ARM

    def warm(self) -> None:
        """Reads the catalogue's statements now, not in the first turn, which would be late."""
        if self.writer.manners:
            for vectors in (self._manners, self._subjects):
                vectors.setflags(write=False)

    def make(self, guidance: Guidance, person: Person, near: Sequence[str], n: int) -> tuple[Draft, ...] | Abstain:
        """Up to n drafts, or why there are none and that the editor stands in."""
        about = set(self.writer.creator.spec.fields)
        unkept = [condition for condition in guidance.conditions if condition.field not in about]
        if unkept:
            return Abstain(f"a new text has no fields: {', '.join(map(str, unkept))} cannot be promised; {FALLBACK}")
        wishes = self._wishes(guidance)
        rows = self._about(guidance, wishes, near)
        history = [self.writer.rows[item_id] for item_id in person.history if item_id in self.writer.rows]
        asked = taking_turns([wish.manners for wish in wishes])
        texts = self.writer.texts
        said = bool(guidance.likes or guidance.hard or guidance.anchors)
        what = guidance.what[0][0] if guidance.what and not (said and rows) else _usual(texts.what, rows[:1])
        how = self._how(asked, guidance, history)
        subject = self._nearest(texts.gather(what, [], rows, self.each, self._allowed(guidance)), guidance, wishes)
        own = self.writer.liked(self._leaning(person), {one.text for one in asked}, 1 if asked else self.each)
        manner = own or texts.gather((), [how], each=1 if asked else self.each)
        brief = TextBrief(
            guidance=guidance, what=what, how=how, user=self.writer.features[history].mean(0) if history else None,
            evidence=(*guidance.evidence, *_stated(guidance), *taking_turns([subject, asked, manner])),
            asked=tuple(one.text for one in (*subject[:1], *asked)),
        )  # fmt: skip
        given = {**{one.text: _MANNER for one in manner}, **{one.text: 2 * _MANNER for one in asked}}
        reward = self._reward(guidance, wishes, person, given)
        author = self.writer.author or self.writer.creator
        made = author.create(brief, n, guidance.seed, reward)
        if isinstance(made, Abstain):
            return replace(made, reason=f"{made.reason}; {FALLBACK}")
        return tuple(_with_parents(draft) for draft in made)

    def worth(self, draft: Draft, guidance: Guidance, person: Person) -> float:
        """The score that the text would have as an item.

        Its place with the recommender is that of what it says of its subject; a wish for a manner that it has is met;
        it leans towards the person as the items do that have its manners.
        """
        text = getattr(draft.payload, "text", "")
        said, manners = set(statements(text)), {one.text for one in self.writer.manners}
        about = [one.origin for one in draft.evidence if one.origin is not None and one.text not in manners]
        met = {wish.words: 1.0 for wish in self._wishes(guidance) if said & {one.text for one in wish.manners}}
        has = self.writer.having(said & manners)
        return self.retriever.imagined(text, about or draft.parents, guidance, person, met, has)

    def _wishes(self, guidance: Guidance) -> list[_Wish]:
        """Each wish in words, those for a manner with the statement that tells it best beside the others.

        A wish is for a manner where the statement nearest to it is one of manner. All such wishes choose together, so
        that two words for one thing help each other.
        """
        liked = [taste.words or _value(taste.condition) for taste in guidance.likes if taste.weight > 0]
        said = [words for words in liked if words]
        said += [*guidance.tone, *([f"for {guidance.audience}"] if guidance.audience else [])]
        if not said or not self.writer.manners:
            return [_Wish(words, ()) for words in said]
        wished = self.retriever.meaning.encode(said).T
        near, subjects = self._manners @ wished, self._subjects @ wished  # (manners, wishes), (subjects, wishes)
        made = near.max(0) >= np.maximum(self.alike, subjects.max(0, initial=-1.0))
        told = np.stack([self.writer.told(self._fits(words)) for words in said], axis=1)  # (manners, wishes)
        chosen = self.writer.compatible(told[:, made].clip(0).sum(1), int(made.sum())) if made.any() else []
        return [
            _Wish(words, (self.writer.manners[max(chosen, key=lambda row: told[row, at])],) if made[at] else ())
            for at, words in enumerate(said)
        ]

    def _fits(self, words: str) -> Scores:
        """How well each item of the writer fits some words, (n,)."""
        return self._of_writer(self.retriever.meaning.similarity(words))

    def _leaning(self, person: Person) -> Scores:
        """How far each item of the writer leans as the person does, (n,)."""
        catalog = self.retriever.meaning.catalog
        if self.manner is None or not catalog.known_rows(person.history):
            return np.zeros(len(self.writer.rows), np.float32)
        return self._of_writer(self.manner(person))

    def _of_writer(self, scores: Scores) -> Scores:
        found: Scores = scores[self.retriever.meaning.catalog.rows(list(self.writer.texts.item_ids))]
        return found

    @cached_property
    def _manners(self) -> Scores:
        return self.retriever.meaning.encode([one.text for one in self.writer.manners])

    @cached_property
    def _subjects(self) -> Scores:
        """Of what is said of subjects, so that a wish for one is not taken to mean a manner."""
        return self.retriever.meaning.encode(self.writer.texts.subjects[:_SUBJECTS])

    def _about(self, guidance: Guidance, wishes: Sequence[_Wish], near: Sequence[str]) -> list[int]:
        """Rows of the writer that the text may be about: the best allowed for the subject, else what was retrieved."""
        meaning = self.retriever.meaning
        known = [item_id for item_id in near if item_id in self.writer.rows]
        subject = _subject(guidance, wishes)
        if subject and not guidance.hard:
            # squares: one word that hits says more than several that nearly do
            said = dict.fromkeys([" ".join(subject), *subject])
            fit = np.sum([np.square(meaning.similarity(words).clip(0)) for words in said], axis=0)
            order = np.argsort(-np.where(self.retriever.allowed(guidance.conditions), fit, -np.inf), kind="stable")
            best = [meaning.catalog.item_ids[row] for row in order[: len(near)]]
            known = [item_id for item_id in best if item_id in self.writer.rows]
        return [self.writer.rows[item_id] for item_id in known]

    def _nearest(self, found: Sequence[Evidence], guidance: Guidance, wishes: Sequence[_Wish]) -> tuple[Evidence, ...]:
        """The statements, those nearest to what the text is to be about first."""
        values = [words for condition in guidance.conditions if (words := _value(condition))]
        topic = " ".join([*values, *_subject(guidance, wishes)])
        if not topic or not found:
            return tuple(found)
        near = self.retriever.meaning.between([one.text for one in found], [topic])[:, 0]
        return tuple(found[row] for row in np.argsort(-near, kind="stable"))

    def _how(self, asked: Sequence[Evidence], guidance: Guidance, history: Sequence[int]) -> Code:
        """The style code of those who say what was asked for, else the probable one, else that of the history."""
        origins = [self.writer.rows[one.origin] for one in asked if one.origin in self.writer.rows]
        if not origins and guidance.how:
            return guidance.how[0][0]
        return _usual(self.writer.texts.how, origins or history)

    def _allowed(self, guidance: Guidance) -> frozenset[int]:
        """Rows of the writer that the hard constraints leave."""
        left = np.flatnonzero(self.retriever.allowed(guidance.conditions))
        ids = self.retriever.meaning.catalog.item_ids
        return frozenset(self.writer.rows[ids[row]] for row in left if ids[row] in self.writer.rows)

    def _reward(
        self, guidance: Guidance, wishes: Sequence[_Wish], person: Person, manners: Mapping[str, float]
    ) -> Reward | None:
        """How much of what was asked for a text means, how many of the given manners it has, and how much it is in the
        words of what the person used.

        Sentence vectors and words, of which the model that writes sees neither.
        """
        meaning = self.retriever.meaning
        history = meaning.catalog.known_rows(person.history)
        wanted = [wish.words for wish in wishes] or [line.text for line in guidance.profile if line.weight > 0]
        if not wanted and not history:
            return None

        def worth(texts: Sequence[str]) -> Sequence[float]:
            found = meaning.taste(list(texts), history)
            if wanted:
                found = found + meaning.between(list(texts), wanted).mean(1)
            return [
                float(value) + sum(manners.get(one, 0.0) for one in statements(text))
                for value, text in zip(found, texts, strict=True)
            ]

        return worth


def _subject(guidance: Guidance, wishes: Sequence[_Wish]) -> list[str]:
    """The words that are no wish for a manner."""
    return [*(wish.words for wish in wishes if not wish.manners), *guidance.unread]


def _value(condition: Condition | None) -> str:
    """What a condition asks for, in words."""
    if condition is None:
        return ""
    values = condition.value if isinstance(condition.value, tuple) else (condition.value,)
    wanted = condition.operator in ("=", "in", "contains")
    return " ".join(str(value).replace("-", " ") for value in values if isinstance(value, str)) if wanted else ""


def _usual(codes: Tensor, rows: Sequence[int]) -> Code:
    """The code that most of some rows have."""
    counted = Counter(tuple(codes[row].tolist()) for row in rows)
    return counted.most_common(1)[0][0] if counted else ()


def _with_parents(draft: Draft) -> Draft:
    origins = [one.origin for one in draft.evidence if one.origin is not None]
    return replace(draft, parents=tuple(dict.fromkeys((*draft.parents, *origins))))


def _stated(guidance: Guidance) -> tuple[Evidence, ...]:
    """What was stated of the thing that is wished for, as checked fields: only what is to be so, and exactly so."""
    fixed = [condition for condition in guidance.conditions if condition.operator == "=" and _told(condition)]
    return tuple(
        Evidence(f"stated#{at}", str(condition.value), None, condition.field, "field")
        for at, condition in enumerate(fixed)
    )


def _told(condition: Condition) -> bool:
    return isinstance(condition.value, str) and bool(condition.value.strip())
