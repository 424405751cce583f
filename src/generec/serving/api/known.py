"""What the store knows of a person when a request comes in."""

from __future__ import annotations

from dataclasses import dataclass, field

from generec.loop.leaning import LIKED
from generec.records import ProfileLine
from generec.serving.store.events import TenantLog
from generec.serving.store.people import Profile

REFUSED = ("dislike", "reject", "hide")
"""Kinds of event after which an item stays away."""
_NO_USE = ("impression", "skip", "correct", "correction", "instruction")  # everything else is part of the history


@dataclass(frozen=True)
class Known:
    """A person: what they did, turned down and said."""

    history: tuple[str, ...] = ()  # oldest first
    liked: tuple[str, ...] = ()  # of the history
    refused: frozenset[str] = frozenset()
    profile: Profile = field(default_factory=Profile)

    @staticmethod
    def of(log: TenantLog, user_id: str, profile: Profile) -> Known:
        """From the log as it is now, so that every new event counts at once."""
        seen = log.recent(user_id, but=_NO_USE)
        last = {one.item_id: one.kind for one in seen}  # people change their minds
        history = tuple(one.item_id for one in seen if one.kind not in REFUSED)
        said = dict.fromkeys(one.item_id for one in seen if one.kind in LIKED)
        liked = tuple(item_id for item_id in said if last[item_id] not in REFUSED)
        return Known(history, liked, frozenset(item_id for item_id, kind in last.items() if kind in REFUSED), profile)

    @property
    def own(self) -> tuple[ProfileLine, ...]:
        return tuple(line for line in self.profile.lines if line.weight)

    @property
    def deleted(self) -> tuple[ProfileLine, ...]:
        """Inferred lines that the person does not want back: kept without their words, as lines without weight."""
        return tuple(line for line in self.profile.lines if not line.weight)
