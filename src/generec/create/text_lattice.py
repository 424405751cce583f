"""The texts that can be made of whole clauses: their pieces, the joints between them, and the best sequence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from generec.evidence.lexicon import FUNCTION_WORDS
from generec.evidence.tokens import singular
from generec.evidence.verify import Source

_SHORT = 9  # words up to which a clause is joined with another


@dataclass(frozen=True)
class Piece:
    """A run of clauses of one source that can stand by itself."""

    source: int
    first: int
    last: int  # clause, inclusive
    text: str  # as written, without the stop that closes it
    stop: str
    content: frozenset[str]
    words: int
    plain: bool = False  # one short main clause whose first letter may become small
    opens: bool = False  # may only come first, or after the title
    title: bool = False

    def overlaps(self, other: Piece) -> bool:
        return self.source == other.source and self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class Joint:
    """A way of joining two pieces; one that fuses makes them one sentence."""

    mark: str
    words: int = 0
    fuses: bool = False

    def allows(self, before: Piece, after: Piece) -> bool:
        if after.opens and not before.title:
            return False
        return not self.fuses or (before.plain and after.plain)


JOINTS = (Joint(" "), Joint("; ", fuses=True), Joint(", and ", 1, fuses=True))
"""The closed list of connectives: none of them says anything of its own."""
STOP = JOINTS[0]


@dataclass(frozen=True)
class Path:
    """Pieces in order with the joints between them, and what the text is worth."""

    pieces: tuple[int, ...]
    joints: tuple[Joint, ...] = ()
    score: float = 0.0


@dataclass(frozen=True)
class Worth:
    """What texts are worth: the sum of what their pieces and their joints are worth."""

    pieces: Sequence[float]
    join: Callable[[int, int, Joint], float]  # piece before, piece after, joint

    def text(self, pieces: Sequence[int], joints: Sequence[Joint]) -> float:
        joined = zip(pieces, pieces[1:], joints, strict=False)
        return sum(self.pieces[at] for at in pieces) + sum(self.join(*one) for one in joined)


def pieces_of(sources: Sequence[Source], limit: int) -> list[Piece]:
    """Every run of at most `limit` words that has in itself all that it points at and all that limits it."""
    found = []
    for at, source in enumerate(sources):
        clauses = source.clauses
        for first in range(len(clauses)):
            for last in range(first, len(clauses)):
                piece = _piece(at, source, first, last)
                if piece.words > limit:
                    break
                cut = last + 1 < len(clauses) and clauses[last + 1].tied
                held = all(clauses[c].reach <= c - first for c in range(first, last + 1))
                if held and not cut and (last == first or _needed(source, first, last)):
                    found.append(piece)
    return found


def _needed(source: Source, first: int, last: int) -> bool:
    """Whether a run of clauses cannot be cut in two: longer runs are made by joining."""
    return not any(_splits(source, cut, first, last) for cut in range(first + 1, last + 1))


def _splits(source: Source, cut: int, first: int, last: int) -> bool:
    """Whether the run may be cut before the clause `cut`."""
    later = range(cut, last + 1)
    return not source.clauses[cut].tied and all(source.clauses[c].reach <= c - cut for c in later)


def in_order(sources: Sequence[Source], at: int) -> list[Piece]:
    """A whole source as pieces, in its own order."""
    source = sources[at]
    count = len(source.clauses)
    cuts = [0, *(cut for cut in range(1, count) if _splits(source, cut, 0, count - 1)), count]
    return [_piece(at, source, first, end - 1) for first, end in pairwise(cuts) if end > first]


def _piece(at: int, source: Source, first: int, last: int) -> Piece:
    clauses = source.clauses[first : last + 1]
    end = source.clauses[last].end
    stop = source.text[end : end + 1]
    tokens = [token for clause in clauses for token in clause.tokens]
    text = source.text[clauses[0].start : end]
    plain = len(clauses) == 1 and clauses[0].plain and tokens[0].form in FUNCTION_WORDS
    return Piece(
        at, first, last, text,
        stop if stop == "!" else "" if text.rstrip("\"”’')")[-1:] in ("?", ".", "!", "…") else ".",
        frozenset(singular(token.form) for token in tokens if token.is_content),
        len(text.split()),
        plain=plain and len(text.split()) <= _SHORT,
        opens=first == 0 and clauses[0].opens,
        title=source.evidence.field == "title",
    )  # fmt: skip


def written(pieces: Sequence[Piece], joints: Sequence[Joint]) -> str:
    """The text of a sequence of pieces. Only function words change their first letter: names keep theirs."""
    text = ""
    for at, piece in enumerate(pieces):
        joint = joints[at - 1] if at else Joint("")
        follows = joints[at] if at < len(joints) else STOP
        first, rest = piece.text[0], piece.text[1:]
        if piece.text.split()[0].casefold() in FUNCTION_WORDS:
            first = first.lower() if joint.fuses else first.upper()
        text += joint.mark + first + rest + ("" if follows.fuses else piece.stop)
    return text


def best_path(pieces: Sequence[Piece], among: Sequence[int], lead: int, limit: int, worth: Worth) -> Path | None:
    """The best text of at most `limit` words that begins with the piece `lead`; None where that alone is too long.

    The rest is taken from `among` in the order of the sources and repeats nothing. A text is worth the sum of its
    pieces and joints, so that the best way to a last piece at a number of words is all that has to be kept (exact
    dynamic programming over both).
    """
    if pieces[lead].words > limit:
        return None
    best: dict[tuple[int, int], Path] = {(lead, pieces[lead].words): Path((lead,), (), worth.pieces[lead])}
    for after in sorted(among, key=lambda at: (pieces[at].source, pieces[at].first, pieces[at].last)):
        piece = pieces[after]
        if piece.overlaps(pieces[lead]):
            continue
        for (before, used), path in list(best.items()):
            if piece.overlaps(pieces[before]):
                continue
            for joint in JOINTS:
                state = (after, used + piece.words + joint.words)
                if state[1] > limit or not joint.allows(pieces[before], piece):
                    continue
                score = path.score + worth.pieces[after] + worth.join(before, after, joint)
                if state not in best or score > best[state].score:
                    best[state] = Path((*path.pieces, after), (*path.joints, joint), score)
    return max(best.values(), key=lambda path: path.score)
