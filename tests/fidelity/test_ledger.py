"""The ledger keeps its chain under damage, rivals and sudden death, and knows what was withdrawn."""

import fcntl
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generec.errors import InputError
from generec.fidelity.ledger import Entry, Ledger, LedgerError
from generec.records import BackendCard, GateReport, Verdict

REPORT = GateReport("d", (Verdict("safety", "pass", "block", ("no fault found",), score=0.25),), "default")


def made(item, parents=(), origin="created", sha256=""):
    return Entry(event="made", item=item, parents=tuple(parents), origin=origin, sha256=sha256)


def filled(path, count=6):
    ledger = Ledger(path)
    for number in range(count):
        ledger.append(made(f"d{number}", [f"v{number}"], sha256=f"hash{number}"))
    return ledger


def test_a_record_comes_back_as_it_went(tmp_path):
    ledger = Ledger(tmp_path / "l")
    entry = Entry(
        event="published", item="d1", sha256="ab", origin="edited", parents=("v1", "v2"), guidance="g",
        backend=BackendCard("lattice", cost=0.1), seed=7, keys=("k",), report=REPORT, reason="Größe",
    )  # fmt: skip
    first = ledger.append(made("d0"))
    record = ledger.append(entry)
    assert record.entry == entry
    assert (record.number, record.previous) == (1, first.id)
    for reader in (ledger, Ledger(tmp_path / "l")):
        assert reader.record(record.id) == record
        assert reader.with_hash("ab") == [record] == reader.about("d1")
        assert reader.record("nothing") is None
    assert ledger.verify().sound
    assert ledger.verify().head == record.id


def test_an_absent_ledger_is_empty(tmp_path):
    ledger = Ledger(tmp_path / "l")
    assert (ledger.verify().records, ledger.taken_down(), ledger.about("x")) == (0, frozenset(), [])
    assert not ledger.path.exists()


def test_only_its_owner_reads_the_file(tmp_path):
    assert filled(tmp_path / "l", 1).path.stat().st_mode & 0o077 == 0


def test_a_flipped_byte_is_found_where_it_is(tmp_path):
    ledger = filled(tmp_path / "l", 3)
    whole = ledger.path.read_bytes()
    records = whole.splitlines(keepends=True)
    walk = random.Random(0)
    ends = [at for at, byte in enumerate(whole) if byte == ord("\n")]
    for at in sorted({*range(0, len(whole), 3), *ends}):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << walk.randrange(8)
        ledger.path.write_bytes(damaged)
        hit = next(number for number in range(3) if at < sum(map(len, records[: number + 1])))
        found = ledger.verify()
        assert not found.sound, at
        assert found.broken == hit, at
        with pytest.raises(LedgerError):  # whoever reads or adds notices as well
            Ledger(ledger.path).append(made("x")) if hit == 2 else Ledger(ledger.path).about("d0")


@pytest.mark.parametrize("change", ["dropped", "swapped", "doubled", "first dropped"])
def test_moved_records_are_found(change, tmp_path):
    ledger = filled(tmp_path / "l")
    lines = ledger.path.read_bytes().splitlines(keepends=True)
    changed = {
        "dropped": lines[:2] + lines[3:],
        "swapped": [*lines[:2], lines[3], lines[2], *lines[4:]],
        "doubled": lines[:3] + lines[2:],
        "first dropped": lines[1:],
    }[change]
    ledger.path.write_bytes(b"".join(changed))
    assert ledger.verify().broken == {"dropped": 2, "swapped": 2, "doubled": 3, "first dropped": 0}[change]


def test_a_forged_record_breaks_the_next(tmp_path):
    ledger = filled(tmp_path / "l")
    lines = ledger.path.read_bytes().splitlines(keepends=True)
    other = filled(tmp_path / "other", 2)
    other.append(made("forged"))
    ledger.path.write_bytes(b"".join([*lines[:2], other.path.read_bytes().splitlines(keepends=True)[2], *lines[3:]]))
    assert ledger.verify().broken in (2, 3)


def test_an_unfinished_line_is_no_record_and_is_cleared_away(tmp_path):
    ledger = filled(tmp_path / "l", 3)
    whole = ledger.path.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    for cut in range(1, len(last) + 1, 7):
        ledger.path.write_bytes(whole[:-cut])
        found = ledger.verify()
        assert (found.sound, found.records, found.unfinished) == (True, 2, len(last) - cut)
        assert Ledger(ledger.path).about("d2") == []
        record = Ledger(ledger.path).append(made("after"))
        assert (record.number, Ledger(ledger.path).verify().records) == (2, 3)


def test_long_records_are_read_from_the_end(tmp_path):
    ledger = Ledger(tmp_path / "l")
    for length in (1, 8_000, 8_192, 30_000, 5):
        ledger.append(made("x" * length))
    assert ledger.verify().records == 5


def test_an_append_costs_what_it_costs_however_long_the_ledger_is(tmp_path, monkeypatch):
    ledger = filled(tmp_path / "l", 200)
    read, pread = [], os.pread
    monkeypatch.setattr(os, "pread", lambda *given: read.append(given[1]) or pread(*given))
    ledger.append(made("x"))
    assert sum(read) <= 1 << 13 < ledger.path.stat().st_size


def test_a_full_disk_leaves_the_ledger_as_it_was(tmp_path, monkeypatch):
    ledger = filled(tmp_path / "l", 2)
    before, pwrite = ledger.path.read_bytes(), os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, line, end: pwrite(file, line[:20], end))
    with pytest.raises(LedgerError, match="nothing is published"):
        ledger.append(made("x"))
    assert ledger.path.read_bytes() == before


def test_a_ledger_that_became_shorter_is_refused(tmp_path):
    ledger = filled(tmp_path / "l", 3)
    ledger.about("d0")
    ledger.path.write_bytes(b"".join(ledger.path.read_bytes().splitlines(keepends=True)[:2]))
    with pytest.raises(LedgerError, match="shorter"):
        ledger.about("d0")


def test_threads_keep_the_chain(tmp_path):
    ledger = Ledger(tmp_path / "l")
    threads = [
        threading.Thread(target=lambda name=name: [ledger.append(made(f"{name}-{n}")) for n in range(50)])
        for name in "ab"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = ledger.verify()
    assert (found.sound, found.records) == (True, 100)
    assert [len(ledger.about(f"{name}-{n}")) for name in "ab" for n in range(50)] == [1] * 100


WRITER = """
import sys
from generec.fidelity.ledger import Entry, Ledger
ledger, name, count = Ledger(sys.argv[1]), sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
print("begins", flush=True)
for number in range(count):
    ledger.append(Entry(event="made", item=f"{name}-{number}", reason="x" * (number % 500)))
    print(number, flush=True)
"""


def writer(path, name, count):
    """A process that appends once it is told to, and says what it has appended."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), name, str(count)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    return process


def test_two_processes_keep_the_chain(tmp_path):
    path = tmp_path / "l"
    processes = [writer(path, name, 150) for name in "ab"]
    with open(path, "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            assert process.stdout.readline() == "begins\n"
        time.sleep(0.2)  # until both wait for the lock
    for process in processes:
        process.communicate(timeout=60)
    ledger = Ledger(path)
    assert (ledger.verify().sound, ledger.verify().records) == (True, 300)
    order = [json.loads(line)["entry"]["item"][0] for line in path.read_text().splitlines()]
    assert sum(one != other for one, other in pairwise(order)) > 1  # they did take turns


def test_sudden_death_loses_nothing_that_was_acknowledged(tmp_path):
    path, walk, before = tmp_path / "l", random.Random(0), 0
    for death in range(5):
        process = writer(path, f"p{death}", 100_000)
        process.stdin.write("go\n")
        process.stdin.flush()
        assert process.stdout.readline() == "begins\n"
        for _ in range(walk.randrange(1, 60)):
            process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)
        acknowledged = process.communicate(timeout=30)[0].splitlines()
        ledger = Ledger(path)
        found = ledger.verify()
        assert found.sound
        assert all(ledger.about(f"p{death}-{number}") for number in acknowledged)
        assert found.records > before
        before = found.records
    assert Ledger(path).append(made("after")).number == before


def test_a_takedown_holds_at_once_for_all_that_was_made_from_it(tmp_path):
    ledger = Ledger(tmp_path / "l")
    ledger.append(made("v1", origin="human"))
    ledger.append(made("d1", ["v1"], "edited", "hash1"))
    ledger.append(made("d2", ["d1", "v2"], sha256="hash2"))
    ledger.append(made("d3", ["v3"], sha256="hash3"))
    reader = Ledger(tmp_path / "l")
    assert reader.taken_down() == frozenset()
    ledger.take_down("v1", "the owner asked for it")
    assert reader.taken_down() == {"v1", "d1", "hash1", "d2", "hash2"}


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_roots_and_takedowns_against_brute_force(tmp_path_factory, data):
    """Random ancestry, drawn in any order (parents may come later, cycles too)."""
    names = [f"n{number}" for number in range(data.draw(st.integers(1, 7)))]
    parents = {name: data.draw(st.lists(st.sampled_from(names), max_size=3)) for name in names}
    human = data.draw(st.sets(st.sampled_from(names)))
    down = data.draw(st.sets(st.sampled_from(names)))
    ledger = Ledger(tmp_path_factory.mktemp("ledger") / "l")
    for name in names:
        ledger.append(made(name, parents[name], "human" if name in human else "created"))
    for name in sorted(down):
        ledger.take_down(name, "asked")

    def ancestors(name):
        found, left = set(), [name]
        while left:
            found.add(left[-1])
            left = [parent for each in found for parent in parents[each] if parent not in found]
        return found

    assert ledger.taken_down() == {name for name in names if ancestors(name) & down}
    assert ledger.rootless() == [name for name in names if not ancestors(name) & human]
    assert ledger.rootless(roots=names) == []


def test_a_reader_needs_no_more_memory_the_longer_the_ledger_is(tmp_path):
    filled(tmp_path / "l", 1000)
    reader = Ledger(tmp_path / "l")
    tracemalloc.start()
    reader.taken_down()
    grown, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [record.number for record in reader.about("d999")] == [999]
    assert grown < 1000 * 100  # bytes: less than a record's id would need


def test_an_index_that_fails_is_said_and_made_anew(tmp_path):
    ledger = filled(tmp_path / "l", 3)
    assert len(ledger.about("d0")) == 1
    filled(tmp_path / "l", 2)
    ledger._index._tables.execute("DROP TABLE origins")  # the next record is entered by half
    with pytest.raises(LedgerError, match="nothing is published"):
        ledger.about("d0")
    assert len(ledger.about("d0")) == 2
    assert ledger.rootless() == ["d0", "d1", "d2"]


def test_unknown_fields_are_refused(tmp_path):
    ledger = filled(tmp_path / "l", 1)
    line = json.loads(ledger.path.read_text())
    line["entry"]["extra"] = 1
    ledger.path.write_text(json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n")
    assert ledger.verify().broken == 0


def test_the_error_names_the_file(tmp_path):
    with pytest.raises(LedgerError, match="nothing is published"):
        Ledger(tmp_path / "no folder" / "l").append(made("x"))
    (tmp_path / "l").mkdir()
    with pytest.raises(LedgerError, match="cannot be read"):
        Ledger(tmp_path / "l").verify()
    assert not issubclass(LedgerError, InputError)
