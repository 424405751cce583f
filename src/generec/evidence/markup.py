"""The part of a marked-up text that a reader sees: tags, comments, scripts and hidden elements fall away."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_TAGS = frozenset(
    re.findall(
        r"\w+",
        "a abbr article aside audio b big blockquote body br button caption center code col dd del details div dl dt "
        "em figcaption figure font footer form h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd label "
        "legend li link main mark meta nav noscript object ol option p pre q s samp script section select small "
        "source span strike strong style sub summary sup svg table tbody td template textarea tfoot th thead title tr "
        "tt u ul var video wbr ",
    )
)
_VOID = frozenset(["br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"])
_UNSEEN = frozenset(["head", "iframe", "noscript", "object", "script", "style", "svg", "template", "title"])
_INLINE = frozenset(
    re.findall(
        r"\w+",
        "a abbr b big code del em font i ins kbd label mark q s samp small span strike strong sub sup tt u var wbr ",
    )
)
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0?\.?0+\s*(?:;|$)|"
    r"font-size\s*:\s*0*\.?[0-9]?\s*(?:px|pt|em|rem|%)?\s*(?:;|$)|(?<![\w-])color\s*:\s*(?:#f{3,8}\b|white|transparent)|"
    r"(?:left|top|text-indent|margin-left)\s*:\s*-[0-9]{3,}|(?<![\w-])(?:height|width)\s*:\s*0(?:px)?\s*(?:;|$)|"
    r"clip(?:-path)?\s*:\s*(?:rect|inset)",
    re.IGNORECASE,
)
_MARKDOWN_COMMENT = re.compile(r"^[ \t]*\[(?://|comment)\]:?[ \t]*(?:#|<>)[^\n]*$", re.MULTILINE | re.IGNORECASE)
_MARKDOWN_IMAGE = re.compile(r"!\[([^\]\n]{0,500})\]\([^)\n]{0,500}\)")
_MARKDOWN_LINK = re.compile(r"(?<!!)\[([^\]\n]{1,300})\]\((?:https?:|/|#|mailto:)[^)\n]{0,500}\)")


def visible(text: str) -> tuple[str, tuple[str, ...]]:
    """What a reader sees of a text, and what was written where no reader sees it. Never raises: what is no markup of a
    page (`5 < 6`, `<name>`) is text."""
    hidden = [found.group().strip() for found in _MARKDOWN_COMMENT.finditer(text)]
    hidden += [found[1].strip() for found in _MARKDOWN_IMAGE.finditer(text)]
    text = _MARKDOWN_IMAGE.sub(" ", _MARKDOWN_COMMENT.sub("", text))
    text = _MARKDOWN_LINK.sub(r"\1", text)
    for _ in range(2):  # entities may be written as entities
        if "<" not in text and "&" not in text:
            break
        page = _Page()
        page.feed(text)
        page.close()
        hidden += ["".join(page.hidden).strip()]
        text = "".join(page.seen)
    return text, tuple(one for one in hidden if one)


class _Page(HTMLParser):
    """Collects what is seen and what is hidden; an element that hides and is never closed hides the rest."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[str] = []
        self.hidden: list[str] = []
        self._open: list[str] = []  # elements since the outermost one that hides

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _TAGS:
            self.handle_data(self.get_starttag_text() or "")
            return
        given = {name: value or "" for name, value in attrs}
        hides = (
            tag in _UNSEEN
            or "hidden" in given
            or given.get("aria-hidden", "").casefold() == "true"
            or _HIDING.search(given.get("style", "")) is not None
        )
        if tag not in _VOID and (self._open or hides):
            self._open.append(tag)
        self._break(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _TAGS:
            self.handle_data(f"</{tag}>")
            return
        if tag in self._open:
            del self._open[len(self._open) - 1 - self._open[::-1].index(tag) :]
        self._break(tag)

    def handle_data(self, data: str) -> None:
        (self.hidden if self._open else self.seen).append(data)

    def handle_comment(self, data: str) -> None:
        self.hidden.append(data)

    def _break(self, tag: str) -> None:
        if tag not in _INLINE:
            self.handle_data("\n")
