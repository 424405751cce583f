"""Closed lists of the grammar's own words. Data only."""

from __future__ import annotations


def word_set(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


ARTICLES = word_set("a an the this that these those some any my our your his her their its another such")
PRONOUNS = word_set(
    "i me we us you he him she her it they them who whom whose which what that this these those there here myself"
    " yourself how why one ones someone somebody anyone anybody everyone everybody mine yours nobody"
)
PREPOSITIONS = word_set(
    "about of for with on in at from by to into onto over under between among through during across along around"
    " near off toward towards upon within as than like via per beyond behind beside against featuring starring"
    " regarding concerning including involving without out up down before after since until"
)
AUXILIARIES = word_set(
    "am is are was were be been being do does did done doing have has had having can could may might shall should"
    " will would must ought need needs gets getting got"
)
REQUESTS = word_set(
    "show find give get want wants wanted wanna need needs look looking search searching recommend recommends"
    " suggest see watch watching read reading learn learning try buy buying play list pick choose bring send fetch"
    " hear listen listening know think let go going come make made do take took start use using browse explore"
    " discover display offer pull serve happen help please view grab order purchase wear decide wish hope"
    " interested interest after keep put tell ask seek seeking shopping shop require love like enjoy prefer fancy"
    " have any finding started starting begin add include teach introduce name stick treat picked chose chosen"
    " gonna"
)
VERBS = word_set(
    "told set based filmed shot written directed published called named priced costing costs cost suited suitable"
    " made released produced involving contains containing contain includes include including featuring features"
    " feature smells smell tastes taste smelling deals dealing covers cover covering takes take lasts last fits"
    " fit works work looks feels feel sound sounds seems goes go comes come plays happens happening uses reminds"
    " remind runs run running stars starring tell tells telling seen saw watched finished similar suit suits"
    " explains explain explaining relating related being appears leaves keeps gives makes lets helps"
)
CONJUNCTIONS = word_set(
    "and or but nor so because though although while if when then yet plus either neither both whether since"
    " unless until as"
)
ADVERBS = word_set(
    "also too again still just only even maybe perhaps possibly ideally preferably mostly mainly rather quite"
    " very really so pretty fairly somewhat slightly extremely absolutely totally truly super incredibly"
    " completely especially particularly specifically exactly actually basically simply well now today tonight"
    " soon later already always never often sometimes usually once twice instead anyway however please more most"
    " less least much many lot lots bit little kind sort type enough almost nearly there here away back not no yes"
    " either neither else first next last all both each every further such own same other others rest few several"
    " couple dozen pair though terribly awfully definitely certainly currently lately recently right straight ever"
    " yet bits touch overall altogether together total whatsoever regardless necessarily anymore elsewhere"
    " nonetheless nevertheless roughly"
)
GENERIC = word_set(
    "film films movie movies flick flicks picture pictures video videos clip clips item items product products"
    " thing things stuff something anything everything nothing one ones title titles content piece pieces option"
    " options recommendation recommendations suggestion suggestions idea ideas result results list lists pick"
    " picks choice choices selection program programs material materials article articles event events work works"
    " example examples kind kinds sort sorts type types genre category feature features brand brands maker makers"
    " series somebody somewhere anywhere none catalogue catalog format story stories topic subject theme venue venues"
    " place places tip tips search query bit part parts"
)
CHATTER = word_set(
    "hi hello hey hiya howdy greetings please thanks thank thx cheers ok okay okey well anyway anyways hmm hm mm"
    " um uh erm er oh ah tbh imo imho btw lol jk haha yes yeah yep yup no nope nah sorry wow great cool nice fine"
    " alright right sure mate dear folks guys actually honestly frankly basically literally kindly wait morning"
    " evening afternoon goodbye bye pls plz ta ugh huh god gosh goodness heavens omg jeez gee lord damn oops whoa"
    " phew sir madam buddy pal dude bro welcome congrats weird bonjour hallo hola yo kidding joking urgent"
    " urgently attention important note question"
)
"""Words that carry no wish where they stand alone."""
DEGREES = word_set(
    "very really quite so too pretty rather fairly somewhat slightly extremely absolutely totally truly super"
    " incredibly bit little lot much more most overly particularly especially terribly awfully all that way far"
    " completely utterly kinda sorta proper properly nice genuinely"
)
MOODS = word_set(
    "absurd adorable fancy adventurous amusing angry apocalyptic artsy atmospheric audacious awkward beautiful"
    " bittersweet bizarre bleak bloody bold boring brainy brave breezy bright brooding brutal calm calming campy"
    " captivating cerebral charming cheeky cheerful cheery cheesy childish chilled chilling clever cold comforting"
    " comical complex confusing contemplative cool corny cosy cozy crazy creepy cruel curious cute cynical dark"
    " darker deep demanding depressing desperate disturbing dramatic dreamy dry dull dumb dystopian easygoing"
    " eccentric edgy eerie elegant emotional engaging entertaining epic erotic exciting exotic explicit fearless"
    " feel-good fierce flashy frank fresh frightening fun funny funnier gentle gentler gloomy glossy goofy gory"
    " graphic greasy grim gripping gritty gruesome happy harsh haunting heartbreaking heartfelt heartwarming heavy"
    " hilarious honest hopeful horrible hushed imaginative informative inspiring inspirational intellectual"
    " intelligent intense intimate intriguing intricate ironic joyful kind-hearted kitschy kooky laid-back lavish"
    " lazy light lighter light-hearted lighthearted lovely loud lyrical magical melancholic melancholy mellow mild"
    " mind-bending mischievous moody moving mushy mysterious mystical naive nasty nerdy nostalgic odd oily offbeat"
    " ominous optimistic original outrageous overwhelming peaceful pessimistic philosophical playful poetic"
    " poignant preachy predictable pretentious provocative psychological quaint quiet quirky racy raunchy raw"
    " realistic rebellious reckless reflective refreshing relaxed relaxing romantic sad sadder sarcastic satirical"
    " scary scarier sentimental serene serious sexy shocking silly simple sleepy slick slow smart snobbish sober"
    " solemn soothing sophisticated soppy spicy spiritual spooky strange stressful strong stupid stylish sublime"
    " subtle suspenseful sweet tacky tasteful tearful technical tender tense terrifying thought-provoking"
    " thoughtful thrilling timeless touching tragic trashy trippy twisted unconventional understated uneasy"
    " unpredictable unsettling unusual upbeat uplifting upsetting vibrant violent visceral warm warm-hearted weird"
    " welcoming whimsical wholesome wicked wild wistful witty wacky zany educational practical good great best"
    " better nice perfect decent brilliant excellent amazing awesome fantastic wonderful gorgeous fabulous"
    " stunning matte shimmery sheer sparkly sticky soft silky smooth nourishing hydrating waterproof vegan organic"
    " natural peachy citrus fruity floral musky woody sulfate-free fragrance-free unscented scented long-lasting"
    " lightweight"
)
"""Adjectives of mood and quality: each is a wish of its own, and none is a condition, even where a tag spells it."""
TAG_MOODS = MOODS - word_set(
    "original natural organic vegan matte technical practical educational cool bright slow light dry citrus"
)
BAD = word_set(
    "awful terrible boring dull bad rubbish disappointing horrible dreadful crap meh overrated trash garbage lame"
    " mediocre atrocious tedious unwatchable useless pathetic appalling annoying ridiculous stupid predictable"
    " silly"
)
"""What makes an item that is named one not to be followed."""
BODY = word_set(
    "eye eyes lip lips face nail nails hand hands foot feet body skin hair leg legs neck scalp lashes brows eyebrows"
)
STATED = word_set("i we he she they it that this there my our his her their you your")
"""Words that begin a statement."""
SERVICE = word_set(
    "deliver delivers delivery delivered shipping shipped stream streaming streamed account accounts password"
    " passwords login subscription subscriptions refund refunds voucher vouchers checkout cart payment paypal app"
    " apps website browser 4k hd uhd hdr dolby atmos surround imax bluray blu-ray dvd subtitle subtitles subtitled"
    " dubbed captions tv television laptop phone tablet ipad iphone android wifi offline download downloads"
    " downloadable screen screens resolution 1080p 720p notification notifications email stock return returns"
    " telly warranty customer support unsubscribe netflix youtube chromecast 3d postage courier invoice arrive arrives"
)
CUES = word_set(
    "something anything nothing about with without under over below above between after before longer shorter"
    " cheaper newer older than least most less more please recommend suggest looking video videos article articles"
    " event events film films movie movies comedy comedies similar like likes love loved hate hated prefer rather"
    " instead except forget never minute minutes hour hours euros dollars dollar tenner fiver price priced newest"
    " oldest latest cheapest recent classic vintage short long quick cheap affordable expensive luxury premium"
    " popular bestselling children beginners experts teenagers family show find give make create write want need"
    " playlist bundle reading description plot summary would could should funny sad scary relaxing romantic"
    " exactly maximum minimum published released within until since around exclude excluding ideally preferably"
    " maybe perhaps gentle budget energetic lively replace remove rewrite explain reset undo"
)
"""Words of the grammar that a misspelling may stand for."""
FUNCTION = (
    ARTICLES
    | PRONOUNS
    | PREPOSITIONS
    | AUXILIARIES
    | REQUESTS
    | CONJUNCTIONS
    | ADVERBS
    | GENERIC
    | CHATTER
    | VERBS
    | DEGREES
)
"""Words that name nothing by themselves."""
STOPS = word_set('. ! ? ; : ... … ( ) [ ] { } | * • – — - " “ ”')
"""Marks at which a clause ends."""
