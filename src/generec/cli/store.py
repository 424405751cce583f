"""generec store and generec keys: copies of a store, its schema, and who may use it."""

from __future__ import annotations

import getpass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from generec.cli.session import Json, Quiet, session

app = typer.Typer(help="Copy, bring back and migrate the store of a server.", no_args_is_help=True)
keys = typer.Typer(help="Make, revoke and list the API keys of a store.", no_args_is_help=True)

StoreUrl = Annotated[
    str, typer.Option("--store", envvar="GENEREC_STORE", help="sqlite:///FILE or postgresql://USER@HOST/NAME.")
]
KeysFolder = Annotated[
    Path | None, typer.Option("--keys", envvar="GENEREC_KEYS", help="Folder of the secret keys, apart from the store.")
]
Tenant = Annotated[str, typer.Option("--tenant", help="Whose; `default` in a store that is not shared.")]
STORE = "sqlite:///generec.db"


class ScopeOption(StrEnum):
    """What a key allows; each scope includes those before it."""

    read = "read"
    write = "write"
    admin = "admin"


def keys_folder(given: Path | None) -> Path:
    """The folder that was named, else the one of this user."""
    from generec.fidelity.keys import default_keys

    return given or default_keys().folder


@app.command("backup")
def backup(
    path: Annotated[Path, typer.Argument(help="File to write; NAME.json with its sha256 is written beside it.")],
    store: StoreUrl = STORE,
    keys: KeysFolder = None,
    json: Json = False,
) -> None:
    """Copy a store as it is at one moment, while a server writes to it; the copy is checked before it counts."""
    with session(json, torch=False) as out:
        from dataclasses import asdict

        from generec.serving.store import Store

        with Store.open(store, keys_folder(keys)) as opened:
            made = opened.backup(path)
        out.document({"path": str(path), **asdict(made)})
        out.text(f"{path}: {made.bytes:,} bytes, sha256 {made.sha256}")
        out.text("the keys are not in it: keep their folder too, somewhere else")


@app.command("restore")
def restore(
    path: Annotated[Path, typer.Argument(help="A copy that `generec store backup` made.")],
    store: StoreUrl = STORE,
    keys: KeysFolder = None,
    json: Json = False,
) -> None:
    """Bring a copy back to where no store is; refused when it was changed since it was made."""
    with session(json, torch=False) as out:
        from dataclasses import asdict

        from generec.serving.store import Store

        made = Store.restore(path, store, keys_folder(keys))
        out.document({"path": str(path), **asdict(made)})
        out.text(f"{path} is back, event log and all; next: generec store migrate, if this generec is newer")


@app.command("migrate")
def migrate(store: StoreUrl = STORE, keys: KeysFolder = None, json: Json = False) -> None:
    """Bring a store to the schema of this generec, in one transaction."""
    with session(json, torch=False) as out:
        from generec.serving.store import Store

        before, after = Store.migrate(store, keys_folder(keys))
        out.document({"from": before, "to": after})
        out.text(f"the store has the schema {after} already" if before == after else f"schema {before} to {after}")


@app.command("import")
def import_(
    data: Annotated[Path, typer.Option("--data", help="Data set folder that `generec data import` made.")],
    tenant: Tenant = "default",
    store: StoreUrl = STORE,
    keys: KeysFolder = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Bring the events of a data set into the log, each once, with their source as recorded.

    Interrupted, it goes on where it stopped. `generec serve --data` does the same by itself on a store without events.
    """
    with session(json, quiet=quiet, torch=False) as out:
        from generec.cli.histories import brought, histories
        from generec.serving.store import Store

        with Store.open(store, keys_folder(keys)) as opened:
            opened.tenants.create(tenant)
            job = brought(histories(opened, tenant, None, data, _who()))
        result = dict(job.result or {})
        out.document({"tenant": tenant, "job": job.id, **result})
        out.text(f"{result['stored']:,} of {result['events']:,} events were new and are in the log of tenant {tenant}")


@keys.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Who or what will use it.")],
    scope: Annotated[list[ScopeOption], typer.Option("--scope", help="Repeatable.")],
    tenant: Tenant = "default",
    store: StoreUrl = STORE,
    keys: KeysFolder = None,
    json: Json = False,
) -> None:
    """Make a key, and its tenant where there is none yet; the secret is shown this once."""
    with session(json, torch=False) as out:
        from generec.serving.store import Store

        with Store.open(store, keys_folder(keys)) as opened:
            opened.tenants.create(tenant)
            made = opened.keys.create(tenant, name, [one.value for one in scope], by=_who())
        scopes = ", ".join(made.key.scopes)
        out.document({"id": made.key.id, "tenant": tenant, "scopes": list(made.key.scopes), "secret": made.secret})
        out.text(made.secret)
        out.text(f"key {made.key.id} of tenant {tenant} ({scopes}); the secret is not kept here: note it now")


@keys.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `generec keys list` shows it.")],
    tenant: Tenant = "default",
    store: StoreUrl = STORE,
    keys: KeysFolder = None,
    json: Json = False,
) -> None:
    """End a key; the next request with it is refused."""
    with session(json, torch=False) as out:
        from generec.serving.store import Store

        with Store.open(store, keys_folder(keys)) as opened:
            opened.keys.revoke(tenant, key_id, by=_who())
        out.document({"id": key_id, "tenant": tenant, "revoked": True})
        out.text(f"key {key_id} is revoked")


@keys.command("list")
def list_(tenant: Tenant = "default", store: StoreUrl = STORE, keys: KeysFolder = None, json: Json = False) -> None:
    """List the keys of a tenant; their secrets are not kept."""
    with session(json, torch=False) as out:
        from dataclasses import asdict

        from generec.serving.store import Store

        with Store.open(store, keys_folder(keys)) as opened:
            found = opened.keys.list(tenant)
        out.document({"keys": [asdict(key) for key in found]})
        rows = [(key.id, key.name, ", ".join(key.scopes), _day(key.created), _day(key.revoked)) for key in found]
        out.table(f"Keys of tenant {tenant}", ("id", "name", "scopes", "created", "revoked"), rows)


def _who() -> str:
    """What the audit calls whoever sits at the command line."""
    return f"command line: {getpass.getuser()}"


def _day(seconds: int | None) -> str:
    from datetime import UTC, datetime

    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
