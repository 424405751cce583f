"""Everyday verbs, adverbs and nouns that name nothing anybody could look for. Data only.

Where they stand alone, or at the border of a phrase, they are how something is said and not what is wished.
"""

from __future__ import annotations

from generec.loop.grammar.words import MOODS, word_set

_VERBS = """
accept achieve add admit advise afford agree aim allow amount appear apply appreciate approach argue arrange arrive
ask assume assure attempt attend avoid bear beat become beg begin believe belong blow bore bother break bring burn
call carry catch cause chance change check choose claim click close collect come compare complain complete confess
confirm confuse consider contain continue cope cost count create cut deal decide declare define deliver demand deny
depend deserve desire determine develop die differ disappoint discuss drop earn end endure enter establish exceed
excite exist expect experience explain extend face fail fall feed feel figure fill find finish fit fix focus follow
forget form gain gather get give glance go grab grow guess guide hand handle hang happen hate have head hear hesitate
hit hold hope hurry imagine imply improve include increase indicate inform insist intend introduce invest invite
join judge keep know lack land last lead lean leave lend let lie line list live load locate look lose maintain make
manage mark matter mean mention mind miss mix move need note notice obtain occupy occur offer open order organise
organize owe own pack pass pause pay perform pick place please point possess pour prepare present pretend prevent
proceed produce promise propose prove provide pull push put qualify quit raise
swear rave freak blow strengthen sketch reach realise realize receive reckon
recognise recognize reduce refer refuse regard regret reject rely remain remember remind remove repeat replace reply
report represent request require resolve respond return reveal rid roll rush say satisfy save scroll seek seem select
send serve set settle show sit skip solve sort speak spend spot stand start stay step stick stock stop stretch
struggle submit succeed suffer suggest supply support suppose surprise switch talk tend thank throw toss touch trust
try turn type understand use utter vary wait wander warn waste wear welcome win wish wonder worry
"""
_PAST = """
born bored bore bought broke broken brought built came caught chose chosen drew fell felt forgot forgotten found gave
given
gone got gotten grew grown had heard held hung kept knew known laid led left lent lost made meant met ran read rose
said sat saw seen sent shown sold spent spoke spoken stood stuck swore taken taught thought blew threw thrown told took
went woke won wore written wrote understood began begun became borne pouring dying counting speaking talking
thinking wondering hoping planning coming leaving staying waiting having doing being saying asking trying using
browsing scrolling struggling deciding guessing
"""
_ADVERBS = """
accordingly admittedly afterwards alas albeit alike altogether apparently arguably aside badly barely beforehand
besides broadly certainly chiefly clearly closely commonly consequently considerably constantly conversely correctly
decently decidedly deeply deliberately desperately directly distinctly doubtless easily effectively elsewhere
entirely equally essentially evenly eventually everywhere evidently exclusively explicitly fairly finally firmly
foremost formerly forth fortunately forward frankly freely frequently fully furthermore generally gladly gradually
greatly half hardly hence hereby highly hitherto hopefully hugely immediately incidentally increasingly indeed
initially inside instantly interestingly kinda largely lately latter likely likewise literally loosely luckily
mainly maximally maybe meantime meanwhile merely minimally moreover mostly namely narrowly naturally nearby nearly
neatly necessarily newly nicely nonetheless normally notably nowadays nowhere obviously occasionally oddly often
openly ordinarily originally otherwise overly partially particularly partly passably perfectly personally plainly
plus possible possibly potentially precisely predominantly presently presumably previously primarily principally
prior probably promptly properly purely quickly quietly rarely readily reasonably recently regularly relatively
reliably repeatedly respectively roughly sadly safely scarcely seemingly seldom seriously severely sharply shortly
significantly similarly simultaneously slightly slowly solely someday somehow sometime someplace somewhat somewhere
soonest sorely specially straightaway strangely strictly strongly subsequently substantially successfully suddenly
sufficiently supposedly surely surprisingly therefore thereby thereof thereafter thoroughly throughout thus tightly
tremendously truthfully twice typically ultimately unbelievably understandably undoubtedly unfortunately
unfailingly unlikely unusually usually vastly vaguely vice versa whenever whereas whereby wherever whichever whoever
whomever whatever wherein widely willingly wisely wonderfully worldwide yonder impossible able unable willing
available likelier aware due worth due alone else amiss ready bound supposed meant capable eager
where when whether whence thereabouts dunno reckon
"""
_NOUNS = """
account advantage advice aim alternative amount answer aspect attempt bargain basis behalf benefit bet bother budget
case cash cent cents chance choice circumstance claim clue comment comparison complaint concern condition
confusion consideration constraint copy cost costs couple course criteria criterion crowd cup day days deal decision
degree demand description detail details difference difficulty direction disappointment doubt edge effect effort end
enquiry error euro euros example exception excuse expectation experience explanation extent fact factor fault favour
favor feeling feelings form fuss grounds guess guy habit half hand hands help hint hour hours hunch hundred
hurry idea impression inquiry instance instruction instructions intention issue item kindness label lack least length
letdown level liking limit limits line lines look lot luck majority manner matter maximum means member mention message
method middle mind minimum minority minute minutes mistake moment moments money month months mood need needs
notice notion number numbers occasion offer opinion opportunity option order others overview pace part
particulars patience penny people person persons phrase pinch plan pleasure plenty pocket point preference price
prices problem programme proposal purpose purse quality quantity question range rate reaction reading reason reasons
recommendation regard remainder remark reply request requirement requirements respect response rest result
rule sake scale second seconds seconds selection sense sentence shade side sign situation size sort spot standard
start statement step stock stuff style subject substance sum summary surprise task taste tastes term terms thank
theory thought thoughts thousand thousands time times tip top total trouble try turn two type user value variety
vein version view voucher wallet waste way ways week weeks while whim wish wishes wonder word words year years
yesterday yr euros quid bucks dollars dollar pounds mine
"""
_KEPT = word_set(
    "beat cut dance die experience fall feed fight focus land lead live mix open order place present rose heads"
    " save sort spot spots surprise touch talking speaking waiting hand hands crowd win grow breaks break"
)
_BOTH = word_set("bear line mark hand note play plan place point land order present spot stock surprise touch word"
                 " words people level user copy letdown subject")  # fmt: skip


def _inflected(verb: str) -> tuple[str, ...]:
    stump = verb[:-1] if verb.endswith("e") else verb
    past = f"{verb[:-1]}ied" if verb.endswith("y") and verb[-2] not in "aeiou" else f"{stump}ed"
    third = f"{verb[:-1]}ies" if verb.endswith("y") and verb[-2] not in "aeiou" else f"{verb}s"
    third = f"{verb}es" if verb.endswith(("s", "sh", "ch", "x", "z")) else third
    return (verb, third, past, f"{stump}{verb[-1]}ed" if not verb.endswith("e") else past)


IDLE = (
    frozenset(form for verb in _VERBS.split() for form in _inflected(verb))
    | word_set(_PAST)
    | word_set(_ADVERBS)
    | word_set(_NOUNS)
) - (MOODS | _KEPT | _BOTH | word_set("bears"))
"""Words that carry no wish where they stand alone."""

_LY = word_set("""
family friendly ugly lonely deadly ghostly curly oily bubbly jelly belly butterfly assembly italy july fly elderly holy
bully rally sally lily folly hilly chilly woolly wooly smelly scholarly motherly fatherly heavenly earthly worldly
sickly prickly wobbly cuddly grizzly bodily monopoly homely comely surly burly wrinkly bristly pearly crumbly gravelly
dolly holly molly polly billy willy jolly
""")  # fmt: skip


FINITE = frozenset(form for verb in _VERBS.split() for form in _inflected(verb)[1:]) | word_set(_PAST)
"""Verbs that have a subject before them: `my wife says`."""
PEOPLE = word_set("""
wife wives husband husbands boyfriend girlfriend partner mother father mum mom mummy dad daddy sister sisters brother
brothers friend friends boss doctor neighbour neighbours neighbor neighbors colleague colleagues grandmother grandfather
gran granny grandma grandpa grandad granddad grandparents nan nana aunt auntie aunts uncle uncles cousin cousins people
students teacher dermatologist hairdresser flatmate flatmates roommate roommates housemate mate mates guests visitors
parents fiance fiancee therapist trainer coach stylist manicurist date guy guys girl girls boy boys lads lad folks crowd
niece nieces nephew nephews son sons daughter daughters kid kids child children twins grandson granddaughter stepson
stepdaughter in-laws mother-in-law father-in-law
""")
"""Who is spoken of; a wish only after for, with or about."""


def idle(word: str) -> bool:
    """Whether a word carries no wish by itself; an adverb in -ly carries none."""
    word = word.removesuffix("'s")
    return word in IDLE or (len(word) > 5 and word.endswith("ly") and word not in MOODS | _LY)
