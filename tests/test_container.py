"""The container file says what a safe server needs; building it takes an engine, which tests cannot count on."""

import json
import re
from pathlib import Path

import pytest
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


def test_what_it_copies_is_there(repository: Path) -> None:
    for word, rest in instructions(repository):
        if word == "COPY":
            names = [name.replace("${PROJECT}", project_of(repository)) for name in rest.split()[:-1]]
            assert all((repository / name).exists() for name in names), rest


def project_of(repository: Path) -> str:
    return next(rest.removeprefix("PROJECT=") for word, rest in instructions(repository) if word == "ARG")


def left_out(path: str, patterns: list[str]) -> bool:
    """Whether a file stays outside: the last pattern that fits it or a folder above it decides, `!` lets it in."""
    found = False
    for line in patterns:
        pattern = re.escape(line.removeprefix("!")).replace(r"\*\*/", "(.*/)?").replace(r"\*", "[^/]*")
        if re.match(rf"{pattern}(/|$)", path):
            found = not line.startswith("!")
    return found


@pytest.mark.parametrize(
    "path",
    [
        ".git/config",
        "projects/{name}/.env",
        "projects/{name}/data/raw/ann/photo.jpg",
        "projects/{name}/data/processed/faces.json",
        "projects/{name}/outputs/gallery.sqlite",
        "projects/{name}/outputs/report.html",
        "projects/{name}/outputs/checkpoints/best.safetensors",
        "projects/{name}/outputs/small/checkpoints/best.safetensors",
        "projects/{name}/outputs/predictions/photo.png",
        "projects/{name}/logs/tensorboard/events",
    ],
)
def test_what_people_gave_stays_outside(repository: Path, path: str) -> None:
    patterns = patterns_of(repository)
    assert left_out(path.format(name="one"), patterns)


@pytest.mark.parametrize(
    "path",
    [
        "pyproject.toml",
        "shared/data/images.py",
        "projects/{name}/main.py",
        "projects/{name}/configs/config.yaml",
        "projects/{name}/src/page/index.html",
        "projects/{name}/outputs/export/{name}.onnx",
        "projects/{name}/outputs/export/trees.safetensors",
        "projects/{name}/outputs/decision.json",
    ],
)
def test_what_a_server_reads_comes_in(repository: Path, path: str) -> None:
    assert not left_out(path.format(name="one"), patterns_of(repository))


def patterns_of(repository: Path) -> list[str]:
    lines = (repository / ".dockerignore").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]
