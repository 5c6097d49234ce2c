"""The numbers of parameters are pinned here, and not in the projects: another network breaks no test of a copy."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SIZES = {
    "text_classification": (
        "from models.model import make_network as make; size = dict(width=32, layers=2, heads=4, dropout=0.1);"
        "networks = {name: make(name, 200, 3, **size) for name in ('ngrams', 'lstm', 'gru', 'transformer')}",
        {"ngrams": 646_499, "lstm": 23_587, "gru": 19_363, "transformer": 31_971},
    ),
}
"""By project: code that makes its networks, and the number of parameters of each."""
COUNT = "import json; print(json.dumps({name: sum(p.numel() for p in n.parameters()) for name, n in networks.items()}))"


@pytest.mark.parametrize("name", SIZES)
def test_the_numbers_of_parameters_are_pinned(name: str, projects: list[Path]) -> None:
    (project,) = (path for path in projects if path.name == name)
    code, expected = SIZES[name]
    command = [sys.executable, "-c", f"{code}\n{COUNT}"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == expected
