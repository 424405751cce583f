"""Which phrases of a sentence name values of the catalogue, and which of them are asked about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from generec.loop.grammar.marks import ValueMark
from generec.loop.grammar.phrasebook import Phrases
from generec.loop.grammar.tokens import Matcher, Token, stem, tokenise
from generec.loop.grammar.words import GENERIC, TAG_MOODS, word_set
from generec.loop.lexicon import MAKERS, NAMES, Entry, Lexicon, Match

LEXER = Phrases("lexer")
_ABOUT = re.compile(r"(?<!\S)(?:about|on|regarding|concerning)(?: (?:the|a|an|your))? (?:[^\s.,;]+ (?:or|and|,) )?$")
_BY_LIST = re.compile(r"(?<!\S)(?:by|from) [^.;!?]*$")
_GRADED = re.compile(r"(?<!\S)(?:not|too|very|so|quite|bit|more|less|really|nothing|something|rather) $")
_DONE = {"watch": "video", "read": "article", "visit": "event", "watch_only": "video", "read_only": "article"}
_SUFFIXES = frozenset(["free", "less", "like", "proof", "resistant", "safe", "friendly"])
_NEVER_MAKERS = word_set("unknown generic various none other others new it its made the me and best all a")


@dataclass(frozen=True)
class Values:
    """Finds the values of one catalogue."""

    lexicon: Lexicon

    def marks(self, tokens: tuple[Token, ...], stems: list[str], matcher: Matcher) -> Iterator[ValueMark]:
        """A mark for every phrase that names values, the longest at each place; marks of punctuation are ''."""
        at = 0
        while at < len(tokens):
            match = self.lexicon.match(tokens, stems, at) if stems[at] else None
            owner = self._owner(tokens, stems, at) if stems[at] and tokens[at].capital else None
            match = owner if owner is not None and (match is None or match.end < owner.end) else match
            if match is None:
                at += 1
                continue
            mark = self._value(tokens, at, match.end, self.lexicon.readings(match), matcher)
            if mark is None:
                at += 1
            else:
                yield mark
                at = mark.end

    def _owner(self, tokens: tuple[Token, ...], stems: list[str], at: int) -> Match | None:
        """A maker whose name ends in 's for what is the maker's: `Nadia Rossi's latest`."""
        end = next((one for one in range(at, min(at + 4, len(tokens))) if tokens[one].form.endswith("'s")), None)
        if end is None:
            return None
        bare = [*stems[:end], stem(tokens[end].form[:-2])]
        match = self.lexicon.match(tokens[: end + 1], bare, at)
        named = match is not None and match.end == end + 1 and all(one.field in MAKERS for one in match.entries)
        return match if named else None

    def activities(self, matcher: Matcher) -> Iterator[ValueMark]:
        """The kind of an item by what is done with it: `something short to read`, `to watch, not read`."""
        for _, _, found in matcher.all(LEXER["activity"]):
            group = next(name for name in _DONE if found[name])
            named = tokenise(_DONE[group])
            match = self.lexicon.match(named, [named[0].stem], 0)
            if match is not None and match.entries[0].field == "kind":
                start, end = matcher.span(found, group)
                yield ValueMark(start, end, (match.entries[:1],), False)

    def _value(
        self, tokens: tuple[Token, ...], start: int, end: int, groups: list[tuple[Entry, ...]], matcher: Matcher
    ) -> ValueMark | None:
        words = "-".join(token.form for token in tokens[start:end])
        lead = matcher.plain[: matcher.starts[start]]
        if end < len(tokens) and tokens[end].joined and tokens[end].form != "s" and not self._goes_on(tokens, end):
            return None
        if end < len(tokens) and tokens[end].joined and tokens[end].form in _SUFFIXES:
            return None  # fragrance-free
        if (
            start
            and tokens[start].joined
            and tokens[start - 1].is_word
            and tokens[start - 1].form not in ("non", "pre", "mid")
        ) and not self._goes_on(tokens, start - 1):
            return None
        kept = []
        if _ABOUT.search(lead):  # what is spoken about is a subject, not what somebody watches
            groups = [group for group in groups if group[0].how != "everyday" or group is groups[0]]
        plain = any(entry.field not in NAMES for entry in groups[0])
        for group in groups:
            entries = tuple(
                entry
                for entry in group
                if not (entry.how == "value" and entry.field not in NAMES and words in TAG_MOODS)
                and self._named_here(entry, tokens, start, end, lead, plain)
            )
            if entries:
                kept.append(entries)
        if not kept:
            return None
        return ValueMark(start, end, tuple(kept), self._asked(kept))

    def _goes_on(self, tokens: tuple[Token, ...], at: int) -> bool:
        return tokens[at].stem in self.lexicon.trie.root

    def _named_here(
        self, entry: Entry, tokens: tuple[Token, ...], start: int, end: int, lead: str, plain: bool
    ) -> bool:
        """A maker's name that is an ordinary word needs by or from, or a capital inside the sentence."""
        if entry.field not in NAMES:
            return True
        written = tokens[start:end]
        if entry.how == "value" and "".join(token.form for token in written) not in _spellings_of(entry):
            return False  # Silicon is no plural of silicones
        inside = start > 0 and tokens[start - 1].form not in (".", "!", "?", ":", ";", '"')
        capital = any(token.capital for token in written) and (inside or len(written) > 1 or written[0].text.isupper())
        said = LEXER["by"].search(lead) is not None or (
            lead.endswith((" or ", " and ", ", "))
            and inside
            and entry.how == "value"
            and _BY_LIST.search(lead) is not None
        )
        said = said or (entry.how == "value" and written[-1].form.endswith("'s") and written[0].capital)  # Dove's soaps
        if entry.how == "name":
            long = len(written) > 1 or all(token.form not in self.lexicon.common for token in written)
            return said or (capital and inside and long)
        if all(token.form in GENERIC or token.form in _NEVER_MAKERS for token in written):
            return False
        graded = len(written) == 1 and _GRADED.search(lead) is not None  # not flowery
        return said or capital or not (plain or graded or self.lexicon.ordinary(entry.named[0]))

    def _asked(self, groups: list[tuple[Entry, ...]]) -> bool:
        first = groups[0]
        if first[0].how == "name" or first[0].how == "part":
            return len({entry.named for entry in first}) > 1
        others = [entry for entry in first[1:] if not self.lexicon.same(entry.named[0], first[0].named[0])]
        if first[0].how == "everyday":
            return bool(others)
        others = [entry for entry in others if entry.field not in NAMES or first[0].field in NAMES]
        for group in groups[1:]:
            if group[0].how == "everyday":
                others += [entry for entry in group if not self.lexicon.same(entry.named[0], first[0].named[0])]
        return bool(others)


@cache
def _spellings_of(entry: Entry) -> frozenset[str]:
    """How the values of an entry may be written, without spaces; a final s may go or come after an apostrophe."""
    said = {
        "".join(token.form for token in tokenise(value) if token.is_word or token.form == "&")
        for named in entry.named
        for value in named.values
    }
    said |= {one.replace("&", "and") for one in said} | {one.replace("&", "") for one in said}
    said |= {one.removeprefix("the") for one in said}
    return frozenset(form for one in said for form in (one, one.replace("'", ""), one.replace(".", ""), one + "'s"))
