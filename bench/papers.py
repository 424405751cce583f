"""Writes docs/papers.md: every published system that is a working row here, with what was measured of it.

    python bench/papers.py            writes the page from docs/results
    python bench/papers.py --check    fails where the page is not what the results say

A row passes when the check of its system holds in the same run; what is missed is stated with its figure. "Lines" are
those of the files that only this system brought along; everything else are shared parts.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGE, RESULTS, SOURCE = ROOT / "docs" / "papers.md", ROOT / "docs" / "results", ROOT / "src" / "generec"


@dataclass(frozen=True)
class Check:
    """What was measured: our figure, that of the twin, and whether the system's check holds."""

    ours: str
    twin: str
    passed: bool


@dataclass(frozen=True, kw_only=True)
class Paper:
    """One published system."""

    name: str
    reference: str
    parts: str
    own: tuple[str, ...] = ()  # files that only this system brought along
    published: str
    asked: str  # the check
    command: str
    result: str  # file in docs/results
    read: Callable[[Any], Check | None]
    deviations: str

    def row(self) -> str:
        file = RESULTS / self.result
        found = self.read(json.loads(file.read_text())) if file.exists() else None
        lines = sum(len((SOURCE / each).read_text().splitlines()) for each in self.own)
        verdict = "not run" if found is None else "**passed**" if found.passed else "**failed**"
        measured = ("", "") if found is None else (found.ours, found.twin)
        cells = (
            f"{self.name} ({self.reference})", self.parts, str(lines) if self.own else "0", self.published, *measured,
            f"{self.asked}: {verdict}", self.deviations, f"`{self.command}`",
        )  # fmt: skip
        return f"| {' | '.join(cells)} |"


def ends(interval: Any, digits: int = 3) -> str:
    """`mean (low to high)` of an interval, written as a list or as its fields."""
    mean, low, high = interval if isinstance(interval, list) else (interval[name] for name in ("mean", "low", "high"))
    return f"{mean:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def beauty(recipe: str, bar: tuple[float, float]) -> Callable[[Any], Check | None]:
    """Recall@10 and NDCG@10 after the refit, with the deviation over seeds."""

    def read(document: Any) -> Check | None:
        if recipe not in document:
            return None
        found = document[recipe]["refitted on train + validation"]["own decoder"]
        metrics, sd = found["metrics"], found["sd"]
        figures = [
            f"{metrics[name]:.4f}" + (f" (sd {sd[name]:.4f})" if sd.get(name) else "")
            for name in ("recall@10", "ndcg@10")
        ]
        other = document["sasrec" if recipe != "sasrec" else "one_pass"]["refitted on train + validation"][
            "own decoder"
        ]["metrics"]
        twin = f"{'sasrec' if recipe != 'sasrec' else 'one_pass'} {other['recall@10']:.4f} / {other['ndcg@10']:.4f}"
        passed = metrics["recall@10"] >= bar[0] and metrics["ndcg@10"] >= bar[1]
        return Check(f"{' / '.join(figures)}, {document[recipe]['seeds']} seed(s)", twin, passed)

    return read


def entertain(document: Any) -> Check:
    matter, forced = document["words matter"], document["forced to chance"]
    more = (matter["picked less random"], matter["picked less first"])
    passed = all(interval[1] > 0 for interval in more) and matter["pairwise accuracy where |z| > 1.96"] >= 0.56
    return Check(
        f"clicks above a random line {ends(more[0], 4)}, above the human line {ends(more[1], 4)}; "
        f"pairwise {matter['pairwise accuracy where |z| > 1.96']:.3f}",
        f"reward forced to chance: human line served {forced['human line served']:.0%}",
        passed and forced["human line served"] == 1,
    )


def bandit(document: Any) -> Check:
    of = document["regret"]
    kernel, fourier, wide = of["kernel"], of["Fourier"], of["Fourier, 256 frequencies"]
    near = max(fourier, wide, key=lambda each: each["reward"])
    roots = list(kernel["regret_by_root"].values())
    passed = (
        kernel["reward"] > max(of["best single arm"]["reward"], of["shared weights"]["reward"])
        and near["reward"] >= 0.99 * kernel["reward"] and 10 * near["seconds"] <= kernel["seconds"]
        and roots[-1] <= roots[0] * 1.05
    )  # fmt: skip
    return Check(
        f"kernel {kernel['reward']:.4f} (sd {kernel['sd']:.4f}), Fourier {near['reward']:.4f} in "
        f"{near['seconds'] / kernel['seconds']:.2f} of the time; regret / root T {roots[0]:.2f} to {roots[-1]:.2f}",
        f"best single arm {of['best single arm']['reward']:.4f}, shared weights {of['shared weights']['reward']:.4f}",
        passed,
    )


def consuming(document: Any) -> Check:
    exact, texts = document["exact"], document["texts"]
    four, one, real = exact["K=4, 0% real"], exact["K=1, 0% real"], exact["K=4, 50% real"]
    apart = max(max(each["total_variation"]) for each in exact.values())
    rewards = [each["reward"] for each in one["rounds"]]
    flat = max(rewards) - min(rewards) < 1e-9
    bounded = all(each["divergence"] <= real["checks"]["divergence bound"] + 1e-9 for each in real["rounds"])
    kept, lost = texts["safeguards"]["last diversity kept"], texts["none"]["last diversity kept"]
    passed = apart < 0.02 and four["checks"]["reward rises every round"] and flat and bounded and kept >= 0.95 > lost
    return Check(
        f"total variation at most {apart:.4f}; diversity kept over ten rounds {kept:.0%}",
        f"one sample: reward flat; without safeguards diversity {lost:.0%}", passed,
    )  # fmt: skip


def next_search(document: Any) -> Check:
    of = document["means"]
    passed = of["by_stage"] >= 0.8 and of["by_thumbs"] <= 0.45
    recovered = of["recovered_by_stage"] >= 0.5 and 2 * of["recovered_by_thumbs"] <= of["recovered_by_stage"]
    return Check(
        f"stage named {of['by_stage']:.0%}, {of['recovered_by_stage']:.0%} of the lost NDCG@10 recovered",
        f"thumbs: named {of['by_thumbs']:.0%}, recovered {of['recovered_by_thumbs']:.0%}", passed and recovered,
    )  # fmt: skip


def geo(document: Any) -> Check:
    rows = document["answers"]["cues 0.1"]
    best = max(rows[name]["change"] for name in ("quotation", "statistics", "cite_sources"))
    missed = [name for name, met in document["targets"].items() if not met]
    return Check(
        f"best tactic {best:+.0%} visibility, keyword stuffing {rows['keyword_stuffing']['change']:+.0%}; "
        f"{len(document['targets']) - len(missed)} of {len(document['targets'])} targets met",
        f"missed: {'; '.join(missed)}" if missed else "none missed", not missed,
    )  # fmt: skip


def slates(document: Any) -> Check:
    gains, online = document["likelihood"]["whole_minus"], document["online"]
    more = online["in_slate_over"]["greedy"]
    return Check(
        f"nats a step above flat prior {ends(gains['flat prior'])}, linear {ends(gains['linear'])}, "
        f"uniform candidates {ends(gains['uniform candidates'])}",
        f"clicks over greedy {more['mean']:+.0%} ({more['low']:+.0%} to {more['high']:+.0%})",
        document["likelihood"]["accepted"] and online["accepted"],
    )  # fmt: skip


def genup(document: Any) -> Check:
    gain = document["profile_minus"]["history of equal tokens"]["recall@1"]
    return Check(f"Acc@1 more {ends(gain)}", "history of as many tokens", document["accepted"])


def generec(document: Any) -> Check | None:
    if "routing" not in document or "generators" not in document:
        return None
    creation, gaps = document["generators"].get("text creation"), document["routing"]["gaps"]
    arm = next((name for name in gaps["gap"] if name == "text creation"), None)
    hit = creation["hit, right over disjoint"] if creation else None
    met = gaps["gap"][arm] if arm else 0.0
    passed = arm is not None and met >= 0.4 and gaps["gap"]["retrieve"] == 0 and (hit is None or hit >= 3)
    return Check(
        f"wishes that no item serves: met by creation {met:.2f}; right person over disjoint taste "
        f"{'never hit' if hit is None else f'{hit:.1f} times'}",
        f"retrieval {gaps['gap']['retrieve']:.2f}", passed,
    )  # fmt: skip


READERS: dict[str, Callable[[Any], Check | None]] = {
    "sasrec": beauty("sasrec", (0.105, 0.063)),
    "tiger": beauty("tiger", (0.0648, 0.0384)),
    "generec": generec,
    "entertain": entertain,
    "bandit": bandit,
    "consuming": consuming,
    "next_search": next_search,
    "geo": geo,
    "slates": slates,
    "genup": genup,
}


def papers() -> list[Paper]:
    """The rows of papers.toml, each with the reader of its results."""
    rows = tomllib.loads((Path(__file__).parent / "papers.toml").read_text())
    return [Paper(read=READERS[key], **{**row, "own": tuple(row["own"])}) for key, row in rows.items()]


def page() -> str:
    columns = ("System", "Shared parts", "Lines of its own", "Published", "Ours", "Twin in the same run", "Check",
               "Deviations", "Command")  # fmt: skip
    return "\n".join(
        [
            "# Published systems",
            "",
            "Written by `python bench/papers.py` from [results](results); rows are never edited by hand.",
            "Published figures are for orientation, since protocols differ: what decides is the check against the twin",
            "in the same run.",
            "",
            f"| {' | '.join(columns)} |",
            f"| {' | '.join('---' for _ in columns)} |",
            *(paper.row() for paper in papers()),
            "",
        ]
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    if parser.parse_args().check:
        return 0 if PAGE.exists() and PAGE.read_text() == page() else 1
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
