"""How the items of the embedded world are made: four facets of style, and the words for each of their values.

No facet's words are another's, and none are a topic's, so that style can be read apart from content.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Manner:
    """One value of a facet: adjectives and forms for titles, sentences for descriptions, a phrase for wishes."""

    facet: str
    name: str
    adjectives: tuple[str, ...]
    sentences: tuple[str, ...]
    wish: str


_TONE = {
    "calm": (
        "quiet|gentle|hushed|serene|soothing",
        "Soft voices and still pictures keep the nerves at rest.|A peaceful mood that lets your shoulders drop."
        "|Nothing shouts here; it soothes like rain on a window.|Gentle from the first line to the last."
        "|Expect hush and a tranquil mind.|The mood is mellow and restful throughout.",
        "calm and soothing",
    ),
    "playful": (
        "cheeky|silly|goofy|mischievous|comical",
        "Jokes tumble over each other and the blunders stay in.|Expect giggles, puns and one very silly hat."
        "|It pokes fun at everyone, most of all at the presenter.|A mischievous romp with tongue in cheek."
        "|Laughter is guaranteed, dignity is not.|Comic mishaps and absurd bets keep you grinning.",
        "funny and a bit silly",
    ),
    "earnest": (
        "serious|sober|frank|solemn|thoughtful",
        "It treats the matter gravely and asks hard questions.|A sober account of what is at stake, without gloss."
        "|The voice is sincere, careful and unflinching about the facts.|A thoughtful argument that weighs both sides."
        "|Candid testimony and serious purpose carry it.|It faces doubts honestly and leaves room for reflection.",
        "serious and honest",
    ),
    "daring": (
        "bold|fearless|reckless|audacious|fierce",
        "It takes chances that will make your palms sweat.|Bold claims, bigger stunts and not a safety net in sight."
        "|Adrenaline all the way, with nerve to spare.|A fearless attempt at what nobody dared before."
        "|It breaks rules loudly and dares you to join.|Expect danger, bravado and a thumping heart.",
        "bold and full of adrenaline",
    ),
    "warm": (
        "tender|kind-hearted|cosy|heartfelt|welcoming",
        "It feels like a hug from an old friend.|Kind faces, shared tables and a lump in the throat."
        "|Full of affection, with a welcome for everyone.|Tender moments glow in every corner."
        "|A cosy, generous spirit runs through it.|Made with love, among neighbours who drop by.",
        "cosy and heartfelt",
    ),
}
_PACE = {
    "slow": (
        "unhurried|slow|lingering|meandering",
        "It dawdles on purpose and lets everything breathe.|The unhurried rhythm never pushes you on."
        "|Lingering looks drift idly onward.|It ambles, and so may you.|It meanders at a snail's gait.",
        "unhurried",
    ),
    "steady": (
        "measured|step-by-step|evenly paced|orderly",
        "It moves at a measured tread, one section after another.|An even tempo, with a pause after every section."
        "|Each section follows in regular order, evenly spaced.|Step by step, at a consistent tempo."
        "|The rhythm is as regular as a metronome.",
        "evenly paced, step by step",
    ),
    "quick": (
        "rapid|brisk|fast-cut|breathless",
        "Cuts come thick and fast and nothing waits.|It hurtles ahead at breakneck speed."
        "|Rapid and snappy, it never lets up.|Hold on: the speed is breathless.|It darts briskly from point to point.",
        "fast and snappy",
    ),
}
_LENGTH = {
    "short": (
        "snapshot|bite|postcard|nutshell",
        "Done before your tea cools.|Bite-sized, with nothing spare.|Over in a blink."
        "|Only a handful of minutes.|Compact enough for a bus stop.",
        "over in a few minutes",
    ),
    "medium": (
        "half hour|sitting|interlude|matinee",
        "It fills a lunch break nicely.|About as much as one sitting holds.|Mid-sized, good for half an evening."
        "|Moderate in size, like an episode on television.|Half an hour or so is enough.",
        "about half an hour",
    ),
    "long": (
        "saga|epic|odyssey|complete course",
        "Set aside a whole afternoon.|An epic in many chapters.|Full-length and complete, it covers the lot."
        "|Extensive: bring a cushion.|It goes on for ages, gloriously.",
        "enough for a whole afternoon",
    ),
}
_REGISTER = {
    "plain": (
        "{S} Made Simple: {A} {F}|{A} First Steps with {S}|{S} for Complete Beginners: {P} and {A}"
        "|Getting Started with {S}, the {A} Way|{S} in Everyday Words: {A} {F}|Newcomers Ask about {S}: {A} {F}",
        "Everything is explained in everyday words.|No previous knowledge is needed.|Beginners are led by the hand."
        "|It avoids jargon and shows the basics.|Easy to understand, even for newcomers.",
        "explained simply for beginners",
    ),
    "expert": (
        "The Mechanics of {S}: {A} Analysis|{S} for Specialists: {A}, {P} {F}|{A} Benchmarks for {S}"
        "|{S}, Methodology and Margins: {A} {F}|Advanced {S}, {A} and {P}|Technical Notes on {S}: {A} {F}",
        "It assumes the literature and quotes the measurements."
        "|Tolerances, parameters and failure modes are discussed in detail.|Specialists will value the methodology."
        "|Terminology is used strictly and the data are tabulated.|An advanced treatment for practitioners.",
        "technical, for specialists",
    ),
    "story": (
        "{S}: One {A} Tale|Once upon {S}: {A} {F}|{S} and My Grandmother: {A} Memoir"
        "|The {A} Legend of {S}|Confessions about {S}, {P} and {A}|{A} Memories of {S}",
        "It is told as a tale with a hero, a villain and a homecoming.|A narrator remembers how it all began."
        "|Anecdotes and memories are woven together.|Once upon a time, somebody simply tried it."
        "|Characters and confessions carry it.",
        "told as a story",
    ),
}
SERIES = {"plain": ("Primer", "Basics", "Starter Kit"), "expert": ("Seminar", "Laboratory", "Symposium"),
          "story": ("Chronicles", "Memoirs", "Tales")}  # fmt: skip
"""What a series calls itself, by register."""

FACETS = ("tone", "pace", "length", "register")


@cache
def manners() -> tuple[tuple[Manner, ...], ...]:
    """The values of each facet, in the order of FACETS; the position of a value is its code.

    A register's adjectives are title patterns: {S} subject, {A} tone, {P} pace, {F} form (the length's adjectives).
    """
    banks = (_TONE, _PACE, _LENGTH, _REGISTER)
    return tuple(
        tuple(
            Manner(facet, name, tuple(adjectives.split("|")), tuple(sentences.split("|")), wish)
            for name, (adjectives, sentences, wish) in bank.items()
        )
        for facet, bank in zip(FACETS, banks, strict=True)
    )


def sizes() -> tuple[int, ...]:
    """How many values each facet has."""
    return tuple(len(values) for values in manners())
