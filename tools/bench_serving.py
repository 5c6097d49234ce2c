"""Requests per second and latency of the same exported network behind our server and behind well-known ones.

Every server gets the same requests (JSON with one image in base64, or with `--asked texts` one short text for a
Transformer), prepares them and asks the network by the same functions, and runs alone in processes of its own: the
others are stopped (SIGSTOP) while one has its turn. As a machine's speed drifts, turns are short and repeated, and a
ratio compares turns of the same round.

Peers are in tools/requirements-bench.txt, which `make bench-serving` installs beside the project's own environment.
"""

import argparse
import asyncio
import base64
import contextlib
import functools
import io
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

TOOLS = Path(__file__).resolve().parent
sys.path.insert(0, str(TOOLS))

import bench_peers
import numpy as np
import psutil
import uvicorn
import uvloop
from bench_peers import ASKED, CLIENTS, FIELD, OUTPUTS, PROJECT, PROJECTS, REPOSITORY
from PIL import Image
from result_files import run, save_result
from sample_export import exported
from sklearn.datasets import load_digits

from shared.console import log
from shared.results import versions

PLAIN = "plain FastAPI"
SERVERS = ("ours", PLAIN, "LitServe", "LitServe, batching", "BentoML")
QUESTIONS = 64
WORDS = 40
# Its own first weights are as large as a trained network's; what it answers does not matter here.
TRAINED_FOR_TEXTS = ("--model.name", "pretrained", "--model.tuning", "frozen", "--training.epochs", "1")
WARM_UP_SECONDS = 1.0


def serve(name: str, outputs: Path, port: int) -> None:
    """Be one of the servers."""
    os.environ |= {OUTPUTS: str(outputs), "PYTHONPATH": str(REPOSITORY)}
    if name == "ours":
        main_file = str(PROJECT / "main.py")
        arguments = ["serve", "--output_dir", str(outputs), "--serve.port", str(port)]
        os.execv(sys.executable, [sys.executable, main_file, *arguments])
    elif name == "BentoML":
        program = str(Path(sys.executable).with_name("bentoml"))
        service = "BentoDigits" if FIELD == "images" else "BentoTexts"
        place = ["--host", "127.0.0.1", "--port", str(port), "--working-dir", str(TOOLS)]
        os.execv(program, [program, "serve", f"bench_peers:{service}", *place])
    elif name == PLAIN:
        uvicorn.run(bench_peers.plain_fastapi(), port=port, log_level="warning")
    else:
        bench_peers.run_litserve(port, batch_size=CLIENTS if "batching" in name else 1)


class Client(asyncio.Protocol):
    """One connection that asks again as soon as it is answered."""

    def __init__(self, requests: list[bytes], first: int) -> None:
        self.requests, self.turn = requests, first
        self.times: list[float] = []
        self.errors = 0
        self.received = bytearray()
        self.transport: Any = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.stopping = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask the first item."""
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        """Ask the next item."""
        self.turn = (self.turn + 1) % len(self.requests)
        self.start = time.perf_counter()
        self.transport.write(self.requests[self.turn])

    def data_received(self, data: bytes) -> None:
        """Note the time of a whole answer, and ask again."""
        self.received += data
        head, found, body = bytes(self.received).partition(b"\r\n\r\n")
        if not found or len(body) < int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]):
            return
        self.received.clear()
        self.times.append(time.perf_counter() - self.start)
        self.errors += not (head.startswith(b"HTTP/1.1 200") and b'"probabilities"' in body)
        if self.stopping:
            self.transport.close()
        else:
            self.ask()

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - asyncio names it
        """Be done."""
        self.errors += not self.stopping
        if not self.done.done():
            self.done.set_result(None)


async def load(port: int, requests: list[bytes], seconds: float) -> dict[str, float]:
    """Let all clients ask for some seconds."""
    loop = asyncio.get_running_loop()
    clients = [Client(requests, index * len(requests) // CLIENTS) for index in range(CLIENTS)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.sleep(WARM_UP_SECONDS)
    for client in clients:
        client.times.clear()
    start = time.perf_counter()
    await asyncio.sleep(seconds)
    taken = time.perf_counter() - start
    times = np.concatenate([client.times for client in clients])
    for client in clients:
        client.stopping = True
    await asyncio.gather(*(client.done for client in clients))
    p50, p95, p99 = np.percentile(times, [50, 95, 99]) * 1000
    errors = sum(client.errors for client in clients)
    return {"requests_a_second": len(times) / taken, "p50_ms": p50, "p95_ms": p95, "p99_ms": p99, "errors": errors}


def make_requests(port: int) -> list[bytes]:
    """Requests about one image or one text each."""
    requests = []
    for asked in images() if FIELD == "images" else texts():
        body = json.dumps({FIELD: [asked]}).encode()
        head = f"POST /predict HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        requests.append(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    return requests


@functools.cache
def images() -> list[str]:
    """Scanned digits, enlarged to 28x28 and packed as PNG, in base64."""
    found = []
    for scan in load_digits().images[:QUESTIONS]:
        image = Image.fromarray((scan * 255 / 16).astype(np.uint8)).resize((20, 20), Image.Resampling.BICUBIC)
        sheet = Image.new("L", (28, 28))
        sheet.paste(image, (4, 4))
        file = io.BytesIO()
        sheet.save(file, "PNG")
        found.append(base64.b64encode(file.getvalue()).decode())
    return found


@functools.cache
def texts() -> list[str]:
    """The first words of the sample's articles."""
    from src.config import load_config
    from src.dataloader import load_data

    config = load_config(PROJECT / "configs" / "smoke.yaml")
    return [" ".join(text.split()[:WORDS]) for text in load_data(config).splits.test.texts[:QUESTIONS]]


@contextlib.contextmanager
def started(name: str, outputs: Path, port: int) -> Iterator[psutil.Process]:
    """A server that has answered once and is stopped since."""
    command = [sys.executable, __file__, "--serve", name, "--outputs", str(outputs), "--port", str(port)]
    server = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until_answering(port, server)
        for process in family(server):
            process.suspend()
        yield server
    finally:
        for process in family(server):
            process.kill()
        server.wait()


def family(server: psutil.Process) -> list[psutil.Process]:
    """A server's processes, all of them."""
    return [server, *server.children(recursive=True)] if server.is_running() else []


def until_answering(port: int, server: psutil.Popen) -> None:
    """Wait until the server answers as it should."""
    request = make_requests(port)[0].replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
    for _ in range(300):
        if server.poll() is not None:
            raise SystemExit(f"a server ended at once: {server.args}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(request)
            if b'"probabilities"' in b"".join(iter(lambda: connection.recv(65536), b"")):
                return
        time.sleep(0.3)
    raise SystemExit(f"a server did not answer: {server.args}")


def turn(server: psutil.Process, port: int, seconds: float) -> dict[str, float]:
    """Wake a server, load it, stop it again."""
    for process in family(server):
        process.resume()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(load(port, make_requests(port), seconds))
    finally:
        for process in family(server):
            process.suspend()


def race(names: list[str], outputs: Path, rounds: int, seconds: float) -> dict[str, list[dict[str, float]]]:
    """The figures of every turn of every server."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    with contextlib.ExitStack() as stack:
        ports = {name: free_port() for name in names}
        servers = {name: stack.enter_context(started(name, outputs, ports[name])) for name in names}
        for index in range(rounds):
            for name in names:
                found[name].append(turn(servers[name], ports[name], seconds))
            row = {name: round(own[-1]["requests_a_second"]) for name, own in found.items()}
            log.info(f"round {index + 1}, requests a second: {row}")
    return found


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def summary(turns: list[dict[str, float]], plain: list[dict[str, float]]) -> dict[str, float]:
    """Medians over the rounds, and the ratio to the plain server's in the same round."""
    medians = {key: round(statistics.median(turn[key] for turn in turns), 2) for key in turns[0] if key != "errors"}
    ratios = [a["requests_a_second"] / b["requests_a_second"] for a, b in zip(turns, plain, strict=True)]
    errors = sum(turn["errors"] for turn in turns)
    return medians | {"errors": errors, "of_plain_fastapi": round(statistics.median(ratios), 3)}


def main() -> None:
    """Measure, and write tools/results/serving.json; or be one of the servers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--outputs", type=Path, help="of a project run; trained on the sample where not given")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=4.0, help="of one turn, after a second of warming up")
    parser.add_argument("--only", nargs="*", default=SERVERS, choices=SERVERS, help="and the plain server")
    parser.add_argument("--output", type=Path, default=REPOSITORY / "tools" / "results" / "serving.json")
    parser.add_argument("--asked", choices=PROJECTS, default="digits", help="what the requests are about")
    parser.add_argument("--serve", choices=SERVERS, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(arguments.serve, arguments.outputs, arguments.port)
        return
    if os.environ.get(ASKED, "digits") != arguments.asked:  # modules read it as they are imported
        os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {ASKED: arguments.asked})
    with tempfile.TemporaryDirectory() as folder:
        settings = TRAINED_FOR_TEXTS if FIELD == "texts" else ()
        outputs = arguments.outputs or exported(Path(folder), PROJECT, settings)
        names = [name for name in SERVERS if name in (*arguments.only, PLAIN)]
        turns = race(names, outputs, arguments.rounds, arguments.seconds)
    content = {
        "what": f"one of the {arguments.asked} a request, closed loop over loopback, medians over rounds",
        "clients": CLIENTS,
        "cores": os.cpu_count(),
        "rounds": arguments.rounds,
        "seconds_a_turn": arguments.seconds,
        "versions": versions() | {name: version(name) for name in ("fastapi", "uvicorn", "litserve", "bentoml")},
        "servers": {name: summary(found, turns[PLAIN]) for name, found in turns.items()},
        "turns": turns,
    }
    save_result(arguments.output, arguments.asked, content)


if __name__ == "__main__":
    run(main)
