"""One way to configure: typed dataclasses, read from YAML files and `--dotted.flags`.

A project declares its settings as a dataclass of dataclasses. Later layers win:
the defaults in the dataclass, `configs/config.yaml`, the file given with `--config`, the flags.
What follows a training run begins with the settings in its checkpoint, in place of the first two.
A relative path in a YAML file counts from the project's folder, one typed as a flag from where it was typed.
"""

import argparse
import dataclasses
import difflib
import inspect
import re
import typing
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import docstring_parser
import yaml
from jsonargparse import ArgumentError, ArgumentParser, set_parsing_settings

from shared.errors import UserError

C = TypeVar("C")

# The line below a field is its help text.
set_parsing_settings(docstring_parse_attribute_docstrings=True)


def require(condition: bool, key: str, value: object, expected: str) -> None:
    """Check one setting; for a config dataclass's `__post_init__`.

    Raises:
        UserError: the condition is false.
    """
    if not condition:
        raise UserError(f"{key} is {value!r}, but must be {expected}.")


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
    function: Callable[..., Any] | None = None,
    program: str | None = None,
) -> tuple[C, dict[str, Any]]:
    """Read a configuration from `files` in order, then from the command-line `arguments`.

    Args:
        base: the project's folder, from which relative paths in YAML files count.
        stored: a whole configuration, as `to_plain` gives it, that takes the place of the dataclass's defaults.
        function: its parameters beside `config` become arguments too, positional where they have no default.
        program: what the help calls the command.

    Returns:
        The configuration, and the function's other arguments by name.

    Raises:
        UserError: an unknown key (the message names the nearest known one), a wrong type, an unreadable file.
        SystemExit: after `--help`.
    """
    known = dict(fields_of(config_class))
    parser = _parser(config_class, function, program)
    extra = _extra_arguments(function)
    named, flags = _split_arguments(arguments, known | extra)
    layers = [] if stored is None else [_checked_leaves(stored, known, "the stored configuration")]
    layers += [_read_leaves(file, known) for file in (*files, *named)]
    try:
        for layer in layers:
            # Defaults are not checked by the parser, so a layer is first parsed like arguments are.
            parser.set_defaults(vars(_parser(config_class, None, None).parse_object(layer, defaults=False).as_flat()))
        namespace = parser.instantiate(parser.parse_args(flags))
    except (ArgumentError, TypeError, ValueError) as error:
        raise UserError(_one_sentence(error, known | extra)) from error
    values = {field.name: namespace[field.name] for field in dataclasses.fields(config_class)}  # type: ignore[arg-type]
    config = _absolute(config_class(**values), base)
    return config, {name: namespace[name] for name in extra}


def given(config_class: type, arguments: Sequence[str], function: Callable[..., Any] | None = None) -> set[str]:
    """The settings, by dotted name, that command-line arguments and the files they name set."""
    known = dict(fields_of(config_class))
    files, flags = _split_arguments(arguments, known | _extra_arguments(function))
    names = {flag[2:].partition("=")[0] for flag in flags if flag.startswith("--")}
    return names.union(*(_read_leaves(file, known) for file in files))


def load(config_class: type[C], file: Path, overrides: Sequence[str] = (), *, base: Path) -> C:
    """Read a configuration from one YAML file and `--dotted.flags`, as `parse` does."""
    return parse(config_class, overrides, base=base, files=[file])[0]


def from_plain(config_class: type[C], content: Mapping[str, Any], *, base: Path) -> C:
    """The configuration that `to_plain` described.

    Raises:
        UserError: a key or value does not fit `config_class`.
    """
    return parse(config_class, [], base=base, stored=content)[0]


def to_plain(config: Any, base: Path) -> dict[str, Any]:
    """The configuration as plain types; paths inside `base` become relative, so that a copied project is whole."""

    def plain(value: Any) -> Any:
        if isinstance(value, Path):
            return value.relative_to(base).as_posix() if value.is_relative_to(base) else str(value)
        if isinstance(value, Mapping):
            return {key: plain(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [plain(item) for item in value]
        return value

    content: dict[str, Any] = plain(dataclasses.asdict(config))
    return content


def _parser(config_class: type, function: Callable[..., Any] | None, program: str | None) -> ArgumentParser:
    description = (function.__doc__ or "").split("\n\n")[0] if function else None
    parser = ArgumentParser(prog=program, description=description, exit_on_error=False, default_env=False)
    if function:
        _add_function_arguments(parser, function)
    parser.add_argument("--config", metavar="FILE", help="a YAML file that overrides configs/config.yaml")
    parser.add_class_arguments(config_class)
    known = dict(fields_of(config_class)) | _extra_arguments(function)
    for action in parser._actions:  # one way to write a setting: no `--data file.yaml` beside `--data.root`
        if action.dest not in known and action.dest not in ("help", "config"):
            action.help = argparse.SUPPRESS
    return parser


def _add_function_arguments(parser: ArgumentParser, function: Callable[..., Any]) -> None:
    """Add the function's parameters beside `config`: positional where they have no default, several for a list."""
    documented = docstring_parser.parse(function.__doc__ or "").params
    helps = {parameter.arg_name: parameter.description for parameter in documented}
    parameters = inspect.signature(function).parameters
    for name, hint in _extra_arguments(function).items():
        default = parameters[name].default
        if default is not inspect.Parameter.empty:
            parser.add_argument(f"--{name}", type=hint, default=default, help=helps.get(name))
        elif typing.get_origin(hint) is list:
            parser.add_argument(name, type=typing.get_args(hint)[0], nargs="+", help=helps.get(name))
        else:
            parser.add_argument(name, type=hint, help=helps.get(name))


def _extra_arguments(function: Callable[..., Any] | None) -> dict[str, Any]:
    hints = typing.get_type_hints(function) if function else {}
    parameters = inspect.signature(function).parameters if function else {}
    return {
        name: hint
        for name, hint in hints.items()
        if name not in ("config", "return") and parameters[name].kind is not inspect.Parameter.KEYWORD_ONLY
    }


def _read_leaves(file: Path, known: Mapping[str, Any]) -> dict[str, Any]:
    """The settings in a YAML file by dotted name."""
    return _checked_leaves(read_yaml(file), known, str(file))


def read_yaml(file: Path) -> dict[str, Any]:
    """The `key: value` lines of a YAML file.

    Raises:
        UserError: it cannot be read, or holds something else.
    """
    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
    except OSError as error:
        raise UserError(f"cannot read the configuration {file}: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        detail = " ".join(str(error).split())
        raise UserError(f"{file} is not valid YAML: {detail}.") from error
    if not isinstance(content, dict):
        raise UserError(f"{file} must hold `key: value` lines, but holds {type(content).__name__}.")
    return content


def _checked_leaves(content: Mapping[str, Any], known: Mapping[str, Any], where: str) -> dict[str, Any]:
    leaves = dict(_leaves(content))
    for key in leaves:
        require_known(key, known, where)
    return leaves


def _leaves(content: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in content.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        elif value is not None:  # a section whose lines are all commented out
            yield f"{prefix}{key}", value


def require_known(key: str, known: Mapping[str, Any], where: str) -> None:
    """Refuse a setting that is not in `known`, and name the nearest that is.

    Raises:
        UserError: it is not known.
    """
    if key in known:
        return
    nearest = difflib.get_close_matches(key, known, n=1, cutoff=0.4)
    hint = f"did you mean {nearest[0]}?" if nearest else f"known keys: {', '.join(known)}."
    raise UserError(f"unknown key {key} in {where}; {hint}")


_SWITCH = ("true", "false", "True", "False")


def _split_arguments(arguments: Sequence[str], known: Mapping[str, Any]) -> tuple[list[Path], list[str]]:
    """The files given with `--config`, and the other arguments: every flag known, every path absolute."""
    files: list[Path] = []
    words: list[str] = []
    flags: list[str] = []
    tokens = deque(arguments)
    while tokens:
        token = tokens.popleft()
        if not token.startswith("--") or token == "--help":
            words.append(token)
            continue
        name, equals, value = token[2:].partition("=")
        if name != "config":
            require_known(name, known, "the command line")
        if known.get(name) is bool and not equals:  # a switch: --resume is --resume true
            value = tokens.popleft().lower() if tokens and tokens[0] in _SWITCH else "true"
        elif not equals:
            value = tokens.popleft() if tokens else ""
        if not value:
            raise UserError(f"--{name} needs a value.")
        if name == "config":
            files.append(Path(value))
        elif known.get(name) in (Path, Path | None):
            flags.append(f"--{name}={Path(value).expanduser().absolute()}")
        else:
            flags.append(f"--{name}={value}")
    return files, words + flags  # argparse takes several words only where they stand together


def _one_sentence(error: Exception, known: Mapping[str, Any]) -> str:
    """Turn the parser's report of several lines into one sentence."""
    text = str(error)
    found = re.search(r'key "([\w.]+)".*?Got value: ([^\n]*)', text, re.DOTALL)
    if found and found[1] in known:
        return f"{found[1]} is {found[2]!r}, but must be {_type_name(known[found[1]])}."
    return " ".join(text.split()).rstrip(".") + "; see --help."


def _type_name(hint: Any) -> str:
    if typing.get_origin(hint) is typing.Literal:
        return "one of " + ", ".join(str(value) for value in typing.get_args(hint))
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "text", Path: "a path"}
    return names.get(hint) or str(hint).replace("typing.", "")


def _absolute(config: Any, base: Path) -> Any:
    """A copy of the configuration in which relative paths count from `base`."""
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if dataclasses.is_dataclass(value):
            changes[field.name] = _absolute(value, base)
        elif isinstance(value, Path) and not value.is_absolute():
            changes[field.name] = base / value
    return dataclasses.replace(config, **changes)
