"""A text creator with all that it writes from: what the loop needs to create texts, trained once and kept in a folder.

creator.safetensors  the fitted creator, its words and what was measured of it
codes.safetensors    style features, content codes and style codes of the items that it knows
stock.json           ids of those items
spec.json            hyperparameters
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from generec.create.text_creator import Author, FittedTextCreator, TextCreator
from generec.create.text_evidence import CodedTexts
from generec.errors import ArtefactError
from generec.fitting.loop import Run
from generec.recipe.record import describe, rebuild
from generec.records import Evidence
from generec.system import System
from generec.system.folder import Verified, as_json, as_tensors, write_folder
from generec.tokenizers.joined import joined
from generec.types import Catalog, Events

_CREATOR, _CODES, _STOCK, _SPEC = "creator.safetensors", "codes.safetensors", "stock.json", "spec.json"


@dataclass(frozen=True)
class Writer:
    """A trained text creator, and the texts and codes of the items that it knows."""

    creator: FittedTextCreator
    texts: CodedTexts
    features: Tensor  # (N, D) style
    author: Author | None = None
    """Another writer, behind the same checks; None: the creator."""

    @staticmethod
    def fit(
        system: System[Any], histories: Sequence[Sequence[str]], spec: TextCreator | None = None, run: Run | None = None
    ) -> Writer:
        """Learns from the catalogue's texts under the system's codes. histories: item ids of what people used.

        Raises UsageError where the system's codes do not tell content from style, FittingError with too few texts.
        """
        spec = spec or TextCreator()
        sides, catalog = joined(system.tokenizer), system.catalog
        (first, second), codes = sides.levels, system.index.ids.codes.cpu()
        what, how = codes[:, :first], codes[:, first : first + second]
        features = system.features[:, -sides.style :].float().cpu()
        used = Events.pack([rows for rows in map(catalog.known_rows, histories) if rows])
        creator = spec.fit(catalog, features, what, how, used, run)
        return Writer(creator, _texts(catalog, creator, what, how), features)

    @cached_property
    def manners(self) -> tuple[Evidence, ...]:
        """Ways in which things are made, as evidence."""
        return self.texts.manners()

    @cached_property
    def rows(self) -> dict[str, int]:
        return {item_id: row for row, item_id in enumerate(self.texts.item_ids)}

    def liked(self, leaning: NDArray[np.float32], beside: Collection[str], count: int) -> tuple[Evidence, ...]:
        """Manners of the items that lean as somebody does, the most telling first, such as could stand in one text.

        Two manners that no text has both of say the same, or contradict each other. leaning: of each item, (N,);
        beside: manners that the text will have anyway.
        """
        if not self.manners or not leaning.any():
            return ()
        there = [at for at, one in enumerate(self.manners) if one.text in beside]
        return tuple(self.manners[at] for at in self.compatible(self.told(leaning), count, there))

    def compatible(self, worth: NDArray[np.float32], count: int, beside: Sequence[int] = ()) -> list[int]:
        """Up to `count` manners of positive worth (M,), the best first, such as could stand in one text."""
        found: list[int] = []
        for at in np.argsort(-worth, kind="stable").tolist():
            if worth[at] > 0 and len(found) < count and bool(self._together[at, [*beside, *found]].all()):
                found.append(at)
        return found

    def told(self, fits: NDArray[np.float32]) -> NDArray[np.float32]:
        """How well each manner tells items that fit from others, (M,): its correlation with how they fit (N,)."""
        says = self._says.numpy()
        away = (fits - fits.mean()) / max(float(fits.std()), 1e-9)
        found: NDArray[np.float32] = (says - says.mean(0)).T @ away / np.maximum(says.std(0), 1e-9) / len(says)
        return found

    def having(self, manners: Collection[str]) -> list[str]:
        """Items that have any of some manners."""
        at = [column for column, one in enumerate(self.manners) if one.text in manners]
        return [self.texts.item_ids[row] for row in self._says[:, at].any(1).nonzero().flatten().tolist()]

    @cached_property
    def _says(self) -> Tensor:
        """(N, M) 1 where an item has a manner."""
        at = {one.text: column for column, one in enumerate(self.manners)}
        found = torch.zeros(len(self.texts.texts), len(at))
        for row in range(len(found)):
            for one in self.texts.said(row):
                if one in at:
                    found[row, at[one]] = 1.0
        return found

    @cached_property
    def _together(self) -> Tensor:
        """(M, M) whether some text has both."""
        return self._says.T @ self._says > 0

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Writes the folder. Raises UsageError where there is one already and overwrite is False."""
        codes = {"features": self.features, "what": self.texts.what, "how": self.texts.how}
        files = {
            _CREATOR: as_tensors(self.creator.state()), _CODES: as_tensors(codes),
            _STOCK: as_json({"items": list(self.texts.item_ids)}),
            _SPEC: as_json(describe(self.creator.spec)),
        }  # fmt: skip
        return write_folder(
            path, files, {"kind": "text creator", "figures": dict(self.creator.figures)}, overwrite=overwrite
        )

    @staticmethod
    def load(path: str | os.PathLike[str], catalog: Catalog) -> Writer:
        """The writer of a folder, for the items that the catalogue has. Raises ArtefactError on a damaged folder."""
        from safetensors.torch import load

        folder = Verified.open(path)
        try:
            spec = rebuild(json.loads(folder.files[_SPEC]))
            creator = spec.restore(load(folder.files[_CREATOR]))
            codes, stock = load(folder.files[_CODES]), json.loads(folder.files[_STOCK])
            here = [row for row, item_id in enumerate(stock["items"]) if item_id in catalog]
            ids = [stock["items"][row] for row in here]
            texts = _texts(Catalog(catalog.frame[catalog.rows(ids)]), creator, codes["what"][here], codes["how"][here])
            return Writer(creator, texts, codes["features"][here])
        except (KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
            raise ArtefactError(f"{path} holds no text creator ({error}); write it with `generec teach`") from error


def _texts(catalog: Catalog, creator: FittedTextCreator, what: Tensor, how: Tensor) -> CodedTexts:
    name = creator.spec.prose
    return CodedTexts(catalog.item_ids, [text or "" for text in catalog.frame[name].to_list()], what, how, name)
