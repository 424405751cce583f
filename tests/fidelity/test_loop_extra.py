"""Without the extra's libraries the package imports, and what needs them says how to get them."""

import subprocess
import sys

import pytest

from generec.errors import UsageError
from generec.fidelity.keys import Keys
from generec.fidelity.originals import Originals
from generec.fidelity.personal_data import personal_data


@pytest.mark.parametrize(
    ("library", "use"),
    [
        ("phonenumbers", lambda folder: personal_data("call 020 7946 0958")),
        ("stdnum", lambda folder: personal_data("4111 1111 1111 1111")),
        ("datasketch", lambda folder: Originals()),
        ("cryptography", lambda folder: Keys(folder).signing()),
        ("cryptography", lambda folder: Keys(folder).trusted()),
    ],
)
def test_an_absent_library_is_named_with_its_remedy(library, use, tmp_path, monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)  # importing it raises ImportError
    with pytest.raises(UsageError, match=r'pip install "generec\[loop\]"'):
        use(tmp_path)


def test_importing_the_gate_loads_none_of_them():
    heavy = ("phonenumbers", "stdnum", "datasketch", "cryptography", "sklearn", "torch", "scipy")
    code = f"import sys, generec.fidelity.gate; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
