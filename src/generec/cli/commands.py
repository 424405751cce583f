"""The table of commands: what is wrong on the command line itself is a JSON document too, when JSON was asked for."""

from __future__ import annotations

import json
import sys
from typing import Any

import typer
from typer.core import TyperGroup

_UsageError: type[Exception] = typer.BadParameter.__mro__[1]  # click's, which newer versions of typer bring along
_ASKED = "generec.json"


class Commands(TyperGroup):
    """A group whose usage errors (an unknown option, a missing argument) follow --json; the exit code stays 2."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.meta[_ASKED] = "--json" in args
        found: list[str] = super().parse_args(ctx, args)
        return found

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except _UsageError as error:
            if ctx.meta[_ASKED]:
                shown: Any = error
                document = {"error": {"type": "UsageError", "message": shown.format_message()}}
                sys.stdout.write(json.dumps(document) + "\n")
            raise
