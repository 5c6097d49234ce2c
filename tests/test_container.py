"""The container file says what a safe server needs; building it takes an engine, which tests cannot count on."""

import json
import re

import pytest
from commands import REPOSITORY
from serving import ask, lengths_service

from shared.config import fields_of
from shared.serving.settings import ServeConfig
from shared.testing.servers import serving


@pytest.fixture(scope="module")
def said() -> dict[str, list[str]]:
    """What follows each instruction of the container file."""
    text = (REPOSITORY / "Containerfile").read_text().replace("\\\n", " ")
    found: dict[str, list[str]] = {}
    for line in (line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")):
        found.setdefault(line.partition(" ")[0], []).append(line.partition(" ")[2].strip())
    return found


def test_it_runs_as_nobody_special_and_asks_a_path_for_health_that_the_server_answers(
    said: dict[str, list[str]],
) -> None:
    assert int(said["USER"][-1]) >= 1000
    path = re.search(r"http://127\.0\.0\.1:8000(/\w+)", said["HEALTHCHECK"][0])
    assert path
    with serving(lengths_service()) as address:
        assert ask(address + path[1]).status == 200


def test_its_command_is_one_that_the_server_understands(said: dict[str, list[str]]) -> None:
    command = json.loads(said["ENTRYPOINT"][0])
    assert command[:3] == ["python", "main.py", "serve"]
    settings = dict(zip(command[3::2], command[4::2], strict=True))
    assert settings.keys() <= {f"--serve.{name}" for name, _ in fields_of(ServeConfig)}
    assert "--serve.api_key_file" in settings  # the server refuses to start without, as it binds to all addresses


def test_what_it_copies_is_there(said: dict[str, list[str]]) -> None:
    project = said["ARG"][0].removeprefix("PROJECT=")
    for line in said["COPY"]:
        assert all((REPOSITORY / name.replace("${PROJECT}", project)).exists() for name in line.split()[:-1]), line


def left_out(path: str, patterns: list[str]) -> bool:
    """Whether a file stays outside: the last pattern that fits it or a folder above it decides, `!` lets it in."""
    found = False
    for line in patterns:
        pattern = re.escape(line.removeprefix("!")).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
        if re.match(rf"{pattern}(/|$)", path):
            found = not line.startswith("!")
    return found


GIVEN = (".env", "data/raw/ann/photo.jpg", "data/processed/faces.json", "logs/tensorboard/events")
WRITTEN = ("gallery.sqlite", "report.html", "checkpoints/a.bin", "small/checkpoints/a.bin", "predictions/a.png")
READ = ("main.py", "configs/config.yaml", "src/page/index.html", "outputs/decision.json")
EXPORTED = ("one.onnx", "trees.safetensors")


def test_what_a_server_reads_comes_in_and_what_people_gave_stays_outside() -> None:
    lines = (REPOSITORY / ".dockerignore").read_text().splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    outside = [".git/config", *(f"projects/one/{path}" for path in (*GIVEN, *(f"outputs/{path}" for path in WRITTEN)))]
    inside = ["pyproject.toml", "shared/data/images.py", *(f"projects/one/{path}" for path in READ)]
    inside += [f"projects/one/outputs/export/{path}" for path in EXPORTED]
    assert [path for path in outside if not left_out(path, patterns)] == []
    assert [path for path in inside if left_out(path, patterns)] == []
