"""The sizes of the projects' networks. They are pinned here, so that another network breaks no test of a copy."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SIZES = {
    (
        "image_segmentation",
        "from models.model import Segmenter; make = lambda n: Segmenter(n, 'tf_efficientnet_lite0', 4)",
    ): {
        "small_unet": 1_964_148,
        "unet": 3_787_588,
        "fpn": 3_429_508,
        "deeplabv3plus": 3_299_668,
    },
}
"""By project and the code that makes a network of a name, the number of parameters of each network."""


@pytest.mark.parametrize(("project", "code"), SIZES)
def test_the_number_of_parameters_is_pinned(project: str, code: str, repository: Path) -> None:
    sizes = SIZES[project, code]
    counting = (
        f"import json; print(json.dumps({{n: sum(p.numel() for p in make(n).parameters()) for n in {list(sizes)}}}))"
    )
    command = [sys.executable, "-c", f"{code}; {counting}"]
    done = subprocess.run(command, cwd=repository / "projects" / project, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == sizes
