"""Finds personal data in text: e-mail, phone, IBAN, payment card, IP address, street address.

Recognisers with checksums where there are any. People's names, health and the like they cannot find, nor data that is
spelt out in words.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from generec.fidelity.extras import loop_extra

DataKind = Literal["email", "phone", "iban", "card", "ip", "address"]


@dataclass(frozen=True)
class Found:
    """Personal data at [start, end) of a `plain` text; `value` is its one canonical form."""

    kind: DataKind
    start: int
    end: int
    value: str

    @property
    def masked(self) -> str:
        """What a report may say of it."""
        return f"{self.kind} {self.value[:2]}…"


def plain(text: str) -> str:
    """Compatibility characters in their usual form, invisible ones gone: what the recognisers read."""
    if text.isascii():
        return text
    shown = (character for character in unicodedata.normalize("NFKC", text) if unicodedata.category(character) != "Cf")
    return "".join(shown)


def personal_data(text: str, regions: Sequence[str] = ("US", "GB", "DE", "FR", "ES", "IT", "NL")) -> list[Found]:
    """All personal data in a text, in its order; offsets are those of `plain(text)`. Finds do not overlap.

    regions: whose national ways of writing a phone number are known; numbers with + and a country code always are.
    """
    text = plain(text)
    found: list[Found] = []
    finders: tuple[Callable[[str], Iterator[Found]], ...] = (
        _emails, _ibans, _cards, _addresses_ip, _streets, lambda text: _phones(text, regions),
    )  # fmt: skip
    for finder in finders:
        for each in finder(text):
            if all(each.end <= other.start or other.end <= each.start for other in found):
                found.append(each)
    return sorted(found, key=lambda each: each.start)


def redacted(text: str, regions: Sequence[str] = ("US", "GB", "DE", "FR", "ES", "IT", "NL")) -> str:
    """The text with every find replaced by its kind in brackets: before words leave this machine."""
    text, parts, at = plain(text), [], 0
    for each in personal_data(text, regions):
        parts += [text[at : each.start], f"[{each.kind}]"]
        at = each.end
    return "".join([*parts, text[at:]])


_EMAIL = re.compile(r"(?<![\w.+-])[\w.+'-]+@[\w-]+(?:\.[\w-]+)+")
_HIDDEN_EMAIL = re.compile(
    r"(?<![\w.+-])([\w.+-]+)(?:\s*[(\[{]\s*at\s*[)\]}]\s*|\s+at\s+)"
    r"([\w-]+(?:\s*[(\[{]\s*dot\s*[)\]}]\s*[\w-]+|\s+dot\s+[\w-]+)+)",
    re.IGNORECASE,
)
_HALF_HIDDEN_EMAIL = re.compile(r"(?<![\w.+-])([\w.+-]+)\s*[(\[{]\s*at\s*[)\]}]\s*([\w-]+(?:\.[\w-]+)+)", re.IGNORECASE)


def _emails(text: str) -> Iterator[Found]:
    for match in _EMAIL.finditer(text):
        yield Found("email", match.start(), match.end(), match[0].lower())
    for pattern in (_HALF_HIDDEN_EMAIL, _HIDDEN_EMAIL):
        for match in pattern.finditer(text):
            domain = re.sub(r"\s*[(\[{]?\s*\bdot\b\s*[)\]}]?\s*", ".", match[2], flags=re.IGNORECASE)
            yield Found("email", match.start(), match.end(), f"{match[1]}@{domain}".lower())


_IBAN = re.compile(r"(?<!\w)[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,30}(?!\w)")


def _ibans(text: str) -> Iterator[Found]:
    """The longest valid beginning: the pattern runs on into the words that follow."""
    if _IBAN.search(text) is None:
        return
    with loop_extra("python-stdnum"):
        from stdnum import iban
    for match in _IBAN.finditer(text):
        ends = [end for end in range(len(match[0]), 14, -1) if not match[0][end : end + 1].isalnum()]
        for end in ends:
            compact = re.sub(r"[ -]", "", match[0][:end]).upper()
            if iban.is_valid(compact, check_country=False):  # a bank that nobody listed is one all the same
                yield Found("iban", match.start(), match.start() + end, compact)
                break


_CARD = re.compile(r"(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.]*\d)")
_ISSUERS = re.compile(
    r"4|5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|3[47]|3(?:0[0-5]|[689])|35|6(?:011|5|4[4-9]|2)|50|5[6-9]|6[37]"
)


def _cards(text: str) -> Iterator[Found]:
    if _CARD.search(text) is None:
        return
    with loop_extra("python-stdnum"):
        from stdnum import luhn
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match[0])
        if _ISSUERS.match(digits) and luhn.is_valid(digits):
            yield Found("card", match.start(), match.end(), digits)


_IP4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?!\w|\.\d)")
_IP6 = re.compile(r"(?<![\w:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_NOT_IP = re.compile(r"(?:\bv|version|release|firmware|build|chapter|section|§)[ .:]*$", re.IGNORECASE)


def _addresses_ip(text: str) -> Iterator[Found]:
    for pattern in (_IP4, _IP6):
        for match in pattern.finditer(text):
            try:
                address = ipaddress.ip_address(match[0])
            except ValueError:
                continue
            numbering = _NOT_IP.search(text, max(0, match.start() - 12), match.start()) is not None
            if not (address.is_loopback or address.is_unspecified or numbering or match[0].startswith("255.")):
                yield Found("ip", match.start(), match.end(), str(address))


_NAME = r"[A-ZÀ-Þ][\w'’.-]*"
_STREETS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<![\w.,:])\d{{1,5}}[A-Za-z]?,?\s+(?:[NSEW]\.?\s+)?(?:(?:{_NAME}|\d{{1,3}}(?:st|nd|rd|th))\s+){{1,4}}"
        r"(?:Street|St|Road|Rd|Avenue|Ave|Lane|Ln|Drive|Dr|Boulevard|Blvd|Court|Ct|Place|Pl|Square|Sq|Terrace|Way|Close"
        r"|Crescent|Highway|Hwy|Parkway|Pkwy|Row|Gardens|Mews|Grove|Circle)\b\.?",
        rf"\b{_NAME}(?:straße|strasse|str\.|weg|allee|gasse|damm|straat|laan|gracht|plein|kade|vägen|gatan|vej|gade|veien)"
        r"\s+\d{1,3}\s?[a-zA-Z]?\b(?!\s*(?:min|km|Uhr|%))",
        rf"\b(?:{_NAME}|An der|Auf dem)\s+(?:Straße|Strasse|Platz|Allee|Weg|Ufer|Markt)\s+\d{{1,3}}\s?[a-z]?\b",
        rf"(?<![\w.,:])\d{{1,4}}(?:\s?(?:bis|ter))?,?\s+(?:rue|avenue|boulevard|place|chemin|allée|impasse|quai|cours|route)"
        rf"\s+(?:de la |de l['’]|du |des |de |d['’])?{_NAME}",
        rf"\b(?:Calle|C/|Avenida|Avda\.?|Paseo|Carrer|Via|Viale|Piazza|Corso|Rua|Avenue|Plaza|ul\.)\s+"
        rf"(?:(?:de la|de los|de|del|della|dei|da|do)\s+)?(?:{_NAME},?\s+){{1,3}}(?:n[ºo°.]\s*)?\d{{1,3}}\b",
        r"\bP\.?\s?O\.?\s?Box\s+\d+",
        rf"\b\d{{5}}\s+{_NAME},?\s+{_NAME}(?:straße|strasse|weg)\b",
    )
)


def _streets(text: str) -> Iterator[Found]:
    for pattern in _STREETS:
        for match in pattern.finditer(text):
            yield Found("address", match.start(), match.end(), " ".join(match[0].casefold().split()))


_DIGITS = re.compile(r"\d(?:[\s()./-]{0,3}\d){6}")


def _phones(text: str, regions: Sequence[str]) -> Iterator[Found]:
    if _DIGITS.search(text) is None:  # the matcher costs a millisecond a region
        return
    with loop_extra("phonenumbers"):
        from phonenumbers import PhoneNumberFormat, PhoneNumberMatcher, format_number
    for region in regions:
        for match in PhoneNumberMatcher(text, region):
            if not _telephonic(match.raw_string, text[max(0, match.start - 20) : match.start]):
                continue
            value = format_number(match.number, PhoneNumberFormat.E164)
            yield Found("phone", match.start, match.end, value)


_TELEPHONE = re.compile(
    r"\b(?:tel|phone|call|ring|dial|text|fax|mobile|cell|handy|hotline|whatsapp|móvil)", re.IGNORECASE
)
_GROUPED = re.compile(r"(?:1[ .-])?\d{3}([ .-])\d{3}\1\d{4}")


def _telephonic(raw: str, before: str) -> bool:
    """Whether digits are written as a telephone number: sizes, ranks and article numbers are valid numbers too."""
    if raw.startswith("+") or _TELEPHONE.search(before):
        return True
    national = raw[0] in "0(" and sum(character.isdigit() for character in raw) >= 9
    return national or _GROUPED.fullmatch(raw) is not None
