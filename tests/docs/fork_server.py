"""Runs `generec` and `python FILE` in processes forked off one that has imported torch already.

The pages of the documentation call `generec` dozens of times, and importing torch costs each call two CPU-seconds. This
keeps them real processes (pipes, signals, exit codes, background jobs) at the price of a fork. `serve(socket)` is the
parent; `CLIENT` is the text of the command that the pages find on their path.
"""

from __future__ import annotations

import array
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import threading
from contextlib import suppress

CLIENT = """#!{python} -IS
import array, json, os, signal, socket, sys
here = socket.socket(socket.AF_UNIX)
here.connect({place!r})
asked = json.dumps([{program!r}, sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
fds = array.array("i", [0, 1, 2])
here.sendmsg([len(asked).to_bytes(4, "big")], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, fds)])
here.sendall(asked)
answers = here.makefile()
pid = int(answers.readline())
for one in (signal.SIGINT, signal.SIGTERM):
    signal.signal(one, lambda number, frame: os.kill(pid, number))
said = answers.readline()
os._exit(int(said) if said else 137)
"""


_LATE = (
    "generec.cli", "generec.data.importers", "generec.loop.generec", "generec.recipe.artefact",
    "generec.serving.api.app", "ortools.sat.python.cp_model", "sklearn.cluster",
    "transformers.models.auto.modeling_auto", "transformers.models.auto.tokenization_auto",
    "transformers.models.bert.modeling_bert", "uvicorn",
)  # fmt: skip
"""What commands import when they need it."""


def serve(place: str) -> None:
    """Answers until it is killed. Only imports happen here: threads would not survive a fork."""
    for name in _LATE:
        with suppress(ImportError):  # an extra that is not there: commands say so themselves
            importlib.import_module(name)

    listening = socket.socket(socket.AF_UNIX)
    listening.bind(place)
    listening.listen()
    signal.signal(signal.SIGCHLD, _reaped)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        asked, _ = listening.accept()
        if not os.fork():
            listening.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _answer(asked)
        asked.close()


def _reaped(*_: object) -> None:
    """Takes note of children that ended, so that their time counts as this process's."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _answer(asked: socket.socket) -> None:
    fds = array.array("i")
    head, ancillary, _, _ = asked.recvmsg(4, socket.CMSG_SPACE(3 * fds.itemsize))
    fds.frombytes(ancillary[0][2])
    size, body = int.from_bytes(head, "big"), b""
    while len(body) < size:
        body += asked.recv(size - len(body))
    program, words, folder, environment = json.loads(body)
    for number, given in enumerate(fds):
        os.dup2(given, number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    asked.sendall(b"%d\n" % os.getpid())
    threading.Thread(target=_end_with, args=(asked,), daemon=True).start()
    code = _run(program, words)
    sys.stdout.flush()
    sys.stderr.flush()
    asked.sendall(b"%d\n" % code)
    os._exit(code)


def _end_with(asked: socket.socket) -> None:
    """Ends this process when the one that asked for it is gone."""
    asked.recv(1)
    os._exit(137)


def _run(program: str, words: list[str]) -> int:
    sys.argv = [program, *words]
    try:
        if program == "python":
            runpy.run_path(words[0], run_name="__main__")
        else:
            from generec.cli import app

            app()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    serve(sys.argv[1])
