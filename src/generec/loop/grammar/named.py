"""Where a sentence names items: titles and parts of titles, where the words around them or capitals say so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from generec.loop.grammar.english import ENGLISH
from generec.loop.grammar.judgements import judged
from generec.loop.grammar.marks import BoundMark, Comparison, Mark, Role, TitleMark, ValueMark
from generec.loop.grammar.phrasebook import Phrases
from generec.loop.grammar.roles import Roles
from generec.loop.grammar.tokens import Matcher, Token
from generec.loop.grammar.words import (
    ADVERBS,
    ARTICLES,
    AUXILIARIES,
    CHATTER,
    CONJUNCTIONS,
    MOODS,
    PREPOSITIONS,
    PRONOUNS,
    REQUESTS,
    VERBS,
)  # fmt: skip
from generec.loop.lexicon import Lexicon
from generec.loop.numbers import Quantity
from generec.loop.titles import Mention, Titles

LEXER = Phrases("lexer")
_COMPARED: tuple[tuple[Role, Comparison, str], ...] = (
    ("year", ">", "newer_than"),
    ("year", "<", "older_than"),
    ("duration", "<", "shorter_than"),
    ("duration", ">", "longer_than"),
    ("price", "<", "cheaper_than"),
    ("price", ">", "dearer_than"),
)
_LEADING_YEAR = re.compile(r"(?<!\S)(?:the )?(?P<year>(?:18|19|20)\d\d) (?:version of |film |movie |remake of )?$")
_POINTED = re.compile(r"^(?:[^\s.,;!?]+ ){2,6}(?:sort of thing|kind of thing|type of thing|one|ones|thing)(?!\S)")
_JUDGED = re.compile(r"(?:was|were|bored|disappointed|annoyed|sucked|, (?:but|only|minus|without|except|just))(?!\S)")
_AFTER_TITLE = (
    ADVERBS
    | AUXILIARIES
    | CHATTER
    | CONJUNCTIONS
    | PREPOSITIONS
    | PRONOUNS
    | MOODS
    | frozenset(["shorter", "longer", "simpler", "suggestion", "recommendation", "version", "again", "made", "makes"])
)
_LIGHT = frozenset(
    ["the", "a", "an", "of", "and", "in", "on", "to", "for", "with", "by", "from", "at", "is", "it", "me", "my", "i"]
)
_FEW = 6
"""Items that words with capitals may name together."""
_SHARE = 0.4
"""How much of a title words name that nothing around them says to be one."""
_SHORT = frozenset(["dr", "mr", "mrs", "st", "vs", "vol", "jr", "sr", "no"])


@dataclass(frozen=True)
class NamedItems:
    """Finds the items of one catalogue that are named."""

    lexicon: Lexicon
    titles: Titles
    roles: Roles

    def marks(
        self,
        tokens: tuple[Token, ...],
        stems: list[str],
        matcher: Matcher,
        values: list[ValueMark],
        laid: list[Mark],
        about: tuple[int, int],
    ) -> Iterator[Mark]:
        at, end = 0, len(tokens)
        taken = {place for mark in laid for place in range(mark.start, mark.end)}
        while at < end:
            mention = (
                None
                if at in taken or not stems[at]
                else self._title_at(tokens, stems, matcher, at, about[0] <= at < about[1])
            )
            wanted = about[0] <= at < about[1]
            if mention is not None and not (mention.whole or wanted) and self._covered(mention, tokens, values):
                mention = None
            plain = (
                mention is not None
                and not wanted
                and not any(one.capital for one in tokens[mention.start : mention.end])
            )
            if plain and mention is not None and mention.whole and self._overlaps(mention, values, matcher):
                mention = None
            if mention is not None and not wanted and _occasion(tokens, mention):
                mention = None
            if mention is None:
                at += 1
                continue
            mark = self._title(mention, matcher, values, stems)
            yield from mark
            about = (0, 0) if about[0] <= at < about[1] else about  # one item is edited or explained
            at = max(one.end for one in mark)

    def _covered(self, mention: Mention, tokens: tuple[Token, ...], values: list[ValueMark]) -> bool:
        """Whether all words of a part of a title are values, so that nothing is left that would name an item."""
        known = {place for mark in values if mark.readings[0][0].how != "name" for place in range(mark.start, mark.end)}
        rest = [at for at in range(mention.start, mention.end) if tokens[at].is_word and tokens[at].form not in _LIGHT]
        return tokens[mention.start].form in PREPOSITIONS | CONJUNCTIONS or known.issuperset(rest)

    def _overlaps(self, mention: Mention, values: list[ValueMark], matcher: Matcher) -> bool:
        """Whether values stand in what may be a title in small letters, and nothing says that it is one."""
        held = any(mark.start < mention.end and mention.start < mark.end for mark in values)
        return held and not LEXER["sure_before"].search(matcher.plain[: matcher.starts[mention.start]])

    def _title_at(
        self, tokens: tuple[Token, ...], stems: list[str], matcher: Matcher, at: int, wanted: bool
    ) -> Mention | None:
        lead = matcher.plain[: matcher.starts[at]]
        stop = next(
            (place for place in range(at, len(tokens)) if tokens[place].form in (";", "?") or _breaks(tokens, place)),
            len(tokens),
        )
        likely, sure = bool(LEXER["title_before"].search(lead)), bool(LEXER["sure_before"].search(lead))
        pointed = tokens[at].capital and at > 0 and bool(_POINTED.search(matcher.plain[matcher.starts[at] :]))
        sure = sure or pointed or wanted
        likely = likely or pointed or wanted
        polite = re.search(r"(?:would|i'd|i do not|do not) (?:like|love) $", lead)
        opens = at == 0 or tokens[at - 1].form in (".", "!", "?", ":")
        mention = (
            self.titles.named_at(stems, at, stop)
            if ((likely and not polite) or tokens[at].capital) and not _any_such(tokens, at)
            else self.titles.whole_at(stems, at, stop)
        )
        if mention is not None and tokens[at].capital and not likely:
            rest = matcher.plain[matcher.starts[mention.end] :] if mention.end < len(tokens) else ""
            likely = sure = judged(rest) or (opens and _JUDGED.match(rest) is not None)
            mention = mention if sure or not opens else self.titles.whole_at(stems, at, stop)
        if sure and not polite:
            better = self._misspelt(stems, tokens, at, stop, mention)
            mention = better or mention
        if mention is None:
            return None
        if not mention.whole:
            mention = self._first_of_several(mention, tokens, stems) or mention
        if mention.whole and self._dated(mention, tokens):
            return mention
        return (
            mention
            if self._believed(mention, tokens, bool(likely and not polite), bool(sure and not polite))
            else self._shorter(mention, stems, at, tokens, lead)
        )

    def _first_of_several(self, mention: Mention, tokens: tuple[Token, ...], stems: list[str]) -> Mention | None:
        """A whole title before `and` wins over a part of another that holds the words on both sides of it."""
        joint = next((at for at in range(mention.start, mention.end) if tokens[at].form in ("and", "or", ",")), None)
        first = self.titles.whole_at(stems, mention.start, joint) if joint is not None else None
        return first if first is not None and first.end == joint else None

    def _dated(self, mention: Mention, tokens: tuple[Token, ...]) -> bool:
        """Whether the year of one of the items follows in brackets: `It (2017)`."""
        after = [token.form for token in tokens[mention.end : mention.end + 3]]
        if len(after) < 3 or after[0] != "(" or after[2] != ")" or not after[1].isdigit():
            return False
        return any(self.titles.years[row] == int(after[1]) for row in mention.rows)

    def _shorter(
        self, mention: Mention, stems: list[str], at: int, tokens: tuple[Token, ...], lead: str
    ) -> Mention | None:
        whole = self.titles.whole_at(stems, at, mention.end)
        likely, sure = LEXER["title_before"].search(lead), LEXER["sure_before"].search(lead)
        return (
            whole
            if whole is not None and whole != mention and self._believed(whole, tokens, bool(likely), bool(sure))
            else None
        )

    def _misspelt(
        self, stems: list[str], tokens: tuple[Token, ...], at: int, stop: int, found: Mention | None
    ) -> Mention | None:
        fixed = list(stems)
        end = min(stop, at + 6)
        for place in range(at, end):
            if tokens[place].capital and tokens[place].form not in self.lexicon.common:
                fixed[place] = self.titles.corrected(stems[place])
        if fixed == stems:
            return None
        better = self.titles.named_at(fixed, at, stop)
        if better is not None and (found is None or better.end > found.end):
            return better
        return None

    def _believed(self, mention: Mention, tokens: tuple[Token, ...], likely: bool, sure: bool) -> bool:
        """Whether the words are meant as a title: short and ordinary ones need a sign."""
        words = [token for token in tokens[mention.start : mention.end] if token.is_word]
        content = [token for token in words if token.form not in _LIGHT]
        if not content or (len(content) == 1 and not sure and self._goes_on_as_noun(tokens, mention.end)):
            return False
        capitals = sum(token.capital for token in content)
        if len(words) == 1 and not capitals and words[0].form in REQUESTS | VERBS:
            return False  # why you picked …
        inner = capitals - (1 if words[0].capital and mention.start == 0 else 0)
        written = capitals == len(content) and (inner > 0 or capitals > 1)
        rare = [token for token in content if token.form not in self.lexicon.common]
        if mention.whole:
            if len(content) >= 2:
                return written or sure or len(rare) > 0 or len(content) > 3
            return (written and (likely or bool(rare) or inner > 0)) or (
                sure and (bool(rare) or len(words) > 1 or _past(tokens, mention.start))
            )
        named = [token for token in content if token.form not in PREPOSITIONS]
        if sure and len(named) > 1 and len(mention.rows) <= _FEW and all(token.capital for token in named):
            return True
        content = [token for token in content if token.form not in _AFTER_TITLE - MOODS]
        if not content or words[0].form in _AFTER_TITLE - MOODS:
            return False
        if len(content) == 1:
            return sure and (capitals > 0 or bool(rare)) and len(mention.rows) <= 12 and not self._is_value(content[0])
        if not (likely or sure) or len(mention.rows) > 60:
            return False
        covered = max(len(content) / max(len(set(self.titles.key(row))), 1) for row in mention.rows[:20])
        return (
            (written and (sure or covered > _SHARE))
            or (sure and (covered > 0.5 or len(content) > 2))
            or (capitals > 1 and covered > 0.3)
        )

    def _goes_on_as_noun(self, tokens: tuple[Token, ...], at: int) -> bool:
        """Whether a noun or name follows, so that one word before it is no title: `Halloween night`, `John Wayne`."""
        if at >= len(tokens) or not tokens[at].is_word:
            return False
        return tokens[at].capital or (tokens[at].form not in _AFTER_TITLE and tokens[at].form in ENGLISH)

    def _is_value(self, token: Token) -> bool:
        return self.lexicon.trie.longest([token.stem], 0) is not None

    def _title(self, mention: Mention, matcher: Matcher, values: list[ValueMark], stems: list[str]) -> list[Mark]:
        start, end, rows = mention.start, mention.end, mention.rows
        rest = matcher.plain[matcher.starts[end] - 1 :] if end < len(stems) else ""
        lead = matcher.plain[: matcher.starts[start]]
        forms = tuple(token.form for token in matcher.sentence.tokens[start:end] if token.is_word)
        if mention.whole and len(rows) > 1 and self.titles.exact.get(forms):
            rows = tuple(row for row in rows if row in self.titles.exact[forms])  # Alien is not Aliens
        year = LEXER["year_of"].match(rest) or None
        before = _LEADING_YEAR.search(lead)
        for found in (year, before):
            if found is None:
                continue
            kept = tuple(row for row in rows if self.titles.years[row] == int(found["year"]))
            if kept:
                rows = kept
                end = matcher.at(matcher.starts[end] - 1 + found.end()) if found is year else end
                start = matcher.at(found.start()) if found is before else start
                break
        frame = self.lexicon.frame
        items = tuple(frame["item_id"][row] for row in rows)
        for role, comparison, said in _COMPARED:
            compared = LEXER[said].search(lead)
            field = self.roles.fields.get(role)
            if compared and field and len(rows) == 1 and frame[field][rows[0]] is not None:
                return [self._than(field, comparison, rows[0], matcher.at(compared.start()), end)]
        bare = mention.start + (forms[0] in ARTICLES)
        shadow = next((value for value in values if value.start <= bare and value.end >= mention.end), None)
        if shadow is not None and shadow.readings[0][0].how in ("part", "name"):
            shadow = None
        if shadow is not None and all(entry.field == "series" for entry in shadow.readings[0]):
            return [shadow]
        return [TitleMark(start, end, items, shadow)]

    def _than(self, field: str, comparison: str, row: int, start: int, end: int) -> BoundMark:
        value = self.lexicon.frame[field][row]
        if field in self.roles.dates:
            quantity = Quantity("date", value.toordinal(), value.toordinal(), start, end)
        else:
            quantity = Quantity("number", float(value), float(value), start, end)
        low, high = self.roles.compare(field, comparison, quantity)  # type: ignore[arg-type]
        return BoundMark(start, end, field, low, high)


def _occasion(tokens: tuple[Token, ...], mention: Mention) -> bool:
    """Whether words that are also a title tell when something is for: `for Father's Day`, `for Halloween`."""
    lead = tokens[mention.start - 1].form if mention.start else ""
    return lead == "for" and LEXER["occasions"].fullmatch(tokens[mention.end - 1].form) is not None


def _any_such(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether an article and small letters name no item by a part of its title: `a coconut body scrub` is any."""
    noun = at + (tokens[at].form in ("a", "an"))
    article = noun > 0 and tokens[noun - 1].form in ("a", "an")
    return article and noun < len(tokens) and not tokens[noun].capital


def _past(tokens: tuple[Token, ...], at: int) -> bool:
    return at > 0 and tokens[at - 1].form in (
        "loved",
        "liked",
        "enjoyed",
        "hated",
        "watched",
        "adored",
        "like",
        "of",
        "why",
        "not",
        "replace",
        "than",
        "to",
        "remove",
        "swap",
        "seen",
    )


def _breaks(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether a sentence ends at a token: not after `Mr.`, an initial or inside `M.A.S.H.`."""
    before = tokens[at - 1].form if at else ""
    return tokens[at].form in (".", "!", "...", "…") and len(before) > 1 and before not in _SHORT
