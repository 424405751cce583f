"""/v1/users: what is kept of a person, theirs to read, set right, take along and have deleted."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from generec.data.conditions import parse
from generec.errors import unknown
from generec.records import Age, ProfileLine, fingerprint
from generec.serving.api.access import App, Caller, Reader, Writer
from generec.serving.api.parts import Parts
from generec.serving.api.problems import RESPONSES, missing
from generec.serving.api.recommend import Closed, Expression, Id, UserName
from generec.serving.api.wishes import askable
from generec.serving.store.people import Profile

router = APIRouter(prefix="/v1/users/{user_id}", tags=["users"], responses=RESPONSES)


class ProfileShown(BaseModel):
    """A profile: the person's own lines, then those that their history says, each with its events."""

    lines: tuple[ProfileLine, ...]
    consent: bool
    age: Age
    locale: str


class ProfileEdit(Closed):
    """What is to change; the rest stays."""

    consent: bool | None = None
    """Whether anything may be edited or created for the person."""
    age: Age | None = None
    locale: Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)] | None = None


class LineAsk(Closed):
    """A line in the person's own words."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]*[^\s\x00][^\x00]*$")]
    condition: Expression | None = None
    weight: Annotated[float, Field(ge=-1, le=1)] = 1.0
    """Above 0 likes, below 0 avoids."""

    def line(self) -> ProfileLine:
        """As the store keeps it: inference never overwrites it."""
        condition = parse(self.condition) if self.condition else None
        line_id = fingerprint("stated", self.text.strip(), str(condition))
        return ProfileLine(line_id, self.text.strip(), self.weight or 1.0, condition, (), "stated", True)


class ForgottenShown(BaseModel):
    """What a deletion did. models: versions that learned from the person and are flagged until they are retrained."""

    known: bool
    events: int
    models: tuple[str, ...]
    wiped: bool


@router.get("/profile")
async def read_profile(user_id: UserName, caller: Reader, app: App) -> ProfileShown:
    """The profile; of somebody unknown the one that says nothing."""
    return await _shown(app, caller, user_id)


@router.patch("/profile")
async def edit_profile(user_id: UserName, body: ProfileEdit, caller: Writer, app: App) -> ProfileShown:
    """Sets consent, age class and language."""
    given = body.model_dump(exclude_none=True)

    def changed(profile: Profile) -> Profile:
        return replace(profile, **given)

    await asyncio.to_thread(app.store.people.change, caller.tenant, user_id, changed, by=caller.by, act="edit profile")
    return await _shown(app, caller, user_id)


@router.post("/profile/lines")
async def add_profile_line(user_id: UserName, body: LineAsk, caller: Writer, app: App) -> ProfileShown:
    """Adds a line; it stands until the person deletes it."""
    line = _askable(app, caller, body.line())
    await asyncio.to_thread(app.store.people.put_line, caller.tenant, user_id, line, by=caller.by)
    return await _shown(app, caller, user_id)


@router.put("/profile/lines/{line_id}")
async def edit_profile_line(user_id: UserName, line_id: Id, body: LineAsk, caller: Writer, app: App) -> ProfileShown:
    """Replaces a line, also an inferred one, by the person's own words."""
    await _replaced(app, caller, user_id, line_id, (_askable(app, caller, body.line()),))
    return await _shown(app, caller, user_id)


@router.delete("/profile/lines/{line_id}")
async def delete_profile_line(user_id: UserName, line_id: Id, caller: Writer, app: App) -> ProfileShown:
    """Removes a line for good; an inferred one with its events as evidence of others."""
    await _replaced(app, caller, user_id, line_id, ())
    return await _shown(app, caller, user_id)


@router.get("/export")
async def export_person(user_id: UserName, caller: Reader, app: App) -> dict[str, Any]:
    """Everything that is kept of a person, words included."""
    await app.impressions.flush()
    found = await asyncio.to_thread(app.store.people.export, caller.tenant, user_id)
    return {**found, "shown": (await _shown(app, caller, user_id)).model_dump(mode="json")}


@router.delete("")
async def forget_person(user_id: UserName, caller: Writer, app: App) -> ForgottenShown:
    """Deletes a person: profile, history, the key of what was sealed, and what memory holds of them."""
    done = await app.forget(caller.tenant, user_id, caller.by)
    return ForgottenShown(known=done.known, events=done.events, models=done.models, wiped=done.wiped)


def _askable(app: Parts, caller: Caller, line: ProfileLine) -> ProfileLine:
    """The line, where its condition can be asked of the catalogue: the next turn would fail of it otherwise."""
    if line.condition is not None and caller.tenant == app.settings.tenant:
        askable(line.condition, app.engine.versions.serving.active.snapshot.system.catalog)
    return line


async def _lines(app: Parts, caller: Caller, user_id: str) -> tuple[ProfileLine, ...]:
    """What is shown: for tenants whose models are elsewhere, the person's own lines alone."""
    known = await asyncio.to_thread(app.known, caller.tenant, user_id)
    if caller.tenant != app.settings.tenant:
        return known.own
    return await app.talk(lambda: app.talker.profile(known.history, known.own, known.deleted))


async def _shown(app: Parts, caller: Caller, user_id: str) -> ProfileShown:
    lines = await _lines(app, caller, user_id)
    kept = await asyncio.to_thread(app.store.people.get, caller.tenant, user_id)
    return ProfileShown(lines=lines, consent=kept.consent, age=kept.age, locale=kept.locale)


async def _replaced(app: Parts, caller: Caller, user_id: str, line_id: str, new: tuple[ProfileLine, ...]) -> None:
    """Own lines go; of an inferred one stays, without words, that it was deleted, so that it does not come back."""
    lines = {line.id: line for line in await _lines(app, caller, user_id)}
    with missing():
        if line_id not in lines:
            raise unknown("profile line", line_id, ())
    old = lines[line_id]
    mark = () if old.source == "stated" else (ProfileLine(old.id, "", 0.0, None, old.events, "inferred", True),)

    def changed(profile: Profile) -> Profile:
        gone = {line_id, *(line.id for line in new)}
        return replace(profile, lines=(*new, *mark, *(line for line in profile.lines if line.id not in gone)))

    act = "edit profile" if new else "delete profile line"
    await asyncio.to_thread(app.store.people.change, caller.tenant, user_id, changed, by=caller.by, act=act)
