"""One pass over codes that say what an item is about and how it is made."""

from __future__ import annotations

from dataclasses import replace

from generec.encoders.collaborative import CollaborativeEncoder
from generec.encoders.fusion import ConcatEncoder
from generec.encoders.style import ContentEncoder, StyleEncoder, SubjectEncoder
from generec.models.one_pass import OnePassModel
from generec.recipe import Recipe
from generec.recipes.one_pass import one_pass
from generec.tokenizers.controls import Shuffled
from generec.tokenizers.joined import Joined
from generec.tokenizers.rq_kmeans import RQKMeans

STYLE = 64  # columns


def what_and_how() -> Recipe[OnePassModel]:
    """One-pass with two codebooks: content without its style, and style without its content."""
    content = ContentEncoder(of=one_pass().encoder)
    style = StyleEncoder(taste=CollaborativeEncoder(dimensions=64, text=SubjectEncoder()), dimensions=STYLE)
    return replace(
        one_pass(),
        name="what_and_how",
        paper="own design after RaG's content and style codes (2606.25496), on one_pass",
        encoder=ConcatEncoder(parts=(content, style)),
        tokenizer=Joined(what=RQKMeans(levels=2, size=64), how=RQKMeans(levels=2, size=8), style=STYLE),
    )


def what_and_how_shuffled() -> Recipe[OnePassModel]:
    """The broken twin: the same codes dealt out to the items at random."""
    recipe = what_and_how()
    return replace(recipe, name="what_and_how_shuffled", tokenizer=Shuffled(of=recipe.tokenizer))
