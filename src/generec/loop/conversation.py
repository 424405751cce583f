"""A dialogue with one person: what was said stays in force, can be taken back, and is always in sight as guidance."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from generec.errors import UsageError
from generec.loop.profile import FittedProfileWriter, Profile
from generec.loop.turn import Loop, TurnRequest
from generec.records import Guidance, Person, Turn
from generec.types import Condition


@dataclass(frozen=True)
class State:
    """One point of a dialogue to which it can return."""

    guidance: Guidance | None = None
    rejected: tuple[str, ...] = ()
    turn: Turn | None = None


@dataclass
class Conversation:
    """Turns with one person. Undo restores the earlier slate exactly: a turn depends on its state and seed alone.

    profile: the person's lines; edits to it take effect with the next turn.
    """

    loop: Loop
    person: Person
    writer: FittedProfileWriter | None = None
    k: int = 5
    seed: int = 0
    profile: Profile = field(default_factory=Profile)
    states: list[State] = field(default_factory=lambda: [State()])
    asked: int = 0  # questions in a row

    def __post_init__(self) -> None:
        if not self.profile.lines:
            self.profile = replace(self.profile, lines=self.person.profile)

    @property
    def guidance(self) -> Guidance | None:
        """What is understood now."""
        return self.states[-1].guidance

    def say(self, words: str) -> Turn:
        """One turn in words."""
        turn = self.loop.turn(self._request(words, self.guidance))
        if turn.guidance.act == "undo" and len(self.states) > 1:
            return self.undo()
        if turn.guidance.act == "reset":
            self.states = [State()]
        about = turn.guidance.item_id
        if turn.guidance.act == "explain" and about is not None and about not in self._shown():
            turn = replace(turn, message=f"{self._title(about)}: {self.why_not(about)}", explanation=())
        return self._kept(turn)

    def undo(self) -> Turn:
        """Back to the state before the last turn. Raises UsageError at the beginning."""
        if len(self.states) < 2:
            raise UsageError("there is nothing to take back: this is the beginning")
        self.states.pop()
        self.asked = 0
        before = self.states[-1]
        return before.turn if before.turn is not None else self._answered(Guidance(user_id=self.person.user_id))

    def reject(self, item_id: str) -> Turn:
        """Not that one: the item stays away in this dialogue, the rest stands."""
        self.loop.retriever.meaning.catalog.row(item_id)
        state = self.states[-1]
        self.states.append(replace(state, rejected=(*state.rejected, item_id)))
        return self._kept(self._answered(state.guidance or Guidance(user_id=self.person.user_id)), replacing=True)

    def correct(self, guidance: Guidance) -> Turn:
        """The person set the guidance right themselves (a removed chip, a changed value)."""
        return self._kept(self._answered(guidance))

    def drop(self, condition: Condition) -> Turn:
        """Takes one hard constraint out of force. Raises UsageError when it is not stated."""
        guidance = self.guidance
        stated = () if guidance is None else guidance.hard
        kept = tuple(each for each in stated if each.condition != condition)
        if guidance is None or len(kept) == len(stated):
            raise UsageError(f"{condition} is not stated; stated is: {', '.join(str(s.condition) for s in stated)}")
        return self.correct(replace(guidance, hard=kept))

    def why(self, item_id: str) -> str:
        """Why an item is shown, in sentences with what they rest on."""
        guidance = self.guidance or Guidance()
        found = self.loop.explainer.explain(item_id, guidance, self.person)
        return "; ".join(statement.text for statement in found) or "nothing in the history or the wishes explains it"

    def why_not(self, item_id: str) -> str:
        """Why an item is not shown: which condition it fails, or how far down it stands."""
        catalog = self.loop.retriever.meaning.catalog
        row = catalog.row(item_id)
        guidance, person = self.guidance or Guidance(), self._person()
        failed = [str(rule) for rule in guidance.conditions if not self.loop.retriever.allowed([rule])[row]]
        if failed:
            return f"it does not meet {' and '.join(failed)}"
        if item_id in person.rejected:
            return "you turned it down earlier in this conversation"
        scores = self.loop.retriever.scores(guidance, person)
        if item_id in person.history and scores[row] == float("-inf"):
            return "you know it already"
        place = int((scores > scores[row]).sum()) + 1
        return f"it stands at place {place} of {int((scores > float('-inf')).sum())} for what you asked"

    def _shown(self) -> set[str]:
        """Items of the last slate, the members of its sets included."""
        turn = self.states[-1].turn
        slate = () if turn is None else turn.slate
        members = [item for candidate in slate if candidate.draft for item in candidate.draft.parents]
        return {*members, *(candidate.item_id for candidate in slate if candidate.item_id)}

    def _slate(self) -> tuple[str, ...]:
        """The items of the last slate in order, by which a person may point at them."""
        turn = self.states[-1].turn
        return () if turn is None else tuple(one.item_id for one in turn.slate if one.item_id is not None)

    def _title(self, item_id: str) -> str:
        return self.loop.retriever.meaning.catalog.titles([item_id])[0]

    def _person(self) -> Person:
        lines = self.profile
        if self.writer is not None:
            lines = lines.refreshed(self.writer, self.person.history)
        return replace(self.person, profile=lines.lines, rejected=self.states[-1].rejected)

    def _request(self, words: str, before: Guidance | None) -> TurnRequest:
        return TurnRequest(
            words=words, person=self._person(), before=before, shown=self._slate(), k=self.k, asked=self.asked,
            seed=self.seed,
        )  # fmt: skip

    def _answered(self, guidance: Guidance) -> Turn:
        person = self._person()
        guidance = replace(guidance, act="recommend", profile=person.profile, question=None)
        return self.loop.answer(guidance, self._request("", guidance))

    def _kept(self, turn: Turn, replacing: bool = False) -> Turn:
        self.asked = self.asked + 1 if turn.question is not None else 0
        state = State(turn.guidance, self.states[-1].rejected, turn)
        if replacing:
            self.states[-1] = state
        else:
            self.states.append(state)
        return turn
