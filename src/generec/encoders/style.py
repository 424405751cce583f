"""How an item is made, apart from what it is about: the measured form of its text and its measured properties."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import torch
from torch import Tensor

from generec.encoders.absent import NoFeatures
from generec.encoders.forms import FORMS, forms
from generec.encoders.reduction import Projection
from generec.encoders.residual import Residual, under
from generec.encoders.strings import packed_strings, unpacked_strings
from generec.encoders.tfidf import FittedTfidf, TfidfEncoder
from generec.errors import UsageError
from generec.fitting.progress import task
from generec.nn.quantizer import kmeans
from generec.protocols import FittedEncoder, ItemEncoder
from generec.types import TEXT_FIELDS, Catalog, Events

SUBJECT_FIELDS = ("categories", "genres", "tags", "topic")
"""Fields that say what an item is about."""
PROSE_FIELDS = ("title", "description", "plot")
"""Fields whose wording is a matter of style."""
NUMBERS = ("duration", "price", "energy", "tempo", "loudness", "pages")
"""Numeric fields that say how an item is made."""
_WORD = re.compile(r"\b\w\w+\b")  # what TfidfEncoder takes for a word
_EXTREME = 4.0  # standard deviations beyond which a number says no more
_FLAT = 1e-6  # a column that varies less does not vary
_ITEMS_PER_CLUSTER = 25


@dataclass(frozen=True, kw_only=True)
class SubjectEncoder:
    """Encodes only the fields that say what an item is about; the whole text where the catalogue has none of them."""

    of: ItemEncoder = field(default_factory=lambda: TfidfEncoder(dimensions=64))
    fields: tuple[str, ...] = SUBJECT_FIELDS

    def fit(self, catalog: Catalog, train: Events) -> FittedSubject:
        fields = tuple(name for name in self.fields if any(_only(catalog, (name,)).texts))
        return FittedSubject(self.of.fit(_only(catalog, fields) if fields else catalog, train), fields)

    def restore(self, state: Mapping[str, Tensor]) -> FittedSubject:
        return FittedSubject(self.of.restore(under(state, "of.")), unpacked_strings(state["fields"]))


@dataclass(frozen=True)
class FittedSubject:
    of: FittedEncoder
    fields: tuple[str, ...]  # none: the whole text

    def encode(self, items: Catalog) -> Tensor:
        return self.of.encode(_only(items, self.fields) if self.fields else items)

    def state(self) -> dict[str, Tensor]:
        own = {f"of.{name}": value for name, value in self.of.state().items()}
        return own | {"fields": packed_strings(self.fields)}


@dataclass(frozen=True, kw_only=True)
class StyleEncoder:
    """Measured form of an item's text, its style words and its numeric fields, less what its content predicts of them.

    Three blocks, each centred and brought to a mean squared norm of its weight squared: `forms` of the prose,
    standardised; log tf x idf of the style words, reduced by SVD; numeric fields, signed logarithms, standardised.
    Style words occur in all clusters of the content vectors about alike: the divergence of their clusters from those of
    all items, less what chance makes of it (Miller 1955), stays under `dependence`. From the blocks goes what a ridge
    regression on the content vectors predicts of them.

    With a `taste`, what is left is turned towards the differences that people act on: its ridge prediction of the taste
    vectors (without their content) stands before it, a reduced-rank regression (Izenman 1975); form that nobody minds
    would otherwise fill the codebooks. Principal components of all that are the style.

    Always `dimensions` wide, so that a tokenizer can be told where style begins: columns that the catalogue cannot fill
    are 0, all of them where it has neither prose nor numbers. Items never seen are measured in the same way. Own
    design; function words and persons are English.
    """

    content: ItemEncoder = field(default_factory=SubjectEncoder)
    """What defines content. It must not hold much style itself, or the residual loses that style."""
    taste: ItemEncoder | None = None
    """What people do with the items, e.g. collaborative factors; None keeps all measured differences alike."""
    plain: float = 0.3
    """Weight of the measures themselves beside what taste makes of them."""
    dimensions: int = 64
    words: int = 2000
    """At most so many style words, the most frequent ones."""
    occurrences: int = 12
    """Items that a style word must at least occur in; fewer tell too little about where it is at home."""
    clusters: int = 16
    """Of content; fewer in catalogues of fewer than 25 items each, no style words where that leaves none."""
    dependence: float = 0.5
    """Most nats that a style word may tell about an item's cluster."""
    components: int = 96
    """Dimensions of the style words' SVD."""
    numbers: tuple[str, ...] = NUMBERS
    weights: tuple[float, float, float] = (0.25, 1.0, 0.25)
    """Of form, words and numbers."""

    def fit(self, catalog: Catalog, train: Events) -> FittedStyle:
        if min(self.dimensions, self.components, self.words) < 1 or self.clusters < 2:
            raise UsageError(f"dimensions, components and words must be at least 1, clusters 2, got {self}")
        with task("style", 4) as bar:
            content = self.content.fit(catalog, train)
            known = content.encode(catalog)
            bar.advance()
            chosen, prose = style_words(catalog, known, self), _only(catalog, PROSE_FIELDS)
            words = self._words(bool(chosen)).fit(_rewritten(prose, PROSE_FIELDS, chosen.__contains__), train)
            bar.advance()
            measures = Measures.fit(catalog, words, self.numbers, self.weights)
            measured = measures(catalog)
            residual = Residual.fit(measured, known)
            bar.advance()
            axes = self._axes(residual(measured, known), known, catalog, train)
            bar.advance()
        return FittedStyle(content, measures, residual, axes)

    def restore(self, state: Mapping[str, Tensor]) -> FittedStyle:
        words = under(state, "words.")
        measures = Measures(
            self._words(bool(words)).restore(words), unpacked_strings(state["numbers"]), state["mean"],
            state["unit"], state["share"],
        )  # fmt: skip
        return FittedStyle(
            self.content.restore(under(state, "content.")), measures, Residual.restore(under(state, "residual.")),
            state["axes"],
        )  # fmt: skip

    def _axes(self, left: Tensor, known: Tensor, catalog: Catalog, train: Events) -> Tensor:
        """The map (D, dimensions) from what is left of the measures to the directions that are kept of it."""
        axes = torch.eye(left.shape[1])
        if self.taste is not None:
            seen = train.counts(len(catalog)) > 0
            liked = self.taste.fit(catalog, train).encode(catalog)[seen]
            liked = Residual.fit(liked, known[seen])(liked, known[seen])
            told = Residual.fit(liked, left[seen])
            if told.explained > 0:  # else people show no taste in form
                axes = torch.cat([told.weights / _norm(left @ told.weights), self.plain * axes / _norm(left)], 1)
        turned = left @ axes
        kept = Projection.fit(turned, min(self.dimensions, turned.shape[1])).components
        return torch.nn.functional.pad(axes @ kept, (0, self.dimensions - kept.shape[1]))

    def _words(self, some: bool) -> ItemEncoder:
        return TfidfEncoder(dimensions=self.components, words=self.words, pairs=False) if some else NoFeatures()


@dataclass(frozen=True)
class FittedStyle:
    content: FittedEncoder
    measures: Measures
    residual: Residual
    axes: Tensor  # (D, dimensions)

    def encode(self, items: Catalog) -> Tensor:
        """(n, dimensions)."""
        return self.residual(self.measures(items), self.content.encode(items)) @ self.axes

    def without(self, items: Catalog) -> Catalog:
        """The items with the style words left out of all their texts."""
        words = self.measures.words
        known = frozenset(words.words) if isinstance(words, FittedTfidf) else frozenset[str]()
        return _rewritten(items, TEXT_FIELDS, lambda word: word not in known)

    def state(self) -> dict[str, Tensor]:
        own = {
            "numbers": packed_strings(self.measures.numbers), "mean": self.measures.mean,
            "unit": self.measures.unit, "share": self.measures.share, "axes": self.axes,
        }  # fmt: skip
        parts = {
            "content.": self.content.state(), "words.": self.measures.words.state(),
            "residual.": self.residual.state(),
        }  # fmt: skip
        return own | {prefix + name: value for prefix, part in parts.items() for name, value in part.items()}


@dataclass(frozen=True)
class Measures:
    """The three blocks side by side, before content is taken out of them."""

    words: FittedEncoder
    numbers: tuple[str, ...]  # numeric fields that the catalogue had
    mean: Tensor  # (D,)
    unit: Tensor  # (D,) one over the spread; 0 for columns that do not vary
    share: Tensor  # (D,) weight of the block, spread over its columns

    @staticmethod
    def fit(
        catalog: Catalog, words: FittedEncoder, numbers: Sequence[str], weights: tuple[float, float, float]
    ) -> Measures:
        schema = catalog.frame.schema
        present = tuple(name for name in numbers if name in schema and schema[name].is_numeric())
        raw = _raw(catalog, words, present)
        mean = raw.nanmean(0).nan_to_num(0)
        spread = (raw - mean).nan_to_num(0).square().mean(0).sqrt()  # (D,)
        form, number, word = torch.tensor_split(spread, (len(FORMS), len(FORMS) + len(present)))
        unit = torch.cat([_inverse(form), _inverse(number), _inverse(word.norm()).expand_as(word)])
        share = torch.cat(
            [
                torch.full_like(form, weights[0] / max(1, int((form > _FLAT).sum())) ** 0.5),
                torch.full_like(number, weights[2] / max(1, int((number > _FLAT).sum())) ** 0.5),
                torch.full_like(word, weights[1]),
            ]
        )
        return Measures(words, present, mean, unit, share)

    def __call__(self, items: Catalog) -> Tensor:
        """(n, D)."""
        values = ((_raw(items, self.words, self.numbers) - self.mean) * self.unit).nan_to_num(0)
        return values.clamp(-_EXTREME, _EXTREME) * self.share


def _inverse(spread: Tensor) -> Tensor:
    return torch.where(spread > _FLAT, 1 / spread.clamp(min=_FLAT), 0.0)


def _norm(rows: Tensor) -> Tensor:
    """Root mean squared length, ()."""
    return rows.square().sum(1).mean().sqrt().clamp(min=1e-9)


def style_words(catalog: Catalog, content: Tensor, part: StyleEncoder) -> frozenset[str]:
    """Words of the prose that tell next to nothing about the content, given content vectors (N, D)."""
    import numpy as np
    from sklearn.feature_extraction.text import CountVectorizer

    clusters = min(part.clusters, len(catalog) // _ITEMS_PER_CLUSTER)
    if clusters < 2:
        return frozenset()
    counter = CountVectorizer(strip_accents="unicode", binary=True, min_df=part.occurrences)
    try:
        present = counter.fit_transform(_only(catalog, PROSE_FIELDS).texts)  # (N, W)
    except ValueError:  # no word is frequent enough, or there is no prose
        return frozenset()
    codes = kmeans(content, clusters, seed=int(torch.randint(2**31, ()))).codes
    member = torch.nn.functional.one_hot(codes, clusters).double()  # (N, C)
    held = torch.from_numpy(np.asarray(present.T @ member.numpy()))  # (W, C) items that have the word
    counts = held.sum(1)
    shares = held / counts.unsqueeze(1)
    divergence = torch.xlogy(shares, shares / member.mean(0).clamp(min=1e-12)).sum(1)
    told = divergence - (clusters - 1) / (2 * counts)
    return frozenset(
        word
        for word, nats in zip(counter.get_feature_names_out().tolist(), told.tolist(), strict=True)
        if nats < part.dependence and word.isalpha()
    )


def _raw(items: Catalog, words: FittedEncoder, numbers: Sequence[str]) -> Tensor:
    prose = _only(items, PROSE_FIELDS)
    columns = [_number(items, name) for name in numbers]
    return torch.cat([forms(prose.texts), *columns, words.encode(prose)], 1)


def _number(items: Catalog, name: str) -> Tensor:
    """Signed logarithms of a field, (n, 1); NaN where it is missing."""
    if name not in items.frame.columns:
        return torch.full((len(items), 1), torch.nan)
    values = items.frame[name].cast(pl.Float64, strict=False).fill_null(float("nan")).to_torch()
    values = torch.where(values.isfinite(), values, torch.nan)
    return (values.sign() * values.abs().log1p()).float().unsqueeze(1)


def _only(catalog: Catalog, fields: Sequence[str]) -> Catalog:
    """The catalogue with no other fields; those that it lacks are left out."""
    present = [name for name in fields if name in catalog.frame.columns]
    return Catalog(catalog.frame.select("item_id", *present))


def _rewritten(catalog: Catalog, fields: Sequence[str], keep: Callable[[str], bool]) -> Catalog:
    """The catalogue with only such words in some text fields, lists of texts among them."""
    from sklearn.feature_extraction.text import strip_accents_unicode

    def kept(text: str) -> str:
        return _WORD.sub(lambda found: found[0] if keep(strip_accents_unicode(found[0].lower())) else "", text)

    def each(value: Any) -> Any:
        if isinstance(value, str):
            return kept(value)
        return value if value is None else [member if member is None else kept(member) for member in value]

    columns = []
    for name in fields:
        kind = catalog.frame.schema.get(name)
        if kind == pl.String or kind == pl.List(pl.String):
            columns.append(pl.Series(name, [each(value) for value in catalog.frame[name].to_list()], dtype=kind))
    return Catalog(catalog.frame.with_columns(columns))


@dataclass(frozen=True, kw_only=True)
class ContentEncoder:
    """What an item is about: an encoder's vectors of the texts without their style words, less what style predicts.

    Sentence vectors and co-occurrence hold tone and register too. Style words go before the text is encoded, since
    their trace in a vector is not linear; what is left goes by ridge regression on the style vectors. Nuisance that
    content and style share belongs to style. As wide as the vectors of `of`.
    """

    of: ItemEncoder
    style: StyleEncoder = field(default_factory=lambda: StyleEncoder(dimensions=128, components=128))

    def fit(self, catalog: Catalog, train: Events) -> FittedContent:
        style = self.style.fit(catalog, train)
        plain = style.without(catalog)
        of = self.of.fit(plain, train)
        return FittedContent(of, style, Residual.fit(of.encode(plain), style.encode(catalog)))

    def restore(self, state: Mapping[str, Tensor]) -> FittedContent:
        return FittedContent(
            self.of.restore(under(state, "of.")), self.style.restore(under(state, "style.")),
            Residual.restore(under(state, "residual.")),
        )  # fmt: skip


@dataclass(frozen=True)
class FittedContent:
    of: FittedEncoder
    style: FittedStyle
    residual: Residual

    def encode(self, items: Catalog) -> Tensor:
        return self.residual(self.of.encode(self.style.without(items)), self.style.encode(items))

    def state(self) -> dict[str, Tensor]:
        parts = {"of.": self.of.state(), "style.": self.style.state(), "residual.": self.residual.state()}
        return {prefix + name: value for prefix, part in parts.items() for name, value in part.items()}
