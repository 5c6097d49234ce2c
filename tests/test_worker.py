"""Decoders and networks run in a process of their own, whose end harms no more than the item that caused it."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from serving import address_of, ask, fragile_service, lengths_service, server

from shared.errors import UserError
from shared.serving.backend import FailedError, Item, LocalBackend, Result
from shared.serving.messages import pack_results, unpack_results
from shared.serving.service import RefusedError
from shared.serving.settings import ServeConfig
from shared.serving.worker import Worker

DEADLINE = 0.5


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with Worker("serving:fragile_service", None, ServeConfig(deadline=DEADLINE)) as started:
        yield started


def item(*elements: bytes, in_base64: bool = False, **fields: str) -> Item:
    return Item(elements, in_base64, fields, time.monotonic() + 60)


def plain(results: list[Result]) -> list[bytes | tuple[type, str]]:
    return [found if isinstance(found, bytes) else (type(found), str(found)) for found in results]


def process_id() -> int:
    (process,) = multiprocessing.active_children()
    assert process.pid
    return process.pid


def test_results_are_those_of_this_process() -> None:
    settings = ServeConfig(max_text_length=5)
    asked = [
        ("predict", [item(b"abc"), item(b"bad"), item(b"YWI=", in_base64=True), item(b"x" * 13)]),
        ("predict", [item(b"\x00\xff" * 1000), item(b"", in_base64=True), item(b"?", in_base64=True)]),
        ("read", [item("äh".encode()), item(b"\xed\xa0\x80"), item(b"longer")]),
        ("compare", [item(b"a", b"bc"), item(b"", b"")]),
        ("enroll", [item(b"a", name="Bo \ud800")]),
        ("predict", [Item([b"abc"], False, {}, time.monotonic() - 1)]),
    ]
    here = LocalBackend(lengths_service(), settings)
    with Worker("serving:lengths_service", None, settings) as there:
        for endpoint, items in asked:
            assert plain(there(endpoint, items)) == plain(here(endpoint, items))
    results = [b"{}", RefusedError("two\nlines, half of a \ud800"), FailedError()]
    assert plain(unpack_results(pack_results(results))) == plain(results)
    assert plain(here(*asked[0]))[:3] == [b'{"length": 3}', (RefusedError, "bad"), b'{"length": 2}']


def test_it_tells_all_of_a_service_but_its_functions(worker: Worker) -> None:
    given, told = fragile_service(), worker.service
    bare = [[replace(one, decode=len, predict=len) for one in service.endpoints] for service in (given, told)]
    assert replace(given, endpoints=bare[0]) == replace(told, endpoints=bare[1])


def test_a_service_that_cannot_be_made_is_one_sentence() -> None:
    before = multiprocessing.active_children()
    for build, kind, sentence in (
        ("refusing_service", UserError, "there is no x.onnx; run `python main.py export` first"),
        ("dying_service", UserError, "ended as it started"),
        ("unreadable_service", PermissionError, "Permission denied: 'x.onnx'"),
    ):
        with Worker(f"serving:{build}", None, ServeConfig()) as started, pytest.raises(kind, match=sentence):
            assert started.service
    assert multiprocessing.active_children() == before


def test_a_item_that_ends_the_process_fails_alone(worker: Worker) -> None:
    before = process_id()
    found = worker("predict", [item(b"a"), item(b"die"), item(b"abc")])
    assert plain(found) == [b'{"length": 1}', (FailedError, ""), b'{"length": 3}']
    assert process_id() != before


def test_a_process_that_was_killed_while_idle_costs_no_answer(worker: Worker) -> None:
    os.kill(process_id(), signal.SIGKILL)
    time.sleep(0.1)
    assert worker("predict", [item(b"abc")]) == [b'{"length": 3}']


def test_a_machine_without_room_for_a_process_is_asked_again_later(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> None:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as full:
        full.setattr("multiprocessing.context.SpawnProcess._Popen", no_room)
        assert plain(worker("predict", [item(b"die")])) == [(FailedError, "")]
        assert plain(worker("predict", [item(b"a"), item(b"b")])) == [(FailedError, "")] * 2
        assert not worker.alive
    assert worker("predict", [item(b"abc")]) == [b'{"length": 3}']
    assert worker.alive


def test_who_computes_long_after_the_deadline_is_stopped(worker: Worker) -> None:
    start = time.monotonic()
    assert plain(worker("wait", [item(b"60")])) == [(FailedError, "")]
    assert time.monotonic() - start < 30
    assert worker("predict", [item(b"abc")]) == [b'{"length": 3}']


def test_signals_for_all_processes_leave_it_to_the_one_that_asks(worker: Worker) -> None:
    before = process_id()
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(before, number)
    assert worker("predict", [item(b"abc")]) == [b'{"length": 3}']
    assert process_id() == before


def test_the_end_waits_for_nobody_and_starts_nothing_again() -> None:
    before, found = multiprocessing.active_children(), list[Result]()
    with Worker("serving:lengths_service", None, ServeConfig(deadline=60)) as started:
        asking = threading.Thread(target=lambda: found.extend(started("wait", [item(b"60")])))
        assert started.service
        asking.start()
        time.sleep(0.2)
    asking.join(20)
    assert plain(found) == [(FailedError, "")]
    assert plain(started("predict", [item(b"abc")])) == [(FailedError, "")]
    assert multiprocessing.active_children() == before


def test_a_server_outlives_its_process_but_not_the_other_way_round() -> None:
    with server("fragile_service") as started:
        address = address_of(started)
        assert ask(f"{address}/predict", b"die").status == 500
        assert ask(f"{address}/predict", b"abc").json == {"length": 3}
        started.kill()
        # The end of the stream comes when both have ended.
        output, _ = started.communicate(timeout=30)
        assert "the process that computes ended (3, EOFError()) and is started again" in output


@pytest.mark.parametrize("interrupts", [1, 5])
def test_interrupts_while_the_network_loads_end_both_at_once(interrupts: int) -> None:
    with server("slow_service") as started:
        assert started.stdout
        assert started.stdout.readline() == "loading\n"
        for _ in range(interrupts):
            os.killpg(started.pid, signal.SIGINT)
            time.sleep(0.002)
        assert started.communicate(timeout=30)[0] == "interrupted\n"


def test_a_process_that_finds_another_network_says_so_and_describes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("FACTS", str(tmp_path / "facts"))
    others = multiprocessing.active_children()
    for first, then, said in (("one", "one", False), ("one", "two", True)):
        (tmp_path / "facts").write_text(first)
        with Worker("serving:changing_service", None, ServeConfig()) as started:
            assert started.metadata == {"run": first}
            (tmp_path / "facts").write_text(then)
            assert started("predict", [item(b"a")]) == [b'{"run": "%b"}' % first.encode()]  # not read anew
            (process,) = set(multiprocessing.active_children()).difference(others)
            process.kill()
            process.join()
            assert started("predict", [item(b"a")]) == [b'{"run": "%b"}' % then.encode()]
            assert started.metadata == {"run": then}
        assert ("another one" in caplog.text) == said
