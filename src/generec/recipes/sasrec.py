"""SASRec trained well: the baseline that claims must stand beside."""

from __future__ import annotations

from generec.decoding.exact import Exact
from generec.encoders.absent import NoFeatures
from generec.models.sasrec import SasRec, SasRecModel
from generec.objectives.sampled_softmax import SampledSoftmax
from generec.protocols import ItemEncoder
from generec.recipe import Recipe
from generec.templates.history import ItemHistory
from generec.tokenizers.atomic import Atomic
from generec.training.pretrain import Pretrain


def sasrec(encoder: ItemEncoder | None = None) -> Recipe[SasRecModel]:
    """Self-attention over item IDs with sampled softmax; with an encoder, item features join the IDs."""
    return Recipe(
        name="sasrec",
        paper="Kang and McAuley, ICDM 2018 (1808.09781); cosine scores and 1,024-way sampled softmax instead of BCE",
        encoder=encoder or NoFeatures(),
        tokenizer=Atomic(),
        template=ItemHistory(),
        model=SasRec(),
        stages=(Pretrain(objective=SampledSoftmax()),),
        decoder=Exact(),
    )
