"""What is wrong must be refused before anything runs: mypy --strict on examples that must fail."""

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def test_the_type_checker_refuses_every_wrong_line_and_nothing_else():
    source = HERE / "wrong_recipes.py"
    expected = {
        (number, found[1])
        for number, line in enumerate(source.read_text().splitlines(), 1)
        if (found := re.search(r"# wrong: (\S+)$", line))
    }
    assert len(expected) == 6
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context", str(source)],
        capture_output=True, text=True, cwd=HERE.parents[1],
    )  # fmt: skip
    found = set(re.findall(r"wrong_recipes\.py:(\d+): error: .*\[([\w-]+)\]$", checked.stdout, re.MULTILINE))
    assert {(int(number), code) for number, code in found} == expected, checked.stdout
    others = [line for line in checked.stdout.splitlines() if ": error:" in line and "wrong_recipes.py" not in line]
    assert not others
