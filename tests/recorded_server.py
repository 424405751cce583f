"""A server that speaks OpenAI's chat protocol with recorded answers, and every way in which such a server fails."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Recorded(ThreadingHTTPServer):
    """What it answers, how often it did, and what it was asked: path, headers and body of each request."""

    daemon_threads = True

    def __init__(self, content: str | bytes, status: int, pause: float, cut: int | None):
        super().__init__(("127.0.0.1", 0), _Handler)
        whole = {"choices": [{"message": {"content": content}}]} if isinstance(content, str) else None
        self.answer = json.dumps(whole).encode() if whole else content
        self.status, self.pause, self.cut = status, pause, cut
        self.asked: list[tuple[str, dict, dict]] = []
        self.ended = threading.Event()
        self.answered = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class _Handler(BaseHTTPRequestHandler):
    server: Recorded

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, dict(self.headers), json.loads(body)))
        self.server.ended.wait(self.server.pause)
        self.server.answered += 1
        try:
            self.send_response(self.server.status)
            self.send_header("Content-Length", str(len(self.server.answer)))
            self.end_headers()
            self.wfile.write(self.server.answer[: self.server.cut])
        except OSError:
            pass  # the client has left: what it does then is what is tested
        self.close_connection = True

    def log_message(self, *args: object) -> None:
        """Tests stay quiet."""


@contextmanager
def recorded(
    content: str | bytes, *, status: int = 200, pause: float = 0.0, cut: int | None = None
) -> Iterator[Recorded]:
    """A server of one answer. pause: seconds before it; cut: bytes of it after which the server is gone."""
    server = Recorded(content, status, pause, cut)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


FAILURES = {
    "no JSON": {"content": "I would rather talk about the weather."},
    "another shape": {"content": json.dumps({"answer": 42})},
    "more than asked for": {"content": json.dumps({"act": "recommend", "texts": ["x"], "consent": True})},
    "no completion": {"content": b'{"choices": []}'},
    "no text": {"content": b"\xff\xfe"},
    "an error": {"content": b"overloaded", "status": 500},
    "no key": {"content": b"no", "status": 401},
    "gone in the middle": {"content": json.dumps({"act": "recommend"}), "cut": 20},
    "silent": {"content": json.dumps({"act": "recommend"}), "pause": 600.0},
}
"""How a server fails whoever relies on it, whatever it was asked."""
