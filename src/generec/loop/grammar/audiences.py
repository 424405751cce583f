"""Whom something is for: children, teenagers, a family, beginners or experts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from generec.loop.grammar.marks import AudienceMark
from generec.loop.grammar.tokens import Matcher, phrase
from generec.loop.numbers import cardinal

_KIN = (
    "son|daughter|nephew|niece|grandson|granddaughter|godson|goddaughter|boy|girl|child|kid|brother|sister|boys|girls|kids|"
    "sons|daughters|nephews|nieces|children|grandchildren|pupils|class|students|friend|friends|group|cousin|cousins"
)
_LEAD = r"(?:(?:suitable |good |ok |okay |fit |safe |right |appropriate |fun |made |meant |aimed |written |something )?(?:for|at) |(?:would |will |could )?suit |so that |that |which |with |to )?"
_OWN = r"(?:(?:my|our|his|her|their|the|some|a|an|these|those|all|your) )?(?:own |two |three |four |five |six |2 |3 |4 |5 |class of |group of |bunch of )*"
_SIZE = r"(?:(?:very |really )?(?:little|small|young|younger|wee|tiny) )*"
_TAIL = (
    r"(?: (?:can|could|will|would|might|to|should) (?:all )?(?:read|follow|understand|use|watch|enjoy|handle|grasp|see|do|join|get|play|manage|take part|"
    r"join in|sit through|make sense of|relate to|agree on)(?: (?:it|them|along|in|with me|together|too|this|alone))*)?"
)
_CHILDREN = (
    rf"{_SIZE}(?:(?:primary|elementary|nursery) school )?(?:kids?|children|child|toddlers?|preschoolers?|little ones?|grandchildren|grandkids?|grandchild|"
    r"infants?|schoolchildren|schoolkids|pupils|kiddies|kiddos?|tots|youngsters|little (?:boy|girl|brother|sister|cousin|son|daughter|nephew|niece)s?)"
)
_TEENS = rf"(?:young )?(?:(?:teenage|teen|adolescent|teenaged) (?:{_KIN})|teenagers?|teens?|adolescents?|teenage|high school students?|high schoolers?)"
_FAMILY = (
    r"(?:(?:the |my |our )?(?:whole|entire) (?:family|clan|household)|all the family|(?:for|with) (?:the |my |our |a )?famil(?:y|ies)|"
    r"family friendly|family(?= (?:film|films|movie|movies|viewing|night|evening|fun|entertainment|event|events|comedy|comedies|adventure|video|videos))|"
    r"(?:for |suits? )?all ages|(?:for )?(?:young and old|parents and (?:kids|children)|kids and (?:parents|adults|grown ups)))"
)
_BEGINNERS = (
    rf"{_OWN}(?:absolute |complete |total |utter |real |pure |true )?(?:beginners?|newcomers?|novices?|first timers?|newbies?|newbie|starters|rookies?|learners?|dummies|"
    r"beginner level|beginner friendly|beginner)(?: level| friendly)?"
    r"|(?:(?:someone|somebody|people|adults|a person|those|anyone|students|friends?|i|we) )?(?:who )?(?:am |is |are )?(?:completely |totally |quite |brand |all |very )?new to (?:it|this|that|all this|all that|the subject|the topic|the hobby)"
    r"|(?:(?:someone|somebody|people|adults|those|anyone) )(?:who )?(?:is |are )?(?:just |only )?(?:starting out|getting started|starting)"
    r"|(?:(?:someone|somebody|people|adults|those|anyone|i|we) )(?:who )?(?:has |have )never (?:\S+ )(?:\S+ )?before"
    r"|without (?:any )?(?:previous|prior) (?:knowledge|experience)|no (?:previous|prior) (?:knowledge|experience)(?: needed| required| necessary)?|entry level|for starters"
)
_EXPERTS = (
    rf"{_OWN}(?:real |true |seasoned |absolute )?(?:experts?|professionals|pros|specialists?|connoisseurs?|practitioners?|veterans|old hands|experienced (?:people|users|players|readers|hands|viewers|cooks|knitters|makers)|"
    r"(?:very )?advanced (?:learners|users|readers|viewers|students|level|players|people))(?: level)?|expert level|professional level|advanced|pro level|for pros|(?:someone|people|somebody) who (?:already )?knows? (?:it all|everything|a lot)"
)
_NOT_AFTER = re.compile(
    r"(?:about|starring|of|between|featuring|like|involving|on|no|without|than|where|when) (?:(?:a|an|the|two|three|some) )?$"
)
_PATTERNS = (
    ("family", phrase(_LEAD + _FAMILY + _TAIL)),
    ("children", phrase(_LEAD + _OWN + _CHILDREN + _TAIL)),
    ("teenagers", phrase(_LEAD + _OWN + _TEENS + _TAIL)),
    ("beginners", phrase(_LEAD + "(?:" + _BEGINNERS + ")" + _TAIL)),
    ("experts", phrase(_LEAD + "(?:" + _EXPERTS + ")" + _TAIL)),
)
_AGE = phrase(
    rf"{_LEAD}{_OWN}(?:(?:{_KIN}) )?(?:who (?:is|are) |aged |is |age |ages |of |, |\( )*(?:only |just |about |nearly |almost )*"
    rf"(?P<age>\d+|[a-z]+)(?: (?:or|to|and|-) (?P<second>\d+|[a-z]+))? (?:years? olds?|yo|y o|yrs? old)(?: (?:{_KIN}))?{_TAIL}"
    rf"|{_LEAD}{_OWN}(?:{_KIN}) (?:who (?:is|are) |aged |age |is )(?:only |just )?(?P<age2>\d+|[a-z]+){_TAIL}"
    r"|(?:kids|children|people|anyone|readers|viewers)? ?(?:under|below) (?:the age of )?(?P<age3>ten|twelve|10|12|8|eight)(?= year)"
)


def audiences(matcher: Matcher) -> Iterator[AudienceMark]:
    """Every audience that is named. Who is merely spoken of (`about children`) is none."""
    for start, end, found in matcher.all(_AGE):
        age = cardinal([found["age"] or found["age2"] or found["age3"]], 0)
        if age is not None and age[0] < 18:
            yield AudienceMark(start, end, "children" if age[0] <= 12 else "teenagers")
    for name, pattern in _PATTERNS:
        for start, end, found in matcher.all(pattern):
            if not _NOT_AFTER.search(matcher.plain[: found.start()]):
                yield AudienceMark(start, end, name)
