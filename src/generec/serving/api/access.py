"""Who asks: API keys with scopes and tenants; without any key in the store, whoever sits at this machine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, cast

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from generec.serving.api.parts import Parts
from generec.serving.api.problems import ForbiddenError, UnauthenticatedError
from generec.serving.api.settings import is_loopback
from generec.serving.store.keys import Scope

_SCHEME = HTTPBearer(auto_error=False, description="generec keys create NAME --scope read")


@dataclass(frozen=True)
class Caller:
    """On whose behalf a request is answered. `by`: what the audit calls them."""

    tenant: str
    by: str


async def parts_of(request: Request) -> Parts:  # no thread is worth its hop here
    """What the application was made of."""
    return made_of(request)


def made_of(request: Request) -> Parts:
    """The same, where nothing is awaited."""
    return cast(Parts, request.app.state.parts)


App = Annotated[Parts, Depends(parts_of)]


def _needs(scope: Scope) -> Callable[..., Awaitable[Caller]]:
    async def check(request: Request, app: App, _: Annotated[object, Depends(_SCHEME)] = None) -> Caller:
        ring, secret = app.store.keys.ring, request.headers.get("authorization", "").partition(" ")[2].strip()
        if secret and (await ring.fresh()).holder(secret) is None:
            ring.drop()  # another process may just have made it
        await ring.fresh()
        try:
            caller = _caller(request, app, scope)
        except UnauthenticatedError:
            app.rates.spend("address", request.client.host if request.client else "", app.settings.rate)
            raise
        request.state.tenant = caller.tenant
        app.rates.spend("key", caller.by, app.settings.rate)
        app.rates.spend("tenant", caller.tenant, app.settings.tenant_rate)
        return caller

    return check


def _caller(request: Request, app: Parts, scope: Scope) -> Caller:
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    if not kind:
        here = request.client is not None and is_loopback(request.client.host)
        if here and not app.store.keys.any():
            return Caller(app.settings.tenant, "this machine")
        raise UnauthenticatedError("send Authorization: Bearer KEY; `generec keys create` makes one")
    key = app.store.keys.authenticate(secret.strip()) if kind.lower() == "bearer" else None
    if key is None:
        raise UnauthenticatedError("the key is unknown or revoked; `generec keys create` makes another")
    if not key.may(scope):
        raise ForbiddenError(f"the key lacks the scope {scope!r}; ask the operator for one that has it")
    return Caller(key.tenant, key.id)


Reader = Annotated[Caller, Depends(_needs("read"))]
Writer = Annotated[Caller, Depends(_needs("write"))]
Admin = Annotated[Caller, Depends(_needs("admin"))]


def own(caller: Caller, app: Parts) -> None:
    """Raises ForbiddenError for tenants whose models this server does not hold: their answers would be another's."""
    if caller.tenant != app.settings.tenant:
        raise ForbiddenError("this server answers for another tenant; ask the one that holds your models")
