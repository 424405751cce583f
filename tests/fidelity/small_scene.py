"""A shop of five items, drafts about them, and all that a gate needs to let an honest one pass."""

from dataclasses import replace

from generec.fidelity.gate import Gate, plain_checks
from generec.fidelity.keys import Keys
from generec.fidelity.ledger import Ledger
from generec.fidelity.originals import Originals
from generec.fidelity.policy import Policy
from generec.fidelity.provenance import Marker
from generec.fidelity.scene import Scene
from generec.records import BackendCard, Draft, Evidence, Guidance, Member, SetPayload, TextPayload

ITEMS = {
    item_id: {
        "item_id": item_id, "title": title, "description": text, "topic": topic, "creator": creator,
        "duration": duration, "price": price,
    }
    for item_id, title, text, topic, creator, duration, price in (
        ("v1", "Bread at Home", "Sourdough is kneaded slowly. Loaves prove overnight. A small oven is used.",
         "cooking", "Ada Long", 12.0, 0.0),
        ("v2", "Knots for Sailors", "Five knots are tied slowly. Rope is needed.",
         "sailing", "Bo Reed", 20.0, 3.0),
        ("v3", "Moon Craters", "A telescope looks at craters. Maps are shown.",
         "astronomy", "Cy Hart", 30.0, 0.0),
        ("v4", "Garden Birds", "Robins and wrens visit a garden. A feeder is built.",
         "nature", "Di Moss", 8.0, 2.5),
        ("v5", "Clay Bowls", "Bowls are thrown on a wheel. Glazes are mixed by hand.",
         "pottery", "Ed Vale", 15.0, 4.0),
    )
}  # fmt: skip

BACKEND = BackendCard("lattice")


def evidence_of(item_id):
    facts = ITEMS[item_id]
    prose = Evidence(f"{item_id}.description", facts["description"], item_id, "description", trust="prose")
    return (prose, Evidence(f"{item_id}.duration", f"{facts['duration']:g}", item_id, "duration", trust="field"))


def text_draft(text="Loaves prove overnight. Sourdough is kneaded slowly.", *, item_id="v1", **changed):
    made = {
        "id": "d1", "mode": "edited", "payload": TextPayload(text), "parents": (item_id,),
        "evidence": evidence_of(item_id), "backend": BACKEND,
    }  # fmt: skip
    return Draft(**{**made, **changed})


def set_draft(*item_ids, title="Evening set", reasons=(), **changed):
    item_ids = item_ids or ("v1", "v2", "v3", "v4")
    members = tuple(
        Member(item_id, reason) for item_id, reason in zip(item_ids, reasons or [""] * len(item_ids), strict=True)
    )
    made = {"id": "s1", "mode": "created", "payload": SetPayload(title, members), "backend": BackendCard("sets")}
    return Draft(**{**made, **changed})


def originals():
    return Originals.of({item_id: facts["description"] for item_id, facts in ITEMS.items()})


def scene(**changed):
    return replace(Scene(items=ITEMS, rights="own"), **changed)


def shop(folder, policy=None):
    """A gate that marks, the marker, and a scene in which an honest draft passes."""
    keys, ledger = Keys(folder / "keys"), Ledger(folder / "ledger.jsonl")
    marker = Marker(keys, ledger)
    gate = Gate(plain_checks(), policy or Policy(), marker.mark)
    return gate, marker, scene(keys=keys, ledger=ledger, originals=originals())


ASKED = Guidance()
