"""Words that change what follows: refusals, tastes, requests, hedges, and talk that carries nothing."""

from __future__ import annotations

from collections.abc import Iterator

from generec.loop.grammar.marks import ContrastMark, CueMark, Mark, NoiseMark, SoftenMark, TotalMark
from generec.loop.grammar.tokens import Matcher, phrase

_WHO = r"(?:i|we|he|she|they|who|you|(?:my|our|his|her|the) (?:\S+ )?\S+)"
_HOW = r"(?:(?:really|also|do|just|absolutely|usually|generally|always|quite|rather|especially|particularly|truly|so|totally|still|already|have always|have|both|all|would much|would|much|only|never really|tend to|used to|mostly) )*"
_REQUEST = phrase(
    r"(?:(?:please|hi|hello|hey|ok|so|and|now) )*(?:(?:can|could|would|will) (?:you|i|we) )?(?:please )?(?:(?:just )?(?:show|give|find|get|bring|send|recommend|suggest|list|pick|fetch|pull up|bring up|play|offer|display|serve)(?: me| us)?(?: up)?|point me (?:to|towards)|direct me to|hit me with|surprise me with|"
    r"let (?:me|us) (?:have|see|watch|get|try|read))(?= |$)(?: (?:with|a list of|some of your|some|any|more of|all your|all the|a selection of|a few of))?|"
    r"(?:i|we) (?:just |really |only |also |now |still |do |actually )*(?:want|need|require|would (?:quite |really |rather |also |just |absolutely )?(?:like|love|appreciate|enjoy|welcome|be grateful for|be happy with|be interested in|go for)|could (?:do with|use|go for|really use)|am (?:looking|searching|hunting|shopping|hoping|browsing|out|here|on the (?:lookout|hunt)) ?(?:for)?|"
    r"am after|am trying to find|am in need of|am up for|wish for|was (?:looking|hoping|wondering|after|thinking|searching)(?: (?:for|of|about|if))*|will (?:take|have|watch|try|go for|read|buy|settle for)|have to find|have been (?:looking|searching) for)(?: (?:to|see|watch|read|find|buy|get|learn|know|have|try|hear|listen|go|about|attend|use|order|wear|play|give|something like|look at|visit))*|"
    r"(?:am |be )?(?:looking|searching|hunting|lookin) for|do you (?:happen to |also |perhaps |maybe |by any chance )?(?:have|know|stock|sell|carry|offer|know of)|have you (?:got|any)|got (?:any|anything|some|something)|would you (?:happen to )?have|is there (?:such a thing as|any|a|an|anything|something|some)|are there (?:any|some)?|"
    r"what about|how about|any chance (?:of|for)|what (?:would|do|can|could|should) (?:you|i|we) (?:suggest|recommend|offer|have|watch|read|get|buy|try)|which (?:ones )?(?:would|do|can) you (?:suggest|recommend)|would you (?:suggest|recommend)|(?:do|can|could) you (?:suggest|recommend)|should (?:i|we) (?:start|begin|watch|try|get|buy|read|use|take|pick|see)(?: with)?|"
    r"(?:we|i) (?:should|could|can) (?:start|begin|watch|try)(?: with)?|you (?:suggest|recommend|have)|do you have|i (?:can|could|might|may) (?:watch|read|use|buy|try|see|get)|it (?:should|must|has to|needs to|ought to|can|could|had better|would have to|is to|will have to) (?:be|have|include|feature|contain|involve|cover|deal with|take place|come)?|"
    r"(?:they |these |those |must |should |has to |have to |needs? to |ought to |got to )(?:be|have|include|feature|contain|involve|cover)|must|has to|needs to|i will (?:watch|take|read) anything|time for|let us go (?:for|with)|let us (?:see|watch|try|have|find)|give me|i wish to (?:see|watch|read|find)|in search of|wanted|searching|looking|choose between|decide between|interested in (?:seeing|watching|reading|buying)|"
    r"(?:to )?(?:learn|know|find out|read|hear) (?:more )?about|learn how|what is there|what have you got|what do you have|what else(?: is there| do you have)?|who (?:makes|made)|(?<!in )(?<!of )which"
)
_LIKES = phrase(
    rf"{_WHO} {_HOW}(?:like|likes|liked|love|loves|loved|enjoy|enjoys|enjoyed|adore|adores|adored|prefer|prefers|preferred|fancy|fancies|appreciate|dig|favou?r|cherish|worship)(?: (?:it when|when|to (?:watch|read|see|have|learn about|use|buy)|watching|reading|seeing|using|the idea of|all kinds of|things like|stuff like|anything with))?|"
    r"(?:would )?(?:rather|sooner) (?:have|watch|read|see|something|get|go for|it be|be)|preferr?ably|ideally|for preference|for choice|mostly|mainly|(?:in the )?mood for|feel(?:ing)? like|feels like|(?:am|is|are|was|were)? ?(?:really |very |also |quite |so |big |totally |rather )*(?:into|keen on|fond of|partial to|crazy about|mad about|nuts about|obsessed with|passionate about|hooked on|interested in|a sucker for|enthusiastic about|big on)|"
    r"(?:a |am a |is a |am |are )?(?:big |huge |great |real |massive |lifelong |keen )*(?:fans?|lovers?|enthusiasts?|admirers?) of|loved|liked|enjoyed|adored|loving|a (?:bit|touch|hint|dash|pinch|little bit|sprinkle|smattering|spot) of|some kind of|with a (?:touch|hint|dash|bit|pinch) of|(?:a bit |a little |even |slightly |some |much |lots? )?more(?= (?!than|like|or|from|by|please|of the|recent|expensive|,|\.|$))|plus points for|bonus (?:points )?(?:for|if)|i prefer|prefers?|"
    r"(?:it would be|would be) (?:great|nice|lovely|good|ideal|perfect|cool|fun|a plus|a bonus|wonderful|best) (?:if|to have)(?: it| there| they)?(?: (?:is|are|was|were|had|has|have|could be|would be|came with|comes with))?|if possible|where possible|hopefully|best (?:with|if)|can not get enough of|could watch|my favou?rites?(?: \S+)? (?:is|are)|favou?rites? (?:is|are)|(?:is|are) my (?:favou?rite|thing|kind of thing|jam|cup of tea)"
)
_BARE = r"(?:(?:really|also|just|absolutely|always|both|all|usually|generally|would) )*"
_AFTER = (
    "(?:"
    + "|".join(
        rf"(?<={who} )"
        for who in (
            "kids",
            "children",
            "teenagers",
            "teens",
            "family",
            "son",
            "daughter",
            "old",
            "olds",
            "toddlers",
            "toddler",
            "grandchildren",
            "students",
            "nephews",
            "nieces",
            "nephew",
            "niece",
            "friends",
            "beginners",
            "boys",
            "girls",
            "parents",
            "pupils",
        )
    )
    + ")"
)
_LOVES = phrase(
    rf"{_BARE}(?:loves|adores|enjoys|likes|prefers|fancies|loved|adored|enjoyed)|(?:(?<=, )|(?<=and ))(?:love|like|enjoy|adore|prefer)|{_AFTER}{_BARE}(?:like|love|enjoy|prefer|adore|liked)"
)
_HATES = phrase(
    rf"{_BARE}(?:hates|dislikes|detests|loathes|despises)|(?:(?<=, )|(?<=and ))(?:hate|dislike|detest|can not stand)|{_AFTER}{_BARE}(?:hate|dislike|can not stand|do not like|do not enjoy|does not like)"
)
_NOT_BUT = phrase(
    r"(?P<not>(?:not|no longer)(?: (?:a|an|the|some|any))?) (?!too|so|that|very|only|just|sure|really|necessarily|like|all)[^\s.,;!?]+(?: [^\s.,;!?]+){0,3} (?:, )?but(?! (?:not|no|nothing|please|without|under|over|at|in|with|only|about|make)(?!\S))"
)
_WHEN = phrase(
    r"for (?:when|while|whenever|times when|days when|nights when|the times|people who|somebody who|someone who|those who|anyone who)"
)
_MAYBE = phrase(r"maybe(?: even)?|perhaps|possibly|if possible|potentially|could be|might be")
_DISLIKES = phrase(
    rf"{_WHO} {_HOW}(?:hate|hates|hated|dislike|dislikes|disliked|loathe|loathes|loathed|detest|detests|despise|despises|(?:can|could) not (?:stand|bear|abide|take|deal with|stomach)|(?:do|does|did) not (?:really |much |actually |particularly |usually |generally |even )*(?:like|likes|love|enjoy|fancy|care for|care about|dig|appreciate|go for))(?: (?:it when|when|how|watching|the))?|"
    r"(?:hate|hates|hated|dislike|dislikes|disliked|loathe|loathed|detest|hating|disliking)|(?:am |is |are |was |getting |got |a bit |a little |quite |so |very |really |bit |rather |pretty |have |had |has |just |kind of |totally |completely )*(?:tired of|bored (?:of|with|by)|sick (?:and tired )?of|sick to death of|weary of|fed up (?:with|of)|had (?:enough|my fill) of|seen enough(?: of)?|done with|over(?= with)|enough (?:of|with)|put off by|annoyed by|allergic to)|"
    r"(?:am |is |are |was )?not (?:(?:really|so|very|too|that|much|particularly|all that|exactly|a|an|big|huge|much of a|such a) )*(?:keen on|into|fond of|fans? of|a fan of|interested in|crazy about|bothered about|in the mood for|feeling|wild about|mad about|big on|partial to|lovers? of|my (?:thing|cup of tea) is)|"
    r"(?:a bit |a little |slightly |somewhat |much |far |rather |preferably )*(?:less|fewer|not as|not quite as|not quite so|less of)(?= (?!than|expensive|or))|can not (?:stand|bear|abide)|can do without|could do without|without too much|not too many|not (?:too )?(?:much|many)|not a lot of|not a (?:big |huge |great )?fan of|too (?:much|many)|(?:way |far |a bit |much |a little )?too(?= (?!please|$|\.|,|!))|go(?:es)? easy on|easy on the|(?:do|does|did) not (?:like|enjoy|love)"
)
_NOT_TOO = phrase(
    r"(?:(?:is|are|be|was|were|it is|that is|do|does|can|should|must|wants?|if it is|preferably|something|anything|rather|please|ideally) )*(?:not|nothing|never|isnt|none) (?:(?:be|feel|look|get|want|anything|something|it|get) )?(?:too|so|that|very|overly|all that|terribly|excessively|exactly|remotely|particularly|over|as|quite so|at all|super|really)(?: (?:much|many) (?:of|like))?"
)
_NOT_DO = phrase(
    r"(?:(?:that|which|who|it|they|and|but|please) )?(?:do|does|did|will|would|should|must|can|could) (?:not|never)(?! (?:want|need|like|love|enjoy|show (?:me|us|any)|give (?:me|us|any)|recommend|suggest|have|include|send|get|be|stand|bear|mind|care|find|know|think|believe|bring|contain|feature|involve|offer|see|play|wish|fancy|require|exceed|cost|last|take longer|go over|decide)\b)"
)
_NEVER = phrase(
    r"(?:(?:i|we) )?(?:(?:really|just|definitely|certainly|please) )*(?:(?:do|does|did|will|would|should|must|can|could) )?(?:not|never) (?:(?:really|just|ever|actually|even) )?(?:want|need|show(?= me| us| any)|give(?= me| us| any)|recommend|suggest|have|include|send|get|be|bring|contain|feature|involve|offer|see|play|wish|require|find|dealing|starring|featuring|containing|set|made)(?: (?:me|us|to see|to watch|to read|to have|it|to be|ever|again|any|anything|any more|another|something|to hear|to know|about it|be|with|about|by|from|of|like|on|stuff|things|items|more|to))*|"
    r"(?:(?:is|are|am|was|were|be|has|have|but|and|please|definitely|absolutely|certainly|preferably|just|anything|everything|something|all|ones?|it|one|i said|really) )*(?:not|no|never|none|neither|nor|nothing|nobody|without|except(?: for)?|excepting|excluding|exclude|barring|bar|minus|other than|apart from|aside from|save for|anything but|everything but|all but|free of|free from|devoid of|avoid|avoiding|skip|spare me|spare us|leave out|rule out|keep away from|keep out|filter out|steer clear of|stay away from|ban|ditch|drop the|lose the|cut the|omit|hide|remove|take out|block|lay off|no more|not any|nix|keep(?= (?:[^\s.,;]+ ){1,3}(?:away|out|off)(?!\S))|anything that is not|anything but)"
    r"(?: (?:any|anything|a|an|the|some|more|of|them|those|these|one|ones|is|are|was|be|about|with|by|from|to do with|related to|on|involving|featuring|starring|including|containing|in|all|too many|that kind of|sort of|kind of|things?|stuff|that is|that are|that has|that have|which has|which is|set|made|has|have|having|at all|single|another|ever|it|like those|dealing))*"
)
_RESTART = phrase(
    r"but(?: (?:only|with|please|also|rather|still|maybe|then|make it|make|at the same time|do|i|it|should|can|be|has|must|it should be|it must be|it has to be))*|though|although|however|yet|otherwise|instead|just|only|nothing but|none but|nothing except|strictly|purely|everything|anything|something|all|any"
)
_CONTRAST = phrase(r"(?:rather|more|sooner) than|instead of|in place of|as opposed to")
_OVER = phrase(
    r"(?:prefer|prefers|preferred|like|rather have|rather watch|rather read)(?: [^\s.,;]+){1,4} (?P<link>to|over|than)(?= )"
)
_SOFTEN = phrase(
    r"(?:if|where|whenever) (?:possible|you (?:have|can|got|could|find|do have)(?: (?:it|one|any|some|that|them|find|get|manage))*|there (?:is|are) (?:one|any|some|such a thing|something like that)|available|it exists|they exist|that (?:exists|works|is possible|is available|is fine)|need be|at all possible)|"
    r"(?:would|will|could|might) (?:also )?be (?:(?:really|very|also|just|absolutely|most|quite) )*(?:ideal|great|nice|lovely|perfect|good|cool|wonderful|best|fine|brilliant|welcome|fun|amazing|fantastic|preferred|appreciated|ok|okay|a plus|a bonus|awesome|a nice touch|even better)(?: (?:too|as well|also|though))*|"
    r"(?:is|are) (?:(?:also|just|perfectly|quite) )?(?:fine|ok|okay|good|cool|alright|all right|acceptable|welcome|nice|great|a plus|a bonus|preferred|best)(?: (?:too|as well|also|though|with me|by me|for me))*|for preference|by preference|(?:maybe|perhaps|preferably|ideally|possibly)(?= [.,!?;]|$)|works for me(?: too)?|will do(?: too)?|at a push|if anything|would work(?: too| as well)?|would do|would suit me|would go down well|for choice"
)
_TOTALS = phrase(
    r"in total|altogether|all together|all in all|overall|in all|combined|together|taken together|all told|in sum|total|as a whole|(?:for|as) the (?:whole|entire|complete) (?:\S+)|for the lot|for everything|for (?:all|all of it|all of them|all three|all four|all five|all six)|(?:that|which|to|it should|must|should|it must|it has to|has to)? ?(?:fits?|fit|fitting) (?:in|into|within|inside)|start to finish|in one go|from start to finish|the whole (?:\S+)|(?:should|must|to|that)? ?(?:add|adds|adding) up to|sum of|total of|a total of|totalling|totaling|in one sitting|between them|all up|all in"
)
_EACH = phrase(
    r"each|apiece|per (?:item|film|video|piece|article|product|movie|one|event|unit)|a piece|every one(?: of them)?|each (?:one|of them)|individually|none of them|no single one|any one|all of them|each film|each video|each article|each product|a pop|per head|for each|all(?= (?:under|below|over|at most|shorter|less))"
)
_NOISE = phrase(
    r"(?:(?:i|we) )?(?:(?:have|had|has|did|do) )?(?:not|never|not really|not yet|not even) (?:(?:actually|ever|yet|even) )?(?:seen|saw|see|watched|watch|heard of|hear of|heard about|read|tried|know|remember)(?: (?:the|that|it|this))?|good (?:morning|evening|afternoon|day|night)|(?:left )?to (?:spend|spare|kill|fill|blow)(?: on)?(?: (?:it|this|that|me|him|her))?|dark mode|(?:no )?i (?:meant|mean)(?: to say)?|(?:on )?this (?:month|week|year)|forget (?:it|that|this)|(?:many )?thanks(?: (?:a lot|very much|in advance|so much|a million|a bunch|again|for (?:your help|helping|that|the help)))?|thank you(?: (?:very much|so much|in advance|kindly))?|no (?:wait|thanks|thank you|problem|idea|matter(?: what)?|hurry|rush|worries|pressure|offence|doubt|need|big deal|way|kidding|clue|really|sorry|actually|preference|preferences|particular order|strings attached)|"
    r"never mind|by the way|to be (?:honest|fair|precise|exact|clear|specific|frank)|if you do not mind|if you would(?: be so kind)?|would you kindly|would you mind|i would be grateful(?: (?:for|if))?|be so kind(?: as to)?|(?:that|this|it) (?:is|was) all(?: (?:i|for now|that))?(?: ask| want| need)?|not sure(?: (?:what|which|if|about|yet))?|not (?:only|just|necessarily|always|yet|bad|a problem|to worry|to mention|important|really sure)|of course|as (?:usual|always|ever|well|well as|soon as possible|far as i know)|you know|i (?:guess|think|suppose|mean|believe|say|hope|bet|must say|admit|reckon|wonder|am afraid|feel)|i have no idea|"
    r"let us see|let me think|let me see|if i may|if i can|these days|nowadays|at the moment|right now|for now|for once|for a change|this time|next time|today|tonight(?= |$)|at all|what (?:next|now|then|else|gives)|and (?:so on|such|stuff|things|the like)|et cetera|etc|you name it|either (?:way|is (?:ok|okay|fine|good)|will do|works|one)|rest stays|the rest (?:stays|can stay|is fine|as before|remains)|keep the rest|everything else (?:stays|is fine|as before|can stay)|same (?:as before|again|otherwise)|"
    r"make it count|all the same|on the other hand|on second thoughts?|come to think of it|(?:one|two) more thing|last but not least|the thing is|something along those lines|that (?:sort|kind|type) of (?:thing|stuff)|(?:sort|kind|type|kinds|sorts|types) of(?: things?)?|sort of|kind of|a (?:few|lot of|bunch of|number of|handful of|selection of|variety of|range of)|lots of|plenty of|loads of|some of (?:the|your)|one of (?:the|your)|the (?:sort|kind|type) of thing|(?:sort|kind) of thing|the one|the ones|as much as possible|at (?:home|work)|on (?:my|our|the) (?:tv|telly|phone|laptop|tablet|computer|screen|ipad|projector|big screen|headphones)|"
    r"(?:in|with) (?:(?:dolby|4k|hd|uhd|3d|hdr|surround|full hd|stereo|high)(?: (?:atmos|hd|sound|vision|definition|resolution|quality))*)|(?:with|without|has|have|having) (?:(?:english|german|french|spanish|italian|good|proper) )?(?:subtitles?|captions|closed captions|free shipping|free delivery|fast shipping|next day delivery|free returns|dubbing)|(?:ships?|shipped|shipping|delivered|deliverable|delivery|available|streaming|stream) (?:to|in|on|within|by|from|via|with|for) (?:\S+)(?: (?:hours?|days?|prime|plus|states|kingdom|tomorrow))?|"
    r"4k|hd|uhd|hdr|in stock|next day delivery|gift wrapped|and fast|asap|what have you|if you know what i mean|you see|would it|as long as(?: it is)?|as (?:something|anything)|(?:so|and) (?:basically|anyway)|long story short|in particular|in general|in a nutshell|in short|for example|for instance|such as|more or less|at first|at last|right away|to start with|to begin with|for starters|the usual|or something(?: like that)?|or whatever|or anything(?: like that)?|or so|ok with me|fine (?:by|with) me|anyone will do|anything goes|whatever(?: you have)?|surprise me|your choice|up to you|i do not (?:mind|care|know)(?: (?:what|which|about))?|how much|how many"
)
_THING = phrase(
    r"(?:(?:the|this|that|these|those) )?(?:name|names|title|titles)(?= of)|starting point|a place to start|where to (?:start|begin)|my taste|my tastes|my budget|a budget|budget|my limit|price range|price tag|(?:in|at) the price range|priced?|prices|costing|costs?|price wise|length wise|duration|running time|runtime|in length|in duration|release year|release date|published|released|made|shot|filmed|came out|dating|dated|that came out|from the year|the year|the years|in the years?|opens?|closes?|opening|closing|open|takes?|lasts?|last|lasting|running"
)


def cues(matcher: Matcher) -> Iterator[Mark]:
    """Every cue of a sentence; where several overlap, the lexer keeps the longest."""
    for start, end, _ in matcher.all(_REQUEST):
        yield CueMark(start, end, 1, request=True)
    for start, end, found in matcher.all(_LIKES):
        if not _REQUEST.fullmatch(found.group()):
            yield CueMark(start, end, 1, soft=True, whole=found.group().endswith(" when"))
    for start, end, _ in matcher.all(_LOVES):
        yield CueMark(start, end, 1, soft=True)
    for start, end, _ in matcher.all(_HATES):
        yield CueMark(start, end, -1, soft=True)
    for start, end, _ in matcher.all(_WHEN):
        yield CueMark(start, end, 1, soft=True, whole=True)
    for _, _, found in matcher.all(_NOT_BUT):
        yield ContrastMark(*matcher.span(found, "not"), replaces=True)
    for start, end, _ in matcher.all(_MAYBE):
        yield CueMark(start, end, 1, soft=True)
    for start, end, found in matcher.all(_DISLIKES):
        yield CueMark(start, end, -1, soft=True, whole=found.group().endswith((" when", " how")))
    for start, end, _ in matcher.all(_NOT_TOO):
        yield CueMark(start, end, -1, soft=True)
    for start, end, _ in matcher.all(_NOT_DO):
        yield CueMark(start, end, -1, whole=True)
    for start, end, _ in matcher.all(_NEVER):
        yield CueMark(start, end, -1)
    for start, end, found in matcher.all(_CONTRAST):
        yield ContrastMark(start, end, replaces=found.group() in ("instead of", "in place of"))
    for _, _, found in matcher.all(_OVER):
        link = matcher.span(found, "link")
        yield ContrastMark(*link)
    for start, end, _ in matcher.all(_SOFTEN):
        yield SoftenMark(start, end)
    for start, end, _ in matcher.all(_TOTALS):
        yield TotalMark(start, end)
    for start, end, _ in matcher.all(_EACH):
        yield TotalMark(start, end, each=True)
    for pattern in (_NOISE, _THING):
        for start, end, _ in matcher.all(pattern):
            yield NoiseMark(start, end)
    for start, end, _ in matcher.all(_RESTART):
        yield CueMark(start, end, 1)


_ALIKE = phrase(
    r"(?:(?:something|anything|stuff|things?|films?|movies?|videos?|one|ones|more|some|much|just|exactly|a bit|kind of|products?|articles?) )*(?:like|similar(?:ly)? to|similar in \S+ to|in the (?:style|vein|spirit|mould|manner|mood|same vein|tradition|key|footsteps) (?:of|as)|along the lines of|reminiscent of|akin to|comparable (?:to|with)|close to|"
    r"(?:that |which )?(?:reminds?|reminded) (?:me|one|you|us) of|the likes of|resembling|resembles|in the same (?:vein|style|spirit) as|the same (?:sort|kind|type|style|spirit) (?:of thing )?as|a la|as in|other (?:\S+ )?like|such as|matching|goes? (?:well )?with|to go with)"
)
_UNLIKE = phrase(
    r"(?:nothing|not|unlike|no more|never|none|dont want|anything but|no)(?: (?:something|anything|any|more|stuff|another|films?|movies?|videos?|products?|that|which|at all|much|one|ones|in any way|remotely))*(?: (?:like|similar to|that reminds? me of|reminds? me of|in the style of|in the vein of|along the lines of|resembling|reminiscent of|akin to))|unlike|(?:the )?opposite of"
)
_AS_AS = phrase(
    r"(?P<first>as) [^\s.,]+(?: [^\s.,]+)? (?P<second>as)(?! (?:possible|soon|well|long|far|much|it|i|you|they))"
)


def likenesses(matcher: Matcher) -> Iterator[CueMark]:
    """`like`, `similar to`: what follows is an example."""
    for start, end, found in matcher.all(_ALIKE):
        lead = matcher.plain[: found.start()]
        if start and any(token.joined for token in matcher.sentence.tokens[start:end]):
            continue
        if found.group().endswith("like") and _LIKES_BEFORE.search(lead + found.group()):
            continue
        yield CueMark(start, end, 1, soft=True)
    for start, end, _ in matcher.all(_UNLIKE):
        yield CueMark(start, end, -1, soft=True)
    for _, _, found in matcher.all(_AS_AS):
        yield CueMark(*matcher.span(found, "first"), 1)
        yield CueMark(*matcher.span(found, "second"), 1, soft=True)


_LIKES_BEFORE = phrase(
    r"(?:i|we|you|they|would|do|does|did|not|really|also|both|to|feel|feels|who|he|she|might|will|may) like"
)
