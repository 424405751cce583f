"""More or less of an ordered field, without a number: shorter, not too pricey, the older the better."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from generec.loop.grammar.marks import DirectionMark, Role
from generec.loop.grammar.roles import Roles
from generec.loop.grammar.tokens import Matcher, phrase

_NOUN = (
    r"(?= (?:films?|movies?|flicks?|pictures?|videos?|clips?|articles?|events?|pieces?|stories|story|ones?|things?|stuff|something|reads?|items?|products?|first|please|is|are|but|and|or|"
    r"too|though|if|for|to|on|about|with|from|by|enough|as|than|at|in|,|\.|!|\?|;|:|posts?|texts?|versions?|description|blurb|ad|adverts?|guide|poem|introduction|intro|summary|list|playlist|"
    r"(?:[a-z]+ )?(?:comed|drama|western|thriller|horror|romance|musical|documentar|adventure|myster|crime|war|sci|animat|action|noir|fantasy|children))|$)"
)
_A = r"(?:(?:a (?:bit|little|lot|touch|tad)|much|far|slightly|somewhat|even|way|rather|really|very|quite|fairly|super|extremely|most|the|as|on the) )*"
_TABLE: tuple[tuple[Role, Literal[-1, 1], str], ...] = (
    ("duration", -1, rf"shorter|shortest|quicker|quickest|briefer|brief|bite sized|quickie|less long|quick|short{_NOUN}|on the short side"),
    ("duration", 1, rf"longer|longest|lengthy|lengthier|less short|long{_NOUN}|on the long side|feature length|full length"),
    ("price", -1, r"cheaper|cheapest|cheap|affordable|inexpensive|low cost|low priced|budget(?! of| is| for| :| \d| \$)|bargains?|economical|less (?:expensive|pricey|costly|dear)|more affordable|most affordable|"
     r"least expensive|lowest priced?|lowest cost|reasonably priced|good value|easy on the wallet|wallet friendly|on a budget|on the cheap|thrifty"),
    ("price", 1, r"premium|luxury|luxurious|expensive|pricey|pricier|priciest|dearer|dearest|costliest|costlier|costly|high end|higher end|upmarket|upscale|spendier|spendy|more (?:expensive|pricey|luxurious|premium|upmarket)|"
     r"most expensive|less cheap|fancier|posher|posh|top shelf"),
    ("year", 1, rf"newer|newest|recent|latest|more recent|most recent|more modern|brand new|less old|just out|fresh out|hot off the press|more up to date|up to date|newly (?:released|published|added)|new{_NOUN}"),
    ("year", -1, rf"older|oldest|classics?|vintage|old fashioned|less (?:new|recent|modern)|golden oldies|oldies|old school|old{_NOUN}|ancient{_NOUN}|earlier{_NOUN}"),
    ("energy", 1, r"energetic|more energetic|livelier|lively|liveliest|high energy|higher energy|more energy|fast paced|faster paced|upbeat tempo|most energetic"),
    ("energy", -1, r"calm paced|calmer paced|low energy|lower energy|less energetic|less energy|less lively|slow paced|slower paced"),
    ("rank", -1, r"popular|most popular|more popular|bestselling|best selling|bestsellers?|best sellers?|top selling|top sellers?|bestseller|sells? (?:best|well)|in demand|everyone (?:is )?buying|everybody (?:is )?buying"),
    ("rank", 1, r"less popular|lesser known|least popular"),
)  # fmt: skip
_PATTERNS = tuple((role, sign, phrase(_A + f"(?:{words})")) for role, sign, words in _TABLE)
_BETTER: tuple[tuple[Role, Literal[-1, 1], re.Pattern[str]], ...] = (
    ("year", -1, phrase(r"the older ,? ?the better")), ("year", 1, phrase(r"the newer ,? ?the better|the more recent ,? ?the better")),
    ("duration", -1, phrase(r"the shorter ,? ?the better|the quicker ,? ?the better")), ("duration", 1, phrase(r"the longer ,? ?the better")),
    ("price", -1, phrase(r"the cheaper ,? ?the better|(?:in )?order of price|lowest price first|do not cost (?:much|a lot|a fortune)|does not cost (?:much|a lot|a fortune|the earth)|not cost (?:much|a lot|a fortune|the earth)|will not break the bank|do not want to spend (?:much|a lot|too much)")),
    ("price", 1, phrase(r"the (?:pricier|dearer|more expensive) ,? ?the better|money is no object|price is no object")),
    ("year", 1, phrase(r"what is new|what is the latest|(?:newest|latest|most recent) (?:ones )?first|nothing (?:too )?(?:old|dated)|anything new|something new|new (?:arrivals|releases|stuff|this week|in)|new (?:this|last) (?:week|month|year)")),
    ("year", -1, phrase(r"oldest (?:ones )?first|nothing (?:too )?(?:new|recent|modern)|not (?:too )?modern")),
    ("duration", -1, phrase(r"shortest (?:ones )?first|nothing (?:too )?long|do not have (?:much time|a lot of time|long)|in a hurry|short on time|does not take (?:too )?long|not take (?:too )?long")),
    ("energy", 1, phrase(r"with (?:lots of|a lot of|more|plenty of|high) energy|full of energy")),
    ("energy", -1, phrase(r"with (?:little|less|low|not much) energy")),
)  # fmt: skip
_TURNED = phrase(
    r"(?:(?:is|are|be|rather|preferably|please|ideally|just|but) )*(?:not|nothing|never|no|less|isnt|without|neither|nor)(?: (?:too|so|that|very|overly|all that|particularly|anything|any|be|terribly|really|quite|want|the|exactly|something|especially))*"
)
_TOO = phrase(r"(?:(?:way|much|far|a bit|a little|rather) )?too")
_NOT_NEW = phrase(
    r"new (?:york|yorker|yorkers|zealand|orleans|england|age|wave|jersey|delhi|mexico|year|years|to|search|rule|rules|instructions?|start|line)|old (?:man|men|woman|women|lady|friend|friends|age|couple|testament|west)|years? old"
)


def directions(matcher: Matcher, roles: Roles) -> Iterator[DirectionMark]:
    """Every direction whose field the catalogue has, with a negation in front of it turned round."""
    taken = [(start, end) for start, end, _ in matcher.all(_NOT_NEW)]
    for role, sign, pattern in _BETTER:
        if role in roles.fields:
            for start, end, _ in matcher.all(pattern):
                yield DirectionMark(start, end, roles.fields[role], sign)
    for role, sign, pattern in _PATTERNS:
        if role not in roles.fields:
            continue
        for start, end, _ in matcher.all(pattern):
            if any(start < last and first < end for first, last in taken):
                continue
            begin, turned = _turned(matcher, start)
            yield DirectionMark(begin, end, roles.fields[role], -sign if turned else sign)
    yield from _named(matcher, roles)


def _turned(matcher: Matcher, start: int) -> tuple[int, bool]:
    """Where a negation or `too` before a direction begins, and whether there is one."""
    for pattern in (_TURNED, _TOO):
        for first, last, _ in matcher.all(pattern):
            if first < start <= last:
                return first, True
    return start, False


def _named(matcher: Matcher, roles: Roles) -> Iterator[DirectionMark]:
    """`more energy`, `a lower price`: a field by its name."""
    for name in sorted(roles.numeric):
        said = name.replace("_", " ")
        if len(said) < 4:
            continue
        for words, sign in ((rf"(?:more|higher|greater) {said}", 1), (rf"(?:less|lower|smaller) {said}", -1)):
            for start, end, _ in matcher.all(phrase(words)):
                yield DirectionMark(start, end, name, sign)  # type: ignore[arg-type]
