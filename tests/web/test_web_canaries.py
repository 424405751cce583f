"""Texts of one person, looked for wherever they must not be, of a running server and of what it leaves."""

from canaries import clean, run


def test_what_a_person_says_goes_nowhere_and_goes_away(tmp_path):
    figures = run(tmp_path)
    assert clean(figures), figures
    assert figures["log lines"] >= 50
