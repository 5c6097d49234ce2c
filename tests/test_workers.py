"""Work that several processes share: in order, and none of them outlives the one that started it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from shared import process
from shared.errors import UserError
from shared.process import own_cores
from shared.workers import in_processes


def square(number: int) -> tuple[int, int]:
    time.sleep(0.01 * (number % 3))
    return number**2, os.getpid()


@pytest.mark.parametrize("workers", [0, 2])
def test_results_come_in_order(workers: int) -> None:
    found = list(in_processes(square, iter(range(20)), workers))
    assert [result for result, _ in found] == [number**2 for number in range(20)]
    assert (os.getpid() in {process for _, process in found}) == (workers == 0)


def test_no_more_is_computed_ahead_than_two_for_each_process() -> None:
    taken: list[int] = []
    results = in_processes(square, (taken.append(number) or number for number in range(100)), 2)
    next(results)
    assert len(taken) <= 5
    results.close()  # type: ignore[attr-defined]


def refuse(_: int) -> None:
    raise UserError("this one not.")


def kill(_: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_errors_and_kills_are_one_sentence() -> None:
    with pytest.raises(UserError, match=r"^this one not\.$"):
        list(in_processes(refuse, [1], 1))
    with pytest.raises(UserError, match="a worker process was killed"):
        list(in_processes(kill, [1], 1))


def convolved(_: int) -> float:
    return float(torch.nn.functional.conv1d(torch.ones(1, 1, 100_000), torch.ones(9, 1, 9)).sum())


def test_workers_compute_where_the_process_that_started_them_has_computed_with_threads() -> None:
    code = "import test_workers as t\nt.torch.set_num_threads(2)\n"
    code += "expected = t.convolved(0)\nassert [*t.in_processes(t.convolved, range(4), 2)] == [expected] * 4"
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent, check=True, timeout=60)


def running(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    return stat.is_file() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="it looks for processes in /proc")
def test_workers_end_with_a_process_that_is_killed() -> None:
    code = "import test_workers as t\nfor one in t.in_processes(t.square, range(10**6), 2): print(one[1], flush=True)"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parent, stdout=subprocess.PIPE)
    assert process.stdout
    workers = {int(process.stdout.readline()) for _ in range(20)}
    process.kill()
    process.wait()
    assert len(workers) == 2
    for _ in range(100):
        if not any(map(running, workers)):
            return
        time.sleep(0.05)
    pytest.fail("workers are left over")


@pytest.mark.parametrize(("processes", "share"), [(None, 8), (4, 2), (16, 1)])
def test_processes_of_torchrun_share_the_cores(processes: int | None, share: int, monkeypatch) -> None:
    monkeypatch.setattr(process, "cores", lambda: 8)
    monkeypatch.setenv("LOCAL_WORLD_SIZE", str(processes)) if processes else monkeypatch.delenv(
        "LOCAL_WORLD_SIZE", False
    )
    assert own_cores() == share
