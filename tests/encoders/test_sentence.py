from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest
import torch

from generec.encoders import sentence
from generec.encoders.sentence import SentenceEncoder, minilm_installed
from generec.errors import ArtefactError, FittingError
from generec.testing.contracts import check_encoder
from generec.types import Catalog, Events

pytestmark = pytest.mark.skipif(not minilm_installed(), reason="the text extra is not installed")
NOBODY = Events.pack([])


def catalog_of(*texts: str) -> Catalog:
    return Catalog(pl.DataFrame({"item_id": [str(row) for row in range(len(texts))], "title": texts}))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint with random weights, one layer deep, in the layout of the real one."""
    from transformers import BertConfig, BertModel

    folder = tmp_path_factory.mktemp("checkpoint")
    torch.manual_seed(0)
    config = BertConfig(
        hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64, vocab_size=30522
    )
    BertModel(config).save_pretrained(folder, safe_serialization=True)
    packaged = sentence.model_folder(None)
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"):
        shutil.copy(packaged / name, folder / name)
    return folder


def test_contract(catalog: Catalog, train: Events, tiny: Path):
    check_encoder(SentenceEncoder(path=str(tiny)), catalog, train)
    check_encoder(SentenceEncoder(path=str(tiny), dimensions=8), catalog, train)


def test_minilm_puts_like_meanings_together():
    catalog = catalog_of(
        "red lipstick for women", "lip colour, crimson", "cordless power drill", "electric screwdriver"
    )
    vectors = SentenceEncoder().fit(catalog, NOBODY).encode(catalog)
    assert vectors.shape == (4, 384)
    cosines = vectors @ vectors.T
    assert torch.allclose(cosines.diagonal(), torch.ones(4), atol=1e-4)
    assert cosines[0, 1] > 0.4 > cosines[0, 2]
    assert cosines[2, 3] > 0.4 > cosines[1, 3]


def test_batches_equal_the_naive_twin(tiny: Path):
    """One text at a time, float32, no cache."""
    from transformers import AutoModel, AutoTokenizer

    texts = ["short", "a text of some more words than that", "", "the longest of all the texts " * 8]
    tokenizer, model = AutoTokenizer.from_pretrained(tiny), AutoModel.from_pretrained(tiny).eval()
    with torch.no_grad():
        twins = [
            model(**tokenizer(text, return_tensors="pt", truncation=True, max_length=128)).last_hidden_state[0].mean(0)
            for text in texts
        ]
    expected = torch.nn.functional.normalize(torch.stack(twins), dim=1)
    catalog = catalog_of(*texts)
    found = SentenceEncoder(path=str(tiny), batch_tokens=150).fit(catalog, NOBODY).encode(catalog)
    assert (found * expected).sum(1).min() > 0.999


def test_cls_pooling_is_read_from_the_checkpoint_and_others_refused(tiny: Path, tmp_path: Path):
    folder = tmp_path / "checkpoint"
    shutil.copytree(tiny, folder)
    (folder / "1_Pooling").mkdir()
    config = folder / "1_Pooling" / "config.json"
    config.write_text(json.dumps({"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}))
    catalog = catalog_of("one text", "another")
    first = SentenceEncoder(path=str(folder)).fit(catalog, NOBODY).encode(catalog)
    mean = SentenceEncoder(path=str(tiny)).fit(catalog, NOBODY).encode(catalog)
    assert not torch.allclose(first, mean, atol=1e-2)
    config.write_text(json.dumps({"pooling_mode_max_tokens": True}))
    with pytest.raises(ArtefactError, match="pooling must be mean or cls"):
        SentenceEncoder(path=str(folder)).fit(catalog, NOBODY).encode(catalog)


def test_the_second_time_comes_from_the_cache(tiny: Path, monkeypatch: pytest.MonkeyPatch):
    catalog = catalog_of("one text", "another", "one text")
    part = SentenceEncoder(path=str(tiny))
    first = part.fit(catalog, NOBODY).encode(catalog)
    assert torch.equal(first[0], first[2])
    shutil_calls: list[object] = []
    monkeypatch.setattr(sentence._Sentences, "_computed", lambda self, texts: iter(shutil_calls.append(texts) or ()))
    assert torch.equal(part.fit(catalog, NOBODY).encode(catalog), first)
    assert shutil_calls == []


def test_warm_loads_the_weights_whatever_is_in_the_cache(tiny: Path, monkeypatch: pytest.MonkeyPatch):
    warm = SentenceEncoder(path=str(tiny)).fit(catalog_of("one text"), NOBODY)
    warm.warm()
    sentence._weights.cache_clear()
    sentence._tokenizer.cache_clear()
    for name in ("AutoModel", "AutoTokenizer"):
        monkeypatch.setattr(f"transformers.{name}.from_pretrained", lambda *_, **__: pytest.fail("loaded late"))
    assert warm.encode(catalog_of("a text that nobody has encoded before")).shape == (1, 32)


def test_changed_weights_are_refused_by_a_restored_encoder(tiny: Path, tmp_path: Path):
    folder = tmp_path / "checkpoint"
    shutil.copytree(tiny, folder)
    catalog = catalog_of("one text", "another")
    part = SentenceEncoder(path=str(folder))
    state = part.fit(catalog, NOBODY).state()
    weights = bytearray((folder / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (folder / "model.safetensors").write_bytes(weights)
    with pytest.raises(ArtefactError, match="the weights have sha256"):
        part.restore(state).encode(catalog)


def test_the_packaged_weights_are_pinned(monkeypatch: pytest.MonkeyPatch, tiny: Path):
    monkeypatch.setattr(sentence, "model_folder", lambda path: tiny)
    with pytest.raises(ArtefactError, match="reinstall the package"):
        SentenceEncoder().fit(catalog_of("a"), NOBODY)


def test_pickled_weights_and_missing_folders_are_refused(tmp_path: Path):
    (tmp_path / "pytorch_model.bin").write_bytes(b"")
    with pytest.raises(ArtefactError, match=r"no \*\.safetensors; pickled weights"):
        SentenceEncoder(path=str(tmp_path)).fit(catalog_of("a"), NOBODY)
    with pytest.raises(ArtefactError, match="is no folder"):
        SentenceEncoder(path=str(tmp_path / "absent")).fit(catalog_of("a"), NOBODY)


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sentence.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FittingError, match=r"pip install generec\[text\]"):
        SentenceEncoder().fit(catalog_of("a"), NOBODY)


def test_the_projection_keeps_inner_products(tiny: Path):
    catalog = catalog_of(*(f"text number {number} of many" for number in range(20)))
    whole = SentenceEncoder(path=str(tiny)).fit(catalog, NOBODY).encode(catalog)
    reduced = SentenceEncoder(path=str(tiny), dimensions=32).fit(catalog, NOBODY).encode(catalog)
    centred = whole - whole.mean(0)
    assert torch.allclose(centred @ centred.T, reduced @ reduced.T, atol=1e-4)
    with pytest.raises(FittingError, match="1 to 32"):
        SentenceEncoder(path=str(tiny), dimensions=33).fit(catalog, NOBODY)
