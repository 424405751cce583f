"""Scripted conversations with the loop, written down as a reader would want them: words, guidance, slate, checks, time.

    python bench/transcripts.py --movielens MODEL --beauty MODEL --out docs/transcripts

The scripts are fixed and so is the seed; nothing is left out of what the loop answered. MODEL: trained on the imported
data set of that name (`generec data import --rights evaluation`, `generec train`), which it finds again by itself.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from generec.fidelity.keys import Keys
from generec.loop.chips import chips
from generec.loop.conversation import Conversation
from generec.loop.generec import GeneRec
from generec.recipe.artefact import load
from generec.recipe.histories import remembered_data
from generec.records import Candidate, SetPayload, Turn
from generec.types import Catalog

MOVIELENS = (
    "a funny crime film from the nineties",
    "something lighter, please",
    "nothing before 1995",
    "like Fargo, but not so violent",
    "undo",
    "why not Pulp Fiction?",
    "why the first one?",
    "shorten the plot of Titanic",
    "the one of 1997",
    "shorten the plot of The Tie That Binds",
    "why the second one?",
    "make me a film night of 4 comedies released after 1990, no two of the same year",
    "only films before 1980 that were made after 1995",
    "start over: westerns my father would know, older rather than newer",
)
BEAUTY = (
    "a moisturizer for dry skin under 20 dollars",
    "something cheaper",
    "not from Olay",
    "like OPI Red Shatter Crackle Nail Polish, but in blue",
    "undo",
    "why not the OPI Red Shatter Crackle Nail Polish?",
    "why the first one?",
    "shorten the description of the first one",
    "put together a gift set of 4 nail polishes for 30 dollars in total",
    "a shampoo under 5 dollars that costs more than 40 dollars",
    "forget the price, just a shampoo for curly hair",
)


def turns(model: Path, user: str, script: Sequence[str], folder: Path) -> Iterator[str]:
    """One conversation as lines of Markdown."""
    system = load(model)
    generec = GeneRec(system=system, data=remembered_data(system), folder=folder, keys=Keys(folder / "keys"))
    person = generec.person(user)
    talk = Conversation(generec.loop, person, generec.profile_writer, k=5)
    yield f"Who speaks: person {user} of the data, who lately chose"
    yield from ["", *(f"- {title}" for title in system.catalog.titles(person.history[-5:])), ""]
    lines = "; ".join(line.text for line in person.profile) or "nothing stands out"
    yield from [f"Profile, drawn from {len(person.history)} events: {lines}.", ""]
    for number, words in enumerate(script, 1):
        yield from [f"## {number}. “{words}”", ""]
        yield from _answer(talk.say(words), system.catalog)


def _answer(turn: Turn, catalog: Catalog) -> Iterator[str]:
    yield f"*Understood:* {'; '.join(chips(turn.guidance, catalog)) or 'nothing in particular'}"
    yield from ["", f"> {turn.message or '(nothing to add)'}", "", "| | title | why |", "|---|---|---|"]
    for place, candidate in enumerate(turn.slate, 1):
        how = candidate.label or candidate.mode
        yield f"| {place} {how} | {_cell(candidate.title)} | {_cell(candidate.reason)} |"
    yield ""
    for candidate in turn.slate:
        yield from _made(candidate, catalog)
    blocked = [report for report in turn.reports if not report.passed]
    for report in blocked:
        yield from [f"Not shown: {'; '.join(f'{v.check}: {v.reasons[0]}' for v in report.blocking)}", ""]
    spent = turn.trace["milliseconds"]
    stages = ", ".join(f"{name} {value:.0f}" for name, value in spent.items())
    plan = turn.trace["plan"]["reason"]
    yield from [f"*{turn.trace['served']['arm']}: {plan}; {sum(spent.values()):.0f} ms ({stages})*", ""]


def _made(candidate: Candidate, catalog: Catalog) -> Iterator[str]:
    """What was made, in full, and what the checks found."""
    if candidate.draft is None or candidate.report is None:
        return
    payload = candidate.draft.payload
    if isinstance(payload, SetPayload):
        yield f"{payload.title}:"
        yield ""
        for member in payload.members:
            yield f"- {catalog.titles([member.item_id])[0]}" + (f": {member.reason}" if member.reason else "")
    else:
        yield f"> {payload.text}"
    yield from ["", "Checks: " + ", ".join(f"{v.check} {v.outcome}" for v in candidate.report.verdicts), ""]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--movielens", type=Path)
    parser.add_argument("--beauty", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--user", default="7", help="who speaks")
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    scripts = {"movielens": ("MovieLens 1M", MOVIELENS), "beauty": ("Amazon Beauty", BEAUTY)}
    for name, (title, script) in scripts.items():
        model = getattr(asked, name)
        if model is None:
            continue
        with tempfile.TemporaryDirectory() as folder:
            lines = list(turns(model, asked.user, script, Path(folder)))
        about = (
            f"Written by `python bench/transcripts.py --{name} MODEL --out docs/transcripts`, embedded backends only."
        )
        load_now = (
            f"Milliseconds were taken while the machine's load was {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores."
        )
        page = [f"# A conversation over {title}", "", about, load_now, "", *lines]
        (asked.out / f"{name}.md").write_text("\n".join(page).rstrip() + "\n", encoding="utf-8")
        print(asked.out / f"{name}.md")


if __name__ == "__main__":
    main()
