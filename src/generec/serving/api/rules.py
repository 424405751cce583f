"""/v1/rules: what an operator wants of every slate, by condition and date."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from generec.serving.api.access import Admin, App, Reader
from generec.serving.api.problems import RESPONSES, missing
from generec.serving.api.recommend import Closed, Expression, Id
from generec.serving.rules import Rule, RuleKind

router = APIRouter(prefix="/v1/rules", tags=["rules"], responses=RESPONSES)
_Moment = Annotated[int, Field(ge=0, lt=2**53)]


class RuleAsk(Closed):
    """Boost, pin or bury the items that satisfy all conditions, from `starts` until before `ends` (UTC seconds).

    A boost divides an item's place by the weight, a bury multiplies it, a pin puts it first (of two pins the heavier
    one). Nobody is shown by it what they have seen, refused or ruled out.
    """

    kind: RuleKind
    conditions: Annotated[list[Expression], Field(min_length=1, max_length=20)]
    weight: Annotated[float, Field(gt=0, le=1000)] = 1.0
    starts: _Moment | None = None
    ends: _Moment | None = None


class RuleShown(BaseModel):
    """A rule as it stands."""

    id: str
    kind: RuleKind
    conditions: list[str]
    weight: float
    starts: int | None
    ends: int | None


@router.get("")
def list_rules(caller: Reader, app: App, at: _Moment | None = None) -> list[RuleShown]:
    """All rules, oldest first; with `at` those in force then."""
    return [_shown(rule) for rule in app.store.rules.list(caller.tenant, at=at)]


@router.post("")
def add_rule(body: RuleAsk, caller: Admin, app: App) -> RuleShown:
    """Adds a rule."""
    rule = app.store.rules.add(
        caller.tenant, body.kind, body.conditions, weight=body.weight, starts=body.starts, ends=body.ends, by=caller.by
    )
    return _shown(rule)


@router.delete("/{rule_id}", status_code=204)
def delete_rule(rule_id: Id, caller: Admin, app: App) -> None:
    """Takes a rule away."""
    with missing():
        app.store.rules.delete(caller.tenant, rule_id, by=caller.by)


def _shown(rule: Rule) -> RuleShown:
    return RuleShown(
        id=rule.id, kind=rule.kind, conditions=[str(one) for one in rule.conditions], weight=rule.weight,
        starts=rule.starts, ends=rule.ends,
    )  # fmt: skip
