"""Shared by the tests of the repository; each project's own tests stand alone in its folder."""

import sys
from pathlib import Path

import shared  # noqa: F401 - before any test loads torch: it decides how torch's threads wait

sys.path.append(str(Path(__file__).resolve().parents[1] / "tools"))
