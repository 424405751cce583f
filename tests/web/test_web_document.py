"""The server as its own document describes it: fuzzed from it, and asked by a client that was generated from it."""

import shutil
from pathlib import Path

import pytest
from web_world import running

from small_world import trained


@pytest.fixture
def described(tmp_path):
    """A server of each test's own: it will need keys."""
    with running(trained().save(tmp_path / "model"), tmp_path) as found:
        yield found


def test_requests_made_from_the_document_are_answered_as_it_says(described, tmp_path):
    pytest.importorskip("schemathesis", reason="schemathesis is not installed")
    from fuzz import fuzzed, whole

    figures = fuzzed(described, tmp_path, 2, 0, "--phases", "fuzzing")
    assert whole(figures), (figures, (tmp_path / "said.txt").read_text())
    assert figures["cases"]["generated"] >= 2 * figures["operations"]["total"] > 0


def test_a_generated_client_gets_along(described, tmp_path):
    generator = shutil.which("openapi-python-client")
    if generator is None:
        pytest.skip("openapi-python-client is not installed; bench/generated_client.py gives it an environment")
    from generated_client import generated

    figures = generated(described, Path(generator).parent, tmp_path)
    assert figures["calls"], figures["errors"]
    assert all(figures["calls"].values()), figures["calls"]
