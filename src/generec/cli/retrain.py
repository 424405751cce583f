"""generec retrain: the next version of the model that serves, made from the store, in charge if it is not worse."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from generec.cli.session import Json, Output, Quiet, Seed, Threads, session
from generec.cli.store import STORE, KeysFolder, StoreUrl, Tenant
from generec.errors import UsageError, unknown

if TYPE_CHECKING:
    from generec.serving.learning.drift import Drift
    from generec.serving.learning.retrain import Outcome
    from generec.serving.store import Store

BY = "generec retrain"
_PEOPLE = ("human", "simulated")
KEPT = 3
"""Exit code where the serving version stays."""


def retrain(
    model: Annotated[
        Path | None,
        typer.Argument(metavar="[MODEL]", help="The first version of a store that has none; else the serving one's."),
    ] = None,
    store: StoreUrl = STORE,
    tenant: Tenant = "default",
    keys: KeysFolder = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for NAME.2, NAME.3 …; by default the serving one's.")
    ] = None,
    margin: Annotated[
        float, typer.Option(min=0, max=1, help="Part of the serving version's NDCG@10 that may be lost.")
    ] = 0.1,
    synthetic: Annotated[
        float, typer.Option(min=0, max=0.99, help="Largest share of machine-made events learned from.")
    ] = 0.2,
    source: Annotated[
        list[str] | None,
        typer.Option("--source", help="Whose events count as people's: human (by default), simulated; repeatable."),
    ] = None,
    anchor: Annotated[
        float, typer.Option(min=0, max=0.9, help="Share of the people who are judged on and never learned from.")
    ] = 0.05,
    if_drifted: Annotated[
        bool, typer.Option("--if-drifted", help="Only when what people use, or how well it is met, has changed.")
    ] = False,
    activate: Annotated[
        bool, typer.Option(help="Let an accepted version answer; otherwise it stays a candidate.")
    ] = True,
    device: Annotated[str, typer.Option(help="cpu, cuda or auto.")] = "auto",
    json: Json = False,
    seed: Seed = 0,
    threads: Threads = 0,
    quiet: Quiet = False,
) -> None:
    """Train the serving version's recipe on the store, and let the result answer if it is not worse.

    Both are judged on the newest events, which neither has seen: the 95 % interval of the difference must lie above
    -margin. Killed, it goes on when it is asked again. Exit code 0: the new version is accepted; 3: the serving one
    stays, and it is said why.
    """
    with session(json, seed, threads, quiet) as out:
        from dataclasses import asdict

        from generec.cli.models import existing_store
        from generec.fitting.progress import Bars, Silent
        from generec.recipes import chosen_device
        from generec.serving.learning.judge import Judge
        from generec.serving.learning.material import Mixture
        from generec.serving.learning.retrain import Retraining

        settings = Retraining(
            mixture=Mixture(synthetic=synthetic, anchor=anchor, sources=sources(source)), judge=Judge(margin=margin),
            seed=seed, device=chosen_device(device).type,
        )  # fmt: skip
        with existing_store(store, keys) as opened:
            opened.log(tenant)  # refuses a tenant that is not there
            if model is not None:
                begun(opened, tenant, model)
            if if_drifted and not (found := drifted(opened, tenant)).fires:
                out.text(f"nothing has changed: {found.reason}")
                out.document({"accepted": False, "reason": found.reason, "drift": found.document()})
                raise typer.Exit(KEPT)
            outcome = settings.run(
                opened, tenant, by=BY, parent=output, activate=None if activate else lambda version: None,
                beside=Silent() if quiet else Bars(),
            )  # fmt: skip
        show(outcome, out)
        out.document(asdict(outcome))
        if not outcome.accepted:
            raise typer.Exit(KEPT)


def sources(named: list[str] | None) -> tuple[str, ...]:
    """Whose events count. Raises UsageError for any but people's: what machines made is capped, whoever asks."""
    for name in named or ():
        if name not in _PEOPLE:
            raise unknown("source of people's events", name, _PEOPLE)
    return tuple(dict.fromkeys(named or _PEOPLE[:1]))


def begun(store: Store, tenant: str, model: Path) -> None:
    """Makes a model the store's first version. Raises UsageError where another one serves."""
    from generec.cli.serve import entered
    from generec.serving.api.rollout import manifest_of

    serving = store.models.active(tenant)
    if serving is None:
        entered(store, tenant, model)
    elif serving.manifest != manifest_of(model):
        raise UsageError(
            f"{serving.version} serves, and its next version is made from it; leave {model} out, or activate it first"
        )


def drifted(store: Store, tenant: str) -> Drift:
    """Whether what people do has changed since the serving version was trained."""
    from generec.serving.learning.drift import Drifting

    return Drifting().look(store, tenant)


def show(outcome: Outcome, out: Output) -> None:
    """What came of it, for people."""
    if outcome.activated:
        out.text(f"{outcome.version} answers now instead of {outcome.serving}")
        out.text(f"a server that is running takes it with POST /v1/models/{outcome.version}/activate")
    elif outcome.accepted:
        out.text(f"{outcome.version} may answer instead of {outcome.serving}; it waits as a candidate")
    else:
        out.text(
            f"{outcome.serving} stays" + (f"; {outcome.version} is kept as a candidate" if outcome.version else "")
        )
    out.text(outcome.reason)
