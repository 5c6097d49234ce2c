"""How long the first line of a training takes depends on what was imported before it."""

import subprocess
import sys
from pathlib import Path


def test_the_first_line_of_a_training_waits_for_no_compiler_and_no_shards(repository: Path, tmp_path: Path) -> None:
    """Of digits, which need no torchvision: it imports torch._dynamo, as `torch.use_deterministic_algorithms` does."""
    code = f"""
import logging, runpy, sys
from shared.console import log
class Stop(logging.Handler):
    def emit(self, record):
        if record.getMessage().startswith("train: "):
            print(*sys.modules)
            sys.exit()
log.addHandler(Stop())
folders = ["--output_dir", {str(tmp_path)!r}, "--log_dir", {str(tmp_path)!r}]
sys.argv[1:] = ["train", "--data.source", "sample", *folders]
sys.path.insert(0, "")
runpy.run_path("main.py", run_name="__main__")
"""
    slow = {"torchvision", "torch._dynamo", "torch._inductor", "torch.distributed.fsdp", "torch.utils.tensorboard"}
    project = repository / "projects" / "mnist_classifier"
    done = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert not slow & set(done.stdout.split())
