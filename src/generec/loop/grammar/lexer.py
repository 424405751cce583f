"""Lays marks over a sentence: titles, values, bounds, audiences, directions and cues, the longest first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from generec.loop.grammar.audiences import audiences
from generec.loop.grammar.bounds import Bounds
from generec.loop.grammar.cues import cues, likenesses
from generec.loop.grammar.directions import directions
from generec.loop.grammar.english import ENGLISH
from generec.loop.grammar.marks import (
    AudienceMark,
    BoundMark,
    ContainsMark,
    ContrastMark,
    CountMark,
    CueMark,
    DirectionMark,
    Mark,
    NoiseMark,
    SoftenMark,
    TitleMark,
    ValueMark,
)
from generec.loop.grammar.roles import Roles
from generec.loop.grammar.tokens import Matcher, Sentence, Token, phrase, stem, tokenise
from generec.loop.grammar.words import (
    ADVERBS,
    AUXILIARIES,
    CHATTER,
    CONJUNCTIONS,
    GENERIC,
    MOODS,
    PREPOSITIONS,
    PRONOUNS,
    SERVICE,
    TAG_MOODS,
)
from generec.loop.lexicon import NAMES, Entry, Lexicon
from generec.loop.numbers import Quantity, cardinal, quantities
from generec.loop.titles import Mention, Titles

_RANKS: tuple[type[Mark], ...] = (
    TitleMark,
    ContainsMark,
    BoundMark,
    CountMark,
    AudienceMark,
    ValueMark,
    DirectionMark,
    SoftenMark,
    ContrastMark,
    CueMark,
)
_BY = re.compile(
    r"(?:^|\s)(?:by|from|of the maker|made by|brand|anything|stuff|company|maker|another|at|more from)(?: the)? $"
)
_TITLE_BEFORE = re.compile(
    r"(?<!\S)(?:like|similar to|loved|liked|enjoyed|adored|hated|watched|saw|seen|read|bought|finished|disliked|loathed|love|hate|adore|vein of|style of|spirit of|reminds me of|reminded me of|reminiscent of|lines of|"
    r"(?:plot|text|description|blurb|summary|story|title|synopsis|copy|wording|headline|teaser|intro|listing|caption)s? (?:of|for|to)|rewrite|explain|why|why not|behind|replace|swap|remove|trade|drop|take out|take|get rid of|kick out|throw out|exchange|delete|lose|ditch|"
    r"than|as|fans? of|lover of|akin to|comparable to|unlike|opposite of|seeing|recommended|recommend|suggest|suggesting|suggested|recommending|showing|show|getting|got|translate|shorten|simplify|summari[sz]e|resembling|purchase was|one was|film was|film is|favou?rite is|"
    r"favou?rite was|movie is|movie was|about getting|tried|used|using|reasons? for|with|on|for|to|of|by|not|is|was|are|did|and|or|about|,)"
    r"(?: (?:the|a|an|my|your|that|this|me|i|us|it|film|movie|video|article|item|product|called|named|titled|book|original|old|recommend|suggest|show|getting|seeing|am|is|are|was|you|in|list|on|did|both|loved|either))*(?: [\"“'])? ?$"
)
_SURE_BEFORE = re.compile(
    r"(?<!\S)(?:like|similar to|loved|liked|enjoyed|adored|hated|watched|saw|seen|bought|vein of|spirit of|reminds me of|reminded me of|reminiscent of|lines of|(?:plot|text|description|blurb|summary|synopsis|copy|wording|headline|teaser|intro|listing|caption)s? (?:of|for|to)|"
    r"why|why not|behind|replace|swap|remove|trade|take out|take|get rid of|kick out|throw out|exchange|than|akin to|comparable to|unlike|opposite of|seeing|explain|recommended|rewrite|purchase was|finished|tried|resembling)"
    r"(?: (?:the|a|an|my|your|that|this|me|i|film|movie|video|article|item|product|called|named|titled|original|getting|seeing|am|did|you|recommend|suggest|show|both|either))*(?: [\"“'])? ?$"
)
_IN_TITLE = phrase(
    r"(?:(?:with|containing|having|has|have|whose|where|that has|that have|using) )?(?:(?:the )?(?:word|words|term|name) )?[\"'“‘]? ?(?P<words>[^\"'”’,.;]{2,40}?) ?[\"'”’]? (?:(?:is|appears|appearing|somewhere|anywhere|should be|must be) )*in (?:the|its|their|a) (?P<field>title|name|titles|names|description|descriptions|plot|plots|text)"
    r"|(?:whose )?(?:the )?(?P<field2>title|name|titles|names|description|plot)s? (?:that )?(?:contains?|containing|includes?|including|has|have|mentions?|mentioning|with|having) (?:the )?(?:word |words |term )?[\"'“‘]? ?(?P<words2>[^\"'”’,.;]{2,40}?) ?[\"'”’]?(?= [,.;!?]|$)"
    r"|(?:called|named|titled|entitled) something (?:with|like) [\"'“‘]? ?(?P<words3>[^\"'”’,.;]{2,40}?) ?[\"'”’]?(?= [,.;!?]|$)"
)
_COMPARED = (
    ("year", ">", re.compile(r"(?<!\S)(?:newer|later|more recent|younger|made after|released after|after)(?: than)? (?:the )?$")),
    ("year", "<", re.compile(r"(?<!\S)(?:older|earlier|made before|released before|before)(?: than)? (?:the )?$")),
    ("duration", "<", re.compile(r"(?<!\S)(?:shorter|quicker|briefer) than (?:the )?$")),
    ("duration", ">", re.compile(r"(?<!\S)longer than (?:the )?$")),
    ("price", "<", re.compile(r"(?<!\S)(?:cheaper|less expensive|more affordable|less pricey) than (?:the )?$")),
    ("price", ">", re.compile(r"(?<!\S)(?:dearer|pricier|more expensive|costlier|spendier) than (?:the )?$")),
)  # fmt: skip
_SERVICE = phrase("|".join(sorted(SERVICE, key=len, reverse=True)))
_YEAR_OF = re.compile(
    r" ?(?:,|\()? ?(?:the |that |from |of |made in |in |released in )*(?:one (?:from |of |in )?)?(?:the )?(?P<year>(?:18|19|20)\d\d)(?: (?:one|version|film|movie|original|remake|edition))?(?: \))?(?!\S)(?! (?:or|and|to|-|on))"
)
_LEADING_YEAR = re.compile(r"(?<!\S)(?:the )?(?P<year>(?:18|19|20)\d\d) (?:version of |film |movie |remake of )?$")


@dataclass(frozen=True)
class Lexer:
    """The marks of one catalogue's sentences."""

    lexicon: Lexicon
    titles: Titles
    roles: Roles

    def marks(
        self,
        sentence: Sentence,
        fixed: Iterable[Mark] = (),
        usual: str | None = None,
        adjusting: bool = False,
        about: tuple[int, int] | None = None,
    ) -> list[Mark]:
        """Marks that do not overlap, in order. `fixed` are laid first: what the act and the dialogue already took."""
        matcher = Matcher.of(sentence)
        tokens = sentence.tokens
        stems = ["and" if token.form == "&" else token.stem if token.is_word else "" for token in tokens]
        numbers = quantities(tokens)
        laid = sorted(fixed, key=lambda mark: mark.start)
        taken = {place for mark in laid for place in range(mark.start, mark.end)}
        free = ["" if at in taken else one for at, one in enumerate(stems)]
        values = list(self._values(tokens, free, matcher))
        titled = list(self._titles(tokens, stems, matcher, values, laid, about or (0, 0)))
        found: list[Mark] = [*titled, *values]
        found += self._contained(matcher)
        bounds = list(Bounds(self.roles, usual, adjusting).marks(matcher, numbers))
        found += bounds
        found += audiences(matcher)
        found += directions(matcher, self.roles)
        found += cues(matcher)
        found += likenesses(matcher)
        found += (NoiseMark(start, end) for start, end, _ in matcher.all(_SERVICE))
        chosen = _chosen(laid, found, tokens)
        counted = list(self._counts(sentence, numbers, chosen))
        return sorted([*chosen, *counted], key=lambda mark: mark.start)

    def _values(self, tokens: tuple[Token, ...], stems: list[str], matcher: Matcher) -> Iterator[ValueMark]:
        at = 0
        while at < len(tokens):
            match = self.lexicon.match(tokens, stems, at) if stems[at] else None
            if match is None:
                at += 1
                continue
            mark = self._value(tokens, at, match.end, self.lexicon.readings(match), matcher)
            if mark is None:
                at += 1
            else:
                yield mark
                at = mark.end

    def _value(
        self, tokens: tuple[Token, ...], start: int, end: int, groups: list[tuple[Entry, ...]], matcher: Matcher
    ) -> ValueMark | None:
        words = "-".join(token.form for token in tokens[start:end])
        lead = matcher.plain[: matcher.starts[start]]
        if end < len(tokens) and tokens[end].joined and tokens[end].form != "s" and not self._goes_on(tokens, end):
            return None
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
        said = _BY.search(lead) is not None or (
            lead.endswith((" or ", " and ", ", "))
            and inside
            and entry.how == "value"
            and _BY_LIST.search(lead) is not None
        )
        if entry.how == "name":
            long = len(written) > 1 or all(token.form not in self.lexicon.common for token in written)
            return said or (capital and inside and long)
        if all(token.form in GENERIC or token.form in _NEVER_MAKERS for token in written):
            return False
        return said or capital or not (plain or self.lexicon.ordinary(entry.named[0]))

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

    def _contained(self, matcher: Matcher) -> Iterator[ContainsMark]:
        frame = self.lexicon.frame
        for start, end, found in matcher.all(_IN_TITLE):
            words = found["words"] or found["words2"] or found["words3"]
            field = (found["field"] or found["field2"] or "title").rstrip("s")
            field = "title" if field == "name" else field
            quoted = re.search(r"[\"'“‘]", found.group()) or re.search(r"\bwords?\b", found.group())
            words = re.sub(
                r"^(?:with|the|a|an|word|words|has|have|having|containing|something|anything|one|it|that|which|is|are) ",
                "",
                words,
            )
            if field in frame.columns and (quoted or len(words.split()) <= 2):
                yield ContainsMark(start, end, field, words.strip(" \"'"))

    def _titles(
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
        return held and not _SURE_BEFORE.search(matcher.plain[: matcher.starts[mention.start]])

    def _title_at(
        self, tokens: tuple[Token, ...], stems: list[str], matcher: Matcher, at: int, wanted: bool
    ) -> Mention | None:
        lead = matcher.plain[: matcher.starts[at]]
        stop = next(
            (place for place in range(at, len(tokens)) if tokens[place].form in (";", "?") or _breaks(tokens, place)),
            len(tokens),
        )
        likely, sure = bool(_TITLE_BEFORE.search(lead)), bool(_SURE_BEFORE.search(lead))
        pointed = tokens[at].capital and at > 0 and bool(_POINTED.search(matcher.plain[matcher.starts[at] :]))
        sure = sure or pointed or wanted
        likely = likely or pointed or wanted
        polite = re.search(r"(?:would|i'd|i do not|do not) (?:like|love) $", lead)
        capital = tokens[at].capital and at > 0 and tokens[at - 1].form not in (".", "!", "?", ":")
        mention = (
            self.titles.named_at(stems, at, stop)
            if (likely and not polite) or capital
            else self.titles.whole_at(stems, at, stop)
        )
        if sure and not polite:
            better = self._misspelt(stems, tokens, at, stop, mention)
            mention = better or mention
        if mention is None:
            return None
        if mention.whole and self._dated(mention, tokens):
            return mention
        return (
            mention
            if self._believed(mention, tokens, bool(likely and not polite), bool(sure and not polite))
            else self._shorter(mention, stems, at, tokens, lead)
        )

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
        likely, sure = _TITLE_BEFORE.search(lead), _SURE_BEFORE.search(lead)
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
        inner = capitals - (1 if words[0].capital and mention.start == 0 else 0)
        written = capitals == len(content) and (inner > 0 or capitals > 1)
        rare = [token for token in content if token.form not in self.lexicon.common]
        if mention.whole:
            if len(content) >= 2:
                return written or sure or len(rare) > 0 or len(content) > 3
            return (written and (likely or bool(rare) or inner > 0)) or (
                sure and (bool(rare) or len(words) > 1 or _past(tokens, mention.start))
            )
        content = [token for token in content if token.form not in _AFTER_TITLE - MOODS]
        if not content or words[0].form in _AFTER_TITLE - MOODS:
            return False
        if len(content) == 1:
            return sure and (capitals > 0 or bool(rare)) and len(mention.rows) <= 12 and not self._is_value(content[0])
        if not (likely or sure) or len(mention.rows) > 60:
            return False
        covered = max(len(content) / max(len(set(self.titles.key(row))), 1) for row in mention.rows[:20])
        return written or (sure and (covered > 0.5 or len(content) > 2)) or (capitals > 1 and covered > 0.3)

    def _goes_on_as_noun(self, tokens: tuple[Token, ...], at: int) -> bool:
        """Whether a plain noun follows, so that one word before it is no title: `Halloween night`."""
        if at >= len(tokens) or not tokens[at].is_word or tokens[at].capital:
            return False
        return tokens[at].form not in _AFTER_TITLE and tokens[at].form in ENGLISH

    def _is_value(self, token: Token) -> bool:
        return self.lexicon.trie.longest([token.stem], 0) is not None

    def _title(self, mention: Mention, matcher: Matcher, values: list[ValueMark], stems: list[str]) -> list[Mark]:
        start, end, rows = mention.start, mention.end, mention.rows
        rest = matcher.plain[matcher.starts[end] - 1 :] if end < len(stems) else ""
        lead = matcher.plain[: matcher.starts[start]]
        forms = tuple(token.form for token in matcher.sentence.tokens[start:end] if token.is_word)
        if mention.whole and len(rows) > 1 and self.titles.exact.get(forms):
            rows = tuple(row for row in rows if row in self.titles.exact[forms])  # Alien is not Aliens
        year = _YEAR_OF.match(rest) or None
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
        for role, comparison, pattern in _COMPARED:
            compared = pattern.search(lead)
            field = self.roles.fields.get(role)  # type: ignore[call-overload]
            if compared and field and len(rows) == 1 and frame[field][rows[0]] is not None:
                return [self._than(field, comparison, rows[0], matcher.at(compared.start()), end)]
        shadow = next(
            (value for value in values if value.start <= mention.start + 1 and value.end >= mention.end), None
        )
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

    def _counts(self, sentence: Sentence, numbers: list[Quantity], marks: list[Mark]) -> Iterator[CountMark]:
        tokens = sentence.tokens
        covered = {place for mark in marks for place in range(mark.start, mark.end)}
        named = {mark.start for mark in marks if isinstance(mark, ValueMark)}
        singles = [Quantity("number", 1, 1, at, at + 1) for at, token in enumerate(tokens) if token.form in ("single",)]
        for quantity in [*numbers, *singles]:
            if (
                quantity.unit != "number"
                or quantity.start in covered
                or quantity.low != int(quantity.low)
                or not 1 <= quantity.low <= 100
            ):
                continue
            before = tokens[quantity.start - 1].form if quantity.start else ""
            if (
                before
                in (
                    "with",
                    "between",
                    "about",
                    "part",
                    "episode",
                    "for",
                    "level",
                    "#",
                    "than",
                    "'",
                    "spf",
                    "number",
                    "in",
                    "-",
                    "at",
                    "season",
                )
                and not (before == "for" and quantity.low == 1)
                and not (before in ("with", "for") and _follows(tokens, quantity.end, tuple(GENERIC)))
            ):
                continue
            word = tokens[quantity.start].form
            if word == "one" and (
                before
                not in (
                    "",
                    "just",
                    "only",
                    "exactly",
                    "me",
                    ".",
                    ",",
                    "us",
                    "recommend",
                    "suggest",
                    "find",
                    "need",
                    "want",
                    "show",
                    "give",
                )
            ):
                continue
            if word in ("second",) or (
                word == "one"
                and _follows(
                    tokens,
                    quantity.end,
                    (
                        "of",
                        "that",
                        "with",
                        "by",
                        "which",
                        "who",
                        "from",
                        "about",
                        "is",
                        "more",
                        "day",
                        "in",
                        "at",
                        "for",
                        "where",
                        "i",
                        ",",
                    ),
                )
            ):
                continue
            if before in ("or", "to") and quantity.start > 1 and cardinal([tokens[quantity.start - 2].form], 0):
                continue  # two or three
            if _follows(tokens, quantity.end, ("or", "to")) and cardinal(
                [one.form for one in tokens], quantity.end + 1
            ):
                continue
            if self._counted(tokens, quantity.end, named, covered):
                yield CountMark(quantity.start, quantity.end, int(quantity.low))

    def _counted(self, tokens: tuple[Token, ...], at: int, named: set[int], covered: set[int]) -> bool:
        if at >= len(tokens) or tokens[at].form in (".", ",", "!", "?", "please", "of", "only", "max", "instead"):
            rest = (
                ADVERBS
                | CHATTER
                | frozenset(["please", "of", "them", "those", "these", "only", "instead", "then", "thanks"])
            )
            return all(not token.is_word or token.form in rest for token in tokens[at:])
        for place in range(at, min(at + 6, len(tokens))):
            form = tokens[place].form
            if place in named or form in GENERIC or form in _COUNTED or stem(form) in _COUNTED:
                return True
            if form in PREPOSITIONS or (form in CONJUNCTIONS and form != "and") or not tokens[place].is_word:
                return form == "," and tokens[place - 1].form in MOODS and place - at < 2
        return False


_ABOUT = re.compile(r"(?<!\S)(?:about|on|regarding|concerning)(?: (?:the|a|an|your))? (?:[^\s.,;]+ (?:or|and|,) )?$")
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
_NEVER_MAKERS = frozenset(
    [
        "unknown",
        "generic",
        "various",
        "none",
        "other",
        "others",
        "new",
        "it",
        "its",
        "made",
        "the",
        "me",
        "and",
        "best",
        "all",
        "a",
    ]
)
_LIGHT = frozenset(
    ["the", "a", "an", "of", "and", "in", "on", "to", "for", "with", "by", "from", "at", "is", "it", "me", "my", "i"]
)
_COUNTED = frozenset(
    [
        "product",
        "products",
        "item",
        "items",
        "pieces",
        "suggestions",
        "ideas",
        "options",
        "things",
        "examples",
        "choice",
        "choices",
        "parts",
        "episode",
        "step",
        "steps",
        "more",
        "different",
        "other",
    ]
)
_SHORT = frozenset(["dr", "mr", "mrs", "st", "vs", "vol", "jr", "sr", "no"])
_POINTED = re.compile(r"^(?:[^\s.,;!?]+ ){2,6}(?:sort of thing|kind of thing|type of thing|one|ones|thing)(?!\S)")
_BY_LIST = re.compile(r"(?<!\S)(?:by|from) [^.;!?]*$")


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


def _follows(tokens: tuple[Token, ...], at: int, words: tuple[str, ...]) -> bool:
    return at < len(tokens) and tokens[at].form in words


def _chosen(laid: list[Mark], found: list[Mark], tokens: tuple[Token, ...]) -> list[Mark]:
    """The marks laid first, then the longest; at equal length by kind."""
    taken = [False] * len(tokens)
    for mark in laid:
        for place in range(mark.start, mark.end):
            taken[place] = True
    chosen = list(laid)

    def rank(mark: Mark) -> tuple[int, int, int]:
        kind = next((at for at, one in enumerate(_RANKS) if isinstance(mark, one)), len(_RANKS))
        return -(mark.end - mark.start), kind, mark.start

    for mark in sorted(found, key=rank):
        if mark.end > mark.start and not any(taken[mark.start : mark.end]):
            chosen.append(mark)
            for place in range(mark.start, mark.end):
                taken[place] = True
    return chosen
