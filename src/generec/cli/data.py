"""generec data: make, fetch, import, check and split data sets."""

from __future__ import annotations

import typer

app = typer.Typer(help="Make, fetch, import, check and split data sets.", no_args_is_help=True)
