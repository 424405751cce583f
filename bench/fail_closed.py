"""What each fidelity check stops, from words to slate: a faulty draft, one that cannot be judged, a check that breaks.

    python bench/fail_closed.py --out docs/results/fail_closed.json

A maker that vouches for anything hands its drafts to the whole loop (`tests/fidelity/rogue_drafts.py`, which the tests
use as well). "default" is the policy of a plain installation, "block" one under which bias blocks too.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from generec.fidelity.policy import Policy
from measured import written

ROOT = Path(__file__).parent.parent
POLICIES = {
    "default": Policy(),
    "block": Policy(name="bias blocks", checks={"set": {"bias": "block"}, "text": {"bias": "block"}}),
}


def rows(folder: Path) -> list[dict[str, Any]]:
    """One row for each check, kind of draft and policy."""
    sys.path += [str(ROOT / "tests"), str(ROOT / "tests" / "fidelity")]
    from rogue_drafts import CASES, outcome, world

    generec, found = world(folder), []
    for case in CASES:
        for variant in case.variants:
            for name, policy in POLICIES.items():
                if name == "block" and case.check != "bias":
                    continue  # the two policies differ in bias alone
                seen = outcome(generec, case, variant, policy)
                reason = "" if seen.verdict.outcome == "pass" else seen.verdict.reasons[0]
                found.append(
                    {"check": case.check, "draft": variant, "policy": name, "verdict": seen.verdict.outcome,
                     "severity": seen.verdict.severity, "shown": seen.shown, "retrieved_slate_stands": seen.retrieved,
                     "reason": reason, "reason_is_told": reason in seen.turn.message}
                )  # fmt: skip
    return found


def closed(row: dict[str, Any]) -> bool:
    """Whether a row is as it must be: shown where it passed or only warns, else the retrieved slate with the reason."""
    if row["verdict"] != {"honest": "pass", "faulty": "fail"}.get(row["draft"], "unknown"):
        return False
    if row["verdict"] == "pass" or row["severity"] == "warn":
        return bool(row["shown"])
    return not row["shown"] and bool(row["retrieved_slate_stands"] and row["reason_is_told"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = rows(Path(folder))
    names = ("check", "draft", "policy", "verdict", "severity", "shown", "reason")
    print(" | ".join(names))
    for row in found:
        print(" | ".join(str(row[name]) for name in names))
    wrong = [row for row in found if not closed(row)]
    print(f"{len(found) - len(wrong)} of {len(found)} as they must be")
    if asked.out:
        written(asked.out, {"rows": found, "wrong": len(wrong)})
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
