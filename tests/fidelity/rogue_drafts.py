"""A maker that hands over what it was given, drafts that one check each must stop, and a loop that would show them.

The shop of `small_world` with texts, makers, age ratings and rights. Every case has an honest draft that is shown, a
faulty one, and two ways in which its check cannot judge: what it looks at is absent, or it breaks.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import polars as pl

import small_world
from generec.encoders.tfidf import TfidfEncoder
from generec.fidelity.authenticity import Authenticity
from generec.fidelity.bias import Bias
from generec.fidelity.identifiability import Identifiability
from generec.fidelity.keys import Keys
from generec.fidelity.policy import Policy
from generec.fidelity.safety import Safety
from generec.loop.arms import Arm
from generec.loop.generec import GeneRec
from generec.loop.meaning import Meaning
from generec.loop.turn import Loop, TurnRequest
from generec.records import BackendCard, Draft, Evidence, Member, SetPayload, TextPayload, Turn, Verdict
from generec.types import Catalog, Events

ROGUE = BackendCard("rogue")
MAKERS = ("Ada Long", "Ada Long", "Ada Long", "Ada Long", "Bo Reed", "Cy Hart", "Di Moss")
HARMFUL, LONG, RATED, REFUSED = "i5", "i10", "i15", "i20"


def catalog():
    """Lamps 0 to 3 are by one maker. 1 is described harmfully, 2 at length, 3 is rated oddly, 4 may not be edited."""
    frame, numbers = small_world.catalog().frame, range(small_world.ITEMS)
    texts = [f"{frame['title'][n].capitalize()} is made of brass. It stands on a desk." for n in numbers]
    texts[5] = "This lamp is bright. Kill yourself."
    texts[10] = " ".join(f"Part {part} of the lamp is made of brass." for part in range(25))
    refused = [{"derivatives": False} if n == 20 else None for n in numbers]
    return Catalog(
        frame.with_columns(
            pl.Series("description", texts),
            pl.Series("review", ["It is warm and quiet." if n == 0 else None for n in numbers]),
            pl.Series("creator", [MAKERS[n // 5 % 7] for n in numbers]),
            pl.Series("certificate", ["purple" if n == 15 else None for n in numbers]),
            pl.Series("rights", refused, pl.Struct({"derivatives": pl.Boolean})),
        )
    )


def world(folder):
    """The shop behind `GeneRec`, with a ledger and keys of its own."""
    system = replace(small_world.trained(), catalog=catalog())
    generec = GeneRec(system=system, data=small_world.dataset(), folder=folder / "ledger", keys=Keys(folder / "keys"))
    generec.meaning = Meaning(system.catalog, TfidfEncoder(dimensions=16).fit(system.catalog, Events.pack([])))
    return generec


def about(item_id, name="description", trust="prose", key=None):
    row = catalog().frame.row(catalog().row(item_id), named=True)
    return Evidence(key or f"{item_id}.{name}", row[name], item_id, name, trust)


def edited(item_id, text=None, *evidence):
    """The item's own description as an edit, or another text that claims to rest on the same."""
    evidence = evidence or (about(item_id),)
    payload = TextPayload(text or evidence[0].text)
    return Draft(
        id=f"edit of {item_id}", mode="edited", payload=payload, parents=(item_id,), evidence=evidence, backend=ROGUE
    )


def created(text):
    payload, evidence = TextPayload(text), (about("i0"),)
    return Draft(id="text", mode="created", payload=payload, parents=("i0",), evidence=evidence, backend=ROGUE)


def gathered(*item_ids):
    payload = SetPayload("Lamps", tuple(map(Member, item_ids)))
    return Draft(id=f"set of {len(item_ids)}", mode="created", payload=payload, parents=item_ids, backend=ROGUE)


@dataclass(frozen=True)
class Rogue:
    """A maker that vouches for anything."""

    draft: Draft
    arm: Arm = field(init=False)

    def __post_init__(self):
        action = "edit" if self.draft.mode == "edited" else "create"
        object.__setattr__(self, "arm", Arm(name="rogue", action=action, kind=self.draft.payload.kind, card=ROGUE))

    def make(self, guidance, person, near, n):
        return (replace(self.draft, guidance=guidance.fingerprint),)

    def worth(self, draft, guidance, person):
        return 100.0


@dataclass(frozen=True, kw_only=True)
class Case:
    """What one check must stop. `ready`: the loop with all that the check needs; the others lack it, or break it."""

    check: str
    words: str
    honest: Draft
    faulty: Draft
    without: Callable[[Loop], Loop]
    broken: Callable[[Loop], Loop]
    ready: Callable[[Loop], Loop] = lambda loop: loop
    unsure: Draft | None = None  # the draft for which the lack matters; the honest one

    @property
    def variants(self):
        """name -> (draft, loop)"""
        return {
            "honest": (self.honest, self.ready), "faulty": (self.faulty, self.ready),
            "absent": (self.unsure or self.honest, self.without), "broken": (self.honest, self.broken),
        }  # fmt: skip


def checked_by(check):
    def changed(loop):
        checks = [check if each.name == check.name else each for each in loop.gate.checks]
        return replace(loop, gate=replace(loop.gate, checks=checks))

    return changed


def seeing(**changed):
    return lambda loop: replace(loop, scene=replace(loop.scene, **changed))


def breaks(*_):
    raise RuntimeError("out of memory")


@dataclass(frozen=True)
class BrokenClassifier:
    card: str = "a classifier"
    scores: Callable[[str], float] = breaks


REVIEWED = edited("i0", None, about("i0"), about("i0", "review", "person", key="review"))
ONE_HAND, MANY = gathered("i0", "i35", "i40", "i45"), gathered("i0", "i25", "i30", "i35")
SHORTEN = "shorten the description of lamp number 0"
CASES = (
    Case(
        check="bias", words="create a set of 4 lamps for my sister", honest=MANY, faulty=ONE_HAND,
        ready=checked_by(Bias(make=lambda guidance: MANY)), without=checked_by(Bias()),
        broken=checked_by(Bias(make=breaks)),
    ),
    Case(
        check="privacy", words=SHORTEN, honest=REVIEWED,
        faulty=edited("i0", "It stands on a desk. Write to ada@long.example."),
        ready=seeing(people={"review": frozenset("abcde")}), without=seeing(people={}),
        broken=seeing(people={"review": frozenset("abcde")}, canaries=(17,)),
    ),
    Case(
        check="safety", words=SHORTEN, honest=edited("i0"), faulty=edited(HARMFUL), unsure=edited(RATED),
        without=lambda loop: loop, broken=checked_by(Safety(classifier=BrokenClassifier())),
    ),
    Case(
        check="authenticity", words="write a text about lamps",
        honest=created("Lamp number 0 is made of brass."),
        faulty=created("Lamp number 0 is made of brass. It weighs 3 kg."), without=seeing(originals=None),
        broken=checked_by(Authenticity(verifier=breaks)),
    ),
    Case(
        check="legality", words=SHORTEN, honest=edited("i0"), faulty=edited(REFUSED), without=seeing(rights=None),
        broken=seeing(use=None),
    ),
    Case(
        check="identifiability", words=SHORTEN, honest=edited("i0"), faulty=edited(LONG), without=seeing(keys=None),
        broken=checked_by(Identifiability(encode=breaks)),
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """What a turn made of one draft."""

    turn: Turn
    verdict: Verdict | None
    shown: bool
    retrieved: bool  # the slate is that of a loop without makers


def outcome(generec, case, variant, policy=None):
    """One turn of the loop of a `GeneRec` in which the rogue hands over a draft of a case."""
    draft, changed = case.variants[variant]
    plain = generec.loop
    ready = changed(replace(plain, gate=replace(plain.gate, policy=policy or Policy())))
    asked = TurnRequest(words=case.words, person=generec.person(history=("i3", "i8", "i13")))
    alone = replace(plain, makers={}).turn(asked)
    turn = replace(ready, makers={"rogue": Rogue(draft)}).turn(asked)
    verdicts = [verdict for report in turn.reports for verdict in report.verdicts if verdict.check == case.check]
    shown = any(candidate.draft is not None for candidate in turn.slate)
    return Shown(turn, next(iter(verdicts), None), shown, turn.slate == alone.slate)
