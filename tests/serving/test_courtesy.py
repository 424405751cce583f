import sys
import threading

import pytest

from generec.serving.courtesy import QUICK, courteous


def test_the_lock_is_let_go_quickly_until_the_last_one_is_done():
    usual, inside, leave = sys.getswitchinterval(), threading.Barrier(2), threading.Event()

    def other():
        with courteous():
            inside.wait(60)
            leave.wait(60)

    thread = threading.Thread(target=other)
    with courteous():
        thread.start()
        inside.wait(60)
        assert sys.getswitchinterval() == pytest.approx(QUICK)
    assert sys.getswitchinterval() == pytest.approx(QUICK)
    leave.set()
    thread.join(60)
    assert sys.getswitchinterval() == pytest.approx(usual)


def test_what_fails_leaves_the_usual_interval():
    usual = sys.getswitchinterval()
    with pytest.raises(ZeroDivisionError), courteous():
        raise ZeroDivisionError
    assert sys.getswitchinterval() == pytest.approx(usual)
