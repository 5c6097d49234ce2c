"""Make a project of your own from one of these, with nothing left to edit.

In this repository: python tools/new_project.py flowers --from image_segmentation
As a separate repository: python tools/new_project.py flowers --from text_classification --to ~/code/flowers
"""

import argparse
import difflib
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tools")]

from own_repository import make_repository  # noqa: E402 - needs the path above
from requirements import required, third_party  # noqa: E402
from starter import copy_project, short_names  # noqa: E402

from shared.errors import UserError  # noqa: E402


def main(arguments: Sequence[str] | None = None, repository: Path = REPOSITORY) -> int:
    """Make the project; gives the exit code: 0, or 2 after one sentence on stderr."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", nargs="?", default="", help="the new project's name, in lower case: night_sky")
    parser.add_argument("--from", dest="original", default="", help="the project to copy, by its name or short name")
    parser.add_argument("--to", type=Path, help="the folder of a separate repository; without it a project here")
    chosen = parser.parse_args(arguments)
    try:
        original = find_project(chosen.original, repository)
        require_name(chosen.name, repository)
        if chosen.to:
            make_outside(chosen.name, original, chosen.to.expanduser().resolve(), repository)
        else:
            require_no_clash(chosen.name, repository)
            make_here(chosen.name, original, repository)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except shutil.Error as error:  # of several files, each with its own reason
        source, _, reason = error.args[0][0]
        print(f"error: cannot copy {source} ({reason}); nothing was made.", file=sys.stderr)
        return 2
    except UnicodeDecodeError as error:
        print(f"error: a page or setting of it is no UTF-8 ({error.reason}); nothing was made.", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"error: {error.filename}: {error.strerror}; nothing was made.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped: nothing was made.", file=sys.stderr)
        return 130
    return 0


def make_here(name: str, original: Path, repository: Path) -> None:
    """Add `projects/<name>`, whole or not at all."""
    with tempfile.TemporaryDirectory(dir=repository, prefix=".new-project-") as folder:
        made = Path(folder) / name
        copy_project(original, made, name)
        made.rename(repository / "projects" / name)
    print(f"made projects/{name} from projects/{original.name}; its README.md says how your data goes in")
    print(f"next: make run-{name}, or make run-{name} DATA=path/to/your/data")


def make_outside(name: str, original: Path, target: Path, repository: Path) -> None:
    """Make a separate repository in `target`.

    Raises:
        UserError: `target` lies in this repository, or is there already and not an empty folder.
    """
    if target.is_relative_to(repository):
        raise UserError(
            f"{target} lies in this repository; choose a folder outside, or leave out --to (TO) altogether."
        )
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise UserError(f"{target} is there already and not an empty folder; choose another.")
    for notice in make_repository(name, original, target, repository):
        print(notice)
    print(f"made {target} from projects/{original.name}; README.md there is the place to start")
    print(f"next: cd {shlex.quote(str(target))}, then make run-{name}")


def find_project(word: str, repository: Path) -> Path:
    """The folder of the project of that name, or of the only one whose name begins or ends with it.

    Raises:
        UserError: there is none, or more than one.
    """
    names = project_names(repository)
    found = [name for name in names if name == word] or [name for name in names if word in short_names(name)]
    if len(found) == 1:
        return repository / "projects" / found[0]
    if found:
        raise UserError(f"{word!r} may mean {' or '.join(found)}; write one of them whole.")
    if not word:
        raise UserError(f"say with --from (FROM) which project to start from: {', '.join(names)}.")
    nearest = difflib.get_close_matches(word, names, n=1, cutoff=0.5)
    hint = f"did you mean {nearest[0]}?" if nearest else f"there are {', '.join(names)}."
    raise UserError(f"there is no project {word!r} in projects/; {hint}")


def require_name(name: str, repository: Path) -> None:
    """Refuse names that no project can have.

    Raises:
        UserError: it is no lower-case name, or has another meaning in imports or in the Makefile.
    """
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        raise UserError(
            f"{name!r} cannot be a project's name; write lower case letters, digits and single underscores, "
            "beginning with a letter: night_sky."
        )
    imported = third_party(repository.glob("projects/*/*/*.py")) | {"shared", "src", "models", "tests", "tools"}
    if name in imported | installed(repository):
        raise UserError(f"{name!r} is the name of a package that projects import or need; choose another.")
    makefile = (repository / "Makefile").read_text(encoding="utf-8")
    for verb in re.findall(r"^([\w-]+)-%:", makefile, re.MULTILINE):
        if re.search(rf"^{verb}-{name}:", makefile, re.MULTILINE):
            raise UserError(f"{name!r} cannot be a project's name, because make {verb}-{name} means something else.")


def installed(repository: Path) -> set[str]:
    """The packages in constraints.txt, spelled as project names: a project of that name could not be installed."""
    lines = (repository / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return {re.sub(r"[-.]+", "_", package) for package in required(lines)}


def require_no_clash(name: str, repository: Path) -> None:
    """Refuse a name that is taken, or that would take a short name from a project that has it.

    Raises:
        UserError: it does.
    """
    others = project_names(repository)
    if name in others or (repository / "projects" / name).exists():
        raise UserError(f"projects/{name} is there already; choose another name.")
    pages = [repository / "README.md", *repository.glob("projects/*/README.md"), *repository.glob("docs/**/*.md")]
    used = set(re.findall(r"\bmake [\w-]+-(\w+)", "\n".join(page.read_text(encoding="utf-8") for page in pages)))
    for other in others:
        for word in sorted(short_names(name) & short_names(other)):
            if word == name or word in used - {other}:
                raise UserError(
                    f"{name!r} cannot be the new project's name, because make run-{word} means {other}; "
                    f"choose one that neither begins nor ends with {word!r}."
                )


def project_names(repository: Path) -> list[str]:
    """The names of all projects here."""
    return sorted(path.parent.name for path in repository.glob("projects/*/main.py"))


if __name__ == "__main__":
    sys.exit(main())
