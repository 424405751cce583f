"""Every interface of the parts, on one page.

A part is a frozen dataclass of hyperparameters plus one verb; `fit` and `build` return, never mutate. Learned state is
an `nn.Module` or a frozen value, and travels to disk as named tensors (`state`, `restore`), never as a pickle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from generec.records import Abstain, Draft, Feedback, Guidance, Person, Turn, Verdict
from generec.types import Batch, Catalog, Context, Events, ItemIndex, Ranked, Request, SemanticIds, Slate

if TYPE_CHECKING:
    from torch import Tensor

StateT = TypeVar("StateT")
ModelT_contra = TypeVar("ModelT_contra", contravariant=True)
ModelT_co = TypeVar("ModelT_co", covariant=True)
BatchT_co = TypeVar("BatchT_co", covariant=True)
SceneT_contra = TypeVar("SceneT_contra", contravariant=True)


class Progress(Protocol):
    """Where long work reports; silent by default, bars on the command line."""

    def start(self, description: str, total: float | None = None) -> Task: ...


class Task(Protocol):
    def advance(self, steps: float = 1, note: str = "") -> None: ...
    def finish(self) -> None: ...


class ItemEncoder(Protocol):
    """Turns items into features. Collaborative parts see training events only."""

    def fit(self, catalog: Catalog, train: Events) -> FittedEncoder: ...
    def restore(self, state: Mapping[str, Tensor]) -> FittedEncoder: ...


class FittedEncoder(Protocol):
    def encode(self, items: Catalog) -> Tensor: ...  # (n, D) float32, also for items never seen
    def state(self) -> dict[str, Tensor]: ...


class ItemTokenizer(Protocol):
    """Turns features into semantic IDs, one distinct code tuple per item."""

    def fit(self, features: Tensor, train: Events) -> FittedTokenizer: ...
    def restore(self, state: Mapping[str, Tensor]) -> FittedTokenizer: ...


class FittedTokenizer(Protocol):
    @property
    def ids(self) -> SemanticIds: ...
    def encode(
        self, features: Tensor, taken: SemanticIds
    ) -> Tensor: ...  # (n, D) -> (n, L) new items' codes: distinct,
    # none of them among those taken (the fitted ids and whatever was inserted since)
    def state(self) -> dict[str, Tensor]: ...


class Source(Protocol[BatchT_co]):
    """Training examples behind one fitting loop: their sizes, and how to lay some of them out."""

    @property
    def lengths(self) -> Tensor: ...  # (n,) int64 cost of each example, in tokens
    def collate(self, rows: Tensor) -> BatchT_co: ...


class Template(Protocol):
    """Lays histories out as tokens."""

    def examples(self, train: Events, ids: SemanticIds) -> Source[Batch]: ...
    def context(self, histories: Events, ids: SemanticIds) -> Context: ...


class SequenceModel(Protocol):
    def hidden(self, context: Context, at: Tensor) -> Tensor: ...  # (P, D) only at the packed positions asked for


class ItemScorer(SequenceModel, Protocol):
    """A model that can score every item of the catalogue at once."""

    def item_scores(self, hidden: Tensor) -> Tensor: ...  # (P, D) -> (P, N), comparable within a row


@runtime_checkable
class ItemEmbedder(SequenceModel, Protocol):
    """A model whose score of an item is an inner product; losses may sample."""

    @property
    def item_count(self) -> int: ...
    def item_vectors(self, items: Tensor | None = None) -> Tensor: ...  # (n,) -> (n, D); every item when None
    def temperature(self) -> Tensor: ...  # () what inner products are divided by


class NextTokenModel(Protocol[StateT]):
    """A model that writes the next item code by code. Log-probabilities are normalised the way it was trained."""

    def code_log_probs(self, context: Context, at: Tensor, codes: Tensor) -> Tensor: ...  # (P, L) of the given codes
    def start(self, context: Context) -> tuple[Tensor, StateT]: ...  # (B, V of level 0)
    def step(self, tokens: Tensor, state: StateT) -> tuple[Tensor, StateT]: ...  # (M,) -> (M, V of the next level)
    def select(self, state: StateT, rows: Tensor) -> StateT: ...  # keep and reorder beams


class ModelSpec(Protocol[ModelT_co]):
    """Hyperparameters of a model; `build` needs what the data decide."""

    def build(self, index: ItemIndex, features: Tensor) -> ModelT_co: ...


class Objective(Protocol[ModelT_contra]):
    def __call__(self, model: ModelT_contra, batch: Batch) -> Tensor: ...  # scalar


class Decoder(Protocol[ModelT_contra]):
    """The place where tokens, vectors or scores become items."""

    def decode(
        self, model: ModelT_contra, context: Context, index: ItemIndex, k: int, allowed: Tensor | None
    ) -> Ranked: ...  # allowed (B, N) bool


class Recommender(Protocol):
    """The narrow waist: everything above asks only this."""

    def recommend(self, requests: Sequence[Request], k: int) -> list[Slate]: ...


class Catalogued(Protocol):
    def insert(self, items: Catalog) -> None: ...  # recommendable at once, no retraining
    def remove(self, item_ids: Sequence[str]) -> None: ...


class Instructor(Protocol):
    """Turns a person's words and what is known of them into guidance. States wishes; never acts."""

    def instruct(self, words: str, person: Person, before: Guidance | None) -> Guidance: ...


class Maker(Protocol):
    """Edits or creates: up to n drafts for the guidance, best first, or the reason why there are none."""

    def make(self, guidance: Guidance, person: Person, near: Sequence[str], n: int) -> tuple[Draft, ...] | Abstain: ...

    # near: item ids that retrieval found, best first


class FidelityCheck(Protocol[SceneT_contra]):
    """One question about a draft before anybody sees it."""

    @property
    def name(self) -> str: ...
    def __call__(self, draft: Draft, guidance: Guidance, scene: SceneT_contra) -> Verdict: ...


class UserSimulator(Protocol):
    """A person who answers turns; for benchmarks, shadow feedback and tests."""

    def respond(self, turn: Turn) -> Sequence[Feedback]: ...
