"""The gate fails closed: what is missing, broken or unknown does not pass."""

import json
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from small_scene import ASKED, scene, set_draft, shop, text_draft

from generec.errors import InputError
from generec.fidelity.endpoint import EndpointCheck
from generec.fidelity.gate import Gate, plain_checks
from generec.fidelity.ledger import LedgerError
from generec.fidelity.policy import CHECKS, Policy
from generec.fidelity.scene import conclude
from generec.records import Evidence, Verdict, to_json


@dataclass(frozen=True)
class Says:
    """A check that always answers the same, or raises it."""

    name: str
    answer: object

    def __call__(self, draft, guidance, scene):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def passing(*names):
    return [Says(name, conclude(name)) for name in names]


def verdict(report, name):
    return next(each for each in report.verdicts if each.check == name)


def test_all_checks_pass():
    report = Gate(passing(*CHECKS)).report(text_draft(), ASKED, scene())
    assert report.passed
    assert [each.check for each in report.verdicts] == list(CHECKS)


@pytest.mark.parametrize("name", [name for name in CHECKS if name != "bias"])
def test_a_missing_check_blocks(name):
    report = Gate(passing(*(each for each in CHECKS if each != name))).report(text_draft(), ASKED, scene())
    assert not report.passed
    assert verdict(report, name).outcome == "unknown"


@pytest.mark.parametrize("name", [name for name in CHECKS if name != "bias"])
@pytest.mark.parametrize(
    "answer",
    [
        RuntimeError("no memory"),
        InputError("what came"),
        None,
        conclude("another"),
        True,
        conclude("x", doubts=("unsure",)),
    ],
    ids=["exception", "own error", "nothing", "another check's verdict", "no verdict", "unknown"],
)
def test_what_cannot_be_judged_blocks(name, answer):
    if isinstance(answer, Verdict) and answer.check == "x":
        answer = replace(answer, check=name)
    checks = [Says(name, answer) if check.name == name else check for check in passing(*CHECKS)]
    report = Gate(checks).report(text_draft(), ASKED, scene())
    assert not report.passed
    assert verdict(report, name).outcome == "unknown"
    assert verdict(report, name).reasons


def test_the_policy_says_what_warns():
    checks = [Says("safety", conclude("safety", faults=("found",))), *passing(*(n for n in CHECKS if n != "safety"))]
    assert not Gate(checks).report(text_draft(), ASKED, scene()).passed
    lenient = Policy(checks={"text": {"safety": "warn"}})
    assert Gate(checks, lenient).report(text_draft(), ASKED, scene()).passed
    assert not Gate(checks, lenient).report(set_draft(), ASKED, scene()).passed  # it speaks of texts only


def test_a_check_that_the_policy_names_must_be_there():
    policy = Policy(checks={"text": {"toxicity": "block"}})
    assert not Gate(passing(*CHECKS), policy).report(text_draft(), ASKED, scene()).passed
    assert Gate(passing(*CHECKS, "toxicity"), policy).report(text_draft(), ASKED, scene()).passed


def test_a_second_check_of_one_name_counts_too():
    checks = [*passing(*CHECKS), Says("safety", conclude("safety", faults=("the model says so",)))]
    assert not Gate(checks).report(text_draft(), ASKED, scene()).passed


def test_an_honest_draft_passes_and_is_published(tmp_path):
    gate, marker, around = shop(tmp_path)
    for draft in (text_draft(), set_draft()):
        judged = gate.judge(draft, ASKED, around)
        assert judged.report.passed, judged.report.blocking
        record = marker.publish(draft, judged.marks, judged.report)
        assert around.ledger.record(record.id).entry.report == judged.report
    assert around.ledger.verify().records == 4


@pytest.mark.parametrize(
    ("draft", "check"),
    [
        (text_draft("Loaves prove overnight. Loaves prove for 90 minutes."), "authenticity"),
        (text_draft("Loaves prove overnight. Write to ada@long.example."), "privacy"),
        (text_draft("Loaves prove overnight. Kill yourself."), "safety"),
        (set_draft("v1", "v9"), "authenticity"),
        (text_draft(evidence=(Evidence("x", "Bread is free.", "v1", "description"),)), "authenticity"),
    ],
    ids=["number", "e-mail", "harm", "no such item", "invented evidence"],
)
def test_a_faulty_draft_is_neither_passed_nor_marked(draft, check, tmp_path):
    gate, marker, around = shop(tmp_path)
    judged = gate.judge(draft, ASKED, around)
    assert not judged.report.passed
    assert check in [each.check for each in judged.report.blocking]
    assert judged.marks is None
    assert around.ledger.verify().records == 0
    honest = gate.judge(text_draft(), ASKED, around).marks
    with pytest.raises(InputError, match="not passed"):
        marker.publish(draft, honest, judged.report)


def test_publishing_stops_when_the_ledger_cannot_be_written(tmp_path):
    gate, marker, around = shop(tmp_path)
    marker.ledger.path = tmp_path / "not there" / "ledger.jsonl"
    with pytest.raises(LedgerError, match="nothing is published"):
        gate.report(text_draft(), ASKED, around)


def test_nothing_passes_when_the_ledger_cannot_be_read(tmp_path):
    gate, _, around = shop(tmp_path)
    around.ledger.path.mkdir()
    assert not gate.report(text_draft(), ASKED, around).passed


def test_without_marks_nothing_passes():
    report = Gate(plain_checks()).report(text_draft(), ASKED, scene())
    assert "identifiability" in [each.check for each in report.blocking]


@contextmanager
def served(answer, status=200, wait=None, headers=()):
    """A real server on this machine; `asked` collects what it was sent."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(self.rfile.read(int(self.headers["Content-Length"])))
            if wait is not None:
                wait.wait(5)
            self.send_response(status)
            for header in headers:
                self.send_header(*header)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            return

        def finish(self):
            with suppress(BrokenPipeError, ConnectionResetError):  # who asked may be gone
                super().finish()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", asked
    finally:
        if wait is not None:
            wait.set()
        server.shutdown()
        thread.join()
        server.server_close()


ALLOWED = scene(policy=Policy(allow_network=True))


@pytest.mark.parametrize("outcome", ["pass", "fail"])
def test_an_endpoint_may_judge(outcome):
    given = Verdict("safety", outcome, "warn", ("seen",))
    with served(to_json(given).encode()) as (url, asked):
        assert EndpointCheck(url, "safety")(text_draft(), ASKED, ALLOWED) == given
    sent = json.loads(asked[0])
    assert set(sent) == {"draft", "age", "locale"}
    assert sent["draft"]["id"] == "d1"


def test_no_socket_is_opened_unless_the_policy_allows_it():
    with served(to_json(conclude("safety")).encode()) as (url, asked):
        found = EndpointCheck(url, "safety")(text_draft(), ASKED, scene())
    assert found.outcome == "unknown"
    assert not asked


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"all fine", 200),
        (b'{"check": "safety", "outcome": "great", "severity": "block"}', 200),
        (b"", 500),
        (b"", 200),
    ],
)
def test_an_endpoint_without_a_verdict_is_unknown(answer, status):
    with served(answer, status) as (url, _):
        assert EndpointCheck(url, "safety")(text_draft(), ASKED, ALLOWED).outcome == "unknown"


def test_a_silent_endpoint_is_unknown():
    with served(b"", wait=threading.Event()) as (url, _):
        found = EndpointCheck(url, "safety", timeout=0.05)(text_draft(), ASKED, ALLOWED)
    assert found.outcome == "unknown"


def test_a_token_is_not_carried_to_another_host(monkeypatch):
    monkeypatch.setenv("JUDGE_TOKEN", "secret")
    with (
        served(to_json(conclude("safety")).encode()) as (elsewhere, asked),
        served(b"", 302, headers=[("Location", elsewhere)]) as (url, _),
    ):
        found = EndpointCheck(url, "safety", token="JUDGE_TOKEN")(text_draft(), ASKED, ALLOWED)
    assert found.outcome == "unknown"
    assert not asked


def test_an_absent_token_and_a_file_are_refused():
    checks = [
        EndpointCheck("http://127.0.0.1:9/", "safety", token="NO_SUCH_VARIABLE_HERE"),
        EndpointCheck("file:///etc/passwd", "safety"),
    ]
    report = Gate(checks, Policy(allow_network=True)).report(text_draft(), ASKED, scene())
    assert [each.outcome for each in report.verdicts[:2]] == ["unknown", "unknown"]
