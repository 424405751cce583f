"""A safety judge trained on the operator's own labels."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from generec.errors import ArtefactError, FittingError

_WEIGHTS, _CARD = "safety.safetensors", "safety.json"
_BUCKETS = 1 << 16


@dataclass(frozen=True)
class SafetyClassifier:
    """Logistic regression per class on hashed character n-grams: a baseline that no download is needed for."""

    kinds: tuple[str, ...]
    weights: NDArray[np.float32] = field(repr=False)  # (C, _BUCKETS)
    bias: NDArray[np.float32] = field(repr=False)  # (C,)
    examples: int

    @staticmethod
    def fit(texts: Sequence[str], labels: Sequence[Collection[str]], at_least: int = 20) -> SafetyClassifier:
        """Learns every class that occurs. labels: the classes of each text, none for a harmless one.

        Raises FittingError unless each class has `at_least` examples for and against.
        """
        from sklearn.linear_model import LogisticRegression

        if len(texts) != len(labels):
            raise FittingError(f"expected a set of labels per text, got {len(texts)} texts and {len(labels)} labels")
        kinds = tuple(sorted({kind for each in labels for kind in each}))
        if not kinds:
            raise FittingError("no text has a label: there is nothing to learn")
        rows, weights, bias = _vectoriser().transform(texts), [], []
        for kind in kinds:
            inside = np.array([kind in each for each in labels])
            if min(inside.sum(), (~inside).sum()) < at_least:
                raise FittingError(
                    f"{kind} has {inside.sum()} examples for and {(~inside).sum()} against; label {at_least} of each"
                )
            model = LogisticRegression(C=10.0, class_weight="balanced", max_iter=500).fit(rows, inside)
            weights.append(model.coef_[0])
            bias.append(model.intercept_[0])
        return SafetyClassifier(kinds, np.array(weights, np.float32), np.array(bias, np.float32), len(texts))

    def scores(self, text: str) -> Mapping[str, float]:
        """Class -> probability."""
        logits = np.asarray(_vectoriser().transform([text]) @ self.weights.T)[0] + self.bias  # (C,)
        return {kind: float(1 / (1 + np.exp(-logit))) for kind, logit in zip(self.kinds, logits, strict=True)}

    @property
    def card(self) -> str:
        """What a report says of it."""
        return f"word list and a classifier of {', '.join(self.kinds)} trained on {self.examples} labelled texts"

    def save(self, folder: Path) -> None:
        """Writes weights (safetensors) and card (JSON) into a folder."""
        from safetensors.numpy import save_file

        folder.mkdir(parents=True, exist_ok=True)
        save_file({"weights": self.weights, "bias": self.bias}, folder / _WEIGHTS)
        card = {"kinds": self.kinds, "examples": self.examples, "buckets": _BUCKETS}
        (folder / _CARD).write_text(json.dumps(card, indent=1), encoding="utf-8")

    @staticmethod
    def load(folder: Path) -> SafetyClassifier:
        """Reads it back. Raises ArtefactError on a damaged or foreign folder."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            card = json.loads((folder / _CARD).read_text(encoding="utf-8"))
            found = load_file(folder / _WEIGHTS)
            kinds, weights, bias = tuple(card["kinds"]), found["weights"], found["bias"]
            examples = int(card["examples"])
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            raise ArtefactError(f"{folder} holds no safety classifier ({error}); train and save one") from error
        if weights.shape != (len(kinds), _BUCKETS) or bias.shape != (len(kinds),):
            raise ArtefactError(
                f"{folder}: expected weights of {(len(kinds), _BUCKETS)}, got {weights.shape}; train again"
            )
        return SafetyClassifier(kinds, weights, bias, examples)


def _vectoriser() -> Any:
    from sklearn.feature_extraction.text import HashingVectorizer

    return HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), n_features=_BUCKETS, alternate_sign=False)
