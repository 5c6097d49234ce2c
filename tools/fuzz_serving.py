"""Hostile requests, then a soak, against the MNIST server in processes of its own: its answers, their time, its memory.

Needs Linux, whose /proc says how much memory a process has.
"""

import argparse
import http.client
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(Path(__file__).parent), str(REPOSITORY)]

from hostile import FORMATS, hostile_cases, images  # noqa: E402
from sample_export import PROJECT, exported  # noqa: E402 - needs the path above

from shared.console import log  # noqa: E402
from shared.files import write_json  # noqa: E402
from shared.results import versions  # noqa: E402

WARM_UP_CASES = 500
SOAK_CLIENTS = 4


@contextmanager
def mnist_server(outputs: Path) -> Iterator[tuple[int, int]]:
    """The port and the process id of a server with its usual limits."""
    command = [sys.executable, str(PROJECT / "main.py"), "serve", "--output_dir", str(outputs), "--serve.port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert server.stdout
        yield int(server.stdout.readline().split()[1].rpartition(":")[2]), server.pid
    finally:
        server.terminate()
        server.wait()


def megabytes(process: int) -> float:
    """The resident memory of a process and of those that it has started."""
    started = [child for file in Path(f"/proc/{process}/task").glob("*/children") for child in file.read_text().split()]
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6 + sum(megabytes(int(child)) for child in started), 1)


def ask(connection: http.client.HTTPConnection, body: bytes, content_type: str) -> int:
    """The status of one answer."""
    connection.request("POST", "/predict", body, {"Content-Type": content_type})
    response = connection.getresponse()
    response.read()
    return response.status


def fuzz(port: int, process: int, count: int) -> dict[str, Any]:
    """Send the hostile cases one after the other."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for case in hostile_cases(0, WARM_UP_CASES):
        ask(connection, case.body, case.content_type)
    before, statuses, slowest = megabytes(process), Counter[str](), 0.0
    for case in hostile_cases(1, count):
        start = time.perf_counter()
        statuses[str(ask(connection, case.body, case.content_type))] += 1
        slowest = max(slowest, time.perf_counter() - start)
    return {
        "cases": count,
        "statuses": dict(sorted(statuses.items())),
        "slowest_seconds": round(slowest, 3),
        "megabytes_before": before,
        "megabytes_after": megabytes(process),
    }


def soak(port: int, process: int, seconds: float) -> dict[str, Any]:
    """Let some clients ask about good images, and look at the memory every tenth of the time."""
    good = images(random.Random(0))[: len(FORMATS)]
    end, statuses = time.monotonic() + seconds, Counter[str]()

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while time.monotonic() < end:
            for image in good:
                statuses[str(ask(connection, image, "application/octet-stream"))] += 1

    threads = [threading.Thread(target=client) for _ in range(SOAK_CLIENTS)]
    for thread in threads:
        thread.start()
    memory = []
    while time.monotonic() < end:
        time.sleep(seconds / 10)
        memory.append(megabytes(process))
    for thread in threads:
        thread.join()
    return {"seconds": seconds, "clients": SOAK_CLIENTS, "statuses": dict(statuses), "megabytes": memory}


def main() -> None:
    """Attack, soak, and write tools/results/hostile.json."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--outputs", type=Path, help="of a project run; trained on the sample where not given")
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=120.0, help="of the soak")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "tools" / "results" / "hostile.json")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        mnist_server(arguments.outputs or exported(Path(folder))) as (port, process),
    ):
        content = {
            "what": "hostile requests, then a soak, against the MNIST server with its usual limits",
            "versions": versions(),
            "hostile": fuzz(port, process, arguments.cases),
            "soak": soak(port, process, arguments.seconds),
        }
    write_json(arguments.output, content)
    log.info(f"fuzz: {content['hostile']}")


if __name__ == "__main__":
    main()
