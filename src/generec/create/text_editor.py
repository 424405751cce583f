"""Edits an item's text for a person: whole clauses of its own words, what the person cares about first.

Compress, compose, verify: the source is divided into whole clauses; a lattice of deletions, orders and fusions is
decoded for relevance to the person, coverage, length and how the catalogue usually reads; every candidate has to pass
the verifier. The original is the first candidate and wins ties.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from generec.create.text_fluency import NgramFluency, words_of
from generec.create.text_lattice import STOP, Joint, Path, Piece, Worth, best_path, in_order, pieces_of, written
from generec.create.text_tastes import Opening, content, lexical_relevance, openings, overlaps
from generec.errors import UsageError
from generec.evidence.frames import BECAUSE_YOU_LIKE, YOU_ASKED_FOR, Frame
from generec.evidence.sanitize import Clean, sanitize
from generec.evidence.verify import EvidenceIndex, Source
from generec.records import Abstain, BackendCard, Draft, Evidence, Guidance, Span, TextPayload, fingerprint

Relevance = Callable[[Sequence[str]], Sequence[float]]
"""How much each of some texts means to the person; the scale is free, 0 is nothing."""


@dataclass(frozen=True)
class Form:
    """A kind of text: the fields it may use, the first present one being its original, and how long it may be.

    leading: the frames with which it opens, in the person's own words; such a text has no original.
    """

    name: str
    fields: tuple[str, ...]
    words: int
    leading: tuple[Frame, ...] = ()


_PROSE = ("description", "plot", "text", "summary")
HEADLINE = Form("headline", ("title", *_PROSE), 12)
SNIPPET = Form("snippet", (*_PROSE, "title"), 25)
DESCRIPTION = Form("description", _PROSE, 60)
WHY = Form("why", (*_PROSE, "title", "topic", "tags", "creator"), 30, (BECAUSE_YOU_LIKE, YOU_ASKED_FOR))


@dataclass(frozen=True)
class Candidate:
    """A text that may be shown: whether it begins with what the person cares about most, and what it is worth."""

    text: str
    led: bool
    score: float


@dataclass(frozen=True, kw_only=True)
class TextEditor:
    """Writes drafts by selecting and ordering clauses. English only; what it cannot verify it does not write."""

    fluency: NgramFluency
    relevance: Relevance | None = None
    """Similarity to the person by meaning; None = words shared with what the guidance says of them."""
    prose: tuple[str, ...] = _PROSE
    """Fields that are running text; the others are values."""
    relevant: float = 1.0
    """Worth of the piece that means most to the person."""
    covering: float = 1.0
    """Worth of saying everything that the sources say."""
    brief: float = 0.3
    """Price of a text of full length."""
    fluent: float = 0.03
    """Worth of one nat per word by which a piece, or the way into it, is more usual than the source's words."""
    near: float = 0.1
    """A lead this much less relevant than the best one, relatively, still counts as what the person cares about."""
    leads: int = 8
    """Leads tried at most, one candidate each."""
    pieces: int = 16
    """Pieces composed at most, the most relevant ones."""

    def edit(
        self, item_id: str, source: Mapping[str, str], guidance: Guidance, form: Form, words: int | None = None
    ) -> Draft | Abstain:
        """The item's text in a form, for a person.

        source: field -> text of the item. words: the limit, the form's own when None. Abstains, and the original is
        kept, where nothing better can be verified. Raises UsageError for a limit below one.
        """
        limit = form.words if words is None else words
        if limit < 1:
            raise UsageError(f"a text needs a limit of at least one word, got {limit}")
        if not guidance.consent or not guidance.locale.lower().startswith("en"):
            why = "only English texts are edited" if guidance.consent else "this person did not agree to edits"
            return Abstain(f"{why}; original kept")
        clean = {name: sanitize(source[name]) for name in form.fields if source.get(name)}
        known = tuple(self._evidence(item_id, name, one) for name, one in clean.items() if one.text)
        if not known:
            return Abstain(f"the item has none of {', '.join(form.fields)}; original kept")
        found = openings(guidance, form.leading) if form.leading else (Opening(),)
        index = EvidenceIndex((*known, *(opening.evidence for opening in found if opening.evidence is not None)))
        relevance = self.relevance or lexical_relevance(guidance)
        candidates = [c for opening in found for c in self._candidates(index, opening, relevance, limit)]
        original = "" if form.leading else known[0].text
        title = clean["title"].text if "title" in clean else ""
        said = [one for one in candidates if one.text == original or one.text.rstrip(". ") != title.rstrip(". ")]
        best = _best(index, said, original)  # a title alone is no text
        if best is None or (best[0].text == original and source.get(known[0].field) == original):
            why = "nothing else could be verified" if best is None else "no other text suits this person better"
            return Abstain(f"{why}; original kept")
        flags = sorted({f"{name}: {flag.kind}" for name, one in clean.items() for flag in one.flags})
        used = {span.evidence for span in best[1]}
        return Draft(
            id=fingerprint(item_id, form.name, best[0].text, guidance.fingerprint),
            mode="edited",
            payload=TextPayload(best[0].text, title, best[1]),
            parents=(item_id,),
            evidence=tuple(one for one in index.evidence if one.trust != "person" or one.id in used),
            backend=BackendCard("text editor"),
            guidance=guidance.fingerprint,
            seed=guidance.seed,
            reward=best[0].score,
            notes=(form.name, *flags),
        )

    def _evidence(self, item_id: str, name: str, clean: Clean) -> Evidence:
        return Evidence(f"{item_id}#{name}", clean.text, item_id, name, "prose" if name in self.prose else "field")

    def _candidates(
        self, index: EvidenceIndex, opening: Opening, relevance: Relevance, limit: int
    ) -> Iterator[Candidate]:
        """The original, where the form has one (or how it begins, where it is too long), then the best of each lead."""
        room = limit - opening.words
        original = [] if opening.evidence else in_order(index.sources, 0)
        pool = list(dict.fromkeys([*original, *pieces_of(index.sources, room)]))
        means = list(_means(pool, opening, relevance))
        most = max((mean for piece, mean in zip(pool, means, strict=True) if piece.words <= room), default=0.0)
        worth = self._worth(pool, means, room)

        def candidate(text: str, path: Path) -> Candidate:
            led = most <= 0 or means[path.pieces[0]] >= most * (1 - self.near)
            return Candidate(opening.text + text, led, worth.text(path.pieces, path.joints) + opening.weight)

        kept = _beginning(original, room)
        if kept:
            path = Path(tuple(pool.index(piece) for piece in kept), (STOP,) * (len(kept) - 1))
            yield candidate(_as_written(index.sources[0], kept, len(kept) == len(original)), path)
        if most <= 0 and (opening.evidence or kept):
            return  # nothing known of the person speaks for another text
        among = heapq.nlargest(
            self.pieces,
            (at for at, mean in enumerate(means) if pool[at].words <= room and (mean > 0 or not opening.evidence)),
            key=lambda at: (means[at], worth.pieces[at]),
        )
        for lead in among[: self.leads]:
            found = best_path(pool, among, lead, room, worth)
            if found is not None:
                yield candidate(written([pool[at] for at in found.pieces], found.joints), found)

    def _worth(self, pool: Sequence[Piece], means: Sequence[float], room: int) -> Worth:
        """What the pieces and the joints between them are worth: relevance, coverage, length and fluency."""
        words = [words_of(piece.text + piece.stop) for piece in pool]
        usual = [self.fluency.log_probs(one) for one in words]
        reference = sum(map(sum, usual)) / max(1, sum(map(len, usual)))
        scale = max((abs(mean) for mean in means), default=0.0) or 1.0
        everything = max(1, len(frozenset().union(*(piece.content for piece in pool))))

        def gain(at: int) -> float:
            piece = pool[at]
            meant = self.relevant * means[at] / scale + self.covering * len(piece.content) / everything
            read = self.fluent * (sum(usual[at]) / max(1, len(usual[at])) - reference)
            return meant + read - self.brief * piece.words / room

        @cache
        def join(before: int, after: int, joint: Joint) -> float:
            ended = words[before][:-1] if joint.fuses and pool[before].stop else words[before]
            opened = [*words_of(joint.mark), *words[after][:_OPENING]]
            found = self.fluency.log_probs(opened, ended[1 - self.fluency.order :])
            again = self.covering * len(pool[before].content & pool[after].content) / everything
            return self.fluent * (sum(found) / len(found) - reference) - self.brief * joint.words / room - again

        return Worth([gain(at) for at in range(len(pool))], join)


_OPENING = 2  # words of a piece by which it is told how well it goes on from another


def _means(pool: Sequence[Piece], opening: Opening, relevance: Relevance) -> Sequence[float]:
    """How much each piece means to the person; under an opening, how much it has to do with that."""
    if opening.evidence is None:
        return relevance([piece.text for piece in pool]) if pool else ()
    wanted = content(opening.evidence.text)
    return [overlaps([wanted], piece.text)[0] for piece in pool]


def _beginning(pieces: Sequence[Piece], room: int) -> list[Piece]:
    """The first pieces that fit."""
    kept: list[Piece] = []
    for piece in pieces:
        room -= piece.words
        if room < 0:
            break
        kept.append(piece)
    return kept


def _as_written(source: Source, kept: Sequence[Piece], whole: bool) -> str:
    """The first pieces of a source as it has them."""
    return source.text if whole else source.text[: source.clauses[kept[-1].last].end] + kept[-1].stop


def _best(
    index: EvidenceIndex, candidates: Sequence[Candidate], original: str
) -> tuple[Candidate, tuple[Span, ...]] | None:
    """The best candidate that can be verified and its spans; earlier ones win ties. The original needs no proof."""
    for one in sorted(candidates, key=lambda one: (one.led, one.score), reverse=True):
        if one.text == original:
            return one, (Span(0, len(original), index.sources[0].evidence.id),)
        found = index.verify(one.text)
        if found.supported:
            return one, found.spans
    return None
