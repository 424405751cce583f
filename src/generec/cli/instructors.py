"""--instructor and --writer: a language model by configuration, beside the embedded ones that stand in for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from generec.cli.teach import beside
from generec.errors import UsageError

if TYPE_CHECKING:
    from generec.loop.generec import GeneRec
    from generec.loop.remote_instructor import Completion

InstructorPlace = Annotated[
    str | None,
    typer.Option(
        "--instructor", metavar="URL|PATH",
        help="A language model that reads what people say: an OpenAI-compatible address up to /v1 (llama.cpp, vLLM …; "
        "its key in $GENEREC_INSTRUCTOR_KEY) or a checkpoint's folder. Default: the embedded one, without network.",
    ),
]  # fmt: skip
InstructorModel = Annotated[
    str | None, typer.Option("--instructor-model", metavar="NAME", help="The model's name at that address.")
]
WriterPlace = Annotated[
    str | None,
    typer.Option(
        "--writer", metavar="URL|PATH",
        help="A language model that writes new texts, under the same checks (key in $GENEREC_WRITER_KEY). "
        "Needs the model's own writer (`generec teach`), which stands in for it.",
    ),
]  # fmt: skip
WriterModel = Annotated[str | None, typer.Option("--writer-model", metavar="NAME", help="The model's name there.")]
_READING, _WRITING = 10.0, 6.0  # seconds; what is made has ten in all, the embedded writer's included


@dataclass(frozen=True)
class Backends:
    """The language models that were chosen; none where the embedded parts do all."""

    instructor: Completion | None = None
    writer: Completion | None = None
    kind: Literal["endpoint", "path"] = "endpoint"  # of the writer

    def around(self, generec: GeneRec) -> GeneRec:
        """The same loop, with them in it."""
        if self.instructor is not None:
            from generec.loop.instructor import EmbeddedInstructor
            from generec.loop.remote_instructor import RemoteInstructor

            generec.instructor = RemoteInstructor(self.instructor, EmbeddedInstructor(meaning=generec.meaning))
        if self.writer is not None and generec.writer is not None:
            from generec.create.backends.remote_text import RemoteTextCreator

            author = RemoteTextCreator(self.writer, generec.writer.creator, self.kind)
            generec.writer = replace(generec.writer, author=author)
        return generec


def backends(
    folder: Path,
    instructor: str | None = None,
    instructor_model: str | None = None,
    writer: str | None = None,
    writer_model: str | None = None,
) -> Backends:
    """The models behind addresses or folders; folder: of the model around which they are to work.

    Raises UsageError, before anything is loaded, for what is neither, and for a writer where none was taught.
    """
    if writer is not None and not beside(folder).is_dir():
        raise UsageError(f"--writer writes from what a taught writer knows: run `generec teach {folder}` first")
    return Backends(
        _completion("instructor", instructor, instructor_model, "GENEREC_INSTRUCTOR_KEY", _READING),
        _completion("writer", writer, writer_model, "GENEREC_WRITER_KEY", _WRITING),
        "endpoint" if writer is not None and _is_address(writer) else "path",
    )


def _completion(option: str, place: str | None, model: str | None, key: str, timeout: float) -> Completion | None:
    if place is None:
        if model is not None:
            raise UsageError(f"--{option}-model names a model at an address; say where with --{option}")
        return None
    from generec.loop.checkpoint_model import Checkpoint
    from generec.loop.remote_instructor import Endpoint
    from generec.loop.spared_model import Spared

    if not _is_address(place):
        if model is not None:
            raise UsageError(f"a folder holds one model; --{option}-model goes with an address, got {place!r}")
        return Spared(Checkpoint(Path(place), timeout=timeout))
    if model is None:
        raise UsageError(f"--{option} {place} needs --{option}-model NAME: the model's name at that address")
    return Spared(Endpoint(url=place, model=model, key=key, timeout=timeout))


def _is_address(place: str) -> bool:
    return "://" in place
