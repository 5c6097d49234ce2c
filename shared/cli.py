"""The command line of a project: a verb and its configuration, dispatched to the function of that name in `src/`."""

import difflib
import importlib
import io
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from shared import config as configuration
from shared.errors import StoppedError, UserError
from shared.process import leave_group
from shared.training.files import best_checkpoint, last_checkpoint, read_metadata

# Every other verb follows a training run and starts from its configuration, which its checkpoint holds.
TRAINING = ("check-data", "run", "train", "sweep", "ladder")


def main(arguments: Sequence[str], project: Path, verbs: Mapping[str, str], config_class: str) -> int:
    """Run one verb of a project.

    Args:
        arguments: the verb, then its own arguments and `--dotted.flags`.
        project: the project's folder, also the root of its imports.
        verbs: what each verb does, in one line; the verb `x-y` is the function `x_y` of the module `src.x_y`.
        config_class: where the project's configuration dataclass is, as `module:Class`.

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
        _run(verb, arguments[1:], project, config_class)
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


def _run(verb: str, arguments: Sequence[str], project: Path, config_class: str) -> None:
    module_name, class_name = config_class.split(":")
    config_type = getattr(_import(module_name), class_name)
    name = verb.replace("-", "_")
    own = (project / "src" / f"{name}.py").is_file()
    function: Callable[..., Any] = getattr(_import(f"src.{name}" if own else "shared.verbs"), name)
    default = project / "configs" / "config.yaml"
    program = f"main.py {verb}"

    def parse(files: list[Path], stored: Mapping[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        return configuration.parse(
            config_type, arguments, base=project, files=files, stored=stored, function=function, program=program
        )

    config, extra = parse([default])
    checkpoint = _checkpoint_before(verb, config.output_dir, extra)
    if checkpoint and extra.get("resume") and not checkpoint.parent.is_dir():
        read_metadata(checkpoint)  # says that there is none, before any data is looked for, or downloaded
    if checkpoint and checkpoint.is_file():
        stored = read_metadata(checkpoint)["config"]
        if not extra.get("resume"):
            _note_other_data(stored, config, configuration.given(config_type, arguments, function), project)
        config, extra = parse([], stored=stored)
    function(config, **extra)


def _note_other_data(stored: dict[str, Any], config: Any, given: set[str], project: Path) -> None:
    """Have the source of `data.root` found out anew where other data was named than the training run's."""
    if "data.root" not in given or "data.source" in given:
        return
    if stored["data"]["source"] == "sample" or project / stored["data"]["root"] != config.data.root:
        stored["data"]["source"] = config.data.source


def _checkpoint_before(verb: str, output_dir: Path, extra: Mapping[str, Any]) -> Path | None:
    """The checkpoint whose configuration the verb starts from, if it follows a training run or goes on with one."""
    named: Path | None = extra.get("checkpoint")
    if extra.get("resume"):
        return named or last_checkpoint(output_dir)
    return None if verb in TRAINING else named or best_checkpoint(output_dir)


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
