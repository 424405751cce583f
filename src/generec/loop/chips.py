"""What was understood, in short phrases: what every face shows of a guidance so that a person can correct it."""

from __future__ import annotations

from generec.records import Guidance
from generec.types import Catalog


def chips(guidance: Guidance, catalog: Catalog | None = None) -> list[str]:
    """One phrase per wish, each on one line; items by their titles where the catalogue is given and has them."""

    def named(item_id: str) -> str:
        return catalog.titles([item_id])[0] if catalog is not None and item_id in catalog else f"item {item_id}"

    made = f" a {guidance.kind}" if guidance.kind else ""
    found = [] if guidance.act == "recommend" else [f"{guidance.act.replace('_', ' ')}{made}"]
    found += [str(condition) for condition in guidance.conditions]
    for sign, tastes in (("likes", guidance.likes), ("not", guidance.dislikes)):
        found += [f"{sign} {taste.words or taste.condition}" for taste in tastes]
    found += [f"{'like' if anchor.weight > 0 else 'unlike'} {named(anchor.item_id)}" for anchor in guidance.anchors]
    found += [f"{'more' if each.sign > 0 else 'less'} {each.field}" for each in guidance.directions]
    found += [f"{total.field} in all {_bounds(total.low, total.high)}" for total in guidance.totals]
    found += [f"{guidance.count} items"] if guidance.count else []
    found += [f"for {guidance.audience}"] if guidance.audience else []
    return [" ".join(phrase.split()) for phrase in found]


def _bounds(low: float | None, high: float | None) -> str:
    parts = [f"at least {low:g}" if low is not None else "", f"at most {high:g}" if high is not None else ""]
    return " and ".join(part for part in parts if part)
