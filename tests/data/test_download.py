from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import stat
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from generec.data import unpack as unpack_module
from generec.data.download import download, find
from generec.data.known_sets import known_sets
from generec.data.unpack import unpack
from generec.errors import InputError, UsageError
from generec.fitting.progress import reporting


class Upstream:
    """A real HTTP server on this machine: ranges, ETags, and failures on demand."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.cut_at: list[int] = []  # the next answers end after so many bytes
        self.status: dict[str, int] = {}
        self.ranges = True
        self.requests: list[tuple[str, str | None]] = []
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                upstream.answer(self)

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        name, asked = handler.path.lstrip("/"), handler.headers.get("Range")
        self.requests.append((name, asked))
        if name not in self.files or name in self.status:
            handler.send_error(self.status.get(name, 404))
            return
        content = self.files[name]
        tag = f'"{hashlib.sha1(content).hexdigest()}"'
        begin = 0
        if asked and self.ranges and handler.headers.get("If-Range") == tag:
            begin = int(re.fullmatch(r"bytes=(\d+)-", asked)[1])
            if begin >= len(content):
                handler.send_response(416)
                handler.send_header("Content-Range", f"bytes */{len(content)}")
                handler.send_header("Content-Length", "0")
                handler.end_headers()
                return
        handler.send_response(206 if begin else 200)
        if begin:
            handler.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
        handler.send_header("Content-Length", str(len(content) - begin))
        handler.send_header("ETag", tag)
        handler.end_headers()
        end = min(len(content), begin + self.cut_at.pop(0)) if self.cut_at and not name.endswith(".md5") else None
        handler.wfile.write(content[begin:end])
        handler.close_connection = True

    def offer(self, name: str, content: bytes, checksum: bool = True) -> None:
        self.files[name] = content
        if checksum:
            digest = hashlib.md5(content).hexdigest()
            self.files[f"{name}.md5"] = f"MD5 ({name}) = {digest}\n".encode()

    def asked(self, name: str) -> list[str | None]:
        return [wanted for requested, wanted in self.requests if requested == name]


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    made = Upstream()
    yield made
    made.server.shutdown()
    made.server.server_close()
    made.thread.join()


def packed(**members: bytes) -> bytes:
    """A zip file; two underscores in a name stand for a slash."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), text)
    return content.getvalue()


RATINGS = b"".join(b"%d::%d::5::978300760\n" % (row % 97, row * 7919 % 1013) for row in range(40_000))
ML1M = packed(**{"ml-1m__ratings_dot_dat": RATINGS, "ml-1m__movies_dot_dat": b"1::Toy Tale (1995)::Comedy\n"})


def fetch(upstream: Upstream, directory: Path, name: str = "ml-1m") -> object:
    return download(name, directory, True, base_url=upstream.url, timeout=5)


def leftovers(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.rglob("*") if re.search(r"\.part|\.new|partial", path.name))


def test_a_set_arrives_checked_and_unpacked(upstream: Upstream, tmp_path: Path) -> None:
    upstream.offer("ml-1m.zip", ML1M)
    got = fetch(upstream, tmp_path)
    assert (got.folder / "ratings.dat").read_bytes() == RATINGS
    assert [path.name for path in got.files] == ["movies.dat", "ratings.dat"]
    assert got.checks["ml-1m.zip"] == "equals the md5 that upstream publishes; sha256 recorded on first use"
    record = json.loads((tmp_path / "checksums.json").read_text())
    assert record["ml-1m/ml-1m.zip"]["sha256"] == hashlib.sha256(ML1M).hexdigest()
    assert leftovers(tmp_path) == []


def test_what_is_there_is_checked_and_not_fetched_again(upstream: Upstream, tmp_path: Path) -> None:
    upstream.offer("ml-1m.zip", ML1M)
    fetch(upstream, tmp_path)
    again = fetch(upstream, tmp_path)
    assert upstream.asked("ml-1m.zip") == [None]
    assert "equals the sha256 recorded on 20" in again.checks["ml-1m.zip"]


@pytest.mark.parametrize("cuts", [[1000], [1000, 5000], [0, 1, len(ML1M) - 2]])
def test_an_interrupted_transfer_goes_on_where_it_stopped(upstream: Upstream, tmp_path: Path, cuts: list[int]) -> None:
    upstream.offer("ml-1m.zip", ML1M)
    upstream.cut_at = list(cuts)
    if len(cuts) >= 3:
        with pytest.raises(InputError, match="bytes are kept, run this again to go on"):
            fetch(upstream, tmp_path)
        assert not (tmp_path / "ml-1m").exists()
    assert (fetch(upstream, tmp_path).folder / "ratings.dat").read_bytes() == RATINGS
    asked = upstream.asked("ml-1m.zip")
    assert asked[0] is None
    assert asked[-1] == f"bytes={sum(cuts)}-"
    assert leftovers(tmp_path) == []


def test_an_interrupted_transfer_of_a_changed_file_begins_again(upstream: Upstream, tmp_path: Path) -> None:
    upstream.offer("ml-1m.zip", packed(**{"ml-1m__ratings_dot_dat": RATINGS[::-1]}))
    upstream.cut_at = [500, 500, 500]
    with pytest.raises(InputError):
        fetch(upstream, tmp_path)
    upstream.offer("ml-1m.zip", ML1M)
    assert (fetch(upstream, tmp_path).folder / "ratings.dat").read_bytes() == RATINGS


def test_a_server_without_ranges_sends_all_again(upstream: Upstream, tmp_path: Path) -> None:
    upstream.offer("ml-1m.zip", ML1M)
    upstream.ranges, upstream.cut_at = False, [1000]
    assert (fetch(upstream, tmp_path).folder / "ratings.dat").read_bytes() == RATINGS


def test_a_transfer_that_was_complete_but_not_moved_is_taken(upstream: Upstream, tmp_path: Path) -> None:
    upstream.offer("ml-1m.zip", ML1M)
    archives = tmp_path / "archives"
    archives.mkdir()
    (archives / "ml-1m.zip.part").write_bytes(ML1M)
    mark = {"url": f"{upstream.url}/ml-1m.zip", "version": f'"{hashlib.sha1(ML1M).hexdigest()}"'}
    (archives / "ml-1m.zip.part.json").write_text(json.dumps(mark))
    assert (fetch(upstream, tmp_path).folder / "ratings.dat").read_bytes() == RATINGS
    assert upstream.asked("ml-1m.zip") == [f"bytes={len(ML1M)}-"]


def test_foreign_bytes_in_a_part_file_never_reach_the_set(upstream: Upstream, tmp_path: Path) -> None:
    upstream.offer("ml-1m.zip", ML1M)
    (tmp_path / "archives").mkdir()
    (tmp_path / "archives" / "ml-1m.zip.part").write_bytes(b"rubbish")
    (tmp_path / "archives" / "ml-1m.zip.part.json").write_text("{broken")
    assert (fetch(upstream, tmp_path).folder / "ratings.dat").read_bytes() == RATINGS


def test_a_wrong_checksum_is_refused_and_nothing_stays(upstream: Upstream, tmp_path: Path) -> None:
    upstream.offer("ml-1m.zip", ML1M)
    upstream.files["ml-1m.zip.md5"] = b"0" * 32
    with pytest.raises(InputError, match="upstream publishes 00000"):
        fetch(upstream, tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_checksum_page_without_a_checksum_is_refused(upstream: Upstream, tmp_path: Path) -> None:
    upstream.offer("ml-1m.zip", ML1M)
    upstream.files["ml-1m.zip.md5"] = b"<html>please log in</html>"
    with pytest.raises(InputError, match="expected an md5 checksum"):
        fetch(upstream, tmp_path)


def test_a_set_that_changed_upstream_is_refused_until_accepted(upstream: Upstream, tmp_path: Path) -> None:
    upstream.offer("ml-1m.zip", ML1M, checksum=False)
    first = fetch(upstream, tmp_path)
    assert first.checks["ml-1m.zip"] == "upstream's checksum could not be read; sha256 recorded on first use"
    (tmp_path / "archives" / "ml-1m.zip").unlink()
    (tmp_path / "ml-1m").rename(tmp_path / "old")
    upstream.offer("ml-1m.zip", packed(ratings_dot_dat=b"1::1::1::1\n"), checksum=False)
    with pytest.raises(InputError, match=r"changed since it was recorded on 20.*remove ml-1m/ml-1m.zip from"):
        fetch(upstream, tmp_path)
    assert not (tmp_path / "ml-1m").exists()
    assert leftovers(tmp_path) == []
    (tmp_path / "checksums.json").write_text("{}")
    assert (fetch(upstream, tmp_path).folder / "ratings.dat").read_bytes() == b"1::1::1::1\n"


def test_a_file_that_rotted_on_the_disk_is_refused_and_kept(upstream: Upstream, tmp_path: Path) -> None:
    upstream.offer("ml-1m.zip", ML1M)
    fetch(upstream, tmp_path)
    archive = tmp_path / "archives" / "ml-1m.zip"
    archive.write_bytes(ML1M[:-1] + bytes([ML1M[-1] ^ 1]))
    with pytest.raises(InputError, match="its md5 is"):
        fetch(upstream, tmp_path)
    assert archive.exists()


def test_a_folder_without_its_archive_is_not_touched(upstream: Upstream, tmp_path: Path) -> None:
    upstream.offer("ml-1m.zip", ML1M)
    (tmp_path / "ml-1m").mkdir()
    (tmp_path / "ml-1m" / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="move the folder away"):
        fetch(upstream, tmp_path)
    assert (tmp_path / "ml-1m" / "mine.txt").read_text() == "mine"


def test_plain_files_are_kept_as_they_are(upstream: Upstream, tmp_path: Path) -> None:
    reviews, items = gzip.compress(b'{"asin": "1"}\n'), gzip.compress(b"{'asin': '1'}\n")
    upstream.offer("reviews_Beauty_5.json.gz", reviews, checksum=False)
    upstream.offer("meta_Beauty.json.gz", items, checksum=False)
    got = fetch(upstream, tmp_path, "amazon14-Beauty")
    assert [path.read_bytes() for path in got.files] == [reviews, items]
    assert set(got.checks.values()) == {"sha256 recorded on first use"}
    upstream.offer("Beauty_5.json.gz", reviews, checksum=False)
    assert {key.split("/")[0] for key in json.loads((tmp_path / "checksums.json").read_text())} == {"amazon14-beauty"}


def test_without_a_network_the_error_says_where_to_put_the_file(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        download("ml-100k", tmp_path, True, base_url="http://127.0.0.1:9", timeout=1)
    place = tmp_path / "archives" / "ml-100k.zip"
    assert f"without a network: put the file at {place} and run this again" in str(caught.value)
    content = packed(**{"ml-100k__u_dot_data": b"1\t1\t5\t1\n"})
    place.write_bytes(content)
    got = download("ml-100k", tmp_path, True, base_url="http://127.0.0.1:9", timeout=1)
    assert (got.folder / "u.data").exists()
    assert got.checks["ml-100k.zip"] == "upstream's checksum could not be read; sha256 recorded on first use"


def test_a_file_that_upstream_lacks_names_the_place_too(upstream: Upstream, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"answers 404.*put it at .*ml-1m\.zip"):
        fetch(upstream, tmp_path)


def test_the_licence_comes_first(upstream: Upstream, tmp_path: Path) -> None:
    upstream.offer("ml-1m.zip", ML1M)
    with pytest.raises(UsageError, match=r"for research.*ml-1m-README(.|\n)*--accept-licence"):
        download("ml-1m", tmp_path, False, base_url=upstream.url)
    assert upstream.requests == []


def test_unknown_names_and_mirrors_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'ml-1m'"):
        find("ml-1mm")
    with pytest.raises(UsageError, match="http or https"):
        download("ml-1m", tmp_path, True, base_url="file:///etc")


def test_a_broken_record_is_named(upstream: Upstream, tmp_path: Path) -> None:
    upstream.offer("ml-1m.zip", ML1M)
    (tmp_path / "checksums.json").write_text('{"ml-1m/ml-1m.zip": 3}')
    with pytest.raises(InputError, match=r"checksums\.json: no readable record"):
        fetch(upstream, tmp_path)


def test_progress_counts_every_byte(upstream: Upstream, tmp_path: Path) -> None:
    upstream.offer("ml-1m.zip", ML1M)
    counted: list[float] = []

    class Counting:
        def start(self, description: str, total: float | None = None) -> Counting:
            return self

        def advance(self, steps: float = 1, note: str = "") -> None:
            counted.append(steps)

        def finish(self) -> None:
            counted.append(0)

    with reporting(Counting()):
        fetch(upstream, tmp_path)
    assert sum(counted) == len(ML1M)


def test_the_known_sets_are_complete_and_consistent() -> None:
    known = known_sets()
    assert {"ml-latest-small", "ml-100k", "ml-1m", "ml-10m", "ml-20m", "ml-25m", "ml-32m"} <= set(known)
    assert {"amazon14-beauty", "amazon18-industrial-and-scientific", "amazon23-video-games"} <= set(known)
    for name, entry in known.items():
        assert name == entry.name == name.lower()
        assert entry.licence_url.startswith("https://")
        assert all(remote.url.startswith("https://") and remote.url.endswith(remote.name) for remote in entry.files)
        assert len({remote.name for remote in entry.files}) == len(entry.files)
        assert all((remote.checksum_url is not None) == name.startswith("ml-") for remote in entry.files)


def zip_with(path: Path, name: str, content: bytes = b"x", mode: int = stat.S_IFREG | 0o644) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo(name)
        entry.external_attr = mode << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr("set/good.txt", b"good")
        archive.writestr(entry, content)
    return path


@pytest.mark.parametrize(
    ("name", "mode", "message"),
    [
        ("../evil.txt", stat.S_IFREG, "would leave the folder"),
        ("set/../../evil.txt", stat.S_IFREG, "would leave the folder"),
        ("/etc/evil.txt", stat.S_IFREG, "would leave the folder"),
        ("set\\..\\evil.txt", stat.S_IFREG, "would leave the folder"),
        ("C:/evil.txt", stat.S_IFREG, "would leave the folder"),
        ("set/link", stat.S_IFLNK, "is a link or a special file"),
        ("set/pipe", stat.S_IFIFO, "is a link or a special file"),
        ("set/GOOD.txt", stat.S_IFREG, "occurs twice"),
    ],
)
def test_archives_that_would_escape_are_refused(tmp_path: Path, name: str, mode: int, message: str) -> None:
    archive = zip_with(tmp_path / "bad.zip", name, mode=mode | 0o644)
    with pytest.raises(InputError, match=message):
        unpack(archive, tmp_path / "deep" / "set")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["bad.zip", "deep"]


def test_bombs_and_crowds_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = zip_with(tmp_path / "bomb.zip", "set/zeros", bytes(8 << 20))
    with pytest.raises(InputError, match="more than 100 times"):
        unpack(archive, tmp_path / "set")
    monkeypatch.setattr(unpack_module, "MEMBERS", 1)
    with pytest.raises(InputError, match="2 members, at most 1"):
        unpack(zip_with(tmp_path / "crowd.zip", "set/other"), tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_a_member_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    archive = zip_with(tmp_path / "liar.zip", "set/zeros", bytes(1 << 20))
    content = archive.read_bytes()
    archive.write_bytes(content.replace((1 << 20).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    with pytest.raises(InputError, match=r"damaged zip file|longer than it declares"):
        unpack(archive, tmp_path / "set")
    assert not (tmp_path / "set").exists()


@pytest.mark.parametrize("damage", ["cut", "flip", "text"])
def test_damaged_archives_are_refused_whole(tmp_path: Path, damage: str) -> None:
    content = bytearray(packed(set__a=RATINGS, set__b=b"b"))
    content[200] ^= 8 if damage == "flip" else 0
    archive = tmp_path / "bad.zip"
    archive.write_bytes({"cut": content[:500], "flip": content, "text": b"<html>"}[damage])
    with pytest.raises(InputError, match=r"damaged zip file.*delete it, then fetch it again"):
        unpack(archive, tmp_path / "set")
    assert [path.name for path in tmp_path.iterdir()] == ["bad.zip"]


def test_several_top_folders_stay(tmp_path: Path) -> None:
    archive = tmp_path / "two.zip"
    archive.write_bytes(packed(a__x=b"1", b__x=b"2", top=b"3"))
    unpack(archive, tmp_path / "set")
    names = sorted(str(path.relative_to(tmp_path / "set")) for path in (tmp_path / "set").rglob("*") if path.is_file())
    assert names == ["a/x", "b/x", "top"]
