"""Whether an exported network is of the weights beside it."""

from importlib import import_module
from pathlib import Path
from typing import Any

from shared.console import log, shown
from shared.errors import UserError
from shared.files import file_digest
from shared.inference.model import OnnxModel
from shared.training.files import best_checkpoint


def open_exported(config: Any, path: Path) -> OnnxModel:
    """The exported network in `path`, after a look at the trained weights in `config.output_dir`.

    Where they are others than those that were exported, `stale_export` decides: a warning, which the network's
    metadata then holds as `stale`; a refusal; or another export first.

    Raises:
        UserError: there is no such file, it was not exported by this program, or it is stale and is to be refused.
    """
    network = OnnxModel(path)
    weights = best_checkpoint(config.output_dir)
    if not weights.is_file() or network.metadata.get("checkpoint") == file_digest(weights):
        return network
    problem = f"{shown(path)} was exported from other weights than those in {shown(weights)}"
    if config.stale_export == "refuse":
        raise UserError(f"{problem}; run `python main.py export`.")
    if config.stale_export == "export":
        log.warning(f"{problem}; these are exported now.")
        import_module("src.export").export(config)
        return OnnxModel(path)
    log.warning(f"{problem}, and answers as those did; run `python main.py export` to use the newer ones.")
    network.metadata["stale"] = f"{problem}."
    return network
