"""SASRec trained well: the baseline that claims must stand beside."""

from __future__ import annotations

from dataclasses import replace

from generec.decoding.exact import Exact
from generec.encoders.absent import NoFeatures
from generec.encoders.text import text_encoder
from generec.fitting.loop import Optimisation
from generec.models.sasrec import SasRec, SasRecModel
from generec.objectives.sampled_softmax import SampledSoftmax
from generec.recipe import Recipe
from generec.templates.history import ItemHistory
from generec.tokenizers.atomic import Atomic
from generec.training.pretrain import Pretrain


def sasrec() -> Recipe[SasRecModel]:
    """Self-attention over item IDs with sampled softmax."""
    return Recipe(
        name="sasrec",
        paper="Kang and McAuley, ICDM 2018 (1808.09781); cosine scores and 1,024-way sampled softmax instead of BCE",
        encoder=NoFeatures(),
        tokenizer=Atomic(),
        template=ItemHistory(),
        model=SasRec(),
        stages=(Pretrain(objective=SampledSoftmax()),),
        decoder=Exact(),
    )


def sasrec_text() -> Recipe[SasRecModel]:
    """The same with the item's text: a linear map of its vector joins the ID's. More epochs and dropout."""
    return replace(
        sasrec(), name="sasrec_text", encoder=text_encoder(dimensions=128), model=SasRec(residual_dropout=0.35),
        stages=(Pretrain(objective=SampledSoftmax(), optimisation=Optimisation(epochs=60)),),
    )  # fmt: skip
