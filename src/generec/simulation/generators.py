"""The three embedded generators before the proof: sets, edited texts, created texts, each with its own rows and hit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from generec.data.world.manners import sizes
from generec.data.world.topics import subtopics, topics
from generec.loop.retrieve import Retriever
from generec.loop.set_maker import SetMaker
from generec.loop.text_create_maker import TextCreateMaker
from generec.loop.text_maker import TextEditMaker
from generec.loop.turn import RoutedMaker
from generec.records import (
    Abstain,
    BackendCard,
    Candidate,
    Draft,
    Guidance,
    Member,
    Person,
    ProfileLine,
    SetPayload,
    Stated,
    Taste,
    TextPayload,
    Total,
)
from generec.simulation.eyes import Terms
from generec.simulation.goals import most
from generec.simulation.people import WorldPeople
from generec.simulation.proof import Case, Proof
from generec.types import Condition, Request, Slate

Lines = Callable[[Person], tuple[ProfileLine, ...]]
"""What a person's profile says, as the loop writes it from a history."""
_MEMBERS = 4
_WORDS = 25
_BY_HAND = BackendCard("by hand")


@dataclass(frozen=True, kw_only=True)
class Generators:
    """The makers of a loop, and people to ask."""

    people: WorldPeople
    retriever: Retriever
    makers: Sequence[RoutedMaker]
    lines: Lines

    def proofs(self) -> list[Proof]:
        """One per maker that the loop has."""
        found = []
        for maker in self.makers:
            if isinstance(maker, SetMaker):
                found.append(self.sets(maker))
            elif isinstance(maker, TextEditMaker):
                found.append(self.edits(maker))
            elif isinstance(maker, TextCreateMaker):
                found.append(self.creations(maker))
        return found

    def sets(self, maker: SetMaker) -> Proof:
        """Four items of a topic within 90 minutes. Hit: all rules hold, and most members have the favourite tone."""

        def brief(case: Case) -> Guidance:
            topic = Condition("topic", "=", topics()[case.about])
            total = Total("duration", high=90.0)
            return Guidance(
                act="create", kind="set", hard=(Stated(topic),), totals=(total,), count=_MEMBERS, seed=case.seed
            )

        def hit(case: Case, answer: Candidate) -> bool:
            rows, asked = self.people.eyes.rows(answer), brief(case)
            terms = Terms(asked.conditions, asked.totals, asked.count)
            tone = self.favourites(case.user_id)[0]
            return not self.people.eyes.broken(rows, terms) and most(
                w.how[0] == tone for w in self.people.eyes.words(answer)
            )

        def greedy(case: Case, order: Sequence[int]) -> Candidate | None:
            """The first that fit, in an order of rows, as somebody would gather them by hand."""
            catalog, left = self.people.catalog, 90.0
            chosen: list[int] = []
            topic, minutes = topics()[case.about], catalog.frame["duration"].to_list()
            of = catalog.frame["topic"].to_list()
            for row in order:
                if (
                    of[row] == topic
                    and minutes[row] is not None
                    and minutes[row] <= left - 2 * (_MEMBERS - len(chosen) - 1)
                ):
                    chosen.append(row)
                    left -= minutes[row]
                    if len(chosen) == _MEMBERS:
                        return _gathered([catalog.item_ids[row] for row in chosen])
            return None

        def oracle(case: Case) -> Candidate | None:
            knowing = replace(self.retriever, recommender=_Knowing(self.people, case.user_id))
            return self.made(replace(maker, retriever=knowing), brief(case), Person())

        return Proof(
            name="sets", people=self.people, hit=hit,
            worth=lambda case, answer: self.people.true_utility(case.user_id, answer, brief(case)),
            make=lambda case, person: self.made(maker, brief(case), person),
            others={
                "most popular, gathered": lambda case: greedy(case, self.popular),
                "retrieved, gathered": lambda case: greedy(case, self.retrieved(case, brief(case))),
                "oracle": oracle,
            },
        )  # fmt: skip

    def edits(self, maker: TextEditMaker) -> Proof:
        """A description in 25 words. Hit: it opens with what this person would like best in it."""

        def liked(case: Case) -> list[str]:
            said = self.described(case.item_id)
            return [said[at] for at in np.argsort(-self.reading(case.user_id, said), kind="stable")]

        def hit(case: Case, answer: Candidate) -> bool:
            payload = answer.draft.payload if answer.draft is not None else None
            text = payload.text if isinstance(payload, TextPayload) else ""
            return bool(text) and _same(self.sentences(text)[0], liked(case)[0])

        def make(case: Case, person: Person) -> Candidate | None:
            asked = Guidance(act="edit", kind="text", item_id=case.item_id, seed=case.seed)
            return self.made(maker, asked, person)

        return Proof(
            name="text edits", people=self.people, hit=hit, worth=self.as_read, make=make,
            others={
                "shown": lambda case: _text(_within(self.described(case.item_id)), case.item_id),
                "oracle": lambda case: _text(_within(liked(case)), case.item_id),
            },
        )  # fmt: skip

    def creations(self, maker: TextCreateMaker) -> Proof:
        """A few lines about a subtopic. Hit: it is read to be about it, in the person's favourite tone."""

        def asked(case: Case) -> Guidance:
            wish = Taste(1.0, words=subtopics()[case.about].name)
            return Guidance(act="create", kind="text", likes=(wish,), seed=case.seed)

        def hit(case: Case, answer: Candidate) -> bool:
            words = self.people.eyes.words(answer)[0]
            return words.subtopic == case.about and words.how[0] == self.favourites(case.user_id)[0]

        def retrieved(case: Case) -> Candidate | None:
            order = self.retrieved(case, asked(case))
            return self.item(order[0]) if len(order) else None

        def popular(case: Case) -> Candidate | None:
            inside = [row for row in self.popular if self.people.eyes.items[row].subtopic == case.about]
            return self.item(inside[0]) if inside else None

        return Proof(
            name="text creation", people=self.people, hit=hit, worth=self.as_read,
            make=lambda case, person: self.made(maker, asked(case), person),
            others={"most popular": popular, "best retrieved": retrieved, "oracle": self.best_text},
        )  # fmt: skip

    def made(self, maker: RoutedMaker, guidance: Guidance, person: Person) -> Candidate | None:
        """What a maker makes for a person, as a candidate; None where it abstains."""
        known = replace(guidance, user_id=person.user_id, profile=self.lines(person))
        near = self.retriever.retrieve(known, person, 20).item_ids
        found = maker.make(known, person, near, 1)
        return None if isinstance(found, Abstain) else _candidate(found[0])

    def retrieved(self, case: Case, guidance: Guidance) -> list[int]:
        """Rows as the right person would have them retrieved."""
        person = self.people.person(case.user_id)
        found = self.retriever.retrieve(replace(guidance, profile=self.lines(person)), person, 500)
        return self.people.catalog.rows(found.item_ids)

    @property
    def popular(self) -> list[int]:
        """Rows by how many events the log has of them."""
        counts = Counter(self.people.world.dataset.events["item_id"].to_list())
        ids = self.people.catalog.item_ids
        return sorted(range(len(ids)), key=lambda row: -counts[ids[row]])

    def item(self, row: int) -> Candidate:
        catalog = self.people.catalog
        return Candidate("retrieved", catalog.titles([catalog.item_ids[row]])[0], catalog.item_ids[row])

    def described(self, item_id: str) -> list[str]:
        """The sentences of an item's description."""
        return self.sentences(str(self.people.catalog.frame["description"][self.people.catalog.row(item_id)]))

    def best_text(self, case: Case) -> Candidate | None:
        """The statements that this person would like best, of everything that the catalogue says of the subtopic."""
        rows = [row for row, words in enumerate(self.people.eyes.items) if words.subtopic == case.about]
        said = sorted({one for row in rows for one in self.sentences(self.people.eyes.texts([row])[0])})
        if not said:
            return None
        worth = self.reading(case.user_id, said)
        return _text(" ".join(said[at] for at in np.argsort(-worth)[:5]))

    def as_read(self, case: Case, answer: Candidate) -> float:
        """What the words of an answer are worth to the person who asks; an item's words like a draft's."""
        words = self.people.eyes.words(answer)
        return float(self.people.read_worth(self.people.rows([case.user_id]), words).mean())

    def reading(self, user_id: str, texts: Sequence[str]) -> np.ndarray:
        """What each text is worth to a person as it is read."""
        words = [self.people.eyes.read(text) for text in texts]
        return np.asarray(self.people.read_worth(self.people.rows([user_id]), words)[0])

    def favourites(self, user_id: str) -> list[int]:
        style = self.people.hidden.people.style[self.people.rows([user_id])[0]]
        return [int(part.argmax()) for part in np.split(style, np.cumsum(sizes())[:-1])]

    @staticmethod
    def sentences(text: str) -> list[str]:
        return [one.strip() + "." for one in text.split(". ") if one.strip(" .")]


@dataclass(frozen=True)
class _Knowing:
    """A recommender that knows what items are really worth to one person: the most that ranking could give."""

    people: WorldPeople
    user_id: str

    def recommend(self, asked: Sequence[Request], k: int = 10) -> list[Slate]:
        every = np.arange(len(self.people.catalog))[None, :]
        worth = self.people.hidden.utility(self.people.rows([self.user_id]), every, self.people.when)[0]
        order = np.argsort(-worth, kind="stable")[:k]
        ids = tuple(self.people.catalog.item_ids[row] for row in order)
        return [Slate(ids, tuple(float(worth[row]) for row in order)) for _ in asked]


def _candidate(draft: Draft) -> Candidate:
    parent = draft.parents[0] if draft.mode == "edited" and draft.parents else None
    return Candidate(draft.mode, draft.payload.title, parent, draft)


def _gathered(ids: Sequence[str]) -> Candidate:
    payload = SetPayload("", tuple(Member(item_id) for item_id in ids))
    return Candidate("created", "", None, Draft(id="gathered", mode="created", payload=payload, backend=_BY_HAND))


def _text(text: str, item_id: str | None = None) -> Candidate:
    return Candidate(
        "created", "", item_id, Draft(id=text, mode="created", payload=TextPayload(text), backend=_BY_HAND)
    )


def _within(sentences: Sequence[str]) -> str:
    """The first of them, as many as an edit has room for."""
    words = np.cumsum([len(one.split()) for one in sentences])
    return " ".join(sentences[: max(1, int((words <= _WORDS).sum()))])


def _same(one: str, other: str) -> bool:
    return one.casefold().strip(" .!?") == other.casefold().strip(" .!?")
