"""Best-of-N with the human line in it, in a click world whose rates are known: does a learned reward earn more?

Lines are statements of the embedded world's descriptions. Each word has a hidden worth, each line a share of its own
that no word tells; what a line earns when shown is known exactly. Tests show a human line and drafts; the reward learns
from clicks on half of the lines and picks among the others. Rows: picked, the human line (first), an arm at random,
the best there is. Words matter, matter little, or do not matter (the reward must step back); and a reward that is
forced to chance.

    python bench/best_of_n.py --out best_of_n.json
"""

from __future__ import annotations

import argparse
import json
import math
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from generec.create.text_reward import FittedReward, PairwiseReward, Test, Wording, pairs, rate_of_picks
from generec.create.text_statements import is_specific, statements
from generec.data.world import make_world
from generec.errors import FittingError
from generec.metrics.intervals import difference_interval, mean_interval
from measured import written

SURE = 10**9  # shows after which a rate is known


def lines(items: int, seed: int) -> list[str]:
    """Distinct statements that people might be shown."""
    found = make_world(items, 10, seed).dataset.catalog.frame["description"].to_list()
    said = (one for text in found for one in statements(text) if not is_specific(one))
    return list(dict.fromkeys(said))


@dataclass(frozen=True)
class Clicks:
    """A world in which words have worth. worth, own: spread of the words' and of the lines' own worth, in logits."""

    values: dict[str, float]
    worth: float
    own: float
    arms: int
    shown: int

    @staticmethod
    def of(texts: Sequence[str], worth: float, own: float, arms: int, shown: int, seed: int) -> Clicks:
        words = sorted({word for text in texts for word in _words(text)})
        drawn = np.random.default_rng(seed).standard_normal(len(words)).tolist()
        return Clicks(dict(zip(words, drawn, strict=True)), worth, own, arms, shown)

    def tests(self, texts: Sequence[str], count: int, seed: int) -> tuple[list[Test], list[Test]]:
        """(what was counted, what is true) of tests of these lines."""
        draw = np.random.default_rng(seed)
        counted, true = [], []
        for _ in range(count):
            chosen = [texts[at] for at in draw.choice(len(texts), self.arms, replace=False)]
            rates = [1 / (1 + math.exp(-self.logit(text) - self.own * draw.standard_normal())) for text in chosen]
            both = list(zip(chosen, rates, strict=True))
            counted.append([Wording(text, self.shown, int(draw.binomial(self.shown, rate))) for text, rate in both])
            true.append([Wording(text, SURE, round(rate * SURE)) for text, rate in both])
        return counted, true

    def logit(self, text: str) -> float:
        """About one click in twenty; the words' sum is brought to the spread of one word."""
        words = _words(text)
        return self.worth * sum(self.values[word] for word in words) / math.sqrt(max(1, len(words))) - 3


def _words(text: str) -> list[str]:
    return re.findall(r"\w\w+", text.casefold())


def judged(reward: FittedReward, counted: Sequence[Test], true: Sequence[Test]) -> dict[str, Any]:
    """What picking earns on tests that were not learned from; intervals by test."""
    rates = torch.from_numpy(rate_of_picks(reward, true))
    best = torch.tensor([max(one.rate for one in test) for test in true])
    sure = [pair for test in counted for pair in pairs(test, 1.96)]
    better, worse = (reward.scores([pair[side] for pair in sure]) for side in (0, 1))
    columns = {"picked": rates[:, 0], "first": rates[:, 1], "random": rates[:, 2], "best": best}
    human = [reward.pick(test[0].text, [one.text for one in test[1:]]) == 0 for test in true]
    return {
        "rate": {name: _ends(mean_interval(column)) for name, column in columns.items()},
        "picked less first": _ends(difference_interval(rates[:, 0], rates[:, 1])),
        "picked less random": _ends(difference_interval(rates[:, 0], rates[:, 2])),
        "pairwise accuracy where |z| > 1.96": float((better > worse).mean()) if sure else None,
        "certain pairs": len(sure),
        "human line served": float(np.mean(human)),
        "accuracy on its own held-out tests": reward.accuracy,
        "trusted": reward.trusted,
    }


def _ends(interval: Any) -> list[float]:
    return [round(value, 5) for value in (interval.mean, interval.low, interval.high)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("best_of_n.json"))
    parser.add_argument("--items", type=int, default=2000)
    parser.add_argument("--tests", type=int, default=4000)
    parser.add_argument("--arms", type=int, default=4)
    parser.add_argument("--shown", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    began, texts = time.process_time(), lines(asked.items, asked.seed)
    results: dict[str, Any] = {"lines": len(texts)}
    for name, worth in (("words matter", 0.5), ("words matter little", 0.15), ("words do not matter", 0.0)):
        clicks = Clicks.of(texts, worth, 0.3, asked.arms, asked.shown, asked.seed)
        counted, _ = clicks.tests(texts[::2], asked.tests // 2, asked.seed + 1)
        unseen = clicks.tests(texts[1::2], asked.tests // 2, asked.seed + 2)
        try:
            reward = PairwiseReward(seed=asked.seed).fit(counted)
        except FittingError as error:
            results[name] = {"not fitted": str(error)}
            continue
        results[name] = judged(reward, *unseen)
        if name == "words matter":
            results["forced to chance"] = judged(replace(reward, accuracy=0.5), *unseen)
    results["cpu_seconds"] = time.process_time() - began
    written(asked.out, results)
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
