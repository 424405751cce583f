"""Writes the adversarial suite of the text verifier: hand-written seeds times corruptions, and honest edits.

    python bench/adversarial_text.py > tests/evidence/adversarial.jsonl
    python bench/adversarial_text.py --figures tests/evidence/adversarial.jsonl

Seeds (adversarial_seeds.txt), separated by empty lines: `#` title, `.` a sentence that can stand alone, `+` one that
points back, `&` one that limits the sentence before it, `~ A | B` two who must not be swapped, `p a | b` a plural that
keeps the meaning, `!` a corruption and `=` an honest edit, both by hand. The operators know nothing of the verifier:
they have word lists of their own. First come the seeds' evidence, one line each, then the cases.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from adversarial_operators import SENTENCE_OPERATORS, SPELLED, VERBS, capital, put

PER_SEED = 1
"""Cases of one operator on one seed at most; what was written by hand comes whole."""


@dataclass
class Seed:
    """A text by hand, sentence by sentence."""

    title: str
    sentences: list[tuple[str, str]] = field(default_factory=list)  # mark, sentence
    roles: list[tuple[str, str]] = field(default_factory=list)
    plurals: list[tuple[str, str]] = field(default_factory=list)
    refuse: list[str] = field(default_factory=list)
    accept: list[str] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        return [sentence for _, sentence in self.sentences]

    @property
    def text(self) -> str:
        return " ".join(self.texts)

    @property
    def free(self) -> list[str]:
        """Sentences that stand alone and are not limited by the next one."""
        marks = [mark for mark, _ in self.sentences] + [""]
        return [text for at, (mark, text) in enumerate(self.sentences) if mark == "." and marks[at + 1] != "&"]

    def evidence(self, number: int) -> list[dict[str, str]]:
        item = f"i{number:03d}"
        title = {"id": f"{item}#title", "text": self.title, "item_id": item, "field": "title", "trust": "field"}
        return [title, {"id": f"{item}#description", "text": self.text, "item_id": item, "field": "description"}]


def seeds(path: Path) -> list[Seed]:
    """Reads the seeds' file."""
    found = []
    for block in path.read_text(encoding="utf-8").strip().split("\n\n"):
        lines = [line.split(" ", 1) for line in block.splitlines()]
        seed = Seed(lines[0][1])
        pairs = {"~": seed.roles, "p": seed.plurals}
        edits = {"!": seed.refuse, "=": seed.accept}
        for mark, words in lines[1:]:
            if mark in pairs:
                first, second = words.split(" | ")
                pairs[mark].append((first, second))
            elif mark in edits:
                edits[mark].append(words)
            else:
                seed.sentences.append((mark, words))
        found.append(seed)
    return found


# Corruptions of a whole text.


def roles_swapped(seed: Seed) -> Iterator[str]:
    for (one, other), sentence in itertools.product(seed.roles, seed.texts):
        if one.lower() in sentence.lower() and other.lower() in sentence.lower():
            yield _swapped(sentence, one, other)
            yield seed.text.replace(sentence, _swapped(sentence, one, other))


def facts_mixed(seed: Seed) -> Iterator[str]:
    """The subject of one sentence with what another says."""
    for one, other in itertools.permutations(seed.texts, 2):
        subject, said = VERBS.search(one), VERBS.search(other)
        if subject and said and one[: subject.start()].strip().lower() != other[: said.start()].strip().lower():
            mixed = one[: subject.start()] + other[said.start() :]
            if subject.start() > 0 and mixed not in seed.texts:
                yield mixed


def numbers_exchanged(seed: Seed) -> Iterator[str]:
    digits = r"(?<![\w.,:-])[0-9]+(?![\w.,:]*[0-9])"
    for one, other in itertools.combinations(seed.texts, 2):
        first, second = re.search(digits, one), re.search(digits, other)
        if first and second and first.group() != second.group():
            yield f"{put(one, first, second.group())} {put(other, second, first.group())}"


def antecedents_dropped(seed: Seed) -> Iterator[str]:
    for at, (mark, sentence) in enumerate(seed.sentences):
        if mark == "+":
            yield sentence
            if seed.texts[at + 1 :]:
                yield " ".join([*seed.texts[at + 1 :][:1], sentence])


def antecedents_exchanged(seed: Seed, other: Seed) -> Iterator[str]:
    for mark, sentence in seed.sentences:
        if mark == "+":
            yield f"{other.free[0]} {sentence}"


def limits_dropped(seed: Seed) -> Iterator[str]:
    for at, (mark, _) in enumerate(seed.sentences):
        if mark == "&":
            yield seed.texts[at - 1]
            yield " ".join(text for number, text in enumerate(seed.texts) if number != at)


def limits_moved(seed: Seed) -> Iterator[str]:
    for at, (mark, sentence) in enumerate(seed.sentences):
        if mark == "&":
            rest = [text for number, text in enumerate(seed.texts) if number != at]
            moved = [*rest[: at - 1], *rest[at:], rest[at - 1]]
            yield " ".join([*moved[:2], sentence])


def glued(seed: Seed) -> Iterator[str]:
    if len(seed.free) > 1:
        one, other = seed.free[0][:-1], seed.free[1][:-1]
        small = other[0].lower() + other[1:] if other.startswith(("The ", "A ", "No ", "Each ")) else other
        yield f"{one} because {small}."
        yield f"If {small}, {one[0].lower() + one[1:]}."
        yield f"{one}, so {small}."


def invented(seed: Seed) -> Iterator[str]:
    extra = ("Winner of the 2024 design award.", "Everyone loves it.", "Now 50 % off.", "Only today.", "Made in Italy.")
    yield f"{seed.free[0]} {extra[len(seed.title) % len(extra)]}"
    yield f"{seed.title}: the best choice in 2024. {seed.free[-1]}"


SEED_OPERATORS: tuple[Callable[[Seed], Iterator[str]], ...] = (
    roles_swapped, facts_mixed, numbers_exchanged, antecedents_dropped, limits_dropped, limits_moved, glued, invented,
)  # fmt: skip


def items_mixed(seed: Seed, other: Seed) -> Iterator[str]:
    yield f"{seed.free[0]} {other.free[-1]}"
    yield f"{seed.title}. {other.free[0]}"
    for one, two in itertools.product(seed.free, other.free):
        subject, said = VERBS.search(one), VERBS.search(two)
        if subject and said and subject.start():
            yield one[: subject.start()] + two[said.start() :]


# Honest edits.


def kept(seed: Seed) -> Iterator[str]:
    yield from seed.free[1:]


def deleted(seed: Seed) -> Iterator[str]:
    for at in range(len(seed.sentences)):
        later = [mark for mark, _ in seed.sentences[at + 1 :]]
        if "+" not in later and later[:1] != ["&"] and seed.sentences[at][0] != "&":
            yield " ".join(text for number, text in enumerate(seed.texts) if number != at)


def reordered(seed: Seed) -> Iterator[str]:
    if len(seed.free) == len(seed.sentences):
        yield " ".join(seed.texts[::-1])
        yield " ".join([*seed.texts[1:], seed.texts[0]])
    elif len(seed.free) > 1:
        yield " ".join(seed.free[::-1])


def capitals(seed: Seed) -> Iterator[str]:
    yield seed.free[-1].upper()
    yield " ".join(word.capitalize() if word.islower() and len(word) > 3 else word for word in seed.free[0].split())


_PLAIN = re.compile(
    r"(?:The|A|An|Each) [a-z -]+ (?:is|are|has|was|holds|weighs|lasts|takes|comes|costs|stays) [^,;:?\"-]+\."
)
_LOOSE = re.compile(r"\b(?:not|no|never|if|when|until|only|than|as|about|for|or|before|after|while|who|that|why|it)\b")


def fused(seed: Seed) -> Iterator[str]:
    plain = [text[:-1] for text in seed.free if _PLAIN.fullmatch(text) and not _LOOSE.search(text)]
    for one, other in itertools.permutations(plain, 2):
        yield f"{one}; {other[0].lower()}{other[1:]}."
        yield f"{one}, and {other[0].lower()}{other[1:]}."


_SPELLINGS: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (r"\b(" + "|".join(SPELLED) + r")\b", lambda found: str(SPELLED.index(found.group().lower()) + 2)),
    (r"(?<![\w.,:-])([2-9])(?= [a-z])", lambda found: SPELLED[int(found[1]) - 2]),
    (r"(?<=[0-9] )minutes\b", lambda _: "min"),
    (r"(?<=[0-9] )kg\b", lambda _: "kilograms"),
    (r"(?<=[0-9] )cm\b", lambda _: "centimetres"),
    (r"(?<=[0-9] )hours\b", lambda _: "h"),
    (r"(?<=[0-9]) %", lambda _: "%"),
    (r"(?<![0-9,])([0-9.,]+) euros\b", lambda found: f"€{found[1]}"),
    (r"£([0-9.]+)", lambda found: f"{found[1]} GBP"),
    (r"\b(is|are|do|does|must|was|should) not\b", lambda found: f"{found[1]}n't"),
    (r"\bcannot\b", lambda _: "can't"),
    (r"\b([0-9]{1,2}) (May|June|July|April|March) ([0-9]{4})\b", lambda found: f"{found[2]} {found[1]}, {found[3]}"),
    (r"\b([0-9]{2}),([0-9]{3})\b", lambda found: found[1] + found[2]),
)


def respelled(seed: Seed) -> Iterator[str]:
    for sentence in seed.free:
        yield from (re.sub(old, new, sentence, count=1) for old, new in _SPELLINGS if re.search(old, sentence))


def titled(seed: Seed) -> Iterator[str]:
    yield f"{seed.title}. {seed.free[-1]}"


def stopped(seed: Seed) -> Iterator[str]:
    yield seed.free[0][:-1]
    yield seed.free[-1][:-1] + "!"


def plurals(seed: Seed) -> Iterator[str]:
    for right, other in seed.plurals:
        yield next(text for text in seed.texts if right in text).replace(right, other)


HONEST_OPERATORS: tuple[Callable[[Seed], Iterator[str]], ...] = (
    kept, deleted, reordered, capitals, fused, respelled, titled, stopped, plurals,
)  # fmt: skip


def cases(found: Sequence[Seed]) -> Iterator[dict[str, object]]:
    """All cases, each text once per seed."""
    for number, seed in enumerate(found):
        other = (number + 1) % len(found)
        written: set[str] = {seed.text}
        for name, expect, about, texts in _of(number, seed, other, found[other]):
            fresh = (text for text in texts if text not in written and len(text) > 3)
            for text in itertools.islice(fresh, None if name.startswith("by hand") else PER_SEED):
                written.add(text)
                yield {"operator": name, "expect": expect, "seeds": about, "text": text}


def _of(number: int, seed: Seed, at: int, other: Seed) -> Iterator[tuple[str, str, list[int], Iterator[str]]]:
    for honest in HONEST_OPERATORS:  # first, so that what is honest is never also listed as a corruption
        yield honest.__name__, "accept", [number], honest(seed)
    yield "by hand", "accept", [number], iter(seed.accept)
    yield "by hand", "refuse", [number], iter(seed.refuse)
    for operator in SENTENCE_OPERATORS:
        yield operator.__name__, "refuse", [number], _in_context(seed, operator)
    for whole in SEED_OPERATORS:
        yield whole.__name__, "refuse", [number], whole(seed)
    yield "items_mixed", "refuse", [number, at], items_mixed(seed, other)
    yield "antecedents_exchanged", "refuse", [number, at], antecedents_exchanged(seed, other)


def _in_context(seed: Seed, operator: Callable[[str], Iterator[str]]) -> Iterator[str]:
    """Corrupted sentences, alone where they can stand alone, else within the whole text; each sentence in turn."""
    ways = [(mark, sentence, operator(sentence)) for mark, sentence in seed.sentences]
    for _ in range(3):
        for at, (mark, sentence, wrong) in enumerate(ways):
            text = next((text for text in wrong if text != sentence), None)
            if text is not None:
                yield text if mark == "." and at % 2 else seed.text.replace(sentence, text)


def _swapped(sentence: str, one: str, other: str) -> str:
    pattern = re.compile(f"{re.escape(one)}|{re.escape(other)}", re.IGNORECASE)
    return capital(pattern.sub(lambda found: other if found.group().lower() == one.lower() else one, sentence))


def figures(path: Path) -> int:
    """Prints, operator by operator, how many corruptions are refused and honest edits accepted."""
    from generec.evidence.verify import verify
    from generec.records import Evidence

    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
    evidence = {line["seed"]: [Evidence(**one) for one in line["evidence"]] for line in lines if "seed" in line}
    right: Counter[tuple[str, str]] = Counter()
    total: Counter[tuple[str, str]] = Counter()
    for case in lines:
        if "text" in case:
            found = verify(case["text"], [one for seed in case["seeds"] for one in evidence[seed]])
            good = found.supported is (case["expect"] == "accept")
            for operator in (case["operator"], "all"):
                right[case["expect"], operator] += good
                total[case["expect"], operator] += 1
    for key in sorted(total):
        print(f"{key[0]:8}{key[1]:24}{right[key]:6} of {total[key]}")
    return int(right["refuse", "all"] < total["refuse", "all"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--figures", type=Path, help="a suite whose figures are printed instead")
    chosen = parser.parse_args()
    if chosen.figures is not None:
        return figures(chosen.figures)
    found = seeds(Path(__file__).with_name("adversarial_seeds.txt"))
    for number, seed in enumerate(found):
        print(json.dumps({"seed": number, "evidence": seed.evidence(number)}, ensure_ascii=False))
    for case in cases(found):
        print(json.dumps(case, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
