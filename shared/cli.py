"""The command line of a project: a verb and its configuration, dispatched to the function of that name in `src/`."""

import difflib
import importlib
import io
import os
import re
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from shared import config as configuration
from shared.errors import StoppedError, UserError
from shared.process import leave_group
from shared.signature import read_signature
from shared.training.files import best_checkpoint, last_checkpoint, read_metadata

# These start from configs/config.yaml, every other verb from the configuration in the checkpoint if there is one.
TRAINING = ("check-data", "run", "train", "sweep")


def main(
    arguments: Sequence[str],
    project: Path,
    verbs: Mapping[str, str],
    config_class: str,
    training: Collection[str] = TRAINING,
) -> int:
    """Run one verb of a project.

    Args:
        arguments: the verb, then its own arguments and `--dotted.flags`.
        project: the project's folder, also the root of its imports.
        verbs: what each verb does, in one line; the verb `x-y` is the function `x_y` of the module `src.x_y`, or of
            `shared.verbs` where the project has no such module.
        config_class: where the project's configuration dataclass is, as `module:Class`.
        training: the verbs that start from configs/config.yaml also after a training run.

    Returns:
        The exit code: 0, or 2 after a mistake that the user can mend (one sentence on stderr says which).
    """
    if isinstance(sys.stdout, io.TextIOWrapper):  # a file's name may be no text that can be printed
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        if not arguments or arguments[0] in ("-h", "--help"):
            print(_usage(project, verbs))
            return 0
        verb = _require_verb(arguments[0], verbs)
        _run(verb, arguments[1:], project, config_class, training)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output, say `head`, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except StoppedError as error:
        print(f"stopped: {error}", file=sys.stderr)
        return 130
    except OSError as error:
        print(f"error: {_about_file(error)}", file=sys.stderr)
        return 2
    except (MemoryError, RuntimeError) as error:
        if not _is_memory(error):
            raise
        print(
            "error: there is not enough memory for this; lower the sizes of images, batches or the network.",
            file=sys.stderr,
        )
        return 2
    except KeyboardInterrupt:
        print("stopped: what was finished before is kept.", file=sys.stderr)
        return 130
    finally:
        leave_group()
    return 0


def _run(verb: str, arguments: Sequence[str], project: Path, config_class: str, training: Collection[str]) -> None:
    module, class_name = config_class.split(":")
    config_type = getattr(_import(module), class_name)
    source, function = _signature(project, verb.replace("-", "_"))
    parse = partial(
        configuration.parse, config_type, arguments, base=project, function=function, program=f"main.py {verb}"
    )
    config, extra = parse(files=[project / "configs" / "config.yaml"])
    checkpoint = _checkpoint_before(verb in training, config.output_dir, extra)
    if checkpoint and extra.get("resume") and not checkpoint.parent.is_dir():
        read_metadata(checkpoint)  # says that there is none, before any data is looked for, or downloaded
    if checkpoint and checkpoint.is_file():
        stored = read_metadata(checkpoint)["config"]
        if not extra.get("resume"):
            known = dict(configuration.fields_of(config_type)) | configuration.parameters_of(function)
            given = configuration.read_arguments(arguments, known, project)[1]
            _note_other_data(stored, config, given, project)
        config, extra = parse(stored=stored)
    getattr(_import(source), function.__name__)(config, **extra)


def _signature(project: Path, name: str) -> tuple[str, Callable[..., Any]]:
    """The module of a verb, and its function without a body: neither `--help` nor a mistake waits for PyTorch."""
    own = project / "src" / f"{name}.py"
    if own.is_file():
        return f"src.{name}", read_signature(own, name)
    return "shared.verbs", read_signature(Path(__file__).parent / "verbs.py", name)


def _note_other_data(stored: dict[str, Any], config: Any, given: Collection[str], project: Path) -> None:
    """Have the source of `data.root` found out anew where other data was named than the training run's."""
    if "data.root" not in given or "data.source" in given:
        return
    if stored["data"]["source"] == "sample" or project / stored["data"]["root"] != config.data.root:
        stored["data"]["source"] = config.data.source


def _checkpoint_before(is_training: bool, output_dir: Path, extra: Mapping[str, Any]) -> Path | None:
    """The checkpoint whose configuration the verb starts from, if it follows a training run or resumes one."""
    named: Path | None = extra.get("checkpoint")
    if extra.get("resume"):
        return named or last_checkpoint(output_dir)
    return None if is_training else named or best_checkpoint(output_dir)


def _import(module: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except RuntimeError as error:
        if "torchvision::nms" in str(error):
            raise UserError(
                "torch and torchvision are of different builds and cannot work together; "
                "install the set in constraints.txt into a fresh environment."
            ) from error
        raise


def _is_memory(error: Exception) -> bool:
    """Whether memory was lacking; PyTorch says so in words alone."""
    return isinstance(error, MemoryError) or bool(re.search("can't allocate memory|out of memory", str(error)))


def _about_file(error: OSError) -> str:
    """One sentence about a file, a folder or the disk that failed outside the places that say it better."""
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror or error}; make room or give access, and run the command again."


def _require_verb(word: str, verbs: Mapping[str, str]) -> str:
    if word in verbs:
        return word
    nearest = difflib.get_close_matches(word, verbs, n=1)
    hint = f"did you mean {nearest[0]}?" if nearest else f"the verbs are {', '.join(verbs)}."
    raise UserError(f"there is no verb {word!r}; {hint}")


def _usage(project: Path, verbs: Mapping[str, str]) -> str:
    width = max(map(len, verbs))
    lines = [f"  {verb:<{width}}  {summary}" for verb, summary in verbs.items()]
    return "\n".join(
        [
            f"{project.name}: python main.py <verb> [--config file.yaml] [--dotted.flags value]",
            "",
            *lines,
            "",
            "python main.py <verb> --help lists every setting.",
        ]
    )
