"""An artefact folder: whatever is done to it, it is refused before use."""

import hashlib
import json
import os
import random
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from generec.errors import ArtefactError, FittingError, UsageError
from generec.recipe.artefact import load
from generec.system import folder as folder_module
from generec.system.artefact import PARTS
from generec.system.folder import MANIFEST, SEAL, Verified, refuse_existing, sealed
from small_world import trained

FILES = (*PARTS, MANIFEST, SEAL)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return trained("sasrec").save(tmp_path_factory.mktemp("models") / "model")


@pytest.fixture
def copied(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "copy")


def reseal(folder, change):
    """A manifest that was changed by someone who knows how to seal it."""
    manifest = json.loads((folder / MANIFEST).read_text())
    change(manifest)
    text = json.dumps(manifest).encode()
    (folder / MANIFEST).write_bytes(text)
    (folder / SEAL).write_bytes(sealed(text))


def replace_file(folder, name, payload):
    """A file that was changed together with the manifest."""
    (folder / name).write_bytes(payload)
    entry = {"sha256": hashlib.sha256(payload).hexdigest(), "bytes": len(payload)}
    reseal(folder, lambda manifest: manifest["files"].__setitem__(name, entry))


def test_it_holds_the_files_of_the_design_and_nothing_else(saved):
    assert {path.name for path in saved.iterdir()} == {*FILES}
    manifest = Verified.open(saved).manifest
    assert set(manifest["files"]) == set(PARTS)
    for name in PARTS:
        payload = (saved / name).read_bytes()
        assert manifest["files"][name] == {"sha256": hashlib.sha256(payload).hexdigest(), "bytes": len(payload)}
    assert manifest["training"]["data"]["fingerprint"]
    assert manifest["training"]["split"] == "leave-one-out"
    assert manifest["training"]["trained_on"] == "train + validation"
    assert manifest["training"]["final"] is False
    assert manifest["watermark"]["events_until"] == 7039
    assert manifest["libraries"].keys() >= {"generec", "torch", "numpy", "polars", "safetensors", "python"}


def test_no_pickle_is_written(saved):
    for path in saved.iterdir():
        assert path.suffix in (".json", ".safetensors", ".parquet", ".md", ".sha256")
        assert b"\x80\x04" not in path.read_bytes()[:16]


def test_a_flipped_bit_anywhere_is_refused(saved, tmp_path):
    """60 random bits, weighted so that every file gets some; bench/corruption.py flips a thousand."""
    draw = random.Random(0)
    for number in range(60):
        name = FILES[number % len(FILES)]
        original = (saved / name).read_bytes()
        position, bit = draw.randrange(len(original)), draw.randrange(8)
        copy = shutil.copytree(saved, tmp_path / str(number))
        damaged = bytearray(original)
        damaged[position] ^= 1 << bit
        (copy / name).write_bytes(damaged)
        with pytest.raises(ArtefactError):
            load(copy)


@pytest.mark.parametrize("name", FILES)
def test_a_truncated_file_is_refused(copied, name):
    original = (copied / name).read_bytes()
    for length in {0, len(original) // 2, len(original) - 1}:
        (copied / name).write_bytes(original[:length])
        with pytest.raises(ArtefactError):
            load(copied)


@pytest.mark.parametrize("name", FILES)
def test_a_byte_added_to_the_end_is_refused(copied, name):
    with (copied / name).open("ab") as file:
        file.write(b"\n")
    with pytest.raises(ArtefactError):
        load(copied)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(FILES), st.data())
def test_bytes_replaced_by_others_are_refused(copied, name, data):
    original = (copied / name).read_bytes()
    at = data.draw(st.integers(0, len(original) - 1))
    new = data.draw(st.binary(min_size=1, max_size=8))
    changed = original[:at] + new + original[at + len(new) :]
    if changed == original:
        return
    (copied / name).write_bytes(changed)
    try:
        with pytest.raises(ArtefactError):
            load(copied)
    finally:
        (copied / name).write_bytes(original)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(copied, name):
    (copied / name).unlink()
    with pytest.raises(ArtefactError, match=name.replace(".", r"\.")):
        load(copied)


def test_an_added_file_is_named(copied):
    (copied / "extra.bin").write_bytes(b"x")
    with pytest.raises(ArtefactError, match=r"'extra\.bin' is not in the manifest"):
        load(copied)


def test_an_added_folder_is_named(copied):
    (copied / "extra").mkdir()
    with pytest.raises(ArtefactError, match="'extra' is not in the manifest"):
        load(copied)


@pytest.mark.parametrize("name", FILES)
def test_a_link_is_refused_even_to_the_same_bytes(copied, tmp_path, name):
    elsewhere = tmp_path / "elsewhere"
    shutil.move(copied / name, elsewhere)
    (copied / name).symlink_to(elsewhere)
    with pytest.raises(ArtefactError, match="is a link"):
        load(copied)


def test_a_pipe_is_refused_without_waiting(copied):
    (copied / "README.md").unlink()
    os.mkfifo(copied / "README.md")
    with pytest.raises(ArtefactError, match="not a plain file"):
        load(copied)


@pytest.mark.parametrize(
    "name", ["/etc/hostname", "../other", "sub/file", "..", ".", "", "a\\b", "nul\0", MANIFEST, SEAL]
)
def test_a_name_that_leads_out_of_the_folder_is_refused(copied, name):
    reseal(copied, lambda manifest: manifest["files"].__setitem__(name, {"sha256": "0" * 64, "bytes": 1}))
    with pytest.raises(ArtefactError, match="no file of this folder"):
        load(copied)


def test_a_manifest_whose_entries_are_none_is_refused(copied):
    for entry in (None, {}, {"sha256": 1, "bytes": 2}, {"sha256": "00"}, []):
        reseal(copied, lambda manifest, entry=entry: manifest["files"].__setitem__("README.md", entry))
        with pytest.raises(ArtefactError, match=r"README\.md"):
            load(copied)


@pytest.mark.parametrize("payload", [b"", b"[]", b"null", b"{}", b"\xff\xfe", b'{"format": "other"}', b"[" * 100_000])
def test_a_sealed_manifest_that_is_none_is_refused(copied, payload):
    (copied / MANIFEST).write_bytes(payload)
    (copied / SEAL).write_bytes(sealed(payload))
    with pytest.raises(ArtefactError):
        load(copied)


def test_a_future_version_says_what_to_install(copied):
    def later(manifest):
        manifest["version"] = 2
        manifest["libraries"]["generec"] = "9.1.0"

    reseal(copied, later)
    with pytest.raises(
        ArtefactError, match=r"format version 2, this generec reads 1; install generec 9\.1\.0 or later"
    ):
        load(copied)


def test_an_older_version_names_the_command_that_makes_it_again(copied):
    def older(manifest):
        manifest["version"] = 0
        manifest["training"]["data"]["directory"] = "/data/shop"

    reseal(copied, older)
    with pytest.raises(ArtefactError, match=f"generec train /data/shop --recipe sasrec -o {copied}"):
        load(copied)


@pytest.mark.parametrize("version", [None, "1", True, 1.0])
def test_a_version_that_is_no_number_is_refused(copied, version):
    reseal(copied, lambda manifest: manifest.__setitem__("version", version))
    with pytest.raises(ArtefactError, match="no format version"):
        load(copied)


def test_other_folders_are_refused_with_what_to_give_instead(tmp_path, saved):
    with pytest.raises(ArtefactError, match="No such file"):
        load(tmp_path / "absent")
    (tmp_path / "file").write_text("x")
    with pytest.raises(ArtefactError, match="Not a directory"):
        load(tmp_path / "file")
    with pytest.raises(ArtefactError, match=r"MANIFEST\.json is missing"):
        load(tmp_path)
    shutil.copytree(saved, tmp_path / "seeds" / "seed-0")
    shutil.copytree(saved, tmp_path / "seeds" / "seed-1")
    with pytest.raises(ArtefactError, match=r"holds 2 models, one per seed; name one of them: .*seed-0"):
        load(tmp_path / "seeds")


def test_a_link_to_the_whole_folder_may_be_loaded(saved, tmp_path):
    (tmp_path / "current").symlink_to(saved)
    assert load(tmp_path / "current").recommend([]) == []


# writing


def test_a_saved_model_is_not_overwritten_unless_asked(copied):
    system = trained("sasrec")
    before = (copied / MANIFEST).read_bytes()
    with pytest.raises(UsageError, match="--overwrite"):
        system.save(copied)
    assert (copied / MANIFEST).read_bytes() == before
    system.remove(["i3"])
    system.save(copied, overwrite=True)
    assert load(copied).index.alive.sum() == 59
    assert [path.name for path in copied.parent.iterdir()] == [copied.name]


def test_what_is_no_model_is_never_overwritten(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="no model"):
        trained("sasrec").save(tmp_path, overwrite=True)
    with pytest.raises(UsageError, match="is a file"):
        refuse_existing(tmp_path / "notes.txt", overwrite=True)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "model").mkdir()
    trained("sasrec").save(tmp_path / "model")
    assert len(load(tmp_path / "model").catalog) == 60


def test_a_failure_leaves_the_old_model_and_no_rest(copied, monkeypatch):
    system = trained("sasrec")
    before = {path.name: path.read_bytes() for path in copied.iterdir()}
    monkeypatch.setattr("generec.system.artefact.model_card", lambda about: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        system.save(copied, overwrite=True)
    assert {path.name: path.read_bytes() for path in copied.iterdir()} == before
    assert [path.name for path in copied.parent.iterdir()] == [copied.name]


def test_replacing_works_where_folders_cannot_be_exchanged(copied, monkeypatch):
    monkeypatch.setattr(folder_module, "_exchanged", lambda one, other: False)
    system = trained("sasrec")
    system.remove(["i3"])
    system.save(copied, overwrite=True)
    assert load(copied).index.alive.sum() == 59
    assert [path.name for path in copied.parent.iterdir()] == [copied.name]


def test_whoever_reads_while_it_is_replaced_gets_a_whole_model(copied):
    system, stop, read = trained("sasrec"), threading.Event(), []

    def reader():
        while not stop.is_set():
            read.append(Verified.open(copied).manifest["removed_items"])

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(reader)
        for number in range(20):
            system.remove([f"i{number}"])
            system.save(copied, overwrite=True)
        stop.set()
        reading.result()
    assert read == sorted(read)
    assert len(set(read)) > 1


def test_a_system_without_a_recipe_is_not_saved(tmp_path):
    system = trained("sasrec")
    system.record = {}
    with pytest.raises(FittingError, match="no recipe"):
        system.save(tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_record_that_json_cannot_hold_is_refused_and_infinite_numbers_become_null(tmp_path):
    system = trained("sasrec")
    system.record = {**system.record, "figures": {"best": float("-inf"), "path": tmp_path, "pair": (1, 2)}}
    system.save(tmp_path / "model")
    assert load(tmp_path / "model").record["figures"] == {"best": None, "path": str(tmp_path), "pair": [1, 2]}
    system.record = {**system.record, "figures": object()}
    with pytest.raises(FittingError, match="JSON"):
        system.save(tmp_path / "other")
