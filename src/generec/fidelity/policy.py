"""What the operator decided: which check blocks and which only warns, per kind of draft, and what may be done at all.

A policy file is TOML; every key may be left out:

    name = "shop"
    allow_network = false            # whether checks may ask endpoints
    sidecar_only = false             # long texts without a watermark
    users = 5                        # people behind a fact before others may hear it
    jurisdiction = "eu.toml"         # a file beside this one, or a table as below

    [checks.text]
    bias = "block"                   # block or warn; what is not named blocks, except bias

    [rights."LICENCE.txt"]           # what the terms of an imported catalogue mean
    publish = true
    commercial = true
    derivatives = false
    attribution = ["Jane Doe"]

    [jurisdiction]
    name = "EU"
    watermark_from = 200
    advert_words = ["Anzeige"]
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from generec.errors import InputError, unknown
from generec.fidelity.closed import closed, read_toml
from generec.fidelity.rights import Rights
from generec.records import Kind

Severity = Literal["block", "warn"]

CHECKS = ("bias", "privacy", "safety", "authenticity", "legality", "identifiability")
"""What every draft is judged by."""


@dataclass(frozen=True, kw_only=True)
class Jurisdiction:
    """What the law asks where things are shown, as the operator's counsel reads it."""

    name: str = "EU"
    watermark_from: int = 200
    """Tokens from which a text needs a watermark."""
    label_words: tuple[str, ...] = ("AI",)
    """One of these must stand in the visible label."""
    advert_words: tuple[str, ...] = ("Advertisement", "Sponsored")
    """One of these must stand on an advert."""
    forbidden: tuple[str, ...] = ()
    """Classes of the safety check that nobody may be shown."""


@dataclass(frozen=True, kw_only=True)
class Policy:
    """An operator's decisions. The default is what a plain installation works with.

    There every check blocks except bias, which warns: what it compares (a batch of slates, a maker to ask again) is
    often not at hand, and what it cannot compare is unknown.
    """

    name: str = "default"
    checks: Mapping[str, Mapping[str, Severity]] = field(default_factory=dict)
    """Kind of draft -> check -> whether it blocks."""
    allow_network: bool = False
    sidecar_only: bool = False
    """Whether a text that needs a watermark may go out with label and signed sidecar alone."""
    users: int = 5
    """How many people must stand behind a fact about people before it is told to somebody else."""
    max_ai_share: float = 0.5
    """How much of what people are shown may be edited or created."""
    rights: Mapping[str, Rights] = field(default_factory=dict)
    """What the named terms of catalogues mean."""
    jurisdiction: Jurisdiction = field(default_factory=Jurisdiction)

    def severity(self, kind: str, check: str) -> Severity:
        """Whether a check blocks drafts of a kind."""
        return self.checks.get(kind, {}).get(check, "warn" if check == "bias" else "block")

    def required(self, kind: str) -> tuple[str, ...]:
        """The checks without which no draft of a kind is judged."""
        return (*CHECKS, *(name for name in self.checks.get(kind, {}) if name not in CHECKS))


def read_policy(path: str | Path, further: tuple[str, ...] = ()) -> Policy:
    """Reads a policy file. further: names of the operator's own checks.

    Raises UsageError for an unknown key, kind or check, with the nearest real one, and InputError for other faults.
    """
    tables = read_toml(path)
    stated = tables.get("jurisdiction")
    if isinstance(stated, str):
        tables["jurisdiction"] = read_toml(Path(path).parent / stated)
    return policy_of(tables, further)


def policy_of(tables: Mapping[str, Any], further: tuple[str, ...] = ()) -> Policy:
    """A policy from the tables of its file."""
    known = dict(tables)
    rights, law = known.pop("rights", {}), known.pop("jurisdiction", {})
    policy = closed(Policy, known, "the policy")
    for kind, severities in policy.checks.items():
        if kind not in get_args(Kind):
            raise unknown("kind of draft in the policy", kind, get_args(Kind))
        for check in severities:
            if check not in (*CHECKS, *further):
                raise unknown("check in the policy", check, (*CHECKS, *further))
    if not isinstance(rights, Mapping):
        raise InputError(f"rights in the policy must be a table of tables, got {rights!r}")
    return Policy(
        **{**vars(policy)}
        | {
            "rights": {name: closed(Rights, table, f"rights.{name}") for name, table in rights.items()},
            "jurisdiction": closed(Jurisdiction, law, "the jurisdiction"),
        }
    )
