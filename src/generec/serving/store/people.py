"""What a store knows of people beside their events: profile lines, consent, age; all of it theirs to see and delete.

A profile is sealed under the person's key of the event log and filed under their pseudonym: the store alone names
nobody, and when the key is destroyed no copy of the row can be read either.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

import sqlalchemy as sql
from sqlalchemy.engine import Connection

from generec.data import chain as sealed
from generec.data.log import Forgotten
from generec.data.vault import Person, seal, unseal
from generec.errors import UsageError, unknown
from generec.records import Age, ProfileLine, from_json, to_json
from generec.serving.store.database import Database, locked, note, now
from generec.serving.store.events import TenantLog
from generec.serving.store.tables import ANSWERS, AUDIT, PROFILES

_ABOUT = b"profile"
_SEALED = sql.select(PROFILES.c.sealed).where(  # built once: every request asks it
    PROFILES.c.tenant == sql.bindparam("of"), PROFILES.c.person == sql.bindparam("whose")
)


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A person as the loop may know them; what nobody said is as records.Person has it."""

    lines: tuple[ProfileLine, ...] = ()
    consent: bool = True  # whether anything may be edited or created for them
    age: Age = "adult"
    locale: str = "en"

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True)
class People:
    """Profiles of people, per tenant."""

    db: Database
    log: Callable[[str], TenantLog]

    def get(self, tenant: str, user_id: str) -> Profile:
        """The profile of a person; of somebody unknown the one that says nothing."""
        with self.db.reading() as c:
            person = self._person(c, tenant, user_id)
            return Profile() if person is None else _read(c, tenant, person)

    def change(self, tenant: str, user_id: str, edit: Callable[[Profile], Profile], *, by: str, act: str) -> Profile:
        """Replaces a profile by what `edit` makes of it, with nobody else's change in between."""
        if not user_id:
            raise UsageError("name the person: nobody in particular has no profile")
        name = f"{tenant}/{user_id}"
        with sealed.writing(self.db.engine) as (c, head):
            locked(c, tenant)
            person = sealed.introduce(c, self.db.vault, {name}, head.seq + 1)[name]
            profile = edit(_read(c, tenant, person))
            text = to_json(profile).encode()
            from_json(Profile, text)  # an edit made outside may hold anything
            c.execute(sql.delete(PROFILES).where(PROFILES.c.tenant == tenant, PROFILES.c.person == person.id))
            row = {"tenant": tenant, "person": person.id, "updated": now()}
            c.execute(sql.insert(PROFILES).values(**row, sealed=seal(person.key, text, _ABOUT)))
            note(c, tenant, by, act, person.id)
        return profile

    def put_line(self, tenant: str, user_id: str, line: ProfileLine, *, by: str) -> Profile:
        """Adds a line, or replaces the one of its id in its place."""

        def edit(profile: Profile) -> Profile:
            lines = {one.id: one for one in profile.lines}
            return replace(profile, lines=tuple({**lines, line.id: line}.values()))

        return self.change(tenant, user_id, edit, by=by, act="edit profile")

    def delete_line(self, tenant: str, user_id: str, line_id: str, *, by: str) -> Profile:
        """Takes a line out. Raises UsageError with the nearest one when there is none of that id."""

        def edit(profile: Profile) -> Profile:
            rest = tuple(line for line in profile.lines if line.id != line_id)
            if len(rest) == len(profile.lines):
                raise unknown("profile line", line_id, (line.id for line in profile.lines))
            return replace(profile, lines=rest)

        return self.change(tenant, user_id, edit, by=by, act="delete profile line")

    def export(self, tenant: str, user_id: str) -> dict[str, Any]:
        """Everything that is kept of a person, as plain values: profile, events with their words, models, deeds."""
        log, deeds = self.log(tenant), []
        with self.db.reading() as c:
            person = self._person(c, tenant, user_id)
            profile = Profile() if person is None else _read(c, tenant, person)
            if person is not None:
                query = sql.select(AUDIT).where(AUDIT.c.tenant == tenant, AUDIT.c.target == person.id)
                deeds = [{"time": row.time, "act": row.act} for row in c.execute(query.order_by(AUDIT.c.number))]
        return {
            "user_id": user_id,
            "known": person is not None,
            "profile": json.loads(to_json(profile)),
            "events": [asdict(entry) for entry in log.history(user_id)],
            "models": list(log.models_to_flag(user_id)),
            "deeds": deeds,
        }

    def forget(self, tenant: str, user_id: str, *, by: str) -> Forgotten:
        """Deletes a person: profile, kept answers, history and key; models that learned from them are flagged.

        Rows go first, so that the wipe that ends a deletion wipes them too. Interrupted, it is asked again and ends.
        """
        log = self.log(tenant)
        with self.db.writing(tenant) as (c, _):
            person = self._person(c, tenant, user_id)
            lookup = self.db.vault.lookup(f"{tenant}/{user_id}")
            c.execute(sql.delete(ANSWERS).where(ANSWERS.c.tenant == tenant, ANSWERS.c.lookup == lookup))
            if person is not None:
                c.execute(sql.delete(PROFILES).where(PROFILES.c.tenant == tenant, PROFILES.c.person == person.id))
                note(c, tenant, by, "forget", person.id)
        return log.forget(user_id)

    def _person(self, c: Connection, tenant: str, user_id: str) -> Person | None:
        return next(iter(sealed.everybody(c, self.db.vault, f"{tenant}/{user_id}").values()), None)


def _read(c: Connection, tenant: str, person: Person) -> Profile:
    found = c.scalar(_SEALED, {"of": tenant, "whose": person.id})
    return Profile() if found is None else from_json(Profile, unseal(person.key, found, _ABOUT))
