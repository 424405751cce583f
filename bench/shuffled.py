"""What the meaning of codes is worth to `one_pass`: the recipe beside its shuffled twin, with and without other ways
for meaning to reach the model.

    generec data import PATH/amazon14-beauty -o beauty
    python bench/shuffled.py beauty --work runs --out docs/results/shuffled.json

The shuffled twin deals the same codes out to the items at random. In the recipe the model also reads the items'
features (in its trunk, and as the mean of the items below a node of the trie), and every node has a vector of its own:
what a code no longer says may be learnt there. `blind` takes the features away; `shared` takes the nodes'
own vectors away too, so that all nodes with a code share its vector and the codes alone carry meaning in what is
written; the trunk still reads every item by a vector of its own. `tokens` is the recipe's token-level form, which reads
and writes codes and nothing else (15 epochs). Selected on validation, trained on train, one seed.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from generec.data.dataset import read_dataset
from generec.data.split import split
from generec.evaluation.protocol import evaluate
from generec.fitting.loop import Run
from generec.models.decoder_only import DecoderOnlyModel
from generec.models.one_pass import LevelScorer, OnePassModel
from generec.protocols import ModelSpec
from generec.recipe import Recipe
from generec.recipe.record import override
from generec.recipes.one_pass import one_pass, one_pass_shuffled, one_pass_tokens
from generec.tokenizers.controls import Shuffled
from generec.types import ItemIndex
from measured import written


@dataclass(frozen=True, kw_only=True)
class Blind:
    """A model that sees no features: what it knows of an item is its code and what it learns of it."""

    of: ModelSpec[OnePassModel]

    def build(self, index: ItemIndex, features: Tensor) -> OnePassModel:
        return self.of.build(index, features.new_zeros(len(features), 0))


@dataclass(frozen=True, kw_only=True)
class Shared:
    """A blind model whose nodes have no vectors of their own: a code means the same wherever it stands."""

    of: ModelSpec[OnePassModel]

    def build(self, index: ItemIndex, features: Tensor) -> OnePassModel:
        model = Blind(of=self.of).build(index, features)
        for scorer in model.scorers:
            assert isinstance(scorer, LevelScorer)
            torch.nn.init.zeros_(scorer.nodes.weight).requires_grad_(False)
        return model


def shared(recipe: Recipe[OnePassModel]) -> Recipe[OnePassModel]:
    return replace(recipe, name=f"{recipe.name}_shared", model=Shared(of=recipe.model))


def blind(recipe: Recipe[OnePassModel]) -> Recipe[OnePassModel]:
    return replace(recipe, name=f"{recipe.name}_blind", model=Blind(of=recipe.model))


def tokens(shuffled: bool) -> Recipe[DecoderOnlyModel]:
    recipe = override(one_pass_tokens(), ["stages.0.optimisation.epochs=15"])
    if not shuffled:
        return recipe
    return replace(recipe, name=f"{recipe.name}_shuffled", tokenizer=Shuffled(of=recipe.tokenizer))


RECIPES: dict[str, Callable[[], Recipe[Any]]] = {
    "codes": one_pass,
    "shuffled": one_pass_shuffled,
    "codes, blind": lambda: blind(one_pass()),
    "shuffled, blind": lambda: blind(one_pass_shuffled()),
    "codes, shared": lambda: shared(one_pass()),
    "shuffled, shared": lambda: shared(one_pass_shuffled()),
    "codes, tokens": lambda: tokens(False),
    "shuffled, tokens": lambda: tokens(True),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--only", action="append", choices=list(RECIPES))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    data = read_dataset(asked.data)
    parts = split(data)
    found = json.loads(asked.out.read_text()) if asked.out.exists() else {"rows": {}}
    for name in asked.only or RECIPES:
        began = time.monotonic()
        recipe = RECIPES[name]()
        run = Run(directory=asked.work / recipe.name, seed=asked.seed, resume=True)
        system = recipe.fit(data, parts, run=run, refit=False).selected
        figures = evaluate({name: [system]}, parts, data, ks=(10,)).results[0].metrics
        found["rows"][name] = {
            "recall@10": round(figures["recall@10"], 5), "ndcg@10": round(figures["ndcg@10"], 5),
            "seconds": round(time.monotonic() - began, 1),
        }  # fmt: skip
        print(name, found["rows"][name], flush=True)
        written(asked.out, {"seed": asked.seed, "rows": found["rows"]})
    rows = found["rows"]
    for kind in ("", ", blind", ", shared", ", tokens"):
        if f"codes{kind}" in rows and f"shuffled{kind}" in rows:
            loss = 1 - rows[f"shuffled{kind}"]["recall@10"] / rows[f"codes{kind}"]["recall@10"]
            print(f"shuffled codes cost {100 * loss:.1f} % of Recall@10{kind.replace(',', ' when')}")


if __name__ == "__main__":
    main()
