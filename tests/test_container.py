"""The container file says what a safe server needs; building it takes an engine, which tests cannot count on."""

import json
import re
from pathlib import Path

from serving import ask, lengths_service

from shared.config import fields_of
from shared.serving.settings import ServeConfig
from shared.testing.servers import serving


def instructions(repository: Path) -> list[tuple[str, str]]:
    text = (repository / "Containerfile").read_text().replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def test_it_runs_as_nobody_special(repository: Path) -> None:
    users = [rest for word, rest in instructions(repository) if word == "USER"]
    assert int(users[-1]) >= 1000


def test_it_asks_a_path_for_health_that_the_server_answers(repository: Path) -> None:
    check = next(rest for word, rest in instructions(repository) if word == "HEALTHCHECK")
    path = re.search(r"http://127\.0\.0\.1:8000(/\w+)", check)
    assert path
    with serving(lengths_service()) as address:
        assert ask(address + path[1]).status == 200


def test_its_command_is_one_that_the_server_understands(repository: Path) -> None:
    command = json.loads(next(rest for word, rest in instructions(repository) if word == "ENTRYPOINT"))
    assert command[:3] == ["python", "main.py", "serve"]
    settings = dict(zip(command[3::2], command[4::2], strict=True))
    known = {f"--serve.{name}" for name, _ in fields_of(ServeConfig)}
    assert settings.keys() <= known
    assert "--serve.api_key_file" in settings  # the server refuses to start without, as it binds to all addresses


def test_what_it_copies_is_there_and_no_secret(repository: Path) -> None:
    for word, rest in instructions(repository):
        if word == "COPY":
            assert all((repository / name).exists() for name in rest.split()[:-1]), rest
    ignored = (repository / ".containerignore").read_text().splitlines()
    assert {"**/.*", "**/data/raw", "**/outputs/checkpoints"} <= set(ignored)
