"""GenUP: what a person is like, written from their visits, beside the last of these (2410.20643)."""

from __future__ import annotations

from dataclasses import replace

from generec.decoding.states_first import StatesFirst
from generec.encoders.text import text_encoder
from generec.fitting.loop import Optimisation, Run
from generec.models.profiled import ProfiledSasRec, ProfiledSasRecModel
from generec.models.sasrec import SasRecModel
from generec.objectives.sampled_softmax import SampledSoftmax
from generec.protocols import ItemEncoder
from generec.recipe import Recipe
from generec.recipe.assembled import assembled
from generec.recipes.sasrec import sasrec_text
from generec.system import System
from generec.templates.history import CodeHistory
from generec.templates.profile_text import Writer
from generec.templates.profiled import Profiled, all_told, as_catalog
from generec.training.pretrain import Pretrain
from generec.types import Dataset, Split

SETTINGS = Optimisation(epochs=40, batch_tokens=4000, patience=5)


def history_alone(
    length: int, encoder: ItemEncoder | None = None, settings: Optimisation = SETTINGS,
) -> Recipe[SasRecModel]:  # fmt: skip
    """The twin: so many visits and nothing else, one example per visit."""
    stage = Pretrain(objective=SampledSoftmax(), optimisation=settings)
    return replace(sasrec_text(), name="history_alone", template=CodeHistory(length=length), stages=(stage,),
                   encoder=encoder or text_encoder(dimensions=64))  # fmt: skip


def genup(
    data: Dataset, split: Split, writer: Writer, *, length: int = 10, encoder: ItemEncoder | None = None,
    settings: Optimisation = SETTINGS, seed: int = 0,
) -> System[ProfiledSasRecModel]:  # fmt: skip
    """The twin with a profile of all that lies before its `length` visits. writer: fitted on the catalogue."""
    twin, texts = history_alone(length, encoder, settings), as_catalog(sorted({*all_told(writer, split.train)}))
    words = twin.encoder.fit(texts, split.train)
    model = ProfiledSasRec(about=words.encode(texts).shape[1])
    template = Profiled(of=CodeHistory(length=length), writer=writer, encoder=words)
    return assembled(twin, data, split, template=template, model=model, decoder=StatesFirst(), run=Run(seed=seed))
