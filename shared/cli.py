"""The command line of a project: a verb and its configuration, dispatched to the function of that name in `src/`."""

import io
import os
import re
import shlex
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from shared import config as configuration
from shared.errors import StoppedError, UserError
from shared.process import leave_group
from shared.signature import read_signature
from shared.training.files import best_checkpoint, interrupted_moves, last_checkpoint, read_metadata

# These start from configs/config.yaml, every other verb from the configuration in the checkpoint if there is one.
TRAINING = ("check-data", "run", "train", "runs", "sweep", "crossval")


def main(
    arguments: Sequence[str],
    project: Path,
    verbs: Mapping[str, str],
    config_class: str,
    training: Collection[str] = TRAINING,
) -> int:
    """Run one verb of a project.

    Args:
        arguments: the verb, then its arguments and `--dotted.flags`.
        project: the project's folder, also the root of its imports.
        verbs: what each verb does, in one line; the verb `x-y` is the function `x_y` of the module `src.x_y`, else of
            `src.verbs`, else of `shared.verbs`.
        config_class: where the project's configuration dataclass is, as `module:Class`.
        training: the verbs that start from configs/config.yaml also after a training run.

    Returns:
        The exit code: 0, 2 after a mistake that the user can fix, or 130 after a stop; a sentence on stderr says which.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):  # a file name may hold bytes that cannot be printed
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        if not arguments or arguments[0] in ("-h", "--help"):
            print(_usage(project, verbs))
            return 0
        configuration.require_known(arguments[0], verbs, "main.py", "verb")
        _run(arguments[0], arguments[1:], project, config_class, training)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output, say `head`, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (UserError, OSError, MemoryError, RuntimeError) as error:
        message = _one_sentence(error)
        if not message:
            raise
        print(f"error: {message}", file=sys.stderr)
        return 2
    except (StoppedError, KeyboardInterrupt) as error:
        print(f"stopped: {str(error) or 'what was finished before is kept.'}", file=sys.stderr)
        return 130
    finally:
        leave_group()
    return 0


def _one_sentence(error: Exception) -> str:
    """What went wrong and what to do; empty for a bug, whose stack trace says more."""
    if isinstance(error, UserError):  # of a worker process, PyTorch puts the stack trace before the sentence
        return str(error).rpartition("\nshared.errors.UserError: ")[2].strip()
    if isinstance(error, OSError):  # of a file, a folder or the disk, without a more specific message
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror or error}; make room or give access, and run the command again."
    if isinstance(error, MemoryError) or re.search("can't allocate memory|out of memory", str(error)):
        return "there is not enough memory for this; lower the sizes of images, batches or the network."
    if "torchvision::nms" in str(error):
        return (
            "torch and torchvision are of different builds and cannot work together; "
            "install the set in constraints.txt into a fresh environment."
        )
    return ""


def _run(verb: str, arguments: Sequence[str], project: Path, config_class: str, training: Collection[str]) -> None:
    module, class_name = config_class.split(":")
    config_type = getattr(import_module(module), class_name)
    source, function = _signature(project, verb.replace("-", "_"))
    parse = partial(
        configuration.parse, config_type, arguments, base=project, function=function, program=f"main.py {verb}"
    )
    config, extra = parse(files=[project / "configs" / "config.yaml"])
    if interrupted_moves(config.output_dir):
        from shared.training.folder import training_lock  # here, because errors and help should not wait for it

        with training_lock(config.output_dir):  # finishes them
            pass
    checkpoint: Path | None = extra.get("checkpoint")
    if extra.get("resume"):
        checkpoint = checkpoint or last_checkpoint(config.output_dir)
        read_metadata(checkpoint)  # raises where there is none, before any data is downloaded
    elif verb in training:
        checkpoint = None
    else:
        checkpoint = checkpoint or best_checkpoint(config.output_dir)
    if checkpoint and checkpoint.is_file():
        stored = read_metadata(checkpoint)["config"]
        if not extra.get("resume"):
            given = configuration.read_arguments(arguments, config_type, function, project)[1]
            _note_other_data(stored, config, given, project)
        config, extra = parse(stored=stored)
    result = getattr(import_module(source), function.__name__)(config, **extra)
    if config.training.tracker != "none":
        from shared.training.tracker import send_results

        send_results(config, verb)
    if verb == "train" and result["verb"] == "train":  # and not a short trial
        _name_next(project, config.output_dir)


def _signature(project: Path, name: str) -> tuple[str, Callable[..., Any]]:
    """The module of a verb, and its function without a body, so that `--help` and errors need not import PyTorch."""
    own, several = (project / "src" / f"{module}.py" for module in (name, "verbs"))
    if own.is_file():
        return f"src.{name}", read_signature(own, name)
    if several.is_file() and f"def {name}(" in several.read_text(encoding="utf-8"):
        return "src.verbs", read_signature(several, name)
    return "shared.verbs", read_signature(Path(__file__).parent / "verbs.py", name)


def _name_next(project: Path, output_dir: Path) -> None:
    """Say what follows a training, as a command that works here."""
    from shared.console import log, shown  # here, because errors and help should not wait for it

    words = [shown(Path(sys.executable)), shown(project / "main.py"), "evaluate"]
    words += ["--output_dir", str(output_dir)] * (output_dir != project / "outputs")
    log.info(f"next: {shlex.join(words)} (`run` trains, evaluates, fits baselines, exports and reports in one go)")


def _note_other_data(stored: dict[str, Any], config: Any, given: Collection[str], project: Path) -> None:
    """Take `data.source` from the configuration files if `--data.root` names other data than the training run used."""
    if "data.root" not in given or "data.source" in given:
        return
    if stored["data"]["source"] == "sample" or project / stored["data"]["root"] != config.data.root:
        stored["data"]["source"] = config.data.source


def _usage(project: Path, verbs: Mapping[str, str]) -> str:
    width = max(map(len, verbs))
    lines = (f"  {verb:<{width}}  {summary}\n" for verb, summary in verbs.items())
    head = f"{project.name}: python main.py <verb> [--config file.yaml] [--dotted.flags value]"
    return f"{head}\n\n{''.join(lines)}\npython main.py <verb> --help lists every setting."
