"""Closed lists of English words that the reading of claims rests on. Data only; other languages are not read."""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _list(text: str, mark: str | None = None) -> list[str]:
    return text.split(mark)


SINGULAR_DETERMINERS = _words(
    "a an the this that each every another either neither no any my your his her its our their which what whose one 1"
)
DETERMINERS = _words(
    "a an the this that these those each every another my his her its our their all some many several most both no"
)
PRONOUNS = _words(
    "he she it they him her them his hers its their theirs these those this such same ones former latter respectively"
)
"""Words that point at something named before, wherever they stand. Reflexives are left out: they stay in the clause."""

POSSESSIVES = _words("his her its their")
TIMES = _words("year month week weekend season summer winter spring autumn evening morning")
"""What `this` may stand before without pointing back."""
PARTICIPLES = _words(
    "sold made built given shown taken kept held worn sent bought paid written known told found lit hung shot drawn"
)
"""How a sentence without a subject begins, besides words in -ed."""

SUBJECT_PRONOUNS = _words("i we he she it they there this these those")
QUANTIFIERS = _words(
    "all some many most several few both each every none any half double twice triple dozen dozens hundred hundreds "
    "thousand thousands million millions billion billions couple pair only just single more less fewer first last"
)
NEGATIONS = _words(
    "not no never none nobody nothing nowhere neither nor without hardly scarcely barely rarely seldom except few "
    "little lack lacks lacked fail fails failed refuse refuses refused deny denies denied avoid avoids unable"
)
HEDGES = _words(
    "may might could can would should perhaps maybe possibly probably likely unlikely apparently allegedly reportedly "
    "seemingly supposedly presumably about around approximately approx roughly nearly almost often sometimes usually "
    "generally typically mostly partly mainly suggest suggests suggested appear appears appeared seem seems seemed "
    "claim claims claimed tend tends tended potential potentially intended expected estimated planned hope hopes "
    "hoped believe believes believed rumoured rumored alleged optionally occasionally"
)
HEDGE_PHRASES = ("up to", "at least", "at most", "more than", "less than", "no more than", "designed to", "said to")

COMPARATIVES = _words(
    "more less fewer better worse larger smaller bigger greater lighter heavier longer shorter higher lower taller "
    "faster slower quicker cheaper dearer pricier newer older younger earlier later louder quieter brighter darker "
    "warmer cooler hotter colder softer harder stronger weaker thicker thinner wider narrower deeper shallower richer "
    "poorer easier simpler safer cleaner smoother rougher sharper tougher finer closer nearer further farther "
    "stricter looser tighter drier wetter sweeter milder spicier busier calmer livelier funnier sadder scarier "
    "steeper flatter fresher gentler kinder sturdier handier smarter above below before after over under"
)
BARE_COMPARATIVES = COMPARATIVES - _words("above below before after over under later further higher")
"""Comparatives that need something to be compared with."""

SUPERLATIVES = _words(
    "best greatest finest top leading ultimate unbeatable unrivalled unrivaled unmatched unsurpassed unparalleled "
    "unequalled perfect flawless superior premier world-class number-one must-have award-winning best-selling "
    "bestselling top-rated highest-rated top-selling incomparable matchless"
)
RANKINGS = (
    r"award[- ]winn\w+", r"(?:best|top|highest)[- ](?:sell\w+|rated|ranked)", r"(?:number|no\.?|#)[ -]?(?:one|1)\b",
    r"\b(?:won|winner of|awarded|voted|named|rated|ranked|crowned)\b[^.!?]{0,60}\b(?:award|prize|medal|best|top|first|"
    r"favou?rite|number|gold|#)", r"\b(?:five|5)[- ]stars?\b", r"\bworld[’']?s (?:best|first|finest|greatest|leading)",
    r"\bof (?:the year|all time)\b", r"\b(?:gold|silver) medal\b", r"\bmust[- ](?:have|buy|see)\b",
)  # fmt: skip
"""Claims of a rank or a prize: nobody checked them."""

SCOPES = _words(
    "if unless when whenever while whereas because since although though that whether who which whose whom where what "
    "why how until till before after once than as provided providing except but or like said say says saying told "
    "tell tells think thinks thought claim claims claimed report reports reported believe believes believed hope "
    "hopes hoped suggest suggests suggested promise promises promised deny denies denied according perhaps maybe "
    "possibly probably apparently allegedly reportedly presumably supposedly likely either neither both each "
    "respectively only until during you your wish wished assume suppose imagine pretend subject per together"
)
"""Words whose reach may go beyond their own half of a sentence: a sentence that has one is never divided."""

CONTRASTS = _words(
    "but however except unless although though yet still nevertheless nonetheless only even not nor or whereas while "
    "unfortunately sadly regrettably provided providing excludes excluding excluded limited conversely contrary "
    "instead otherwise until till terms conditions restrictions exceptions"
)
"""How a sentence begins that takes something back: the one before may not stand without it."""

CONTINUATIONS = _words(
    "then so therefore thus hence besides moreover furthermore next afterwards afterward later meanwhile similarly "
    "likewise consequently accordingly and because which who where that neither either also too again finally others "
    "another second third fourth here together"
)
"""How a sentence begins that goes on from the one before."""

LINKS = re.compile(
    r"\b(?:then|meanwhile|there(?:by|in|after)|(?<!or )(?<!no )later(?! than)|(?<!or )earlier(?! than)|that way|"
    r"in the (?:process|meantime|end)|as a result|in (?:turn|addition|contrast|fact|other words)|by contrast|"
    r"for (?:example|instance))\b"
)
"""Words that go on from the sentence before, wherever they stand."""

PREPOSITIONS = _words(
    "for with without until till while if when in at on from to by during after before since as because only not "
    "except excluding including per subject limited via within outside inside unless under over between among"
)
ELLIPTIC = _words("second third fourth other others latter former rest one ones")
"""Words that stand for a noun when none follows: the second is cheaper."""
TRAILERS = _words("only excluded extra not apply applies each too required")
"""A verbless sentence that ends so belongs to the one before."""

WHOLE = (
    r"[*†‡]|\b(?:the following|as follows|listed below|imagine|suppose|pretend\w*|myths?|hoax|rumou?rs?|cancell?ed|"
    r"discontinued|recalled|withdrawn|untrue|falsely|no longer (?:available|valid|made|sold|supported|true)|sold out|"
    r"debunk\w*|allegations?|correction|satir\w+|parody|spoof|fictional|joke aside)\b"
)
"""Where evidence has one of these, it is one piece: parts of it may say what the whole takes back."""

ABBREVIATIONS = _words(
    "mr mrs ms dr prof st jr sr rev hon gen col capt lt sgt vs no nos nr vol fig figs approx max min ca incl excl est "
    "etc inc ltd co corp dept ave p pp ed eds cf al jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu "
    "fri sat sun tel ext ref op art sec ch pt bros mt ft e.g i.e a.m p.m u.s u.k ph.d"
)

VERBS = _words(
    "'s 're 've 'll 'd 'm "
    "is are was were be been being am has have had having does do did will would can could may might must shall should "
    "comes come came includes include included runs run ran takes take took costs cost offers offer offered shows show "
    "showed plays play played lasts last lasted starts start started begins begin began ends end ended opens open "
    "opened closes close closed contains contain contained weighs weigh weighed measures measure measured fits fit "
    "fitted uses use used needs need needed makes make made gives give gave keeps keep kept works work worked holds "
    "hold held beats beat won wins win lost loses lose defeated defeats defeat met meets meet hired hires hire fired "
    "fires fire married marries marry taught teaches teach trained trains train chases chase chased follows follow "
    "followed leads lead led sold sells sell bought buys buy sent sends send paid pays pay wrote writes write directed "
    "directs direct produced produces produce interviews interview interviewed rescues rescue rescued betrays betray "
    "betrayed challenges challenge challenged invites invite invited replaces replace replaced helps help helped "
    "explains explain explained visits visit visited tells tell told says say said goes go went gets get got finds "
    "find found sees see saw knows know knew thinks think thought feels feel felt reads read brings bring brought "
    "stays stay stayed becomes become became leaves leave left turns turn turned moves move moved returns return "
    "returned arrives arrive arrived lives live lived covers cover covered supports support supported protects protect "
    "protected serves serve served features feature featured requires require required allows allow allowed lets let "
    "charges charge charged lights light lit cooks cook cooked dries dry dried folds fold folded stands stand stood "
    "connects connect connected records record recorded sings sing sang tours tour toured supplies supply supplied "
    "outsells outsell outsold overtook overtakes overtake blames blame blamed thanks thanked saves save saved hides "
    "hide hid follows carry carries carried pushes push pushed waits wait waited shouts shout drops drop dropped"
)
VERBS_OR_NOUNS = _words(
    "cost costs offer offers show shows play plays last start starts end ends open measure measures fit fits use uses "
    "need needs work works hold beat win meet hire fire fires match train trains chase lead "
    "leads pay direct produce interview interviews rescue challenge challenges help visit visits find turn turns "
    "move return returns stay live lives cover covers support supports feature features let lets charge "
    "charges light lights cook cooks fold folds stand stands record records tour tours blame save saves hide push wait "
    "shout shouts drop drops run runs close weigh closes cut fit"
)
"""Verbs that may be nouns: a sentence that has no other verb is not known to have one."""
FINITE = VERBS - VERBS_OR_NOUNS - _words("be being been having")
AUXILIARIES = _words(
    "'s 're 've 'll 'd 'm "
    "is are was were be been being am has have had does do did will would can could may might must shall should"
)

FUNCTION_WORDS = (
    DETERMINERS | PRONOUNS | SUBJECT_PRONOUNS | PREPOSITIONS | AUXILIARIES | _words(
        "and or nor but so yet of than then there here you your me us who whom whose which what when where why how "
        "not no very too also just more most much many few less least other others own same such about above across "
        "against along around behind below beneath beside beyond down into like near off onto out past through toward "
        "towards up upon all any both each every either neither none some enough again ever never always once now "
        "still already quite rather only even let one"
    )
)  # fmt: skip
"""Words without content of their own."""

_SMALL = _list(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = _list("twenty thirty forty fifty sixty seventy eighty ninety")
NUMBER_WORDS = {word: str(value) for value, word in enumerate(_SMALL) if word != "one"} | {
    word: str(10 * value) for value, word in enumerate(_TENS, 2)
}
"""Numbers in words; `one` is left out, it is also a pronoun."""

_UNIT_ROWS = (
    "kg kilogram kilograms kilo kilos|g gram grams|mg milligram milligrams|lb lbs|oz ounce ounces|pound pounds|"
    "km kilometre kilometres kilometer kilometers|m metre metres meter meters|cm centimetre centimetres centimeter "
    "centimeters|mm millimetre millimetres millimeter millimeters|ft foot feet|inch inches|mile miles|yard yards yd|"
    "l litre litres liter liters|ml millilitre millilitres milliliter milliliters|cl centilitre centilitres|"
    "min mins minute minutes|h hr hrs hour hours|s sec secs second seconds|ms millisecond milliseconds|day days|"
    "week weeks|month months|year years yr yrs|eur euro euros|usd|gbp|dollar dollars|cent cents|percent %|w watt watts|"
    "kw kilowatt kilowatts|kwh|v volt volts|hz hertz|khz|mhz|ghz|lumen lumens lm|db decibel decibels|gb gigabyte "
    "gigabytes|tb terabyte terabytes|am|pm|page pages|episode episodes|track tracks|piece pieces|star stars|"
    "person people persons|mph|calorie calories|kcal|degree degrees|lesson lessons|seat seats|bar|dpi"
)
UNITS = {word: row.split()[0] for row in _UNIT_ROWS.split("|") for word in row.split() if len(word) > 1 or word == "%"}
"""Words and symbols of units by their lower case; one name for each unit."""

CASED_UNITS = {
    "m": "m", "g": "g", "l": "l", "L": "l", "h": "h", "s": "s", "W": "w", "V": "v", "Mb": "megabit", "MB": "megabyte",
    "mW": "milliwatt", "MW": "megawatt", "kW": "kw", "Gb": "gigabit", "GB": "gb", "Cal": "kcal", "cal": "calorie",
    "mA": "mA", "MA": "MA", "Ms": "Ms", "Mm": "Mm", "Pm": "Pm",
}  # fmt: skip
"""Units in which a capital letter makes another unit."""

CURRENCIES = {"€": "eur", "$": "dollar", "£": "gbp", "¥": "yen", "EUR": "eur", "USD": "usd", "GBP": "gbp"}
"""What may stand before an amount."""

_MONTHS = _list(
    "January Jan|February Feb|March Mar|April Apr|May|June Jun|July Jul|August Aug|September Sept Sep|October Oct|"
    "November Nov|December Dec",
    "|",
)
MONTHS = {
    name: number for number, names in enumerate(_MONTHS, 1) for name in (*names.split(), *(names.upper().split()))
}

IRREGULAR_PLURALS = {
    "children": "child", "men": "man", "women": "woman", "feet": "foot", "teeth": "tooth", "mice": "mouse",
    "geese": "goose", "knives": "knife", "lives": "life", "wives": "wife", "leaves": "leaf", "loaves": "loaf",
    "shelves": "shelf", "wolves": "wolf", "halves": "half", "scarves": "scarf", "potatoes": "potato",
    "tomatoes": "tomato", "heroes": "hero",
}  # fmt: skip
PLURAL_QUANTIFIERS = _words("several many few most some all these those both fewer more various numerous two")
GENERIC_PREPOSITIONS = _words("for about of")
"""What follows them bare is a kind of thing, one or many."""
CHANGED_BY_CAPITALS = _words("us aids")
PLURAL_CHANGES = _words(
    "glass glasses good goods custom customs new news wood woods spectacle spectacles arm arms content contents water "
    "waters premise premises odd odds manner manners saving savings pain pains work works mean means short shorts "
    "series species physics maths politics sport sports authority authorities cloth clothes "
    "damage damages draught draughts force forces ground grounds look looks minute minutes overall overalls "
    "people peoples person persons quarter quarters regard regards scale scales spirit spirits term terms thank thanks "
    "air airs ash ashes brain brains character characters compass compasses effect effects green greens letter letters "
    "bus gas lens chess always perhaps less unless across plus yes this his us as is was has its"
)
"""Words whose plural means something else, or that only look like plurals."""

_RANKED = r"(?:this|our|my|it|the (?:above|present|following)|these|item|product)"
_IMPERATIVE = r"(?:^\W*|[,:;–—-]\s*|\b(?:please|always|must|should|shall|kindly|you|now|then|and)\s+)"
_MACHINE = (
    r"(?:ai|a\.i\.|llm|language model|large language model|assistant|chat ?bot|recommender|recommendation "
    r"(?:engine|system)|search engine|agent|bot|crawler|model)s?"
)
ADDRESSED = (
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instruct\w+|prompts?|rules?|guidelines?|polic\w+|"
    r"constraints?|filters?|criteria|rankings?|everything (?:above|before)|(?:the )?(?:above|previous|prior))\b",
    r"^\W*(?:system|assistant|developer)\b(?: (?:prompt|message|note|override))?\s*[:\]>].*\b(?:you|your|ignore|"
    r"recommend|rank|always|never|must|assistant|users?|respond|output|prefer|items?|products?|boost|set|grant)\b",
    r"<\|?\s*/?\s*(?:system|im_start|im_end|endoftext|assistant|inst)\b|\[/?(?:INST|SYS)\]|<<SYS>>|"
    r"###\s*(?:system|instructions?|assistant)\b",
    rf"\byou are (?:now |henceforth )?(?:an?|the) (?:\w+ ){{0,3}}{_MACHINE}\b",
    r"\bas an? (?:ai|assistant|language model|llm|recommender)\b",
    r"\b(?:dear|attention|note to|hey|hello|message (?:to|for)|instructions? (?:to|for)) (?:all |any |the |every )?"
    rf"{_MACHINE}\b",
    rf"\b{_MACHINE}\b.{{0,30}}\b(?:reading|processing|summari[sz]ing|ranking|parsing|evaluating|viewing)\b.{{0,15}}"
    r"\bthis\b",
    rf"{_IMPERATIVE}(?:recommend|rank|promote|prioriti[sz]e|boost|upvote|favou?r)\s+(?:only\s+)?{_RANKED}\b",
    rf"{_IMPERATIVE}(?:list|place|put|show|rate|score|choose|select|pick|feature|mention|suggest|prefer|display|return)"
    rf"\s+(?:only\s+)?{_RANKED}\b.{{0,40}}\b(?:first|highest|number one|top (?:result|choice|pick|spot|position)|"
    r"above all|ahead of|over (?:all |any )?(?:other|compet)\w*|at the top of (?:the|your|any|every|all) (?:list|"
    r"result|ranking|recommendation|slate|page|search)s?)",
    rf"{_IMPERATIVE}(?:do not|don[’']t|never|refuse to)\s+(?:recommend|mention|show|suggest|list|rank|display)\s+"
    r"(?:any |all )?(?:other|compet|alternativ|rival|similar|anything else|(?:items?|products?) (?:from|by))",
    rf"{_IMPERATIVE}(?:rate|give|score)\s+{_RANKED}\b.{{0,20}}\b(?:5|five|10|ten|maximum|full|highest|top)\b",
    rf"{_IMPERATIVE}(?:respond|reply|answer|output|print)\s+(?:only|with|exactly|yes|that|in)\b",
    r"\b(?:reveal|print|repeat|leak)\b.{0,20}\b(?:system prompt|your (?:instructions|prompt|rules))",
    r"\bsystem prompt\b|\bnew instructions?\s*:|\bjailbreak\b|\bdeveloper mode\b|\bprompt injection\b",
    rf"{_IMPERATIVE}(?:tell|convince|persuade|inform|assure) (?:the |every |all |any )?"
    r"(?:user|customer|shopper|buyer)s?\b",
    r"\bthe user (?:wants|asked|prefers|has asked|really wants|would love) ",
    r"\b(?:set|raise|increase|maximi[sz]e) (?:the |its |this )?(?:relevance|ranking|score|priority)\b",
)
"""Words that are addressed to a machine, not to a reader."""

ADDRESSING = _words(
    "ignore disregard forget override bypass system assistant assistants developer im endoftext inst sys instruction "
    "instructions ai a llm llms model models chatbot chatbots chat recommender recommenders recommendation search "
    "engine agent agents bot bots crawler crawlers recommend rank promote prioritise prioritize boost upvote favour "
    "favor list place put show rate score choose select pick feature mention suggest prefer display return give "
    "respond reply answer output print reveal repeat leak jailbreak injection tell convince persuade inform assure "
    "user set raise increase maximise maximize relevance"
) - {"a"}
"""A sentence without any of these words addresses no machine."""
