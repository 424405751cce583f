"""`python -m generec` is the command line."""

from generec.cli import app

if __name__ == "__main__":
    app()
