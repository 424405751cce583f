"""The default recipe: read items, write semantic IDs, in one causal pass."""

from __future__ import annotations

from dataclasses import replace

from generec.decoding.beam import BeamSearch
from generec.decoding.exact import Exact
from generec.encoders.collaborative import CollaborativeEncoder
from generec.encoders.fusion import ConcatEncoder
from generec.encoders.text import text_encoder
from generec.fitting.loop import Optimisation
from generec.models.decoder_only import DecoderOnly, DecoderOnlyModel
from generec.models.one_pass import OnePass, OnePassModel
from generec.objectives.next_token import NextToken
from generec.recipe import Recipe
from generec.templates.history import CodeStream, ItemHistory
from generec.tokenizers.collisions import AppendLevel
from generec.tokenizers.controls import Shuffled
from generec.tokenizers.rq_kmeans import RQKMeans
from generec.training.pretrain import Pretrain


def one_pass() -> Recipe[OnePassModel]:
    """An item-level trunk with an autoregressive head over codes of text joined with collaborative factors."""
    return Recipe[OnePassModel](
        name="one_pass",
        paper="own design: SASRec's trunk (1808.09781), TIGER's semantic IDs (2305.05065), hierarchical softmax",
        encoder=ConcatEncoder(parts=(text_encoder(dimensions=128), CollaborativeEncoder(dimensions=64))),
        tokenizer=RQKMeans(levels=3, size=256, collisions=AppendLevel()),
        template=ItemHistory(),
        model=OnePass(),
        stages=(Pretrain(objective=NextToken(), optimisation=Optimisation(epochs=30)),),
        decoder=Exact(),
    )


def one_pass_shuffled() -> Recipe[OnePassModel]:
    """The broken twin: the same codes dealt out to the items at random. What it loses is what the meaning is worth."""
    recipe = one_pass()
    return replace(recipe, name="one_pass_shuffled", tokenizer=Shuffled(of=recipe.tokenizer))


def one_pass_tokens() -> Recipe[DecoderOnlyModel]:
    """The same on the level of tokens: a decoder reads and writes codes, one causal pass per person."""
    return Recipe[DecoderOnlyModel](
        name="one_pass_tokens",
        paper="own design after TIGER (2305.05065) and GPT-style decoders: every item of a history is a target",
        encoder=one_pass().encoder,
        tokenizer=one_pass().tokenizer,
        template=CodeStream(),
        model=DecoderOnly(),
        stages=(
            Pretrain(
                objective=NextToken(),
                optimisation=Optimisation(batch_tokens=8000, learning_rate=1e-3, warm_up=0.02),
                validation_cases=2000,
            ),
        ),
        decoder=BeamSearch(width=20),
    )
