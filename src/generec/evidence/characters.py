"""Characters that look like others or cannot be seen, and what a reader takes them for."""

from __future__ import annotations

import re
import unicodedata

_LATIN_LOOKS = {
    **dict(zip("АВЕКМНОРСТУХЅІЈԚԜаеорсухіјѕԁһԛԝ", "ABEKMHOPCTYXSIJQWaeopcyxijsdhqw", strict=True)),
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοαρυκινχτγηε", "ABEZHIKMNOPTYXoapukivxtyne", strict=True)),
    **dict(zip("ɑɡıℓօսᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢ", "agilouacdejkmoptuvwz", strict=True)),
}  # fmt: skip
_DIGIT_LOOKS = dict(zip("ОоΟοЗзб", "0000336", strict=True))
_SIGNS = frozenset("μΩπΔΣλθφαβγ")  # of physics and units
_WORD = re.compile(r"\w+")
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_HARMLESS = frozenset("\u00ad\ufe0e\ufe0f\ufeff\u200d")
"""Hidden characters of ordinary texts: soft hyphen, emoji presentation, byte order mark, emoji joiner."""
_JOINERS = frozenset("\u200c\u200d")
_ZALGO = re.compile(r"([\u0300-\u036f]{2})[\u0300-\u036f]+")


def shown(text: str) -> tuple[str, tuple[str, ...]]:
    """The text in the normal form of compatibility (NFKC), without what cannot be seen; and the hidden characters.

    Raised digits and fractions stay, because 10² is not 102. Joiners stay within scripts that need them.
    """
    if text.isascii() and text.isprintable():
        return text, ()
    hidden: list[str] = []
    kept: list[str] = []
    for mark in text:
        typed = mark.isascii() and (mark.isprintable() or mark in "\n\t")
        if typed or (mark in _JOINERS and _joins("".join(kept[-1:]))):
            kept.append(mark)
        elif _unseen(mark):
            hidden += [] if mark in _HARMLESS else [f"U+{ord(mark):04X}"]
        else:
            kept.append(_folded(mark))
    plain = unicodedata.normalize("NFC", "".join(kept))
    return _ZALGO.sub(r"\1", plain), tuple(dict.fromkeys(hidden))


def _joins(before: str) -> bool:
    """Whether a joiner after this letter changes how it is written (Arabic to Sinhala scripts)."""
    return "\u0590" <= before <= "\u0dff"


def _unseen(mark: str) -> bool:
    if mark in "\r\u0085\u2028\u2029":
        return False
    selector = "\ufe00" <= mark <= "\ufe0f" or "\U000e0100" <= mark <= "\U000e01ef"
    return selector or mark in _BLANKS or unicodedata.category(mark) in ("Cf", "Cc", "Co", "Cs", "Cn")


def _folded(mark: str) -> str:
    if mark in "\r\u0085\u2028\u2029":
        return "\n"
    kind = unicodedata.decomposition(mark)
    raised = kind.startswith(("<super>", "<sub>")) and not unicodedata.normalize("NFKC", mark).isalpha()
    if raised or kind.startswith("<fraction>") or mark in "™℠…":
        return mark
    return unicodedata.normalize("NFKC", mark)


def unmasked(text: str) -> tuple[str, tuple[str, ...]]:
    """The text with look-alikes of other alphabets replaced by Latin letters and digits; and the words replaced.

    Only where they pose as Latin: in a word that mixes alphabets, in a number, or in a whole word made of look-alikes
    within a Latin text. Words of a text in another alphabet, and signs such as µ and Ω, stay.
    """
    if text.isascii():
        return text, ()
    letters = [mark for mark in text if mark.isalpha()]
    latin = sum(_is_latin(mark) for mark in letters) > 4
    own = {
        _alphabet(mark) for mark in letters if not _is_latin(mark) and mark not in _LATIN_LOOKS and mark not in _SIGNS
    }
    replaced: list[str] = []

    def fold(found: re.Match[str]) -> str:
        word = found.group()
        plain = _unmasked(word, latin and own.isdisjoint(map(_alphabet, word)))
        if plain != word:
            replaced.append(word)
        return plain

    return _WORD.sub(fold, text), tuple(replaced)


def _unmasked(word: str, among_latin: bool) -> str:
    if word.isascii():
        return word
    letters = [mark for mark in word if mark.isalpha()]
    if any(mark.isascii() and mark.isdigit() for mark in word) and all(mark in _DIGIT_LOOKS for mark in letters):
        return "".join(_DIGIT_LOOKS.get(mark, mark) for mark in word)
    masked = [mark for mark in letters if mark in _LATIN_LOOKS]
    mixed = masked and any(mark.isascii() for mark in letters)
    whole = len(letters) > 1 and len(masked) == len(letters) and among_latin
    return "".join(_LATIN_LOOKS.get(mark, mark) for mark in word) if mixed or whole else word


def _alphabet(mark: str) -> int:
    """A number for the block of 256 characters: Cyrillic is 4, Greek 3."""
    return ord(mark) >> 8


def _is_latin(mark: str) -> bool:
    return mark.isascii() or ("\u00c0" <= mark <= "\u024f")
