"""What the pages begin with: programs that start quickly, and the folder that the quick start leaves behind."""

import fcntl
import shutil

import pytest
from doc_pages import ROOT, programs, run


@pytest.fixture(scope="session")
def found(tmp_path_factory):
    """`generec` and `python` for the shells of the pages."""
    if shutil.which("curl") is None:
        pytest.skip("the pages use curl, which is not installed")
    with programs(tmp_path_factory.mktemp("programs")) as folder:
        yield folder


@pytest.fixture(scope="session")
def quick_start(found, tmp_path_factory, request):
    """The folder after the quick start; made once for all processes that run tests."""
    shared = tmp_path_factory.getbasetemp()
    if hasattr(request.config, "workerinput"):
        shared = shared.parent
    folder = shared / "quick-start"
    with (shared / "quick-start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / ".done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            run(ROOT / "docs" / "quick-start.md", folder, found, GENEREC_CACHE=str(shared / "cache"))
            (folder / ".done").touch()
    return folder


@pytest.fixture
def begun(quick_start, tmp_path):
    """A copy of that folder, at which the model finds its data again."""
    place = tmp_path / "page"
    shutil.copytree(quick_start, place)
    return place


@pytest.fixture
def cache(quick_start):
    """Vectors of texts that were encoded already."""
    return {"GENEREC_CACHE": str(quick_start.parent / "cache")}
