"""A recipe: the parts of one published system, and the only place where they meet."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from generec.data.dataset import fingerprint
from generec.data.split import everything
from generec.data.split import split as split_data
from generec.decoding.trie import compile_index
from generec.fitting.loop import Run, Trajectory
from generec.nn.item_model import ItemModel
from generec.protocols import Decoder, ItemEncoder, ItemTokenizer, ModelSpec, Template
from generec.recipe.chain import Chain, remembered
from generec.recipe.record import describe
from generec.system import System
from generec.training import Lesson, Stage
from generec.types import Case, Catalog, Dataset, Events, Split

ModelT = TypeVar("ModelT", bound=ItemModel)


@dataclass(frozen=True)
class Fitted(Generic[ModelT]):
    """What `Recipe.fit` made: the recommender to use, and the one that was selected on validation before the refit."""

    system: System[ModelT]
    selected: System[ModelT]


@dataclass(frozen=True, kw_only=True)
class Recipe(Generic[ModelT]):
    """A named method as a configuration of general parts."""

    name: str
    paper: str
    """Where it was published, and what deviates."""
    encoder: ItemEncoder
    tokenizer: ItemTokenizer
    template: Template
    model: ModelSpec[ModelT]
    stages: tuple[Stage[ModelT], ...]
    decoder: Decoder[ModelT]

    def fit(
        self, data: Dataset, split: Split | None = None, *, run: Run | None = None, refit: bool = True,
        final: bool = False, selected: Callable[[System[ModelT]], None] | None = None,
    ) -> Fitted[ModelT]:  # fmt: skip
        """Selects on validation, then fits anew on train + validation for the epochs that were best.

        refit=False keeps the selected system; final=True refits on everything, the test events too, and the result
        cannot be judged on these data. `selected` is called with the selected system before the refit begins. With
        run.directory, fitted parts and checkpoints are kept there under hashes of what they depend on: a killed run
        resumes, and a changed one repeats only what follows the change.
        """
        run = run or Run()
        split = split or split_data(data)
        chosen, trajectories = self._train(data.catalog, split.train, split.validation, (), run, "select")
        about = {"data": self._about(data), "split": split.name, "protocol": split.description, "seed": run.seed,
                 "threads": torch.get_num_threads(), "selection": [asdict(each) for each in trajectories]}  # fmt: skip
        chosen.record = {**chosen.record, **about, "trained_on": "train", "final": False}
        if selected is not None:
            selected(chosen)
        if not (refit or final):
            return Fitted(chosen, chosen)
        epochs = tuple(each.best_epoch for each in trajectories)
        events = everything(data) if final else split.refit
        system, again = self._train(data.catalog, events, (), epochs, run, "final" if final else "refit")
        trained_on = "all events, the test events too" if final else "train + validation"
        system.record = {**system.record, **about, "trained_on": trained_on, "final": final,
                         "refit": [asdict(each) for each in again]}  # fmt: skip
        return Fitted(system, chosen)

    def _train(
        self, catalog: Catalog, events: Events, validation: tuple[Case, ...], epochs: tuple[int, ...],
        run: Run, name: str,
    ) -> tuple[System[ModelT], list[Trajectory]]:  # fmt: skip
        began = time.monotonic()
        chain = Chain.begin(catalog, events, run.seed).then(self.encoder)
        encoder = remembered(
            _kept(run, "encoder", chain), self.encoder.restore,
            _seeded(run.seed, lambda: self.encoder.fit(catalog, events)), lambda fitted: fitted.state(),
        )  # fmt: skip
        features = encoder.encode(catalog)
        chain = chain.then(self.tokenizer)
        tokenizer = remembered(
            _kept(run, "tokenizer", chain), self.tokenizer.restore,
            _seeded(run.seed, lambda: self.tokenizer.fit(features, events)), lambda fitted: fitted.state(),
        )  # fmt: skip
        index = compile_index(tokenizer.ids)
        chain = chain.then(self.template).then(self.model)
        system = System(
            catalog=catalog, encoder=encoder, features=features, tokenizer=tokenizer, index=index,
            template=self.template, model=_seeded(run.seed, lambda: self.model.build(index, features))(),
            decoder=self.decoder, activity=activity(events, len(catalog)),
        )  # fmt: skip
        trajectories: list[Trajectory] = []
        for place, stage in enumerate(self.stages):
            chain = chain.then(stage)
            lesson = Lesson(events=events, validation=validation, epochs=epochs[place] if epochs else None)
            label = f"{self.name}: {name}" + (f", stage {place + 1}" if len(self.stages) > 1 else "")
            trajectories.append(stage.run(system, lesson, replace(run, key=chain.short), label))
        system.record = {"recipe": describe(self), "seconds": round(time.monotonic() - began, 1)}
        return system, trajectories

    def _about(self, data: Dataset) -> dict[str, Any]:
        known = ("source", "licence", "rights", "ties", "repeats", "directory")
        measured = {"fingerprint": fingerprint(data), "events_until": data.events["timestamp"].max()}
        return {name: data.info[name] for name in known if name in data.info} | measured


def activity(events: Events, items: int, half_life: float = 0.1) -> Tensor:
    """How much each item is used now, (N,): counts that halve for every `half_life` of the log's span in age."""
    if events.times is None or events.times.numel() == 0:
        return events.counts(items).float()
    latest, earliest = int(events.times.max()), int(events.times.min())
    age = (latest - events.times).double() / max(1, latest - earliest)
    return torch.bincount(events.items, (0.5 ** (age / half_life)), minlength=items).float()


def _kept(run: Run, part: str, chain: Chain) -> Any:
    return None if run.directory is None else run.directory / f"{part}-{chain.short}.safetensors"


def _seeded(seed: int, make: Callable[[], Any]) -> Callable[[], Any]:
    def seeded() -> Any:
        torch.manual_seed(seed)
        return make()

    return seeded
