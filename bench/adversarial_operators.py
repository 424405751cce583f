"""What can be done to a true sentence so that it says something else; word lists of its own, not the verifier's."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

SPELLED = re.findall(r"\w+", "two three four five six seven eight nine ten eleven twelve")
_UNITS = (
    ("kg", "g"), ("g", "kg"), ("km", "m"), ("cm", "mm"), ("mm", "cm"), ("m", "km"), ("minutes", "hours"),
    ("hours", "minutes"), ("days", "weeks"), ("weeks", "days"), ("months", "years"), ("years", "months"),
    ("litres", "ml"), ("ml", "litres"), ("%", "kg"), ("degrees", "%"), ("seconds", "minutes"), ("inches", "cm"),
    ("dB", "Hz"), ("am", "pm"), ("pm", "am"), ("metres", "feet"), ("W", "kW"), ("year", "month"), ("m", "M"),
)  # fmt: skip
_CURRENCIES = (("euros", "dollars"), ("euros", "pounds"), ("€", "$"), ("$", "€"), ("£", "€"), ("pounds", "euros"))
_MONTHS = re.findall(r"\w+", "January February March April May June July August September October November December")
_NAMES = ("Vesper", "Tobias", "Marlow", "Quebec", "Lindqvist", "Osaka")
_FLIPS = (
    "more less|lighter heavier|longer shorter|louder quieter|before after|over under|above below|faster slower|"
    "wider narrower|higher lower|brighter dimmer|first last|later earlier|cheaper dearer|harder softer|worse better|"
    "smallest largest|largest smallest|opens closes|starts ends|begins ends|with without|to from|free paid|"
    "allowed forbidden|indoors outdoors|hot cold|true false|wins loses|start finish|upwards downwards|warm cold"
)
_QUANTIFIERS = (
    ("all", "some"), ("some", "all"), ("most", "all"), ("every", "some"), ("each", "one"), ("half", "all"),
    ("one", "two"), ("nobody", "somebody"), ("both", "one"), ("no", "every"), ("none", "all"), ("many", "few"),
    ("nothing", "everything"), ("people", "all people"),
)  # fmt: skip
_HEDGES = (
    "up to ", "about ", "around ", "roughly ", "almost ", "at least ", "at most ", "usually ", "rarely ", "only ",
    "some ", "said to ", "slightly ", "tends to ", "more than ", "less than ", "under ", "no more than ", "exactly ",
)  # fmt: skip
_MODALS = (
    ("may", "will"), ("might", "will"), ("could", "does"), ("can", "will"), ("should", "must"), ("must", "may"),
    ("estimates", "measures"), ("recommends", "requires"), ("claims", "proves"), ("says", "proves"),
)  # fmt: skip
_TAILS = (
    " if ", " until ", " within ", " without ", " unless ", ", but ", " but ", " when ", " only", ", not ", " except ",
)  # fmt: skip
_DENIALS = (
    (" not ", " "), ("never ", ""), ("Never ", ""), ("cannot", "can"), ("Nobody", "Everybody"), ("No ", ""),
    (" no ", " a "), ("Nothing", "Everything"), ("without", "with"), ("Not ", ""),
)  # fmt: skip
VERBS = re.compile(
    r"\b(is|are|was|were|has|have|holds?|costs?|lasts?|weighs?|takes?|comes?|shows?|plays?|needs?|runs?|contains?|"
    r"starts?|begins?|opens?|covers?|won|directed|explains?|sells?|gives?|keeps?|makes?|uses?|measures?|leads?)\b"
)


def put(sentence: str, found: re.Match[str], word: str) -> str:
    """The sentence with a word in place of what was found, a capital where that had one at the beginning."""
    word = word[0].upper() + word[1:] if found.group()[0].isupper() and found.start() == 0 else word
    return sentence[: found.start()] + word + sentence[found.end() :]


def capital(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]


def numbers(sentence: str) -> Iterator[str]:
    for found in re.finditer(r"(?<![\w.,])[0-9]+(?:[.,][0-9]+)?(?![\w.,]*[0-9])", sentence):
        digits = found.group()
        near = str(int(digits) + 1) if digits.isdigit() else digits.replace(".", "").replace(",", ".")
        for wrong in (near, digits + "0"):
            yield sentence[: found.start()] + wrong + sentence[found.end() :]


def spelled(sentence: str) -> Iterator[str]:
    for found in re.finditer(r"\b(" + "|".join(SPELLED) + r")\b", sentence, re.IGNORECASE):
        at = SPELLED.index(found.group().lower())
        wrong = SPELLED[(at + 1) % len(SPELLED)]
        yield put(sentence, found, wrong)
        yield put(sentence, found, str(at + 3))


def wrongly_spelled(sentence: str) -> Iterator[str]:
    """A number in digits as the word of another number."""
    for found in re.finditer(r"(?<![\w.,:-])([2-9]|1[01])(?![\w.,:])", sentence):
        yield put(sentence, found, SPELLED[(int(found[1]) - 1) % len(SPELLED)])


def look_alikes(sentence: str) -> Iterator[str]:
    for digit, other in zip("0135", "ОlЗS", strict=True):
        found = re.search(rf"(?<=[0-9]){digit}|{digit}(?=[0-9])", sentence)
        if found:
            yield put(sentence, found, other)
    found = re.search(r"[0-9](?=[0-9])", sentence)
    if found:
        yield put(sentence, found, found.group() + "\u200b")


def units(sentence: str) -> Iterator[str]:
    counted = r"(?<=[0-9] )|(?<=two )|(?<=four )|(?<=six )|(?<=eight )|(?<=ten )"
    for right, wrong in _UNITS:
        found = re.search(rf"(?:{counted}){re.escape(right)}(?!\w)", sentence)
        if found:
            yield put(sentence, found, wrong)


def currencies(sentence: str) -> Iterator[str]:
    for right, wrong in _CURRENCIES:
        if right in sentence:
            yield sentence.replace(right, wrong, 1)


def dates(sentence: str) -> Iterator[str]:
    for found in re.finditer(r"\b(" + "|".join(_MONTHS) + r")\b", sentence):
        if found.group() != "May" or re.search(r"[0-9] May|May [0-9]", sentence):
            yield put(sentence, found, _MONTHS[(_MONTHS.index(found.group()) + 5) % 12])
    for found in re.finditer(r"\b(1[89]|20)[0-9]{2}\b", sentence):
        yield put(sentence, found, str(int(found.group()) - 10))


def names(sentence: str) -> Iterator[str]:
    for found in re.finditer(r"(?<=[a-z,] )[A-Z][a-z]{2,}", sentence):
        yield put(sentence, found, _NAMES[len(sentence) % len(_NAMES)])


def negations_dropped(sentence: str) -> Iterator[str]:
    for right, wrong in _DENIALS:
        if right in sentence:
            yield capital(sentence.replace(right, wrong, 1))


def negations_added(sentence: str) -> Iterator[str]:
    found = re.search(r"\b(is|are|was|were|can|may|must|will|has|have|should|could|might)\b(?! not)", sentence)
    if found:
        yield put(sentence, found, found.group() + " not")
    found = VERBS.search(sentence)
    if found and found.group() not in ("is", "are", "was", "were", "has", "have"):
        yield put(sentence, found, "never " + found.group())


def hedges_dropped(sentence: str) -> Iterator[str]:
    for hedge in _HEDGES:
        found = re.search(rf"\b{hedge}", sentence, re.IGNORECASE)
        if found:
            yield capital(sentence[: found.start()] + sentence[found.end() :])


def modals_changed(sentence: str) -> Iterator[str]:
    for right, wrong in _MODALS:
        found = re.search(rf"\b{right}\b", sentence)
        if found:
            yield put(sentence, found, wrong)


def comparisons_flipped(sentence: str) -> Iterator[str]:
    for pair in _FLIPS.split("|"):
        for right, wrong in (pair.split(), pair.split()[::-1]):
            found = re.search(rf"\b{right}\b", sentence)
            if found:
                yield put(sentence, found, wrong)


def quantifiers_changed(sentence: str) -> Iterator[str]:
    for right, wrong in _QUANTIFIERS:
        found = re.search(rf"\b{right}\b", sentence, re.IGNORECASE)
        if found:
            yield put(sentence, found, wrong)


def truncated(sentence: str) -> Iterator[str]:
    for tail in _TAILS:
        at = sentence.find(tail)
        if at > 0:
            yield sentence[:at] + "."


def more_than_one(sentence: str) -> Iterator[str]:
    found = re.search(r"\b[Aa]n? ([a-z]{3,})\b(?! [a-z]+ing)", sentence)
    if found:
        yield capital(put(sentence, found, found[1] + "s"))
        yield capital(put(sentence, found, "two " + found[1] + "s"))


def asked(sentence: str) -> Iterator[str]:
    yield sentence[:-1] + "?"


SENTENCE_OPERATORS: tuple[Callable[[str], Iterator[str]], ...] = (
    numbers, spelled, wrongly_spelled, look_alikes, units, currencies, dates, names, negations_dropped, negations_added,
    hedges_dropped, modals_changed, comparisons_flipped, quantifiers_changed, truncated, more_than_one, asked,
)  # fmt: skip
