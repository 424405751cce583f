"""Keys: made once, for their owner only; what is sealed opens for its person, at its place, and nowhere else."""

import os
import stat
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.data.vault import KEY_FILE, Person, Vault, place_of, seal, token, unseal
from generec.errors import InputError

KEY, OTHER = bytes(32), bytes([1]) * 32


def test_a_vault_is_made_once_and_for_its_owner_only(tmp_path):
    folder = tmp_path / "deep" / "keys"
    first = Vault.open(folder)
    assert Vault.open(folder) == first
    assert len(first.master) == 32
    assert stat.S_IMODE(os.stat(folder / KEY_FILE).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    assert os.listdir(folder) == [KEY_FILE]
    assert first.master.hex() not in repr(first)
    assert Vault.open(tmp_path / "elsewhere") != first


def test_of_many_that_open_at_once_all_get_the_same_key(tmp_path):
    found, together = [], threading.Barrier(8)

    def opening():
        together.wait()
        found.append(Vault.open(tmp_path / "keys"))

    threads = [threading.Thread(target=opening) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({vault.master for vault in found}) == 1
    assert len(found) == 8
    assert os.listdir(tmp_path / "keys") == [KEY_FILE]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622])
def test_a_key_that_others_may_reach_is_refused(tmp_path, mode):
    Vault.open(tmp_path)
    (tmp_path / KEY_FILE).chmod(mode)
    with pytest.raises(InputError, match="chmod 600"):
        Vault.open(tmp_path)


@pytest.mark.parametrize("text", [b"", b"ab" * 31, b"ab" * 33, b"no key at all", b"\xff" * 64])
def test_what_is_no_key_is_refused_and_left_alone(tmp_path, text):
    path = tmp_path / KEY_FILE
    path.write_bytes(text)
    path.chmod(0o600)
    with pytest.raises(InputError, match="32 bytes in hexadecimal"):
        Vault.open(tmp_path)
    assert path.read_bytes() == text


def test_a_link_is_not_followed(tmp_path):
    Vault.open(tmp_path / "real")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / KEY_FILE).symlink_to(tmp_path / "real" / KEY_FILE)
    with pytest.raises(InputError, match="cannot be read"):
        Vault.open(tmp_path / "linked")


@given(st.binary(max_size=80), st.binary(max_size=20), st.data())
@settings(max_examples=60, deadline=None)
def test_sealed_bytes_open_whole_or_not_at_all(plain, about, data):
    sealed = seal(KEY, plain, about)
    assert unseal(KEY, sealed, about) == plain
    assert seal(KEY, plain, about) != sealed
    flipped = bytearray(sealed)
    flipped[data.draw(st.integers(0, len(sealed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    cut = sealed[: data.draw(st.integers(0, len(sealed) - 1))]
    for key, bad, of in (
        (KEY, bytes(flipped), about),
        (KEY, cut, about),
        (OTHER, sealed, about),
        (KEY, sealed, b"!" + about),
    ):
        with pytest.raises(InputError, match="do not open"):
            unseal(key, bad, of)


def test_a_wrapped_key_is_of_one_person_and_one_vault():
    vault, other = Vault(KEY), Vault(OTHER)
    wrapped = vault.wrap(b"k" * 32, "ann")
    assert vault.unwrap(wrapped, "ann") == b"k" * 32
    for opening, person in ((vault, "bob"), (other, "ann")):
        with pytest.raises(InputError):
            opening.unwrap(wrapped, person)


def test_an_event_opens_at_its_place_only():
    person = Person("ann", KEY)
    sealed = person.seal(b"words", place_of(7, person.id, b"m" * 16))

    class Row:
        seq, person, token = 7, "ann", b"m" * 16

    Row.sealed = sealed
    assert person.unseal(Row) == b"words"
    for name, value in (("seq", 8), ("person", "bob"), ("token", b"n" * 16)):
        moved = type("Moved", (Row,), {name: value})
        with pytest.raises(InputError):
            person.unseal(moved)


@given(st.lists(st.text(max_size=8), min_size=2, max_size=6, unique=True))
@settings(max_examples=30, deadline=None)
def test_what_stands_for_a_text_differs_by_text_key_and_purpose(texts):
    made = [derived for text in texts for derived in (token(KEY, text), token(OTHER, text), Vault(KEY).lookup(text))]
    assert len(set(made)) == len(made)
    assert all(len(each) == 16 for each in made)
    assert Vault(KEY).check not in made
