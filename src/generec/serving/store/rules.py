"""The rules of each tenant: which items to boost, pin or bury, and when (serving/rules.py says what that means)."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, get_args

import sqlalchemy as sql
from sqlalchemy.engine import Row

from generec.data.conditions import expression, parse
from generec.errors import UsageError, unknown
from generec.serving.rules import Rule, RuleKind, in_force
from generec.serving.store.border import empty
from generec.serving.store.database import Database, note, now
from generec.serving.store.recent import Recent
from generec.serving.store.tables import RULES
from generec.types import Catalog

_ALL = sql.select(RULES).where(RULES.c.tenant == sql.bindparam("of")).order_by(RULES.c.created, RULES.c.id)


@dataclass(frozen=True)
class Rules:
    """Rules, kept until they are taken away."""

    db: Database
    _recent: dict[str, Recent[tuple[Rule, ...]]] = field(default_factory=dict, repr=False, compare=False)

    def recent(self, tenant: str) -> Recent[tuple[Rule, ...]]:
        """All rules, oldest first, which every request asks for. Those of other processes count within a second."""
        return self._recent.setdefault(tenant, Recent(partial(self.list, tenant)))

    def add(
        self,
        tenant: str,
        kind: RuleKind,
        conditions: Sequence[str],
        *,
        weight: float = 1.0,
        starts: int | None = None,
        ends: int | None = None,
        by: str,
    ) -> Rule:
        """Adds a rule. conditions: in the grammar of data/conditions.py, all of which must hold.

        Raises UsageError for a condition that cannot be read or does not suit the tenant's catalogue, and for a rule
        that could never act.
        """
        if kind not in get_args(RuleKind):
            raise unknown("kind of rule", kind, get_args(RuleKind))
        if not conditions:
            raise UsageError("a rule needs a condition; write: field = v, field <= 3, field in a|b, …")
        if not 0 < weight < float("inf"):
            raise UsageError(f"a weight is a positive number, got {weight}")
        if starts is not None and ends is not None and starts >= ends:
            raise UsageError(f"the rule would end ({ends}) before it starts ({starts})")
        read = tuple(parse(text) for text in conditions)
        rule = Rule(id=secrets.token_hex(8), kind=kind, conditions=read, weight=weight, starts=starts, ends=ends)
        with self.db.writing(tenant) as (c, row):
            catalog = Catalog(empty(row.columns))
            for condition in read:
                catalog.frame.select(expression(catalog, condition))
            c.execute(sql.insert(RULES).values(
                tenant=tenant, id=rule.id, kind=kind, conditions=[str(one) for one in read], weight=weight,
                starts=starts, ends=ends, created=now(),
            ))  # fmt: skip
            note(c, tenant, by, "add rule", rule.id, {"kind": kind, "conditions": list(conditions)})
        self.recent(tenant).drop()
        return rule

    def list(self, tenant: str, *, at: int | None = None) -> tuple[Rule, ...]:
        """All rules, oldest first; with `at` (UTC seconds) those in force then."""
        with self.db.reading() as c:
            rules = tuple(map(_rule, c.execute(_ALL, {"of": tenant})))
        return rules if at is None else in_force(rules, at)

    def delete(self, tenant: str, rule_id: str, *, by: str) -> None:
        """Takes a rule away. Raises UsageError when there is none of that id."""
        with self.db.writing(tenant) as (c, _):
            gone = c.execute(sql.delete(RULES).where(RULES.c.tenant == tenant, RULES.c.id == rule_id))
            if not gone.rowcount:
                raise UsageError(f"there is no rule {rule_id!r}")
            note(c, tenant, by, "delete rule", rule_id)
        self.recent(tenant).drop()


def _rule(row: Row[Any]) -> Rule:
    conditions = tuple(parse(text) for text in row.conditions)
    return Rule(id=row.id, kind=row.kind, conditions=conditions, weight=row.weight, starts=row.starts, ends=row.ends)
