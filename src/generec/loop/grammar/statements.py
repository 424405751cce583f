"""Which words only tell of the speaker, the service or the weather, so that no wish is read from them."""

from __future__ import annotations

import itertools
import re

from generec.loop.grammar.tokens import Matcher, phrase
from generec.records import Act

_CUTS = re.compile(
    r"(?:^|(?<= ))(?:[.!?;:,()]|\.\.\.|…|but|so|because|and(?= (?:i|we|want|would|show|my|now|need|he|she|they|please|am|looking|maybe|it)(?!\S))|though|which(?= (?:noir|[a-z]+s)(?!\S)))(?= |$)"
)
_WISHES = phrase(
    r"want|wants|need|needs|like|likes|love|loves|loved|liked|prefer|prefers|enjoy|enjoys|enjoyed|looking|searching|after|interested|mood|fancy|fancies|wish|hope|hoping|must|should|has to|have to|needs to|hate|hates|hated|dislike|dislikes|tired|bored|sick|enough|"
    r"into|keen|fan|fans|lover|lovers|would|do not|does not|can not|could not|will not|is not|are not|learn|find|decide|adore|adores|adored|budget|feel like|feeling like|show|recommend|suggest|no|not|without|nothing|never|allergic to|loathe|favourite|favorite|favourites|"
    r"obsessed|passionate|partial|crazy about|mad about|hunting|shopping|take|watch|read something|could use|could do|up for|care|spend|afford|pay|fond|made|set|by|from|featuring|has|includes?|contains?|please|open to|meant|mean|choose|torn|hooked"
)
_START = phrase(
    r"(?:(?:well|so|and|because|since|as|hi|hello|ok|okay|oh|you see|sorry|anyway|actually|also|hey|yes|yeah|today|yesterday|tonight|lately|recently|last (?:night|week|year|month)|honestly|seriously|weird) ,? ?)*"
    r"(?:i|we|he|she|they|you|this|there|someone|somebody|people|everyone|everybody|nobody|(?:my|our|his|her|their|a|the|one of my|some of my) (?:\S+ ){1,5}?(?:is|was|has|had|just|said|says|told|sent|keeps|got|wants|recently|does|did|are|were|have|thinks|started|turned|turns|came|comes|lives|works|broke|died|left|gave|bought|calls|asked|recommended|suggested|will|can|could|never|always)|that (?:is|was|has|sounds|looks|would|one)|"
    r"it is (?:raining|snowing|pouring|late|cold|hot|sunny|freezing|monday|tuesday|wednesday|thursday|friday|saturday|sunday|winter|summer|my birthday|a rainy|a lovely|a long)|it (?:was|did|has been|arrived|got|sounds|happened)|these are|those are)"
)
_SERVICE = phrase(
    r"(?:(?:also|and|so|by the way|btw|quick question|one question|question|hey|hi|hello|please|ok|oh|sorry) ,? ?)*(?:(?:does|do|did|can|could|where|how|when|is|are|will|would|why is|what is|which|may|am|has|have|if|who) (?:\S+ ){0,12}?|(?:my|the|your) (?:\S+ ){0,6}?|i (?:\S+ ){0,8}?)"
    r"(?:ship|ships|shipped|shipping|deliver|delivers|delivered|delivery|stream|streams|streaming|account|accounts|password|login|log in|sign in|sign up|subscription|refund|refunds|return policy|returns|send it back|checkout|cart|basket|payment|pay with|paypal|credit card|app|website|site|"
    r"download|offline|tv|screen|ipad|phone|customer service|warranty|netflix|youtube|prime|opening hours|discount code|coupon|invoice|postage|in stock|order (?:arrive|status|number)|my order|track|wifi|buffering|loading|notifications?|update|bug|broken|crash\w*|cancel my (?:order|subscription)|how much is|cost to send|unsubscribe|delete my (?:account|data)|language|dubbed|region)(?!\S).*"
)
_OTHERS = phrase(
    r"what (?:are|is|do|does|did) (?:(?:the |all )?(?:other|others|other people|people|everyone|everybody|everyone else|most people|your (?:other )?(?:users|customers)|the rest|the neighbours|my friends|friends)) .*|what (?:time|day) is it|who (?:are|made|built|owns) you|how are you(?: \S+)*|what can you do(?: \S+)*|are you (?:a |an )?(?:robot|human|real|ai|bot|machine|there|ok|listening).*|how does (?:this|that|it) work.*|what (?:is|are) (?:this|you)(?: for)?|how old are you|what do you think|what is (?:your name|up)|tell me (?:a joke|about yourself).*|is anybody there|anyone there|anybody home|testing(?: testing)*"
)
_HAVE = phrase(r"(?:i|we) (?:only |just |still )?(?:have|have got|got|had) .*")


def stated(matcher: Matcher, act: Act) -> frozenset[int]:
    """The tokens of clauses from which neither words nor values are read."""
    silent: set[int] = set()
    borders = [0, *(found.start() for found in _CUTS.finditer(matcher.plain)), len(matcher.plain)]
    for first, last in itertools.pairwise(borders):
        text = re.sub(r"^(?:[.!?;:,()…]+|but|so|because|and|though) ?", "", matcher.plain[first:last]).strip()
        start = matcher.plain.find(text, first) if text else first
        if _silent(text, act):
            silent.update(range(matcher.at(start), matcher.at(start + len(text))))
    for start, end, _ in matcher.all(_OTHERS):
        silent.update(range(start, end))
    return frozenset(silent)


def _silent(text: str, act: Act) -> bool:
    if not text:
        return False
    if _SERVICE.fullmatch(text) and not re.search(
        r"(?<!\S)(?:show|recommend|suggest|looking for|want (?:a|an|some)|need (?:a|an|some)|have (?:a|an|any)|with) ",
        text.split(" in ")[0],
    ):
        return True
    if (
        act in ("undo", "reset", "stop_creating")
        and re.match(r"(?:it|this|that|i|they|those|these|we|you) ", text)
        and not re.search(r"(?:want|like|need|looking|would|show)", text)
    ):
        return True
    started = _START.match(text)
    if started is None or (_HAVE.match(text) and re.search(r"\d|hour|minute|euro|dollar", text)):
        return bool(_HAVE.match(text) and re.search(r"\d|hour|minute|euro|dollar", text) and " to " not in text)
    return _WISHES.search(text) is None
