"""Events as they go into the log and come out of it, and the table of their readable side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal, cast

import sqlalchemy as sql
from pydantic import Field, JsonValue

from generec.data.chain import NAME, NUMBER, PERSON, STORE
from generec.records import Feedback, Stage, fingerprint

Source = Literal["human", "simulated", "synthetic"]
Verdict = Literal["click", "like", "dislike", "skip", "reject", "correct"]
Name = Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[^\x00]+$")]
Whole = Annotated[int, Field(ge=-(2**63), lt=2**63)]
EVENTS = sql.Table(
    "event", STORE,
    sql.Column("seq", NUMBER, primary_key=True, autoincrement=False),
    sql.Column("person", PERSON, nullable=False), sql.Column("previous", NUMBER),
    sql.Column("time", NUMBER, nullable=False),
    sql.Column("kind", NAME, nullable=False), sql.Column("stage", NAME, nullable=False),
    sql.Column("source", NAME, nullable=False), sql.Column("item_id", NAME), sql.Column("variant", NAME),
    sql.Column("turn", NAME), sql.Column("model", NAME), sql.Column("position", NUMBER),
    sql.Column("propensity", sql.Double), sql.Column("value", sql.Double),
    sql.Column("weight", sql.Double, nullable=False),
)  # fmt: skip
LATEST = sql.Table(
    "latest", STORE,
    sql.Column("person", PERSON, primary_key=True), sql.Column("seq", NUMBER, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip
READABLE = tuple(column.name for column in EVENTS.columns if column.name not in ("seq", "person", "previous"))
"""What an event says of itself."""


def numbers(person: sql.ColumnElement[str]) -> sql.CTE:
    """The numbers of a person's events, the latest first, each found by the one after it.

    An index by person would be another way to them. It costs more than all else that an append writes: a thousand
    events of as many people change as many of its pages.
    """
    last = sql.select(LATEST.c.seq).where(LATEST.c.person == person).cte("numbers", recursive=True, nesting=True)
    before = sql.select(EVENTS.c.previous).join(last, EVENTS.c.seq == last.c.seq)
    return last.union_all(before.where(EVENTS.c.previous.is_not(None)))


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One event, as it goes in and comes out."""

    kind: Name  # impression, play, click, like, dislike, skip, reject, rating, correction, instruction …
    user_id: Name | None = None
    item_id: Name | None = None  # the item; of an edit its parent
    variant: Name | None = None  # the draft that was shown
    time: Whole | None = None  # UTC seconds; the moment of the append where it is None
    stage: Stage = "slate"
    source: Source = "human"
    turn: Name | None = None
    model: Name | None = None
    position: Whole | None = None  # on the slate, from 0
    propensity: Annotated[float, Field(gt=0, le=1)] | None = None  # with which it was shown there
    value: float | None = None
    weight: Annotated[float, Field(ge=0)] = 1.0
    payload: Mapping[str, JsonValue] = field(default_factory=dict)  # words, corrections …: sealed, in no view
    key: Annotated[str, Field(pattern=r"^[^\x00]*$")] = ""
    """The sender's: sent again for the same person, the event is stored once. Empty: a new event each time."""
    __pydantic_config__: ClassVar = {"revalidate_instances": "always", "allow_inf_nan": False, "strict": True}

    @staticmethod
    def of(feedback: Feedback, *, model: str | None = None, propensity: float | None = None, key: str = "") -> Entry:
        """A feedback as an event; where no key is given its content is the key, so that a retry changes nothing."""
        return Entry(
            kind=feedback.verdict, user_id=feedback.user_id, item_id=feedback.item_id, variant=feedback.draft,
            time=feedback.time, stage=feedback.stage, source=feedback.source, turn=feedback.turn, model=model,
            position=feedback.position, propensity=propensity, value=feedback.value, weight=feedback.weight,
            payload={"correction": feedback.correction} if feedback.correction else {},
            key=key or fingerprint(vars(feedback)),
        )  # fmt: skip

    def feedback(self) -> Feedback:
        """The feedback that it was made of."""
        return Feedback(
            turn=self.turn or "", verdict=cast(Verdict, self.kind), stage=self.stage, user_id=self.user_id,
            item_id=self.item_id, draft=self.variant, position=self.position,
            correction=str(self.payload.get("correction", "")), value=self.value, source=self.source,
            weight=self.weight, time=self.time,
        )  # fmt: skip


@dataclass(frozen=True)
class Receipt:
    """What is on the disk now: how many events are new, how many were there already, and the log's last number."""

    stored: int
    repeated: int
    last: int
