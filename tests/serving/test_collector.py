"""The collector sets aside what lives on, and lets go of what does not when it is told to look again."""

import gc
import os
import subprocess
import sys
import weakref
from pathlib import Path

import pytest

from generec.serving.collector import Collector, hand_back


class Node:
    """Something that only the garbage collector frees."""

    def __init__(self):
        self.me = self


@pytest.fixture(autouse=True)
def alone():
    """There is one garbage collector: a server that another test left running has its say in it as well."""
    others, threshold = list(gc.callbacks), gc.get_threshold()
    gc.callbacks.clear()
    gc.set_threshold(700, 10, 10)
    gc.unfreeze()
    yield
    gc.callbacks[:] = others
    gc.set_threshold(*threshold)


@pytest.fixture
def collector():
    one = Collector(every=0)
    gc.collect()
    gc.disable()  # collections come when a test asks for them
    one.start()
    yield one
    gc.enable()
    one.stop()
    assert gc.get_freeze_count() == 0
    gc.collect()


def test_what_survives_is_set_aside_and_let_go_after_renewal(collector):
    node = Node()
    seen = weakref.ref(node)
    gc.collect()
    assert gc.get_freeze_count() > 1000
    del node
    gc.collect()
    assert seen() is not None  # set aside: not looked at
    collector.renew()
    gc.collect()
    assert seen() is None


def test_what_dies_young_is_freed_all_the_same(collector):
    gc.collect()
    seen = weakref.ref(Node())
    gc.collect()
    assert seen() is None


def test_what_is_there_at_the_start_is_set_aside_unseen(collector):
    assert gc.get_freeze_count() > 1000
    assert collector._least > 1000


def test_four_times_as_much_is_looked_at_again(collector):
    gc.collect()
    first = gc.get_freeze_count()
    collector._least = first // 2  # told from what is counted at the end
    nodes = [Node() for _ in range(4 * first)]
    assert gc.get_freeze_count() <= first  # of what was set aside some may have gone
    seen = weakref.ref(nodes[0])
    gc.collect()  # finds that four times as much would be set aside
    del nodes
    gc.collect()
    assert seen() is None
    assert 0 < gc.get_freeze_count() <= collector._least < 2 * first  # some may have gone again


def test_stopped_twice_it_is_stopped():
    before = gc.get_threshold()
    one = Collector(every=0)
    one.start()
    assert gc.get_threshold() != before
    one.stop()
    one.stop()
    assert one._told not in gc.callbacks
    assert gc.get_threshold() == before


def test_freed_memory_is_handed_back_when_everything_was_visited(collector, monkeypatch):
    times = []
    monkeypatch.setattr("generec.serving.collector.hand_back", lambda: times.append(gc.get_freeze_count()))
    for _ in range(3):
        gc.collect()
    assert len(times) == 0
    collector.renew()
    gc.collect()
    assert len(times) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_is_handed_back_is_the_machine_s():
    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

    blocks = [os.urandom(50_000) for _ in range(4_000)]  # from the heap: glibc maps larger ones by themselves
    full = resident()
    del blocks[:-1]  # the last one keeps the heap's end
    hand_back()
    assert resident() < full - 100


def in_use(work: str, tmp_path: Path) -> int:
    """What a process of its own prints. `told()` in it: what glibc says of its heaps."""
    begin = """import ctypes, re, threading
from pathlib import Path
from generec.serving.collector import frugal
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
def told():
    file = ctypes.c_void_p(libc.fopen(b"heaps.xml", b"w"))
    libc.malloc_info(0, file), libc.fclose(file)
    return Path("heaps.xml").read_text()
"""
    command = [sys.executable, "-c", begin + work]
    return int(subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's heaps")
def test_all_threads_allocate_from_two_heaps(tmp_path):
    work = """
held, together = [], threading.Barrier(9)
def hold():
    held.append([bytes(100_000) for _ in range(20)])
    together.wait(60)
threads = [threading.Thread(target=hold) for _ in range(8)]
[one.start() for one in threads]
heaps = told()
together.wait(60)
print(heaps.count("<heap nr"))
"""
    assert in_use("frugal()" + work, tmp_path) <= 2 < in_use(work, tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's heaps")
def test_few_compiled_kernels_are_kept(tmp_path):
    """What is in use after six hundred shapes, with and without the bound."""
    import torch

    if not torch.ops.mkldnn._is_mkldnn_bf16_supported():
        pytest.skip("this processor has no bfloat16 kernels")
    work = """
import torch
weight = torch.ones(64, 64, dtype=torch.bfloat16)
def used():
    whole = told().rpartition("</heap>")[2]
    size = lambda kind: int(re.search(kind + '".* size="([0-9]+)', whole)[1])
    return size('system type="current') - size('type="fast') - size('type="rest')
with torch.inference_mode():
    torch.nn.functional.linear(torch.ones(1, 64, dtype=torch.bfloat16), weight)
    before = used()
    for rows in range(2, 600):
        torch.nn.functional.linear(torch.ones(rows, 64, dtype=torch.bfloat16), weight)
print(used() - before)
"""
    assert 2 * in_use("frugal()" + work, tmp_path) < in_use(work, tmp_path)
