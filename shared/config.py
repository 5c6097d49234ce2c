"""The configuration: a dataclass of dataclasses, read from YAML files and `--dotted.flags` by jsonargparse.

Later layers win: the defaults in the dataclass, `configs/config.yaml`, the file given with `--config`, the flags. A
verb that follows a training run uses the configuration in the checkpoint in place of the first two. A relative path in
a YAML file counts from the project's folder, one in a flag from the current folder.
"""

import argparse
import dataclasses
import difflib
import inspect
import json
import re
import typing
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import docstring_parser
import yaml
from jsonargparse import ArgumentError, ArgumentParser, set_parsing_settings

from shared.errors import UserError

C = TypeVar("C")
Function = Callable[..., Any]

set_parsing_settings(docstring_parse_attribute_docstrings=True)  # the text below a field is its help


def require(condition: bool, key: str, value: object, expected: str) -> None:
    """Raise a UserError about one setting if the condition is false; for a rule that `Bounds` cannot state."""
    if not condition:
        raise UserError(f"{key} is {value!r}, but must be {expected}.")


def require_pattern(key: str, pattern: str, found: str = "the group") -> None:
    """Raise a UserError unless a setting is empty, or a regular expression that has a group."""
    try:
        fits = not pattern or re.compile(pattern).groups > 0
    except re.error:
        fits = False
    require(fits, key, pattern, f"empty, or a regular expression with parentheses around {found}")


def require_range(key: str, value_range: Sequence[float]) -> None:
    """Raise a UserError unless a setting is empty, or two numbers, the second above the first."""
    fits = not value_range or (len(value_range) == 2 and value_range[0] < value_range[1])
    require(fits, key, list(value_range), "empty, or two numbers, the second above the first, such as [0, 4095]")


def fields_of(config_class: type, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the dotted name and type of every setting in a dataclass of dataclasses."""
    hints = typing.get_type_hints(config_class)
    for field in dataclasses.fields(config_class):
        if dataclasses.is_dataclass(hints[field.name]):
            yield from fields_of(hints[field.name], f"{prefix}{field.name}.")
        else:
            yield f"{prefix}{field.name}", hints[field.name]


def parse(
    config_class: type[C],
    arguments: Sequence[str],
    *,
    base: Path,
    files: Sequence[Path] = (),
    stored: Mapping[str, Any] | None = None,
    function: Function | None = None,
    program: str | None = None,
) -> tuple[C, dict[str, Any]]:
    """Read a configuration from `files` in order, then from the command-line `arguments`.

    Args:
        base: the project's folder.
        stored: a whole configuration, as `to_plain` gives it, that takes the place of the dataclass's defaults.
        function: its parameters beside `config` become arguments too, positional where they have no default.
        program: the command's name in its help.

    Returns:
        The configuration, and the function's other arguments by name.

    Raises:
        UserError: an unknown key (the message names the nearest known one), a wrong type, an unreadable file.
        SystemExit: after `--help`.
    """
    known, parameters = dict(fields_of(config_class)), parameters_of(function)
    words, given = read_arguments(arguments, config_class, function, base)
    start = to_plain(config_class(), base) if stored is None else stored
    settings = _settings(start, known, base, "the stored configuration")
    for file in files:
        settings |= _settings(read_yaml(file), known, base, str(file))
    for name in set(given) & set(getattr(config_class, "IMPLIED", ())):
        settings |= config_class.IMPLIED[name]  # type: ignore[attr-defined]
    parser = _parser(config_class, function, program)
    try:
        namespace = parser.parse_args([f"--config={json.dumps(settings | given, default=str)}", *words])
        values = parser.instantiate(namespace)
    except (ArgumentError, TypeError, ValueError) as error:
        raise UserError(_one_sentence(error, known | parameters)) from error
    config = config_class(**{field.name: values[field.name] for field in dataclasses.fields(config_class)})  # type: ignore[arg-type]
    return config, {name: values[name] for name in parameters}


def read_arguments(
    arguments: Sequence[str], config_class: type, function: Function | None, base: Path
) -> tuple[list[str], dict[str, Any]]:
    """Split command-line arguments into positional words and settings (of `--config` files and flags, by dotted name).

    Raises:
        UserError: a flag is unknown or has no value; a file cannot be read.
    """
    known = dict(fields_of(config_class)) | parameters_of(function)
    words: list[str] = []
    files: dict[str, Any] = {}
    flags: dict[str, Any] = {}
    tokens = deque(arguments)
    while tokens:
        token = tokens.popleft()
        if not token.startswith("--") or token == "--help":
            words.append(token)
            continue
        name, equals, value = token[2:].partition("=")
        require_known(name, {"config": Path, **known}, "the command line")
        if known.get(name) is bool:  # a switch: --resume is --resume true
            follows = not equals and tokens and tokens[0].lower() in ("true", "false")
            value = (tokens.popleft() if follows else value or "true").lower()
        elif not equals:
            value = tokens.popleft() if tokens else ""
        if not value:
            raise UserError(f"--{name} needs a value.")
        if name == "config":
            files |= _settings(read_yaml(Path(value)), known, base, value)
        else:
            flags[name] = str(Path(value).expanduser().absolute()) if _is_path(known[name]) else value
    return words, files | flags


def load(config_class: type[C], base: Path, file: Path | None = None, *overrides: str) -> C:
    """Read a configuration as the command line does: `load(Config, PROJECT, file, "--training.epochs", "3")`."""
    return parse(config_class, overrides, base=base, files=[file or base / "configs" / "config.yaml"])[0]


def from_plain(config_class: type[C], content: Mapping[str, Any], *, base: Path) -> C:
    """The configuration that `to_plain` described; raises a UserError where it does not fit `config_class`."""
    return parse(config_class, [], base=base, stored=content)[0]


def to_plain(config: Any, base: Path) -> dict[str, Any]:
    """The configuration as plain types; paths inside `base` become relative, so that a project can be copied."""

    def as_text(path: Path) -> str:
        return path.relative_to(base).as_posix() if path.is_relative_to(base) else str(path)

    content: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(config), default=as_text))
    return content


def read_yaml(file: Path) -> dict[str, Any]:
    """The `key: value` lines of a YAML file; raises a UserError where it cannot be read, or holds something else."""
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise UserError(f"cannot read the configuration {file}: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UserError(f"{file} is not valid YAML: {' '.join(str(error).split())}.") from error
    if not isinstance(content, dict):
        raise UserError(f"{file} must hold `key: value` lines, but holds {type(content).__name__}.")
    return content


def require_known(key: str, known: Collection[str], where: str, kind: str = "key") -> None:
    """Raise a UserError that names the nearest known key if `key` is not one of them."""
    if key not in known:
        nearest = difflib.get_close_matches(key, known, n=1, cutoff=0.4)
        hint = f"did you mean {nearest[0]}?" if nearest else f"known {kind}s: {', '.join(known)}."
        raise UserError(f"unknown {kind} {key} in {where}; {hint}")


def _settings(
    content: Mapping[str, Any], known: Mapping[str, Any], base: Path, where: str, prefix: str = ""
) -> dict[str, Any]:
    """The values in nested sections by dotted name, each of them known, with paths that count from `base`."""
    found: dict[str, Any] = {}
    for key, value in content.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            found |= _settings(value, known, base, where, f"{name}.")
        elif value is not None:  # None: a section whose lines are all commented out
            require_known(name, known, where)
            found[name] = str(base / value) if _is_path(known[name]) and isinstance(value, str) else value
    return found


def _is_path(hint: Any) -> bool:
    return hint in (Path, Path | None)


def _parser(config_class: type, function: Function | None, program: str | None) -> ArgumentParser:
    """The parser of every setting, and of the function's parameters beside `config`."""
    documented = docstring_parser.parse((function and function.__doc__) or "")
    helps = {parameter.arg_name: parameter.description for parameter in documented.params}
    parser = ArgumentParser(prog=program, description=documented.short_description, exit_on_error=False)
    parameters = parameters_of(function)
    for name, hint in parameters.items():
        default = inspect.signature(function).parameters[name].default  # type: ignore[arg-type]
        if typing.get_origin(hint) in (list, Sequence):
            nargs = "*" if default is not inspect.Parameter.empty else "+"
            parser.add_argument(name, type=typing.get_args(hint)[0], nargs=nargs, help=helps.get(name))
        elif default is not inspect.Parameter.empty:
            parser.add_argument(f"--{name}", type=hint, default=default, help=helps.get(name))
        else:
            parser.add_argument(name, type=hint, help=helps.get(name))
    parser.add_argument("--config", action="config", metavar="FILE", help="a YAML file that overrides the default one")
    parser.add_class_arguments(config_class)
    shown = {"help", "config", *parameters, *dict(fields_of(config_class))}
    for action in parser._actions:  # one way to write a setting: no `--data file.yaml` beside `--data.root`
        action.help = action.help if action.dest in shown else argparse.SUPPRESS
    return parser


def parameters_of(function: Function | None) -> dict[str, Any]:
    """The types of a function's parameters beside `config`, by name."""
    parameters = inspect.signature(function, eval_str=True).parameters if function else {}
    return {
        name: parameter.annotation
        for name, parameter in parameters.items()
        if name != "config" and parameter.kind is not inspect.Parameter.KEYWORD_ONLY
    }


def _one_sentence(error: Exception, known: Mapping[str, Any]) -> str:
    """Turn the parser's report of several lines into one sentence."""
    text = str(error)
    found = re.search(r'key "([\w.]+)".*?Got value: ([^\n]*)', text, re.DOTALL)
    if not found or found[1] not in known:
        return " ".join(text.split()).rstrip(".") + "; see --help."
    hint = known[found[1]]
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "text", Path: "a path"}
    names |= {list[str]: 'a list such as "[a, b]"'}
    expected = names.get(hint) or str(hint).replace("typing.", "")
    if typing.get_origin(hint) is typing.Literal:
        expected = "one of " + ", ".join(map(str, typing.get_args(hint)))
    return f"{found[1]} is {found[2]!r}, but must be {expected}."


def leaves(content: Mapping[str, Any], free: Collection[str], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted names and values of nested settings or results, without the entries in `free` and those below them."""
    for key, value in content.items():
        name = f"{prefix}{key}"
        if name in free:
            continue
        if isinstance(value, Mapping):
            yield from leaves(value, free, f"{name}.")
        else:
            yield name, value
