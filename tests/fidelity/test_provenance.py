"""What was signed verifies, what was changed does not, and the detector says which."""

import base64
import json
from dataclasses import replace

import pytest
from small_scene import set_draft, text_draft

from generec.errors import InputError, UsageError
from generec.fidelity.keys import Keys, default_keys, key_id
from generec.fidelity.ledger import Entry, Ledger
from generec.fidelity.payload import digest, rendering
from generec.fidelity.provenance import Marker, detect, label, read_sidecar, sign
from generec.fidelity.watermark import GreenList
from generec.records import TextPayload


@pytest.fixture
def keys(tmp_path):
    return Keys(tmp_path / "keys")


@pytest.fixture
def marker(keys, tmp_path):
    return Marker(keys, Ledger(tmp_path / "ledger"))


@pytest.mark.parametrize(
    ("draft", "term"),
    [
        (text_draft(), "compositeWithTrainedAlgorithmicMedia"),
        (set_draft(), "trainedAlgorithmicMedia"),
        (text_draft("Ein Größenvergleich — “真”.", mode="created"), "trainedAlgorithmicMedia"),
    ],
)
def test_a_sidecar_makes_the_round_trip(draft, term, marker):
    marks = marker.mark(draft)
    found = detect(marks.content, marks.sidecar, marker.ledger, marker.keys)
    assert [layer.state for layer in found.layers] == ["valid", "valid", "absent"]
    assert found.found
    assert found.record == marks.record
    claimed = found.provenance
    assert claimed.source_type == f"http://cv.iptc.org/newscodes/digitalsourcetype/{term}"
    assert (claimed.item, claimed.origin, claimed.backend) == (draft.id, draft.mode, draft.backend)
    assert (claimed.record, claimed.time) == (marks.record.id, marks.record.time)
    assert claimed.sha256 == digest(rendering(draft.payload))
    assert found.key == key_id(marker.keys.signing().public_key())


def test_a_page_may_wrap_its_lines(marker):
    marks = marker.mark(text_draft("A café on the corner. It opens at nine."))
    wrapped = "A cafe\u0301 on the\n  corner.  It opens\r\n at nine.\n"
    assert detect(wrapped, marks.sidecar, marker.ledger, marker.keys).state("sidecar") == "valid"


@pytest.mark.parametrize("where", [0, 5, -1])
def test_changed_text_is_reported(where, marker):
    marks = marker.mark(text_draft())
    content = bytearray(marks.content)
    content[where] ^= 1
    found = detect(bytes(content), marks.sidecar, marker.ledger, marker.keys)
    assert found.state("sidecar") == "invalid"
    assert found.state("ledger") == "absent"
    assert found.key is None
    assert not found.found


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("origin", "human"), ("parents", ["v2"]), ("seed", 1), ("sha256", "0" * 64), ("record", "0" * 64),
        ("time", "2020-01-01"), ("guidance", "other"), ("source_type", "x"), ("item", "d2"),
    ],
)  # fmt: skip
def test_a_changed_sidecar_is_reported(field, value, marker):
    marks = marker.mark(text_draft())
    sidecar = json.loads(marks.sidecar)
    assert sidecar["provenance"][field] != value
    sidecar["provenance"][field] = value
    found = detect(marks.content, json.dumps(sidecar), marker.ledger, marker.keys)
    assert found.state("sidecar") == "invalid"
    assert "changed" in found.layers[0].reason


def test_every_flipped_bit_of_a_signature_counts(marker):
    marks = marker.mark(text_draft())
    sidecar = json.loads(marks.sidecar)
    raw = base64.urlsafe_b64decode(sidecar["signature"])
    for at in range(len(raw)):
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        text = json.dumps({**sidecar, "signature": base64.urlsafe_b64encode(changed).decode()})
        with pytest.raises(InputError, match="signature"):
            read_sidecar(text, marker.keys.trusted())


@pytest.mark.parametrize(
    "sidecar",
    ["", "{}", "[1]", "null", "[" * 5000, '{"provenance": {}, "algorithm": "Ed25519", "signature": "AA=="}', "\x00"],
)
def test_rubbish_is_no_sidecar(sidecar, marker):
    marks = marker.mark(text_draft())
    assert detect(marks.content, sidecar, marker.ledger, marker.keys).state("sidecar") == "invalid"


@pytest.mark.parametrize("change", [{"algorithm": "none"}, {"extra": 1}, {"signature": "é"}, {"signature": 3}])
def test_the_schema_of_a_sidecar_is_closed(change, marker):
    sidecar = json.dumps({**json.loads(marker.mark(text_draft()).sidecar), **change})
    with pytest.raises(InputError):
        read_sidecar(sidecar, marker.keys.trusted())


def test_a_stranger_s_signature_does_not_count(marker, tmp_path):
    stranger = Marker(Keys(tmp_path / "strange"), marker.ledger)
    marks = stranger.mark(text_draft())
    marker.keys.signing()
    found = detect(marks.content, marks.sidecar, None, marker.keys)
    assert found.state("sidecar") == "invalid"
    assert "trusted" in found.layers[0].reason
    assert not found.found


def test_the_ledger_recognises_content_without_a_sidecar(marker):
    marks = marker.mark(text_draft())
    found = detect(marks.content.decode(), None, marker.ledger, marker.keys)
    assert [layer.state for layer in found.layers] == ["absent", "valid", "absent"]
    assert not found.withdrawn
    marker.ledger.take_down("v1", "asked for")  # what it was made from
    assert detect(marks.content, None, marker.ledger, marker.keys).withdrawn


def test_a_sidecar_for_a_record_that_the_ledger_lacks_is_reported(marker, tmp_path):
    marks = marker.mark(text_draft())
    elsewhere = Ledger(tmp_path / "other")
    elsewhere.append(replace(marks.record.entry, seed=3))
    assert detect(marks.content, marks.sidecar, elsewhere, marker.keys).state("ledger") == "invalid"
    assert detect(marks.content, marks.sidecar, Ledger(tmp_path / "none"), marker.keys).state("ledger") == "absent"


def test_human_text_carries_nothing(marker):
    marker.mark(text_draft())
    found = detect("I wrote this myself.", None, marker.ledger, marker.keys, GreenList(key=b"k" * 32))
    assert not found.found
    assert found.p_value is not None
    assert not detect(b"\xff\xfe", None, marker.ledger, marker.keys).found


def test_human_origins_can_be_signed_and_unknown_ones_not(keys, tmp_path):
    ledger = Ledger(tmp_path / "l")
    entry = Entry(event="made", item="v1", sha256=digest("Mine."), origin="human")
    sidecar = sign(entry, ledger.append(entry), keys)
    assert detect("Mine.", sidecar, ledger, keys).provenance.origin == "human"
    strange = replace(entry, origin="unknown")
    with pytest.raises(InputError, match="unknown"):
        sign(strange, ledger.append(strange), keys)


def test_labels_say_how_it_came_about():
    assert label(text_draft()) == "Edited by AI"
    assert label(set_draft()) == "Created by AI"
    assert label(set_draft(), {"created": "Von KI erstellt"}) == "Von KI erstellt"
    assert label(text_draft(notes=("credit: Ada", "advert: Ad", "slow"))) == "Edited by AI · Ad · Credit: Ada"


def test_a_title_is_signed_with_its_text(marker):
    marks = marker.mark(text_draft(payload=TextPayload("Words.", "Title")))
    assert detect("Title\n\nWords.", marks.sidecar, marker.ledger, marker.keys).state("sidecar") == "valid"
    assert detect("Words.", marks.sidecar, marker.ledger, marker.keys).state("sidecar") == "invalid"


def test_keys_are_made_once_for_their_owner_alone(tmp_path):
    keys = Keys(tmp_path / "deep" / "keys")
    first = key_id(keys.signing().public_key())
    assert key_id(Keys(keys.folder).signing().public_key()) == first
    assert list(keys.trusted()) == [first]
    assert keys.watermark() == Keys(keys.folder).watermark()
    assert len(keys.watermark()) == 32
    for name in ("signing.pem", "watermark.key"):
        assert (keys.folder / name).stat().st_mode & 0o777 == 0o600
    assert keys.folder.stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in keys.folder.iterdir()) == ["signing.pem", "trusted", "watermark.key"]


def test_a_key_that_others_may_read_is_refused(keys):
    keys.signing()
    (keys.folder / "signing.pem").chmod(0o644)
    with pytest.raises(UsageError, match="chmod 600"):
        keys.signing()


def test_a_new_key_leaves_old_signatures_valid(marker):
    marks = marker.mark(text_draft())
    (marker.keys.folder / "signing.pem").rename(marker.keys.folder / "signing-2025.pem")
    again = marker.mark(set_draft())
    assert len(marker.keys.trusted()) == 2
    for each in (marks, again):
        assert detect(each.content, each.sidecar, marker.ledger, marker.keys).state("sidecar") == "valid"


@pytest.mark.parametrize("name", ["signing.pem", "trusted/x.pem"])
def test_a_foreign_key_file_is_refused(name, keys):
    keys.signing()
    (keys.folder / name).write_bytes(b"-----BEGIN CERTIFICATE-----\n")
    (keys.folder / name).chmod(0o600)
    with pytest.raises(InputError, match=r"\.pem"):
        _ = keys.signing() if name == "signing.pem" else keys.trusted()


def test_the_key_folder_can_be_chosen(tmp_path, monkeypatch):
    monkeypatch.setenv("GENEREC_KEYS", str(tmp_path / "mine"))
    assert default_keys() == Keys(tmp_path / "mine")
    monkeypatch.delenv("GENEREC_KEYS")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_keys() == Keys(tmp_path / ".config" / "generec" / "keys")
