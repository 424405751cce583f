"""The best text encoder that is installed."""

from __future__ import annotations

import warnings

from generec.encoders.sentence import SentenceEncoder, minilm_installed
from generec.encoders.tfidf import TfidfEncoder

PLAIN_WIDTH = 128  # of the fallback, where no width is asked for


def text_encoder(dimensions: int | None = None) -> SentenceEncoder | TfidfEncoder:
    """MiniLM where the `text` extra is installed; else TF-IDF, with a warning that says so.

    The choice is recorded with the recipe, so an artefact always says which one made it.
    """
    if minilm_installed():
        return SentenceEncoder(dimensions=dimensions)
    warnings.warn("item texts are encoded by TF-IDF; for MiniLM: pip install generec[text]", stacklevel=2)
    return TfidfEncoder(dimensions=dimensions or PLAIN_WIDTH)
