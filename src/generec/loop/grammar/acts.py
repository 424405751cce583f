"""What a turn does: recommend, create, edit, explain, undo, reset or stop creating; and the words that say so."""

from __future__ import annotations

import re
from dataclasses import dataclass

from generec.loop.grammar.tokens import Matcher, phrase
from generec.records import Act, Kind

SETS = (
    r"playlists?|sets?|bundles?|kits?|(?:reading|watch|viewing|listening|play|wish|shopping|gift) lists?|watchlists?|wishlists?|lists?|marathons?|binges?|programmes?|programs?|syllabus(?:es)?|syllabi|collections?|routines?|"
    r"regimes?|regimens?|line ?ups?|mix(?:es)?|mixtapes?|schedules?|itinerar(?:y|ies)|packages?|hampers?|gift (?:box(?:es)?|baskets?|sets?)|box(?:es)?|baskets?|starter (?:kits?|packs?)|curricul(?:um|a)|seasons?|double (?:bills?|features?)|"
    r"triple (?:bills?|features?)|retrospectives?|festivals?|film nights?|movie nights?|courses?|series|combos?|combinations?|trilog(?:y|ies)|queues?|tasting menus?|digests?|selections?|packs?|reading plans?|plans?|tours?|sequences?|study plans?|"
    r"double bill|all nighters?"
)
TEXTS = (
    r"articles?|stor(?:y|ies)|plots?|pieces?|descriptions?|ads?|adverts?|advertisements?|dialogues?|how tos?|guides?|poems?|blurbs?|reviews?|synops(?:is|es)|tales?|scripts?|screenplays?|scenes?|slogans?|letters?|essays?|sequels?|prequels?|pitch(?:es)?|"
    r"taglines?|product (?:descriptions?|texts?|names?)|texts?|posts?|blog posts?|limericks?|haikus?|songs?|summar(?:y|ies)|introductions?|captions?|headlines?|titles?|outlines?|treatments?|monologues?|sketch(?:es)?|fairy tales?|legends?|"
    r"recipes?|press releases?|columns?|interviews?|tutorials?|leaflets?|brochures?|paragraphs?|explainers?|loglines?|trailers?|fables?|lullab(?:y|ies)"
)
_MAKE = r"make|build|create|compose|compile|assemble|curate|put together|arrange|prepare|design|plan|draw up|set up|stitch together|pull together|string together|line up|map out|come up with|organi[sz]e|generate|produce|suggest|give|throw together|fix|do|craft|schedule|mix|pack"
_WRITE = r"write|invent|compose|draft|make up|come up with|imagine|dream up|pen|craft|create|generate|produce|tell|make|design|think up|script|cook up|write up|author|knock up|conjure up"
_STRONG = r"write|invent|draft|make up|imagine|dream up|pen|think up|script|cook up|conjure up|author"
_ASK = r"(?:(?:please|can you|could you|would you|will you|i want you to|i would like you to|i need you to|i would love you to|go ahead and|now|and|then|let us|help me|how about you|why do not you|you should|just|kindly|id like you to) )*"
_ME = r"(?: (?:me|us|for me|for us|my \w+))?(?: up)?"
_CREATE_SET = phrase(rf"(?:{_ASK})(?:{_MAKE}){_ME}(?= )(?: (?!(?:{TEXTS})\b)[^\s.,;:!?]+){{0,7}}? (?P<thing>{SETS})")
_PLAN = phrase(r"(?:please |can you |could you |help me )*(?:plan|schedule)(?: (?:me|us|for me|out))*")
_NEED_SET = phrase(
    r"(?:i|we) (?:need|want|would like|could use|would love|am after|am looking for) (?:a|an|another|some) (?:[^\s.,;:!?]+ ){0,3}?"
    r"(?P<thing>reading lists?|watch ?lists?|playlists?|bundles?|kits?|marathons?|syllabus|routines?|line ?ups?|double (?:bill|feature)|gift (?:set|basket|box)|starter (?:kit|pack)|curriculum|itinerary|mixtape|programme|viewing list|reading plan|starter set)(?! sets?)"
)
_NUMBER = r"(?:\d+|two|three|four|five|six|seven|eight|nine|ten|twelve|a dozen|a couple of)"
_GATHER = phrase(
    rf"{_ASK}(?:line up|put together|compile|curate|assemble|collect|gather|pick out|string together|plan|schedule|arrange){_ME}(?= {_NUMBER} )"
)
_BARE_SET = phrase(
    r"(?:a|an|my|one|another)? ?(?:[^\s.,;:!?]+ ){0,2}?(?P<thing>(?:routines?|kits?|collections?|sets?)(?= of (?:\d|two|three|four|five|six|seven|eight|nine|ten))|playlists?|bundles?|marathons?|reading lists?|watch ?lists?|mixtapes?|syllabus|curriculum|double (?:bills?|features?))(?= (?:of|with|about|on|for|under|that|from|to|,|\.)|$| [,.:;])"
)
_CREATE_TEXT = phrase(
    rf"{_ASK}(?:{_WRITE}){_ME}(?= )(?: (?!(?:{SETS})\b(?! (?:{TEXTS})\b))[^\s.,;:!?]+){{0,6}}? (?P<thing>{TEXTS})(?: (?:of|for|about|on|with) (?:a|an|the)? ?(?P<more>{TEXTS}))?"
)
_CREATE_THING = phrase(
    rf"{_ASK}(?:{_STRONG}){_ME}(?= (?:a|an|some|the|something|one|two|three|about|[a-z]+ing|[a-z]+) )"
)
_TEXT_OF = r"(?:plot summary|product description|product text|write up|text|plot|description|blurb|summary|synopsis|wording|title|headline|intro|introduction|copy|story|teaser|write up|caption|snippet|tagline|body|paragraph|plot summary|product description|product text|listing)s?"
_CHANGE = (
    r"rewrite|rephrase|reword|shorten|translate|simplify|edit|condense|polish|punch up|trim|lengthen|expand|adapt|revise|improve|summari[sz]e|paraphrase|cut|tighten(?: up)?|liven up|jazz up|spice up|tone down|make|turn|change|redo|put|cut down|boil down|sum up|"
    r"update|tweak|clean up|modify|recast|retell|dumb down|brighten(?: up)?|lighten(?: up)?|soften|freshen up|touch up|proofread|fix|touch|keep|have|give"
)
_EDIT_TEXT = phrase(
    rf"{_ASK}(?P<verb>{_CHANGE})(?: (?!(?:{SETS})\b)[^\s.,;:!?]+){{0,4}}? (?P<text>(?:the |its |their |this |that |my )?{_TEXT_OF})(?: (?:of|for|to|from|on))?"
)
_EDIT_OWN = phrase(
    rf"{_ASK}(?P<verb>rewrite|rephrase|reword|shorten|translate|simplify|condense|paraphrase|retell|polish|summari[sz]e)(?= )"
)
_POSSESSIVE = phrase(rf"{_ASK}(?P<verb>{_CHANGE}) (?P<middle>[^.;:!?]{{2,80}}?'s?) (?P<text>{_TEXT_OF})")
_OUT = r"swap out|swap|replace|trade in|trade|exchange|substitute|switch out|switch|change"
_GONE = r"remove|take out|take away|take|drop|delete|throw out|kick out|cut|leave out|lose|get rid of|ditch|pull|scrap"
_IN = r"add|include|put|throw in|insert|slip in|squeeze in|append|work in"
_HOLDER = rf"(?:(?:the|my|that|this|our|your) (?:[a-z]+ )?(?:{SETS}|bag|order)|it|there|them)"
_SWAP = phrase(
    rf"{_ASK}(?P<verb>{_OUT}) (?P<out>[^;!?]{{1,120}}?) (?P<link>for|by|with|against|to) (?P<in>[^.;!?]{{1,120}})"
)
_TAKE = phrase(
    rf"{_ASK}(?P<verb>{_GONE}) (?P<out>[^.;!?]{{1,120}}?)(?: (?:from|out of|off|of|in) {_HOLDER}| out)?(?= [.,;!?]|$)"
)
_ADD = phrase(rf"{_ASK}(?P<verb>{_IN}) (?P<in>[^.;!?]{{1,120}}?) (?:to|into|in|on) {_HOLDER}")
_IN_SET = phrase(
    rf"(?:from|out of|off|in|of|to|into) (?:the|my|that|this|our|your) (?:[a-z]+ ){{0,2}}?(?:{SETS})|(?:in|from|of|to) it"
)
_POINTED = re.compile(
    r"(?:the )?(?:first|second|third|fourth|fifth|sixth|last|middle|longest|shortest|cheapest|oldest|newest|dearest|most \S+|least \S+|\S+est)(?: (?:one|ones|film|video|article|item|product|event|two|three))?"
)
_EXPLAIN = phrase(
    r"(?:(?:please|can you|could you|would you|will you|so|but|and|hm|hmm|ok|okay|tell me|explain to me|i wonder|i would like to know|i want to know|do tell|go on) ,? ?)*"
    r"(?:why (?:not|on earth|am i|are you|did you|do you|would you|do i|is|was|were|are|does|did|has|have|should|would|in the world|the|this|that|these|those|him|her|it|show|recommend|suggest|of all things)|why|how come|for what reason|what for|"
    r"what (?:is|was|are|were) (?:the |your )?(?:logic|reason|reasons|reasoning|rationale|idea|thinking|story|deal|connection|link|point)s? (?:behind|for|of|with|to|between)|what makes you (?:think|believe|suggest|say|recommend)|what made you (?:think|pick|choose|suggest|recommend|show|say)|"
    r"on what (?:grounds|basis)|how did you (?:come up with|arrive at|choose|pick|select|decide|get to|get)|how do you (?:know|come to|arrive at|choose|decide)|what (?:does|do|has|have) .{1,40} (?:have )?to do with|"
    r"(?:give|tell|show) me (?:the|your|a) (?:reason|reasons|reasoning|rationale)s? (?:for|behind|why)?|justify|account for|explain (?:yourself|why|how|what|the|this|that|your|me|to me|it|suggesting|recommending|showing|picking)|explain|where (?:does|did) (?:this|that|the) .{0,40}(?:come from)|"
    r"what is (?:this|that) .{0,60} (?:based on|doing (?:here|in my|on my))|what is .{1,60} doing (?:here|in my list|on my list|in there|among)|because of what|what led you to|who says i)"
)
_NO_EXPLAIN = re.compile(
    r"(?:that|which|to|videos?|articles?|films?|and|can|could|who) (?:help )?(?:please )?explain|why not (?:try|show|do|make|give|have|just|also|something|some|a |an )"
)
_UNDO = phrase(
    r"(?:undo|revert|roll ?back|rewind)(?: (?:that|this|it|please|my|the|last|latest|previous|one|change|changes|step|message|request|thing|to))*|(?:please )?(?:go|going|step|take me|take us|let us go|can we go|move|jump|skip|switch|turn) (?:one |a |1 )?(?:step )?back(?:wards?)?"
    r"(?: (?:one|a|once|1|to|the|please|step|steps|list|results?|previous|last|before|that|what|we|had|it|was|were|earlier|one step|how))*|"
    r"(?:i )?(?:take|took) (?:that|it|this|what i said)(?: last)?(?: (?:one|bit|part))? back|cancel (?:that|this|it|the last|my last|what i)(?: (?:one|change|request|message|step|thing|bit|part|just|said))*|"
    r"(?:bring|give|get|show|put)(?: me)?(?: us)?(?: back)? (?:the |my )?(?:previous|last|earlier|former|old|prior) (?:results?|list|ones?|suggestions?|selection|picks?|answers?|version|state|slate|recommendations?)(?: back| again)*|"
    r"(?:the )?(?:previous|last|earlier|former) (?:results?|list|ones?|suggestions?|selection|picks?|answers?|version|slate|recommendations?)(?: (?:please|again|back|was|were|is|better|again please))*|"
    r"(?:bring|get|put) (?:back )?(?:the |my )?(?:list|results?|ones?|suggestions?|selection|picks?|slate|that)(?: back)? (?:from |i had |as it was |as they were |we had |that i had )*(?:before|back|earlier|previously)(?: (?:my|the|this|that|last|message|change|one|i|we|asked|said|wrote))*|"
    r"(?:like|as|how|the way) (?:it|they|things) (?:was|were) (?:before|earlier|a minute ago|a moment ago)(?: (?:that|this|my|the|last|message|change|please))*|(?:what|the list|the ones|the results) (?:i|we|you) (?:had|showed|showed me|got) (?:before|earlier|previously|a moment ago)(?: (?:that|this|my|the|last|message|change|please))*|"
    r"(?:strike|scratch|scrap|disregard|ignore|forget|drop|delete|remove) (?:that|the|my|what i) (?:last|latest|previous|just)(?: (?:one|bit|thing|message|request|change|step|part|wish|sentence|said|wrote))*|"
    r"(?:the |my )?(?:results?|list|ones?|suggestions?|selection|picks?|slate) (?:from |i had |as it was |we had )*(?:before|earlier)(?: (?:that|this|it|my|last|message|one))*|i (?:did not|do not) mean (?:that|it)(?: last)?(?: (?:one|bit|part|thing))?|that (?:was|is) a mistake|my mistake|i changed my mind(?: about that)?(?=$| [.!,])|put it back(?: (?:the way|how|as|like) it was)?|"
    r"return to (?:the )?(?:previous|last|earlier|former|old)(?: (?:results?|list|ones?|state|suggestions?|selection|step))*|on second thoughts?,? ?(?:no|not|leave it|go back|the previous)|back (?:one|a) step|back up (?:one|a step|once)|ctrl ?\+? ?z|one step back(?:wards?)?(?: please)?|back please|back"
)
_UNDO_ONLY = re.compile(
    r"^(?:(?:hm+|no|nope|oh|ok|okay|please|wait|sorry|and|oops|actually|can|could|we|you|i|let us|would|like|to|want|just|,|\.|!|well|um|uh|nah|yeah|ah) )*$"
)
_RESET = phrase(
    r"(?:reset|restart|wipe|clear)(?: (?:it|that|this|everything|all|my|the|of|filters?|search|slate|list|preferences|wishes|clean|please|now|and|conversation|chat|completely|what|i|said|so|far|requests?|dialogue|settings?|criteria|whole|thing|board|choices))*|"
    r"(?:start|starting|begin|beginning|go|let us start|let us begin|back to)(?: (?:it|this|everything|the|whole|thing|all|search|me|us))*"
    r" (?:over|again from scratch|again|afresh|anew|from scratch|from zero|from the (?:beginning|start|top)|fresh|square one|with a clean slate|from nothing|new|the start|the beginning|all over(?: again)?)(?: (?:again|please|from scratch|from the (?:beginning|start)))*|"
    r"(?:scrap|forget|delete|erase|drop|discard|ditch|wipe|clear|remove|throw away|throw out|cancel|dump|bin|ignore|disregard|never mind|lose|abandon|strike|trash)(?: (?:out|away|about))* (?:everything|all(?: of)?(?: (?:it|that|this|the above|my wishes|my filters|my requests|filters|the filters|conditions|of it|of that|of this|previous|earlier|what))?|the (?:lot|whole (?:thing|lot|search|list))|my (?:filters|wishes|preferences|search|requests)|the (?:filters|search|conditions))"
    r"(?: (?:i|we|you|have|said|told|asked|for|before|so far|until now|up to now|and|wrote|mentioned|wanted|above|earlier|to you|now))*|"
    r"(?:a )?clean slate|(?:a )?fresh start|new (?:search|query|start|topic|round|conversation|request)|tabula rasa|(?:let us )?(?:try|do|make) (?:a |an )?(?:entirely |completely |whole |totally )?(?:new|different|fresh) (?:search|start|query|one)|clear (?:out )?the (?:decks|board|table)|blank slate|from the top|"
    r"something (?:completely|entirely|totally) different|forget (?:what|everything|all) (?:i|we|that)(?: (?:have|just|ever))*(?: (?:said|told you|asked for|wrote|wanted|mentioned|asked))?(?: (?:so far|before|earlier|until now))?|all of that is off|none of (?:that|the above) (?:counts|matters)(?: any ?more)?"
)
_MADE = r"(?:(?:computer|machine|ai|robot|software|auto|computer written|machine written|artificially|automatically) ?(?:made|generated|written|created|produced|invented)?|generated|invented|made up|synthetic|artificial|fake|fabricated|created|fictional|imaginary|generative|ai)"
_STUFF = r"(?:stuff|things?|items?|products?|films?|movies?|videos?|articles?|content|texts?|ones?|suggestions?|stories|creations?|works?|results?|material|drafts?|versions?|pictures?|recommendations?)"
_STOP = phrase(
    rf"(?:(?:please|just|can you|could you|you can|you may|ok|okay|i want you to|i would rather you|now) )*(?:stop|quit|cease|no more|no|nothing|none of|enough|enough of|enough with|leave|turn off|switch off|disable|cut out|cut|skip|drop|do not want|i do not want|without|avoid|hide|exclude|give me no|spare me|not|deactivate|halt|end|pause|less of) "
    rf"(?:(?:the|all|any|of|with|your|that|this|more|showing|showing me|recommending|suggesting|me|these|those|giving|to|anything|everything|offering|see|seeing) )*"
    rf"(?:(?:inventing|creating|making (?:things|stuff|items|products|them|anything|it|films|videos|articles|something)?(?: (?:things|stuff|items|products|anything|it))? ?up|making up|making (?:new )?{_STUFF}|making|generating|composing|writing|fabricating|fantasi[sz]ing|producing|dreaming up|the creating|imagining|designing)(?: (?:new |your own |more |own |up )*{_STUFF})?|"
    rf"(?:that |the )?(?:creation|generation|creations|inventions|invention|generator|creator|creative|creating|generated|fabrications|ai|machine|made up|fantasy) (?:{_STUFF}|mode|feature|function|business|nonsense|content|tool)?|creations|inventions|generation|creation|{_MADE} {_STUFF}|{_MADE}(?=$| [.,!?;]))"
    r"(?: (?:to|for) (?:somebody|someone) else)?"
    rf"|(?:do not|never|please do not|you need not|need not|you do not have to|you do not need to|no need to) (?:you )?(?:create|invent|generate|make up|fabricate|write|make|compose|produce|dream up|make anything up|make things up|make stuff up|make up things)(?: (?:up|any|anything|things|stuff|new|more|for me|me|of|your own|own|it|else|them|items?|products?|films?|movies?|videos?|articles?|content|texts?|something|myself|any ?more|again))*"
    rf"|(?:show|give|recommend|suggest|find|get|offer)(?: me| us)? (?:only |just )?(?:what|things that|stuff that|items that|films that|those that|something that|ones that|whatever|products that|videos that) (?:(?:really|actually|already) )*(?:exists?|is there|you have|you (?:already )?have got|can be bought|is real|are real|are there|is in (?:the|your) catalogue|is available|are available|you stock)(?: (?:really|already|only|in the catalogue|in stock))*"
    rf"|(?:only|just|nothing but|i only want|i just want|i want only|stick to|stay with|keep to|show me|give me|back to|go back to|return to|use only|use) (?:the |only |your |just |to )*(?:real|existing|actual|genuine|human made|man made|normal|ordinary|regular|catalogue|human|true|proper|available|published|stock|handmade by people) (?:{_STUFF}|catalogue|catalog|list|recommendations|search|results|range|articles|ones)(?: (?:only|please|instead|that exist))*"
    rf"|(?:real|existing|human made|actual|genuine) (?:{_STUFF} )?only|only (?:real|existing|human made|actual|genuine)(?: {_STUFF})?|(?:i )?(?:only )?(?:want )?(?:things|stuff|items|ones|products|films|movies|videos|articles) (?:that|which) (?:(?:really|actually|already|do) )*(?:exists?|can be bought|are real|i can (?:really |actually )?(?:buy|watch|read))"
    r"|(?:just|only) (?:search|recommend|retrieve|look things up|search the catalogue|search for (?:existing|real) .{0,12})(?= [.,!?]|$)|(?:and )?(?:just )?(?:go )?back to (?:plain |normal |ordinary |just )?(?:searching|search|recommending|recommendations|the (?:normal |real |actual )?(?:catalogue|catalog|shop|library))|go back to the normal catalogue|stick (?:to|with) (?:the catalogue|what (?:you have|exists|is there)|recommendations|searching)|no (?:ai|robots|bots|machines) (?:please|here|any ?more)?"
)


@dataclass(frozen=True)
class Doing:
    """What a turn does, and the token spans that say so and carry nothing else."""

    act: Act = "recommend"
    kind: Kind | None = None
    spans: tuple[tuple[int, int], ...] = ()
    about: tuple[int, int] | None = None  # of an edit or an explanation: where its item is named
    out: tuple[int, int] | None = None  # of an edited set: what goes
    verb: tuple[int, int] | None = None  # of an edited text: how it changes, as a wish in words
    thing: tuple[int, int] | None = None  # of a creation: the word for the thing made


def doing(matcher: Matcher, made_before: Kind | None, single: bool = True) -> Doing:
    """The act of a turn. `made_before`: what the dialogue is making, so that `swap the longest one` is an edit."""
    for read in (_stopping, _resetting, _undoing):
        found = read(matcher)
        if found is not None:
            return found
    return _editing(matcher, made_before) or _explaining(matcher) or _creating(matcher) or Doing()


def _stopping(matcher: Matcher) -> Doing | None:
    spans = tuple((start, end) for start, end, _ in matcher.all(_STOP))
    return Doing("stop_creating", spans=spans) if spans else None


def _resetting(matcher: Matcher) -> Doing | None:
    spans = []
    for start, end, found in matcher.all(_RESET):
        if re.match(r"(?:start|begin)\w* (?:over|again)? ?(?:with|at|from) \d", matcher.plain[found.start() :]):
            continue
        if found.group() in ("clear", "wipe", "restart", "new topic", "wipe clean", "clear all"):
            alone = re.fullmatch(r"[\s.!?,]*", matcher.plain[: found.start()] + matcher.plain[found.end() :])
            if not alone and found.group() != "restart":
                continue
        spans.append((start, end))
    return Doing("reset", spans=tuple(spans)) if spans else None


def _undoing(matcher: Matcher) -> Doing | None:
    spans = []
    for start, end, found in matcher.all(_UNDO):
        if found.group() in ("back", "back please") and not _UNDO_ONLY.match(matcher.plain[: found.start()]):
            continue
        if re.match(
            r"(?:go|switch|turn|move|jump|take me|take us) back to (?!the (?:previous|last|earlier|list|results?)|what|how|where|before|that|it)",
            matcher.plain[found.start() :],
        ):
            continue
        spans.append((start, end))
    return Doing("undo", spans=tuple(spans)) if spans else None


def _explaining(matcher: Matcher) -> Doing | None:
    for start, end, found in matcher.all(_EXPLAIN):
        lead = matcher.plain[max(0, found.start() - 12) : found.end() + 14]
        if _NO_EXPLAIN.search(lead) or re.search(r"(?:can|could|do) not (?:see|understand|get) $", lead):
            continue
        if re.search(r"(?:to do with|doing .*|come from|based on)$", found.group()):  # the item stands inside
            return Doing("explain", spans=((start, start + 1),), about=(start, len(matcher.starts)))
        return Doing("explain", spans=((start, end),), about=(end, len(matcher.starts)))
    return None


def _editing(matcher: Matcher, made_before: Kind | None) -> Doing | None:
    size = len(matcher.starts)
    for pattern in (_EDIT_TEXT, _POSSESSIVE):
        for start, end, found in matcher.all(pattern):
            verb = found["verb"]
            named = (
                found.re is _POSSESSIVE
                or re.search(r"(?:of|for|to|from|on)$", found.group())
                or re.search(r"\b(?:its|this|that|their)\b", found["text"])
            )
            if re.match(rf"{_ASK}{verb} up ", found.group()) and verb == "make":
                continue
            weak = (
                verb in ("give", "have", "put", "keep", "touch", "make", "turn", "change", "fix", "cut") and not named
            )
            if weak or (
                verb in ("make", "give", "have", "produce")
                and re.search(rf"^{verb} (?:me |us )?(?:a|an|some) ", found.group())
            ):
                continue
            if not named and found["text"].split()[0] not in ("the", "its", "this", "that", "their", "my"):
                continue
            span = matcher.span(found, "verb")
            about = matcher.span(found, "middle") if found.re is _POSSESSIVE else (end, size)
            spans = (
                (span, matcher.span(found, "text"))
                if found.re is _POSSESSIVE
                else ((span[0], span[1]), (matcher.span(found, "text")[0], end))
            )
            wish = span if verb in ("shorten", "simplify", "condense", "trim", "lengthen", "expand", "summarize", "summarise", "polish", "liven up", "jazz up", "spice up", "tone down", "tighten", "tighten up",
                                    "punch up", "cut down", "boil down", "brighten up", "lighten up", "brighten", "lighten", "soften", "dumb down", "improve", "clean up", "sum up", "proofread", "freshen up") else None  # fmt: skip
            return Doing("edit", "text", ((start, span[1]), *spans[1:]), about, verb=wish)
    found_set = _editing_set(matcher, made_before)
    if found_set is not None:
        return found_set
    for start, end, found in matcher.all(_EDIT_OWN):
        if made_before is None and _alone(matcher, found.start()):
            wish = (
                (start, end)
                if found["verb"] in ("shorten", "simplify", "condense", "polish", "summarize", "summarise")
                else None
            )
            span = matcher.span(found, "verb")
            return Doing("edit", "text", ((start, end),), (end, size), verb=span if wish else None)
    return None


def _editing_set(matcher: Matcher, made_before: Kind | None) -> Doing | None:
    inside = [(start, end) for start, end, _ in matcher.all(_IN_SET)]
    if made_before != "set" and not inside:
        return None
    for start, _, found in matcher.all(_SWAP):
        if (found["verb"] == "change" and found["link"] == "to") or not _alone(matcher, found.start()):
            continue
        out = matcher.span(found, "out")
        link = matcher.span(found, "link")
        verb = matcher.span(found, "verb")
        return Doing("edit", "set", ((start, verb[1]), link, *inside), about=out, out=out)
    for start, _, found in matcher.all(_ADD):
        if _alone(matcher, found.start()):
            verb = matcher.span(found, "verb")
            return Doing("edit", "set", ((start, verb[1]), *inside))
    for start, end, found in matcher.all(_TAKE):
        pointed = (
            inside or _POINTED.fullmatch(found["out"]) or found["verb"] not in ("cut", "drop", "lose", "leave out")
        )
        if _alone(matcher, found.start()) and pointed:
            out = matcher.span(found, "out")
            return Doing("edit", "set", ((start, out[0]), (out[1], end), *inside), about=out, out=out)
    return None


def _alone(matcher: Matcher, place: int) -> bool:
    """Whether a command begins a clause, after politeness at most."""
    return (
        re.search(
            r"(?:^|[.,;:!?] |\b(?:please|and|then|but|can you|could you|you|now|just|ok|okay|let us|also) )$",
            matcher.plain[:place],
        )
        is not None
    )


def _creating(matcher: Matcher) -> Doing | None:
    for pattern, kind in ((_CREATE_TEXT, "text"), (_CREATE_SET, "set"), (_NEED_SET, "set")):
        for start, _, found in matcher.all(pattern):
            if not _commands(matcher, found, kind):
                continue
            thing = _extended(matcher, matcher.span(found, "thing"), kind)
            head = matcher.plain[found.start() : found.start("thing")]
            lead = re.match(
                rf"{_ASK}(?:{_WRITE if kind == 'text' else _MAKE + '|i need|we need|i want|we want|i would like|we would like|i could use|i would love|i am after|i am looking for'}){_ME}",
                head,
            )
            end = matcher.at(found.start() + lead.end()) if lead else start
            return Doing("create", "text" if kind == "text" else "set", ((start, max(end, start)),), thing=thing)
    for pattern in (_PLAN, _GATHER):
        for start, end, found in matcher.all(pattern):
            if _alone(matcher, found.start()):
                return Doing("create", "set", ((start, end),))
    for start, end, found in matcher.all(_CREATE_THING):
        if _alone(matcher, found.start()) or found.group().split()[0] in ("can", "could", "would", "please", "i"):
            return Doing("create", "text", ((start, end),))
    for _, _, found in matcher.all(_BARE_SET):
        if _alone(matcher, found.start()):
            thing = matcher.span(found, "thing")
            return Doing("create", "set", (), thing=thing)
    return None


def _extended(matcher: Matcher, thing: tuple[int, int], kind: str) -> tuple[int, int]:
    """The word for the thing made with a second such word after it: `festival programme`."""
    tokens = matcher.sentence.tokens
    while kind == "set" and thing[1] < len(tokens) and re.fullmatch(SETS, tokens[thing[1]].form):
        thing = (thing[0], thing[1] + 1)
    return thing


def _commands(matcher: Matcher, found: re.Match[str], kind: str) -> bool:
    """Whether the verb is said to the machine, and makes: not `give me articles`, not `people who make lists`."""
    verb = re.sub(rf"^{_ASK}", "", found.group())
    if found.re is _NEED_SET:
        return True
    if not _alone(matcher, found.start()) and not re.search(
        r"\b(?:to|you|should|want|wait|no|actually|rather|instead|well)(?: [,.])? $", matcher.plain[: found.start()]
    ):
        return False
    weak = re.match(r"(?:give|suggest|do|tell|fix|produce|come up with|make|create|generate|design)\b", verb)
    middle = re.sub(rf"^{_ASK}(?:{_WRITE}|{_MAKE})", "", found.group()[: found.start("thing") - found.start()])
    if re.match(r"(?:give|suggest|do|fix)\b", verb):
        return (
            kind == "set"
            and re.fullmatch(
                r"playlist|bundle|kit|marathon|reading list|watch ?list|syllabus|routine|line ?up|gift set|starter kit|mixtape",
                found["thing"],
            )
            is not None
        )
    if verb.startswith("tell"):
        return re.match(r"stor|tale|fairy|legend|fable", found["thing"]) is not None
    if kind == "text" and weak and found["thing"] in ("articles", "article") and verb.startswith("make it"):
        return False
    if verb.startswith(("make it", "make them", "make that")) or (kind == "text" and re.match(r"make the ", verb)):
        return False
    return not re.search(r"\b(?:about|with|for|like|from|that|which)\b", middle) or (kind == "text" and False)
