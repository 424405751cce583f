"""The page of published systems is what the results say."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_of_published_systems_is_written_from_the_results():
    done = subprocess.run([sys.executable, "bench/papers.py", "--check"], cwd=ROOT)
    assert done.returncode == 0, "run python bench/papers.py"
