"""What simulated people say: wishes, complaints and corrections in plain words, without a title or an id.

The phrases are these people's own (style in the world's words for wishes); no suite of instructions shares them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from generec.data.world.manners import manners
from generec.data.world.topics import subtopics
from generec.records import Total, Turn
from generec.simulation.goals import Found, Goal, Judgement
from generec.types import Condition

ASKS = (
    "tonight I fancy something {tone} on {thing}",
    "what have you got that is {tone} and deals with {thing}",
    "my head is full of {thing}; bring me something {tone}",
    "I could do with something {tone} to do with {thing}",
    "surprise me with something {tone}, so long as {thing} are in it",
)
PLAIN_ASKS = (
    "tonight I fancy something on {thing}",
    "what have you got that deals with {thing}",
    "my head is full of {thing}; bring me whatever fits",
    "I could do with something to do with {thing}",
)
SETS = (
    "line up {count} things on {thing} for me, one after another",
    "I want a little programme of {count} about {thing}",
    "fill my day off with {count} picks around {thing}",
)
TEXTS = (
    "would you pen a few lines on {thing} for me",
    "compose a short piece about {thing}",
    "I want new words about {thing}, written from scratch",
)
MINUTES = ("it must be through in {n} minutes", "I have {n} minutes and not one more", "{n} minutes is my limit")
EUROS = ("my purse holds {n} euros", "I will not pay above {n} euros")
GRATIS = ("it must not cost a cent", "I have no money to spend on it")
KIND_WORDS = {
    "video": ("a film, mind you", "I want to watch, not read"),
    "article": ("I would rather read it", "as an article"),
    "event": ("I want to get out and go there", "somewhere I can turn up in person"),
}
AVOIDS = ("keep {avoided} out of it", "spare me {avoided}", "{avoided} bore me, so none of that")
SUMS = {
    "duration": ("the lot has to fit into {n} minutes", "{n} minutes for everything together"),
    "price": ("all of it for {n} euros or less", "the whole may cost {n} euros"),
}
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
PLACES = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def say(goal: Goal, seed: int = 0) -> str:
    """The wish in words, all that it states and nothing else."""
    return Voice(goal, seed).wish()


@dataclass(frozen=True)
class Said:
    """One utterance of a dialogue and why it was made."""

    words: str
    reason: str  # wish, correction, critique or refusal
    about: str = ""  # the field, facet or part of the wish


class Voice:
    """One person's way of putting one goal; equal seeds choose equal words."""

    def __init__(self, goal: Goal, seed: int):
        self.goal = goal
        self._draw = np.random.default_rng([seed, *goal.user_id.encode()])

    def _pick(self, options: Sequence[str]) -> str:
        return options[int(self._draw.integers(len(options)))]

    def wish(self) -> str:
        """The opening of a dialogue."""
        goal = self.goal
        named = [values[code] for values, code in zip(manners(), goal.how, strict=True) if code >= 0]
        tone = next((manner.wish for manner in named if manner.facet == "tone"), "")
        frames = {"set": SETS, "text": TEXTS}.get(goal.kind or "", ASKS if tone else PLAIN_ASKS)
        count = NUMBERS[goal.terms.count] if goal.terms.count is not None else ""
        parts = [self._pick(frames).format(thing=goal.thing, tone=tone, count=count)]
        parts += [tone] if tone and frames not in (ASKS,) else []
        parts += [manner.wish for manner in named if manner.facet != "tone"]
        parts += [self.rule(rule) for rule in goal.terms.conditions]
        parts += [self.total(total) for total in goal.terms.totals]
        if goal.avoids >= 0:
            parts.append(self._pick(AVOIDS).format(avoided=subtopics()[goal.avoids].name))
        return _sentence(", ".join(parts))

    def rule(self, rule: Condition) -> str:
        """A rule on a field."""
        if rule.field == "kind":
            return self._pick(KIND_WORDS[str(rule.value)])
        if rule.field == "price" and rule.value == 0:
            return self._pick(GRATIS)
        return self._pick(MINUTES if rule.field == "duration" else EUROS).format(n=f"{rule.value:g}")

    def total(self, total: Total) -> str:
        """A bound on a sum."""
        return self._pick(SUMS[total.field]).format(n=f"{total.high:g}")

    def correct(self, rule: Condition) -> Said:
        """Insists on what was said and is missing from what was understood."""
        lead = self._pick(("You did not hear me: ", "As I told you, ", "Once more: "))
        return Said(f"{lead}{self.rule(rule)}.", "correction", rule.field)

    def shorter(self, rule: str) -> Said:
        """Complains about a rule on a field that what came breaks."""
        options = {
            "duration": ("That drags on too long, give me a shorter one.", "Shorter, or I fall asleep."),
            "price": ("Too dear for me, something cheaper.", "Cheaper, my wallet is thin."),
        }
        name = next((name for name in options if name in rule), "")
        return Said(self._pick(options.get(name, ("That is not the sort of thing I meant.",))), "critique", name)

    def avoid(self) -> Said:
        """Complains about what was not wanted."""
        avoided = subtopics()[self.goal.avoids].name
        return Said(
            self._pick((f"Did I not say, spare me {avoided}?", f"Away with the {avoided}.")), "critique", "avoids"
        )

    def other_content(self) -> Said:
        """Says again what it should be about, in other words for the same thing where there are some."""
        leaf = self.goal.subtopic
        thing = self._pick((subtopics()[leaf].name, *subtopics()[leaf].subjects)) if leaf >= 0 else self.goal.thing
        return Said(
            self._pick((f"Wrong subject, I mean {thing}.", f"Closer to {thing}, if you can.")), "critique", "content"
        )

    def other_style(self, facet: int) -> Said:
        """Says how it should be instead."""
        manner = manners()[facet][self.goal.how[facet]]
        options = (f"Make that {manner.wish} instead.", f"Right matter, wrong manner: {manner.wish}, remember.")
        return Said(self._pick(options), "critique", manner.facet)

    def refuse(self, place: int) -> Said:
        """Turns something down without a reason."""
        name = PLACES[place] if place < len(PLACES) else "last"
        return Said(self._pick((f"Anything but the {name} one.", f"The {name} one leaves me cold.")), "refusal")


class Dialogue:
    """One person with one goal: opens, and answers each turn until the goal is met or patience is out.

    Complains first about what was misheard, then about rules, then content, then style.
    """

    def __init__(self, goal: Goal, seed: int = 0, patience: int = 6):
        self.goal, self.patience = goal, patience
        self.voice = Voice(goal, seed)
        self.said: list[Said] = [Said(self.voice.wish(), "wish")]
        self.judgements: list[Judgement] = []

    @property
    def met(self) -> bool:
        return bool(self.judgements) and self.judgements[-1].met

    @property
    def over(self) -> bool:
        return self.met or len(self.judgements) >= self.patience

    @property
    def words(self) -> str:
        """The latest utterance."""
        return self.said[-1].words

    def hear(self, turn: Turn) -> Said | None:
        """What the person says to a turn; None when they are content or out of patience."""
        self.judgements.append(self.goal.judge(turn))
        if self.over:
            return None
        self.said.append(self._reply(turn))
        return self.said[-1]

    def _reply(self, turn: Turn) -> Said:
        unheard = [rule for rule in self.goal.terms.conditions if not heard(rule, turn)]
        if unheard and turn.question is None:
            return self.voice.correct(unheard[0])
        if not turn.slate:
            return Said(self.voice.wish(), "wish")
        place, first = self._nearest(turn)
        if first.broken:
            return self.voice.shorter(first.broken[0])
        if first.avoided:
            return self.voice.avoid()
        if not first.content:
            return self.voice.other_content()
        wrong = self._wrong_facets(turn, place)
        return self.voice.other_style(wrong[0]) if wrong else self.voice.refuse(place)

    def _nearest(self, turn: Turn) -> tuple[int, Found]:
        found = [self.goal.look(candidate) for candidate in turn.slate]
        place = max(range(len(found)), key=lambda at: found[at].share)
        return place, found[place]

    def _wrong_facets(self, turn: Turn, place: int) -> list[int]:
        words = self.goal.eyes.words(turn.slate[place])
        wanted = [(facet, code) for facet, code in enumerate(self.goal.how) if code >= 0]
        return [facet for facet, code in wanted if 2 * sum(text.how[facet] == code for text in words) <= len(words)]


def heard(rule: Condition, turn: Turn) -> bool:
    """Whether the guidance of a turn has a hard rule on the same field."""
    return any(rule.field == other.field for other in turn.guidance.conditions)


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:] + "."
