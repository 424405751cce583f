"""Hostile and broken files: a clear error naming file and row, nothing written, nothing run, memory bounded."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from generec.cli import app
from generec.data.dataset import read_dataset, write_dataset
from generec.data.importers import OnError, import_data
from generec.errors import InputError, UsageError

HEADER = "user_id,item_id,rating,timestamp\n"
GOOD = [f"u{n % 7},i{n % 11},{n % 5 + 1},{1_500_000_000 + 60 * n}" for n in range(60)]
ITEMS = "item_id,title,price\n" + "".join(f"i{n},Thing {n},{n}.50\n" for n in range(11))
MILLION = 1_000_000


def lines(*rows: str, header: str = HEADER) -> bytes:
    return (header + "\n".join(rows) + "\n").encode()


def spoiled(row: str | bytes, at: int = 10) -> bytes:
    """Sixty good rows with one bad one: line `at + 2` of the file."""
    raw = row.encode() if isinstance(row, str) else row
    good = [line.encode() for line in GOOD]
    return HEADER.encode() + b"\n".join([*good[:at], raw, *good[at:]]) + b"\n"


def with_items(items: str | bytes, events: bytes = lines(*GOOD)) -> dict[str, bytes]:
    return {"events.csv": events, "items.csv": items.encode() if isinstance(items, str) else items}


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/"), content)
    return out.getvalue()


def tarred(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


TOUCH = 'touch "$GENEREC_TEST_CANARY"'  # the shell asks for the path when the code runs, not when it is written


class Bomb:
    """Writes a file when unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return os.system, (TOUCH,)


def damaged_parquet() -> bytes:
    out = io.BytesIO()
    pl.DataFrame({"user_id": ["a"] * 50, "item_id": ["b"] * 50}).write_parquet(out)
    raw = out.getvalue()
    return raw[:20] + b"\xff" * 40 + raw[60:]


def reviews(*rows: object) -> bytes:
    return "\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows).encode() + b"\n"


REVIEW = {"reviewerID": "A1", "asin": "B000000001", "overall": 5.0, "unixReviewTime": 1_400_000_000}
TRUNCATED = gzip.compress(lines(*(GOOD * 500)), mtime=0)[:-2000]
NOISE = os.urandom(1 << 16)

REPAIRED = "repaired"
REFUSED = "refused"

# name: (files, line that the error must name or None, what --on-error repair does, kind of the finding)
CASES: dict[str, tuple[dict[str, bytes], int | None, str, str]] = {
    "empty file": ({"ratings.csv": b""}, None, REFUSED, ""),
    "only blank lines": ({"ratings.csv": b"\n\n   \n"}, None, REFUSED, ""),
    "only a header": ({"ratings.csv": HEADER.encode()}, None, REFUSED, ""),
    "only a byte order mark": ({"ratings.csv": b"\xef\xbb\xbf"}, None, REFUSED, ""),
    "wrong header": ({"ratings.csv": lines(*GOOD, header="foo,bar,baz,qux\n")}, 1, REFUSED, ""),
    "no header": ({"ratings.csv": lines(*GOOD, header="")}, 1, REFUSED, ""),
    "equal header names": ({"ratings.csv": lines(*GOOD, header="user_id,item_id,rating,rating\n")}, 1, REFUSED, ""),
    "no user column": ({"ratings.csv": lines(*GOOD, header="who,item_id,rating,timestamp\n")}, 1, REFUSED, ""),
    "mixed separators": ({"ratings.csv": spoiled("u1;i1;4;1500000000")}, 12, REPAIRED, "mixed separators"),
    "tab among commas": ({"ratings.csv": spoiled("u1\ti1\t4\t1500000000")}, 12, REPAIRED, "mixed separators"),
    "too few cells": ({"ratings.csv": spoiled("u1,i1")}, 12, REPAIRED, "wrong number of cells"),
    "too many cells": ({"ratings.csv": spoiled("u1,i1,4,1500000000,9,9")}, 12, REPAIRED, "wrong number of cells"),
    "open quote": ({"ratings.csv": spoiled('"u1,i1,4,1500000000')}, 12, REPAIRED, "open quote"),
    "open quote at the end": ({"ratings.csv": spoiled('u1,"i1,4,1500000000', 60)}, 62, REPAIRED, "open quote"),
    "NUL bytes": ({"ratings.csv": spoiled(b"u1,i1\0,4,1500000000")}, 12, REPAIRED, "NUL byte"),
    "NUL bytes in tsv": (
        {"ratings.tsv": spoiled(b"u1,i\0,4,1500000000").replace(b",", b"\t")},
        12,
        REPAIRED,
        "NUL byte",
    ),
    "not UTF-8": ({"ratings.csv": spoiled("ü1,i1,4,1500000000".encode("latin-1"))}, 12, REPAIRED, "wrong encoding"),
    "overlong UTF-8": ({"ratings.csv": spoiled(b"u\xc0\xaf,i1,4,1500000000")}, 12, REPAIRED, "wrong encoding"),
    "half a character at the end": (
        {"ratings.csv": spoiled(b"u1,i1,4,1500000000\nu1,i\xe2\x82", 60)},
        63,
        REPAIRED,
        "wrong encoding",
    ),
    "UTF-16": ({"ratings.csv": lines(*GOOD).decode().encode("utf-16")}, 1, REFUSED, ""),
    "line too long": ({"ratings.csv": spoiled("u" * 3 * MILLION + ",i1,4,1500000000")}, 12, REPAIRED, "line too long"),
    "long first line": ({"ratings.csv": b"u" * 5 * MILLION}, None, REFUSED, ""),
    "endless quoted cell": ({"ratings.csv": spoiled('"' + "aaaaaaaa\n" * 240_000)}, 12, REPAIRED, "open quote"),
    "too many columns": (
        {"ratings.csv": (",".join(f"c{n}" for n in range(5000)) + "\n").encode() * 3},
        None,
        REFUSED,
        "",
    ),
    "truncated gzip": ({"ratings.csv.gz": TRUNCATED}, None, REPAIRED, "truncated gzip"),
    "damaged gzip": (
        {"ratings.csv.gz": TRUNCATED[:3000] + b"\0" * 3000 + TRUNCATED[6000:]},
        None,
        REPAIRED,
        "truncated gzip",
    ),
    "gzip in gzip": ({"ratings.csv.gz": gzip.compress(gzip.compress(lines(*GOOD)))}, None, REFUSED, ""),
    "zip in gzip": ({"ratings.csv.gz": gzip.compress(zipped(a=b"x"))}, None, REFUSED, ""),
    "gzip bomb of one line": (
        {"ratings.csv.gz": gzip.compress(HEADER.encode() + b"0" * 300 * MILLION, 9)},
        None,
        REFUSED,
        "",
    ),
    "gzip bomb of short lines": (
        {"ratings.csv.gz": gzip.compress(HEADER.encode() + b"u1,i1,3,1500000000\n" * 8 * MILLION, 9)},
        None,
        REFUSED,
        "",
    ),
    "gzip bomb of blank lines": (
        {"ratings.csv.gz": gzip.compress(HEADER.encode() + b"\n" * 200 * MILLION, 9)},
        None,
        REFUSED,
        "",
    ),
    "zip archive": ({"ratings.zip": zipped(**{"ratings.csv": lines(*GOOD)})}, None, REFUSED, ""),
    "zip called csv": ({"ratings.csv": zipped(**{"ratings.csv": lines(*GOOD)})}, None, REFUSED, ""),
    "zip bomb": ({"ratings.zip": zipped(a=b"\0" * 50 * MILLION)}, None, REFUSED, ""),
    "zip with traversal": ({"ratings.zip": zipped(**{"..__..__evil.csv": b"x"})}, None, REFUSED, ""),
    "tar with traversal": ({"ratings.tar": tarred("../../evil.csv", b"x")}, None, REFUSED, ""),
    "tar called csv": ({"ratings.csv": tarred("evil.csv", lines(*GOOD))}, None, REFUSED, ""),
    "bzip2": ({"ratings.csv.bz2": b"BZh91AY&SY" + NOISE}, None, REFUSED, ""),
    "pickle": ({"ratings.pkl": pickle.dumps(Bomb())}, None, REFUSED, ""),
    "pickle called csv": ({"ratings.csv": pickle.dumps(Bomb())}, None, REFUSED, ""),
    "old pickle": ({"ratings.pickle": pickle.dumps(Bomb(), protocol=0)}, None, REFUSED, ""),
    "numpy array": ({"ratings.npy": b"\x93NUMPY\x01\x00" + NOISE}, None, REFUSED, ""),
    "program": ({"ratings.csv": b"\x7fELF" + NOISE}, None, REFUSED, ""),
    "noise": ({"ratings.csv": b"\x01" + NOISE}, None, REFUSED, ""),
    "damaged parquet": ({"ratings.parquet": damaged_parquet()}, None, REFUSED, ""),
    "parquet in name only": ({"ratings.parquet": b"PAR1" + NOISE}, None, REFUSED, ""),
    "duplicate items": (with_items(ITEMS + "i3,Other,1\n"), 13, REPAIRED, "duplicate item"),
    "item without id": (with_items(ITEMS + ",Other,1\n"), 13, REPAIRED, "missing id"),
    "unknown items": (with_items(ITEMS, spoiled("u1,i99,4,1500000000")), 12, REPAIRED, "unknown item"),
    "no item known": (with_items("item_id,title\nx1,A\nx2,B\n"), None, REFUSED, ""),
    "NaN price": (with_items(ITEMS + "i11,Other,NaN\n"), 13, REPAIRED, "price"),
    "infinite price": (with_items(ITEMS + "i11,Other,inf\n"), 13, REPAIRED, "price"),
    "negative price": (with_items(ITEMS + "i11,Other,-3\n"), 13, REPAIRED, "price"),
    "price in words": (with_items(ITEMS + "i11,Other,cheap\n"), 13, REPAIRED, "price"),
    "event without user": ({"ratings.csv": spoiled(",i1,4,1500000000")}, 12, REPAIRED, "missing id"),
    "event without item": ({"ratings.csv": spoiled("u1,  ,4,1500000000")}, 12, REPAIRED, "missing id"),
    "rating in words": ({"ratings.csv": spoiled("u1,i1,good,1500000000")}, 12, REPAIRED, "value"),
    "NaN rating": ({"ratings.csv": spoiled("u1,i1,nan,1500000000")}, 12, REPAIRED, "value"),
    "milliseconds": ({"ratings.csv": spoiled("u1,i1,4,1500000000000")}, 12, REPAIRED, "time unit"),
    "microseconds": ({"ratings.csv": spoiled("u1,i1,4,1500000000000000")}, 12, REPAIRED, "time unit"),
    "nanoseconds": ({"ratings.csv": spoiled("u1,i1,4,1500000000000000000")}, 12, REPAIRED, "time unit"),
    "year 2150": ({"ratings.csv": spoiled("u1,i1,4,5680281600")}, 12, REPAIRED, "impossible time"),
    "year 2150 as a date": ({"ratings.csv": spoiled("u1,i1,4,2150-01-01")}, 12, REPAIRED, "impossible time"),
    "before 1970": ({"ratings.csv": spoiled("u1,i1,4,-5")}, 12, REPAIRED, "impossible time"),
    "time in words": ({"ratings.csv": spoiled("u1,i1,4,yesterday")}, 12, REPAIRED, "unreadable time"),
    "time beyond 64 bits": (
        {"ratings.csv": spoiled("u1,i1,4,99999999999999999999999")},
        12,
        REPAIRED,
        "unreadable time",
    ),
    "time missing": ({"ratings.csv": spoiled("u1,i1,4,")}, 12, REPAIRED, "missing time"),
    "unknown split": (
        {"log.csv": b"user_id,item_id,split\n" + b"u,a,train\n" * 5 + b"u,b,sometimes\n"},
        7,
        REPAIRED,
        "split",
    ),
    "malformed json line": (
        {"reviews.json": reviews(REVIEW, '{"reviewerID": "A1", ', REVIEW)},
        2,
        REPAIRED,
        "malformed line",
    ),
    "json line of another kind": ({"reviews.jsonl": reviews(REVIEW, "[1, 2]", REVIEW)}, 2, REPAIRED, "malformed line"),
    "deep json": (
        {"reviews.jsonl": reviews(REVIEW, '{"a":' * 100_000 + "1" + "}" * 100_000)},
        2,
        REPAIRED,
        "malformed line",
    ),
    "deep literal": (
        {"reviews.json": reviews(REVIEW, "{'a': " + "(" * 50_000 + ")" * 50_000 + "}")},
        2,
        REPAIRED,
        "malformed line",
    ),
    "code in a literal": (
        {"reviews.json": reviews(REVIEW, f"{{'asin': __import__('os').system('{TOUCH}')}}")},
        2,
        REPAIRED,
        "malformed line",
    ),
    "endless number": (
        {"reviews.jsonl": reviews(REVIEW, '{"overall": ' + "9" * 100_000 + "}")},
        2,
        REPAIRED,
        "malformed line",
    ),
    "long json line": (
        {"reviews.jsonl": reviews(REVIEW, '{"asin": "' + "B" * 3 * MILLION + '"}')},
        2,
        REPAIRED,
        "line too long",
    ),
    "truncated json lines": (
        {"reviews.json.gz": gzip.compress(reviews(*[REVIEW] * 5000))[:-40]},
        None,
        REPAIRED,
        "truncated gzip",
    ),
    "broken document": ({"a.item.json": b'{"1": {"title": "A"},\n "2": {"title": \n'}, 3, REFUSED, ""),
    "document with equal keys": (
        {"a.item.json": b'{"1": {"title": "A"}, "1": {"title": "B"}}'},
        None,
        REPAIRED,
        "duplicate key",
    ),
    "document of numbers": ({"a.item.json": b"[1, 2, 3]"}, None, REFUSED, ""),
    "deep document": ({"a.json": b"[" * 200_000 + b"]" * 200_000}, None, REFUSED, ""),
}


def place(folder: Path, files: dict[str, bytes]) -> Path:
    """Writes the files; one alone is the source itself, several are a folder."""
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder / next(iter(files)) if len(files) == 1 else folder


def run(source: Path, output: Path, *options: str) -> tuple[int, dict[str, object]]:
    result = CliRunner().invoke(app, ["data", "import", str(source), "-o", str(output), "--json", "-q", *options])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, json.loads(result.stdout)


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("name", CASES)
def test_fail_names_file_and_row_and_writes_nothing(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    canary = tmp_path / "canary"
    monkeypatch.setenv("GENEREC_TEST_CANARY", str(canary))
    files, row, _, _ = CASES[name]
    source = place(tmp_path / "in", files)
    code, document = run(source, tmp_path / "out" / "set")
    assert code == 1
    error = document["error"]
    assert isinstance(error, dict)
    assert error["type"] == "InputError"
    message = str(error["message"])
    assert any(file in message for file in files) or "no table" in message
    if row is not None:
        assert f"row {row}" in message, message
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())
    assert not canary.exists()


@pytest.mark.parametrize("name", CASES)
def test_repair_counts_and_lists_or_refuses(name: str, tmp_path: Path) -> None:
    files, row, outcome, kind = CASES[name]
    source = place(tmp_path / "in", files)
    code, document = run(source, tmp_path / "set", "--on-error", "repair")
    if outcome == REFUSED:
        assert code == 1
        assert not (tmp_path / "set").exists()
        return
    assert code == 0, document
    findings = document["findings"]
    assert isinstance(findings, list)
    assert kind in {finding["kind"] for finding in findings}, findings
    finding = next(finding for finding in findings if finding["kind"] == kind)
    assert finding["count"] >= 1
    assert finding["file"] in files
    if row is not None:
        assert row in finding["rows"]
    dataset = read_dataset(tmp_path / "set")
    assert dataset.events.height or dataset.catalog.frame.height


def test_the_good_rows_survive_a_repair(tmp_path: Path) -> None:
    rows = spoiled("u1;i1;4;1500000000").replace(b"u3,i3,4,1500000180", b"u3,i3")
    source = place(tmp_path / "in", {"ratings.csv": rows})
    dataset = import_data(source, on_error="repair")
    kinds = {finding["kind"]: (finding["count"], finding["rows"]) for finding in dataset.info["findings"]}
    assert kinds == {"mixed separators": (1, (12,)), "wrong number of cells": (1, (5,))}
    assert dataset.events.height == 60  # one row was lost, one saved


def test_link_out_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_bytes(lines(*GOOD))
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "ratings.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(InputError, match=r"ratings\.csv: a link leads out"):
        import_data(folder)
    with pytest.raises(InputError, match="no table"):
        import_data(folder, on_error="repair")


def test_link_inside_the_folder_and_loops(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "ratings.csv").write_bytes(lines(*GOOD))
    (folder / "again").symlink_to(folder)
    (folder / "loop").symlink_to(folder / "loop")
    assert import_data(folder).events.height == 60


def test_special_files_are_never_opened(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    os.mkfifo(folder / "pipe.csv")
    (folder / "ratings.csv").write_bytes(lines(*GOOD))
    assert import_data(folder).events.height == 60
    with pytest.raises(InputError, match="not a regular file"):
        import_data(folder / "pipe.csv")


def test_pickles_and_archives_beside_the_data_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    canary = tmp_path / "canary"
    monkeypatch.setenv("GENEREC_TEST_CANARY", str(canary))
    files = {"ratings.csv": lines(*GOOD), "model.pkl": pickle.dumps(Bomb()), "posters.tar": tarred("../x", b"x")}
    dataset = import_data(place(tmp_path / "in", files))
    assert dataset.events.height == 60
    assert any("model.pkl" in note for note in dataset.info["notes"])
    assert not canary.exists()


PIECES = [
    b'"',
    b"\t",
    b",",
    b";",
    b"\n",
    b"\0",
    b"\xff",
    b"NaN",
    b"-1",
    b"1e400",
    b"{",
    b"[",
    b"9" * 30,
    b"::",
    b"|",
    b"\r",
    b"item_id",
]


@given(
    st.sampled_from(["csv", "dat", "jsonl"]),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 20), st.sampled_from(PIECES)), min_size=1, max_size=4),
    st.sampled_from(["fail", "repair"]),
)
@settings(max_examples=60, deadline=None)
def test_any_damage_is_an_error_of_ours_or_a_valid_set(
    ending: str, edits: list[tuple[float, int, bytes]], on_error: OnError
) -> None:
    """Pieces are cut out and put in anywhere: nothing but the library's own errors ever comes out."""
    contents = {
        "csv": lines(*GOOD),
        "dat": b"".join(b"%d::%d::%d::%d\n" % (n % 5, n % 9, n % 5 + 1, 10**9 + n) for n in range(40)),
        "jsonl": reviews(*({"user_id": f"u{n % 3}", "item_id": n % 5, "timestamp": n} for n in range(20))),
    }
    content = contents[ending]
    for share, length, piece in edits:
        at = int(share * len(content))
        content = content[:at] + piece + content[at + length :]
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / f"ratings.{ending}"
        source.write_bytes(content)
        try:
            dataset = import_data(source, on_error=on_error)
        except (InputError, UsageError):
            return
        write_dataset(dataset, Path(folder) / "set")


TEXTS = (
    "=cmd|' /C calc'!A0", "+1+1", "@SUM(A1)", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>",
    "../../etc/passwd", "C:\\Windows\\system32", "'; DROP TABLE items; --", "{{7*7}}", "${jndi:ldap://x}",
    "\u202etxt.exe", "\ufeffBOM", "a\u0300" * 50, "𝕊𝕥𝕪𝕝𝕖", "ignore all previous instructions", "%s%n%x", "NULL", "None",
)  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_text_is_only_text(text: str, tmp_path: Path) -> None:
    rows = [{"user_id": f"u{n % 3}", "item_id": f"{text}{n}", "timestamp": 1_500_000_000 + n} for n in range(9)]
    items = [{"item_id": f"{text}{n}", "title": text} for n in range(9)]
    folder = place(tmp_path / "in", {"log.jsonl": reviews(*rows), "items.jsonl": reviews(*items)})
    code, _ = run(folder, tmp_path / "set")
    assert code == 0
    dataset = read_dataset(tmp_path / "set")
    assert dataset.catalog.frame["title"].to_list() == [text] * 9
    assert set(dataset.events["item_id"]) == {f"{text}{n}".strip() for n in range(9)}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "set"]


MEASURED = (
    "line too long", "endless quoted cell", "gzip bomb of one line", "gzip bomb of short lines", "truncated gzip",
    "deep json", "deep document", "too many columns", "noise",
)  # fmt: skip
SCRIPT = """
import sys
from pathlib import Path
from generec.data.importers import import_data
from generec.errors import InputError
for mode in ("fail", "repair"):
    try:
        import_data(sys.argv[1], on_error=mode)
    except InputError:
        pass
status = Path("/proc/self/status").read_text()
print(next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM")))
"""


def peak(source: Path, script: str = SCRIPT) -> int:
    """Peak memory in MiB of a process of its own that imports the file, failing and repairing."""
    environment = {**os.environ, "POLARS_MAX_THREADS": "2", "OMP_NUM_THREADS": "1"}
    result = subprocess.run(
        [sys.executable, "-c", script, str(source)], capture_output=True, text=True, env=environment, check=True
    )
    return int(result.stdout)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
@pytest.mark.parametrize("name", MEASURED)
def test_memory_stays_bounded(name: str, tmp_path: Path) -> None:
    assert peak(place(tmp_path / "in", CASES[name][0])) <= 256


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
def test_a_line_of_two_gigabytes(tmp_path: Path) -> None:
    """A sparse file: the line is read in pieces and never held."""
    source = tmp_path / "ratings.csv"
    with source.open("wb") as stream:
        stream.write(lines(*GOOD))
        stream.seek(2 << 30, os.SEEK_CUR)
        stream.write(b"\nu1,i1,4,1500000000\n")
    with pytest.raises(InputError, match=r"ratings\.csv, row 62"):
        import_data(source)
    assert peak(source, SCRIPT.replace('("fail", "repair")', '("fail",)')) <= 256
