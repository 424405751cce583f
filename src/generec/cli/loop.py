"""The GeneRec loop on the command line: talk, edit, create, explain, see the gaps, recognise what was made."""

from __future__ import annotations

import json as json_module
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from generec.cli.instructors import (
    Backends,
    InstructorModel,
    InstructorPlace,
    WriterModel,
    WriterPlace,
    backends,
)
from generec.cli.models import Data, FromStore, Histories, Model, Size
from generec.cli.session import Json, Output, Quiet, Seed, Threads, session
from generec.cli.store import KeysFolder, Tenant
from generec.cli.teach import writer_of
from generec.errors import InputError

if TYPE_CHECKING:
    from generec.loop.conversation import Conversation
    from generec.loop.generec import GeneRec
    from generec.records import Candidate, Guidance, Turn
    from generec.types import Catalog

Folder = Annotated[
    Path | None, typer.Option("--ledger", help="Folder of the origin ledger; by default $GENEREC_HOME or ~/.generec.")
]
Made = Annotated[
    Path | None, typer.Option("--output", "-o", help="Write what was made there, and FILE.sidecar.json beside it.")
]
User = Annotated[str | None, typer.Option("--user", help="A person of the data set; nobody known by default.")]
Conditions = Annotated[
    list[str] | None, typer.Option("--condition", metavar="EXPR", help='Such as "duration <= 20"; may be repeated.')
]


def chat(
    model: Model,
    user: User = None,
    say: Annotated[list[str] | None, typer.Option("--say", help="A turn; may be repeated. Default: asks you.")] = None,
    data: Data = None,
    store: FromStore = None,
    tenant: Tenant = "default",
    keys: KeysFolder = None,
    ledger: Folder = None,
    instructor: InstructorPlace = None,
    instructor_model: InstructorModel = None,
    writer: WriterPlace = None,
    writer_model: WriterModel = None,
    k: Size = 5,
    json: Json = False,
    seed: Seed = 0,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Talk: say what you want, correct it, ask why; "undo" takes a turn back, "quit" ends.

    Shows what was understood, what was retrieved, edited or created, and what the checks found.
    """
    with session(json, seed, threads, quiet) as out:
        chosen = backends(model, instructor, instructor_model, writer, writer_model)
        talk = _conversation(_loop(model, Histories(data, store, tenant, keys), ledger, chosen), user, k, seed)
        turns = []
        for words in say or _asked(out):
            turn = talk.say(words)
            turns.append(document(turn, words))
            show_turn(turn, words, out, talk.loop.retriever.meaning.catalog)
        out.document({"user": user, "turns": turns})


def edit(
    model: Model,
    item: Annotated[str, typer.Option("--item", help="An item id of the catalogue.")],
    user: User = None,
    instruction: Annotated[str, typer.Option(help="What matters, in words.")] = "",
    output: Made = None,
    data: Data = None,
    store: FromStore = None,
    tenant: Tenant = "default",
    keys: KeysFolder = None,
    ledger: Folder = None,
    instructor: InstructorPlace = None,
    instructor_model: InstructorModel = None,
    json: Json = False,
    seed: Seed = 0,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Edit an item's text for a person: its own words, what they care about first; verified, labelled, entered."""
    with session(json, seed, threads, quiet) as out:
        chosen = backends(model, instructor, instructor_model)
        generec = _loop(model, Histories(data, store, tenant, keys), ledger, chosen)
        generec.system.catalog.row(item)
        talk = _conversation(generec, user, 1, seed)
        guidance = _understood(talk, instruction)
        turn = _answered(talk, replace(guidance, act="edit", kind="text", item_id=item))
        _show_made(turn, "edited", output, out)


def create(
    model: Model,
    kind: Annotated[str, typer.Option("--kind", help="set or text.")] = "set",
    brief: Annotated[str, typer.Option("--brief", help="What is wanted, in words.")] = "",
    condition: Conditions = None,
    user: User = None,
    output: Made = None,
    data: Data = None,
    store: FromStore = None,
    tenant: Tenant = "default",
    keys: KeysFolder = None,
    ledger: Folder = None,
    instructor: InstructorPlace = None,
    instructor_model: InstructorModel = None,
    writer: WriterPlace = None,
    writer_model: WriterModel = None,
    json: Json = False,
    seed: Seed = 0,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Create a set of real items, or a text, for a person; or say which wishes contradict each other."""
    with session(json, seed, threads, quiet) as out:
        chosen = backends(model, instructor, instructor_model, writer, writer_model)
        from generec.data.conditions import mask, parse
        from generec.errors import unknown
        from generec.records import Stated

        if kind not in ("set", "text"):
            raise unknown("kind", kind, ("set", "text"))
        stated = [parse(text) for text in condition or ()]
        generec = _loop(model, Histories(data, store, tenant, keys), ledger, chosen)
        mask(generec.system.catalog, stated)
        talk = _conversation(generec, user, 1, seed)
        guidance = _understood(talk, brief)
        hard = (*guidance.hard, *(Stated(each) for each in stated))
        wanted = replace(guidance, act="create", hard=hard, kind="set" if kind == "set" else "text")
        _show_made(_answered(talk, wanted), "created", output, out)


def explain(
    model: Model,
    user: User = None,
    item: Annotated[str | None, typer.Option("--item", help="An item id; by default the first recommended.")] = None,
    data: Data = None,
    store: FromStore = None,
    tenant: Tenant = "default",
    keys: KeysFolder = None,
    ledger: Folder = None,
    json: Json = False,
    seed: Seed = 0,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Why an item is recommended to a person: statements with what each rests on."""
    with session(json, seed, threads, quiet) as out:
        from generec.records import Guidance

        generec = _loop(model, Histories(data, store, tenant, keys), ledger)
        talk = _conversation(generec, user, 1, seed)
        chosen = item or talk.correct(Guidance()).slate[0].item_id
        assert chosen is not None
        statements = generec.explain(chosen, talk.person)
        title = generec.system.catalog.titles([chosen])[0]
        out.text(f"{title} ({chosen}):")
        for statement in statements:
            out.text(f"  {statement.text}  [{', '.join(statement.evidence)}]")
        if not statements:
            out.text("  nothing in the history explains it")
        shown = [{"text": each.text, "evidence": each.evidence, "kind": each.kind} for each in statements]
        out.document({"user": user, "item_id": chosen, "title": title, "statements": shown})


def gaps(
    model: Model,
    data: Data = None,
    store: FromStore = None,
    tenant: Tenant = "default",
    keys: KeysFolder = None,
    rows: Annotated[int, typer.Option("--rows", min=1, help="How many gaps.")] = 10,
    people: Annotated[int, typer.Option(min=1, help="Gaps that fewer people want are not told.")] = 5,
    stock: Annotated[int, typer.Option(min=0, help="Also gaps with up to so many items.")] = 0,
    json: Json = False,
    seed: Seed = 0,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """What people want and the catalogue lacks: pairs of content and style to make next."""
    with session(json, seed, threads, quiet) as out:
        from generec.loop.gaps import gap_report
        from generec.recipe.artefact import load
        from generec.recipe.histories import everybody, requests
        from generec.records import to_json

        histories = Histories(data, store, tenant, keys)
        system = load(model)
        known = histories.of(system)
        asked = [request for block in requests(known, everybody(known)) for request in block]
        report = gap_report(system, asked, rows=rows, people=people, stock=stock)
        shown = [(gap.text, gap.items, gap.people, 100 * gap.demand, 100 * gap.served) for gap in report.gaps]
        out.table("asked for and absent", ("what", "items", "people", "demand %", "served %"), shown)
        out.text(f"{report.empty} of {report.pairs} pairs hold no item; {report.mode}; {report.requests} people read")
        out.document(json_module.loads(to_json(report)))


def detect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A text, or the JSON that edit or create printed.")],
    sidecar: Annotated[Path | None, typer.Option(help="Its signed sidecar; by default FILE.sidecar.json.")] = None,
    ledger: Folder = None,
    json: Json = False,
    seed: Seed = 0,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Say whether a text was edited or created here: signed sidecar, origin ledger, watermark."""
    with session(json, seed, threads, quiet, torch=False) as out:
        from generec.fidelity.keys import default_keys
        from generec.fidelity.ledger import Ledger
        from generec.fidelity.provenance import detect as look

        if not file.is_file():
            raise InputError("is no file", file=str(file))
        beside = sidecar or file.with_name(file.name + ".sidecar.json")
        claimed = beside.read_text(encoding="utf-8") if beside.is_file() else None
        folder = _home(ledger)
        found = look(file.read_bytes(), claimed, Ledger(folder / "origins.jsonl"), default_keys())
        out.table("", ("layer", "state", "reason"), [(each.name, each.state, each.reason) for each in found.layers])
        out.text("made or edited here" if found.found else "nothing says that it was made here; that proves nothing")
        layers = [{"name": each.name, "state": each.state, "reason": each.reason} for each in found.layers]
        out.document({"found": found.found, "layers": layers, "p_value": found.p_value, "withdrawn": found.withdrawn})


def _loop(model: Path, histories: Histories, ledger: Path | None, chosen: Backends | None = None) -> GeneRec:
    from generec.loop.generec import GeneRec
    from generec.recipe.artefact import load

    system = load(model)
    known, writer = histories.of(system), writer_of(model, system.catalog)
    return (chosen or Backends()).around(GeneRec(system=system, data=known, folder=_home(ledger), writer=writer))


def _home(folder: Path | None) -> Path:
    return folder or Path(os.environ.get("GENEREC_HOME", Path.home() / ".generec"))


def _conversation(generec: GeneRec, user: str | None, k: int, seed: int) -> Conversation:
    from generec.errors import unknown
    from generec.loop.conversation import Conversation

    if user is not None and user not in generec.histories:
        raise unknown("person", user, list(generec.histories))
    return Conversation(generec.loop, generec.person(user), generec.profile_writer, k=k, seed=seed)


def _asked(out: Output) -> Iterator[str]:
    """Lines from standard input until it ends or somebody says quit."""
    if sys.stdin.isatty():
        out.text("Say what you would like (quit ends).")
    while True:
        if sys.stdin.isatty():
            sys.stderr.write("> ")
            sys.stderr.flush()
        line = sys.stdin.readline()
        if not line or line.strip().lower() in ("quit", "exit", "bye"):
            return
        if line.strip():
            yield line.strip()


def _understood(talk: Conversation, words: str) -> Guidance:
    from generec.records import Guidance

    return talk.loop.instructor.instruct(words, talk.person, None) if words.strip() else Guidance()


def _answered(talk: Conversation, guidance: Guidance) -> Turn:
    from generec.loop.turn import TurnRequest

    person = talk.person
    known = replace(guidance, user_id=person.user_id, profile=person.profile, question=None, seed=talk.seed)
    return talk.loop.answer(known, TurnRequest(words="", person=person, k=2, seed=talk.seed))


def show_turn(turn: Turn, words: str, out: Output, catalog: Catalog) -> None:
    """One turn for people: what was said, understood, shown and checked."""
    from generec.loop.chips import chips

    out.text()
    out.text(f"> {words}")
    out.text(f"understood: {'; '.join(chips(turn.guidance, catalog)) or 'nothing in particular'}")
    if turn.message:
        out.text(turn.message)
    out.table("", ("", "title", "item", "why"), [_row(candidate) for candidate in turn.slate])
    for candidate in turn.slate:
        _show_payload(candidate, out)
    plan = turn.trace["plan"]
    spent = sum(turn.trace["milliseconds"].values())
    out.text(f"{turn.trace['served']['arm']}: {plan['reason']}; {spent:.0f} ms")


def _row(candidate: Candidate) -> tuple[str, str, str, str]:
    return candidate.label or candidate.mode, candidate.title, candidate.item_id or "", candidate.reason


def _show_payload(candidate: Candidate, out: Output) -> None:
    from generec.records import SetPayload

    if candidate.draft is None or candidate.report is None:
        return
    payload = candidate.draft.payload
    if isinstance(payload, SetPayload):
        for member in payload.members:
            out.text(f"    {member.item_id}  {member.reason}")
    else:
        out.text(f"    {payload.text}")
    draft = candidate.draft
    out.text(f"    made by {'; '.join((draft.backend.name, *draft.notes))}")
    verdicts = [f"{verdict.check} {verdict.outcome}" for verdict in candidate.report.verdicts]
    out.text(f"    checks: {', '.join(verdicts)}")


def _show_made(turn: Turn, mode: str, file: Path | None, out: Output) -> None:
    """What was made, or why nothing was; exit code 1 where nothing was."""
    made = [candidate for candidate in turn.slate if candidate.mode == mode]
    if made and file is not None and made[0].draft is not None:
        marks = turn.trace["marks"][made[0].draft.id]
        file.write_text(marks["content"], encoding="utf-8")
        file.with_name(file.name + ".sidecar.json").write_text(marks["sidecar"], encoding="utf-8")
    for note in turn.guidance.notes if made else ():
        out.text(note)
    for candidate in made:
        out.text(f"{candidate.label}: {candidate.title}")
        _show_payload(candidate, out)
        if candidate.reason:
            out.text(f"    {candidate.reason}")
    if not made:
        out.text(turn.message or f"nothing was {mode}")
    out.document(document(turn, ""))
    if not made:
        raise typer.Exit(1)


def document(turn: Turn, words: str) -> dict[str, Any]:
    """One turn for scripts."""
    from generec.loop.chips import chips
    from generec.records import to_json

    shown: dict[str, Any] = json_module.loads(to_json(turn))
    return {"words": words, "understood": chips(turn.guidance), **shown}
