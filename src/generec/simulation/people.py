"""The people of the embedded world, alive: they answer turns by hidden tastes and give nothing away but what they do.

What a person is worth serving is decided here and nowhere else: items by the world's hidden utility, written texts by
what the frozen reader finds in the words, sets by their members and the rules that were stated.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from generec.data.dataset import item_rows
from generec.data.split import NEGATIVE_EVENTS
from generec.data.world import Behaviour, World
from generec.data.world.items import DAY, DAYS, START, style_vectors
from generec.data.world.manners import FACETS, manners
from generec.data.world.topics import subtopics
from generec.errors import UsageError, unknown
from generec.records import Candidate, Feedback, Guidance, Person, SetPayload, TextPayload, Turn
from generec.simulation.answers import Answers, Moods, Shown, Temper, answer, answer_many, patience
from generec.simulation.chance import Doubles, Ints
from generec.simulation.eyes import Eyes, Terms, Words

LEAF_SHARE = 1 / math.sqrt(1.25)
"""How much of an average item lies along its subtopic (the rest is its subject): words are read to the subtopic only,
and a text about a subtopic shall be worth what an average item about it is."""
READING_SPEED = 3.5
"""Words a second."""


@dataclass(frozen=True)
class Oracle:
    """The best that could be given to a person: an item that exists, and a cell of content and style that may not."""

    item_id: str
    utility: float
    subtopic: str
    how: dict[str, str]  # facet -> value
    cell_utility: float


class WorldPeople:
    """Simulated people of an embedded world; implements `protocols.UserSimulator`.

    They remember what they took (in the log and here), tire, leave, and come back after `rest`. `when` is the moment of
    their drifting tastes: 0 first day of the log, 1 last. Numbers are drawn by name, so that the same seed and the same
    turns of a person give the same answers whatever others do.
    """

    def __init__(self, world: World, seed: int = 0, temper: Temper | None = None, when: float = 1.0):
        users = world.dataset.users
        if users is None or users.height != len(world.hidden.people):
            raise UsageError("people need the world that they live in, with its users as made by make_world")
        self.world, self.seed, self.temper, self.when = world, seed, temper or Temper(), when
        self.hidden, self.catalog = world.hidden, world.dataset.catalog
        self.eyes = Eyes(self.catalog, self.hidden.reader)
        self.user_ids: list[str] = users["user_id"].to_list()
        self._row = {user_id: row for row, user_id in enumerate(self.user_ids)}
        count = len(self.user_ids)
        self._bears = patience(self.temper, seed, np.arange(count))
        self._boredom, self._tired = np.zeros(count), np.zeros(count)
        self._clock = np.full(count, START + DAYS * DAY, np.int64)
        self._turns = np.zeros(count, np.int64)
        self._taken = np.zeros((count, (len(self.catalog) + 7) // 8), np.uint8)  # a bit per item
        self._drafts: set[tuple[int, str]] = set()
        self._history: list[list[str]] = [[] for _ in range(count)]
        self._liked: list[list[str]] = [[] for _ in range(count)]
        self._remember_log()

    def _remember_log(self) -> None:
        events = self.world.dataset.events
        users = np.array([self._row[user_id] for user_id in events["user_id"].to_list()], np.int64)
        self._mark(users, item_rows(events["item_id"], self.catalog).to_numpy())
        kept = events.filter(~pl.col("event").is_in(list(NEGATIVE_EVENTS)))
        grouped = kept.group_by("user_id", maintain_order=True).agg("item_id", liked=pl.col("event") == "like")
        for user_id, items, liked in grouped.iter_rows():
            self._history[self._row[user_id]] = items
            self._liked[self._row[user_id]] = [item for item, yes in zip(items, liked, strict=True) if yes]

    def fresh(self) -> WorldPeople:
        """The same people as the log left them."""
        return WorldPeople(self.world, self.seed, self.temper, self.when)

    def rest(self, user_ids: Sequence[str] | None = None) -> None:
        """A new session begins a day later: nobody is bored or tired."""
        users = self.rows(self.user_ids if user_ids is None else user_ids)
        self._boredom[users] = self._tired[users] = 0
        self._clock[users] += DAY

    def gone(self, user_id: str) -> bool:
        """Whether a person has left; they answer nothing until they had a rest."""
        user = self.rows([user_id])[0]
        return bool(self._boredom[user] + self._tired[user] > self._bears[user])

    def rows(self, user_ids: Sequence[str]) -> Ints:
        """Rows of people. Raises UsageError naming the nearest id."""
        for user_id in user_ids:
            if user_id not in self._row:
                raise unknown("user", user_id, self.user_ids)
        return np.array([self._row[user_id] for user_id in user_ids], np.int64)

    def person(self, user_id: str) -> Person:
        """What a turn may know of a person: what they took, oldest first, and what of it they said they like."""
        user = int(self.rows([user_id])[0])
        return Person(user_id=user_id, history=tuple(self._history[user]), liked=tuple(self._liked[user]))

    def true_utility(self, user_id: str, candidate: Candidate, guidance: Guidance | None = None) -> float:
        """What a candidate is worth to a person once they have it.

        An item, and an edit of it: the item's hidden utility. A created text: what its words are read to be. A set: the
        mean over its members, 0 where it breaks what the guidance states, by the raw fields.
        """
        return self._worth(int(self.rows([user_id])[0]), candidate, guidance or Guidance())

    def promise(self, user_id: str, candidate: Candidate) -> float:
        """What a candidate seems to be worth at a look: of an edited or created text, what the words are read to be."""
        user, draft = int(self.rows([user_id])[0]), candidate.draft
        if draft is not None and isinstance(draft.payload, TextPayload):
            return float(self.read_worth(np.array([user]), self.eyes.words(candidate))[0, 0])
        return self._mean_worth(user, self.eyes.rows(candidate))

    def _worth(self, user: int, candidate: Candidate, guidance: Guidance) -> float:
        draft = candidate.draft
        rows = self.eyes.rows(candidate)
        if draft is not None and isinstance(draft.payload, SetPayload):
            terms = Terms(guidance.conditions, guidance.totals, guidance.count)
            return 0.0 if self.eyes.broken(rows, terms) else self._mean_worth(user, rows)
        if draft is not None and draft.mode == "created":
            return float(self.read_worth(np.array([user]), self.eyes.words(candidate))[0, 0])
        return self._mean_worth(user, rows)

    def _mean_worth(self, user: int, rows: Sequence[int]) -> float:
        if not rows:
            return 0.0
        return float(self.hidden.utility(np.array([user]), np.array([rows]), self.when).mean())

    def read_worth(self, users: Ints, words: Sequence[Words]) -> Doubles:
        """What texts are worth to people as they are read: (n,), m texts -> (n, m)."""
        law, people = self.hidden.behaviour, self.hidden.people
        leaf = np.array([text.subtopic for text in words], np.int64)
        leaves = np.where((leaf >= 0)[:, None], LEAF_SHARE * self.hidden.leaves[leaf.clip(0)], 0)
        style = style_vectors(np.array([text.how for text in words], np.int64).reshape(len(words), len(FACETS)))
        unclear = 1 - np.array([text.clarity for text in words])
        worth = law.what * people.what(users, self.when) @ leaves.T + law.style * people.style[users] @ style.T
        found: Doubles = worth.astype(np.float64) - self.temper.unreadable * unclear
        return found

    def oracle(self, user_id: str, allowed: Sequence[str] | None = None) -> Oracle:
        """The best item among those allowed (all when None) and the best cell of content and style there could be."""
        user = self.rows([user_id])
        rows = np.arange(len(self.catalog)) if allowed is None else np.array(self.catalog.rows(allowed), np.int64)
        if not rows.size:
            raise UsageError("an oracle needs at least one allowed item, got none")
        items = self.hidden.utility(user, rows[None, :], self.when)[0]
        every = [Words(-1, leaf, (-1,) * len(FACETS), 1.0) for leaf in range(len(subtopics()))]
        leaf = self.read_worth(user, every)[0]
        best, how, style = int(leaf.argmax()), {}, 0.0
        for facet, values in enumerate(manners()):
            tried = [
                Words(-1, -1, tuple(code if f == facet else -1 for f in range(len(FACETS))), 1.0)
                for code in range(len(values))
            ]
            worth = self.read_worth(user, tried)[0]
            how[FACETS[facet]], style = values[int(worth.argmax())].name, style + float(worth.max())
        top = int(items.argmax())
        return Oracle(
            self.catalog.item_ids[rows[top]], float(items[top]), subtopics()[best].name, how, float(leaf[best]) + style
        )

    def respond(self, turn: Turn, meaning: Guidance | None = None) -> tuple[Feedback, ...]:
        """The answer to one turn: glances, clicks with dwell, likes, dislikes; `reject` where nothing was taken.

        meaning: what the person really stated, where it is known; the turn's own guidance otherwise. Raises UsageError
        where the turn is nobody's.
        """
        if turn.guidance.user_id is None:
            raise UsageError("a simulated person answers their own turns only; give the guidance a user_id")
        users = self.rows([turn.guidance.user_id])
        shown = self._shown(int(users[0]), turn.slate, meaning or turn.guidance)
        found = answer(shown, self._moods(users), self._bears[users], self._names(users), self.temper, self._law)
        self._keep(users, found)
        for place in np.flatnonzero(found.taken[0]).tolist():
            candidate = turn.slate[place]
            if candidate.draft is not None:
                self._drafts.add((int(users[0]), candidate.draft.id))
            self._take(int(users[0]), self.eyes.rows(candidate))
        return feedback(turn, found)

    def respond_many(self, user_ids: Sequence[str], slates: Ints) -> Answers:
        """Answers to slates of items, all at once. slates (n, k): catalogue rows, -1 where a slate is shorter.

        Raises UsageError when a person is asked twice: their second answer would depend on their first.
        """
        users = self.rows(user_ids)
        there, rows = slates >= 0, slates.clip(0)
        worth = self.hidden.utility(users, rows, self.when).astype(np.float64)
        bits = self._taken[users[:, None], rows >> 3] >> (rows & 7).astype(np.uint8) & 1
        shown = Shown(worth, worth, self._item_seconds(rows), bits.astype(bool), there)
        found = self.respond_shown(users, shown)
        who, place = np.nonzero(found.taken)
        self._mark(users[who], rows[who, place])
        for user, row in zip(users[who].tolist(), rows[who, place].tolist(), strict=True):
            self._history[user].append(self.catalog.item_ids[row])
        return found

    def respond_shown(self, users: Ints, shown: Shown) -> Answers:
        """Answers to anything whose promise and worth are known; moves moods and clocks, remembers nothing."""
        if np.unique(users).size < users.size:
            raise UsageError("a person answers one slate at a time; ask each of them once per call")
        found = answer_many(shown, self._moods(users), self._bears[users], self._names(users), self.temper, self._law)
        self._keep(users, found)
        return found

    def _shown(self, user: int, slate: Sequence[Candidate], guidance: Guidance) -> Shown:
        promise = [self.promise(self.user_ids[user], candidate) for candidate in slate]
        worth = [self._worth(user, candidate, guidance) for candidate in slate]
        seconds = [self._seconds(candidate) for candidate in slate]
        known = [self._known(user, candidate) for candidate in slate]
        k = len(slate)
        return Shown(
            np.array(promise, np.float64).reshape(1, k),
            np.array(worth, np.float64).reshape(1, k),
            np.array(seconds, np.float64).reshape(1, k),
            np.array(known, bool).reshape(1, k),
            np.ones((1, k), bool),
        )

    def _known(self, user: int, candidate: Candidate) -> bool:
        if candidate.draft is not None and candidate.draft.mode == "created":
            return (user, candidate.draft.id) in self._drafts
        return all(self._taken[user, row >> 3] >> (row & 7) & 1 for row in self.eyes.rows(candidate))

    def _seconds(self, candidate: Candidate) -> float:
        rows = self.eyes.rows(candidate)
        if rows:
            return float(self._item_seconds(np.array(rows)).sum())
        payload = candidate.draft.payload if candidate.draft else None
        return len(payload.text.split()) / READING_SPEED if isinstance(payload, TextPayload) else 0.0

    def _item_seconds(self, rows: Ints) -> Doubles:
        items = self.hidden.items
        # of an event somebody reads the page: five minutes at most
        seconds: Doubles = np.where(items.kind[rows] == 2, 5, items.duration[rows]).astype(np.float64) * 60
        return seconds

    def _moods(self, users: Ints) -> Moods:
        return Moods(self._boredom[users], self._tired[users], self._clock[users])

    def _names(self, users: Ints) -> tuple[int, Ints, Ints]:
        return self.seed, users, self._turns[users]

    @property
    def _law(self) -> Behaviour:
        return self.hidden.behaviour

    def _keep(self, users: Ints, found: Answers) -> None:
        self._boredom[users], self._tired[users] = found.after.boredom, found.after.tired
        self._clock[users] = found.after.clock
        self._turns[users] += 1

    def _take(self, user: int, rows: Sequence[int]) -> None:
        self._mark(np.full(len(rows), user), np.array(rows, np.int64))
        self._history[user] += [self.catalog.item_ids[row] for row in rows]

    def _mark(self, users: Ints, rows: Ints) -> None:
        np.bitwise_or.at(self._taken, (users, rows >> 3), np.uint8(1) << (rows & 7).astype(np.uint8))


def feedback(turn: Turn, found: Answers, row: int = 0) -> tuple[Feedback, ...]:
    """Answers to a turn as records: a `click` or `skip` per look, with its seconds; what was said aloud after it."""
    records = []
    for place in np.flatnonzero(found.looked[row]).tolist():
        candidate = turn.slate[place]
        plain = Feedback(
            turn=turn.id,
            verdict="click" if found.taken[row, place] else "skip",
            user_id=turn.guidance.user_id,
            item_id=candidate.item_id,
            draft=candidate.draft.id if candidate.draft else None,
            position=place,
            value=float(found.dwell[row, place]),
            source="simulated",
            time=int(found.time[row, place]),
        )
        records.append(plain)
        if found.liked[row, place]:
            records.append(replace(plain, verdict="like", value=None))
        if found.disliked[row, place]:
            records.append(replace(plain, verdict="dislike", value=None))
    if records and not found.taken[row].any():
        last = records[-1].time
        whole = Feedback(turn=turn.id, verdict="reject", user_id=turn.guidance.user_id, source="simulated", time=last)
        records.append(whole)
    return tuple(records)
