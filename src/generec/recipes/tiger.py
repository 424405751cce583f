"""TIGER: an encoder-decoder reads code tokens and writes the next item's codes."""

from __future__ import annotations

from generec.decoding.beam import BeamSearch
from generec.encoders.text import text_encoder
from generec.fitting.loop import Optimisation
from generec.fitting.precision import Bf16
from generec.models.encoder_decoder import EncoderDecoder, EncoderDecoderModel
from generec.objectives.next_token import NextToken
from generec.recipe import Recipe
from generec.templates.history import CodeHistory
from generec.tokenizers.collisions import AppendLevel
from generec.tokenizers.rq_vae import RQVAE
from generec.training.pretrain import Pretrain


def tiger() -> Recipe[EncoderDecoderModel]:
    """RQ-VAE codes of the item's text, 4 + 4 layers of width 128, beam search over the trie."""
    return Recipe[EncoderDecoderModel](
        name="tiger",
        paper="Rajput et al., NeurIPS 2023 (2305.05065); MiniLM text, relative positions, no user token",
        encoder=text_encoder(),
        tokenizer=RQVAE(levels=3, size=256, collisions=AppendLevel()),
        template=CodeHistory(length=20),
        model=EncoderDecoder(),
        stages=(
            Pretrain(
                objective=NextToken(),
                optimisation=Optimisation(
                    epochs=30, batch_tokens=8000, learning_rate=1e-3, warm_up=0.02, weight_decay=0.05,
                    precision=Bf16(), patience=4,
                ),
                validation_cases=2000,
            ),
        ),
        decoder=BeamSearch(width=20),
    )  # fmt: skip
