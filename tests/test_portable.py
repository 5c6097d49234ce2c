"""What can be checked of Windows without it: names, line endings, encodings, calls that it lacks, and `spawn`."""

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import PROJECTS, REPOSITORY, run

LIGHTEST = min(PROJECTS, key=lambda path: (path / "requirements.txt").stat().st_size)
PLACES = ("shared/**", "projects/*", "projects/*/src/**", "projects/*/models/**", "docs/learn")
TOOLS = ("install", "doctor", "new_project", "own_repository", "starter")
SOURCES = sorted({path for place in PLACES for path in REPOSITORY.glob(f"{place}/*.py")})
SOURCES += [REPOSITORY / "tools" / f"{name}.py" for name in TOOLS]

MODULES = {"crypt", "fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty"}
CALLS = {
    "os": "chown fork forkpty getegid geteuid getgid getloadavg getuid killpg mkfifo nice setsid statvfs sysconf uname"
}
CALLS |= {"signal": "SIGALRM SIGHUP SIGKILL SIGQUIT SIGUSR1 SIGUSR2 alarm pause pthread_sigmask setitimer sigwait"}
GUARDED = {"os.link", "os.symlink", "os.sched_getaffinity"}
"""Windows or its usual rights lack these, so that they stand where an error or a system without them is expected."""

every_file = pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())


def faults(code: str) -> Iterator[str]:
    """What Windows would refuse or do in another way, by line."""
    tree = ast.parse(code)
    guards = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Try)
        or (isinstance(node, ast.If | ast.IfExp | ast.FunctionDef) and re.search("hasattr|win32", ast.unparse(node)))
        or (isinstance(node, ast.Call) and "win32" in ast.unparse(node))
    ]
    guarded = {id(child) for guard in guards for child in ast.walk(guard)}
    missing = {f"{module}.{name}" for module, names in CALLS.items() for name in names.split()} | GUARDED
    for node in ast.walk(tree):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        used = ast.unparse(node) if isinstance(node, ast.Attribute) else ""
        if MODULES & set(names) or (used in missing and id(node) not in guarded):
            yield f"line {node.lineno}: {used or names}"
        if isinstance(node, ast.Attribute) and node.attr in ("symlink_to", "hardlink_to") and id(node) not in guarded:
            yield f"line {node.lineno}: {node.attr} without another way"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield from faults_of_call(node, node.func)


def faults_of_call(call: ast.Call, function: ast.Attribute) -> Iterator[str]:
    words = [ast.unparse(word) for word in [*call.args, *(keyword.value for keyword in call.keywords)]]
    texts = {"read_text", "write_text"} | ({"open"} if not re.search("'[rwax+]*b[+]*'", str(words)) else set())
    encoded = any(re.search("utf|encoding", word) for word in words) or any(k.arg == "encoding" for k in call.keywords)
    # os.open gives a number, an opener of archives and images bytes, and a page's an answer.
    opens_bytes = ast.unparse(function.value) in ("Image", "os", "page", "tarfile", "zipfile", "webbrowser")
    if function.attr in texts and not encoded and not opens_bytes:
        yield f"line {call.lineno}: {function.attr} without an encoding, which is not UTF-8 there"
    cuts = function.attr in ("split", "rsplit", "startswith", "endswith") and "str(" in ast.unparse(function.value)
    if cuts and any(word.startswith(("'/", "('/")) for word in words):
        yield f"line {call.lineno}: paths are joined with another sign there: as_posix()"


@every_file
def test_no_code_calls_what_windows_lacks(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    is_test = "testing" in path.parts  # of POSIX too, which they ask for
    assert is_test or list(faults(text)) == []


@pytest.mark.parametrize(
    "code",
    [
        "import fcntl",
        "from resource import getrusage",
        "os.fork()",
        "os.kill(1, signal.SIGKILL)",
        "os.link(a, b)",
        "path.symlink_to(other)",
        "path.read_text()",
        "path.open('w')",
        "str(path).split('/')",
    ],
)
def test_such_code_is_found(code: str) -> None:
    assert len(list(faults(code))) == 1


def test_every_committed_file_has_a_name_and_line_endings_for_all_systems() -> None:
    def git(*words: str) -> list[str]:
        return run("git", *words).splitlines() if (REPOSITORY / ".git").exists() else []

    names = git("ls-files")
    assert [name for name in names if not fits_windows(Path(name))] == []
    assert [name for name, count in Counter(name.lower() for name in names).items() if count > 1] == []
    assert [line for line in git("ls-files", "--eol") if re.match("i/(crlf|mixed)", line)] == []
    # A symbolic link leads to a place on the machine of who committed it.
    assert [line for line in git("ls-files", "--stage") if line.startswith("120000")] == []
    assert git("check-attr", "eol", "README.md") == (["README.md: eol: lf"] if names else [])


def fits_windows(path: Path) -> bool:
    """Whether Windows allows each part of a relative path."""
    reserved = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
    return not any(re.search(r'[<>:"|?*\\\x00-\x1f]|[. ]$', part) or reserved.fullmatch(part) for part in path.parts)


def test_such_names_are_found() -> None:
    assert [name for name in ("a:b", "con.txt", "dot.", "COM1", "a?") if fits_windows(Path(name))] == []
    assert fits_windows(Path(".gitignore/README.md"))


@pytest.mark.parametrize(
    "project", [pytest.param(path, marks=[pytest.mark.long] * (path != LIGHTEST), id=path.name) for path in PROJECTS]
)
def test_workers_start_without_a_fork_and_files_have_names_for_windows(project: Path, tmp_path: Path) -> None:
    """As on Windows and macOS: what a worker process gets is pickled, and it imports the program anew."""
    words = ["train", "--config", "configs/smoke.yaml", "--training.workers", "2", "--training.epochs", "1"]
    words += ["--output_dir", str(tmp_path / "outputs"), "--log_dir", str(tmp_path / "logs")]
    if "--data.processed" in run(sys.executable, "main.py", "train", "--help", folder=project):
        words += ["--data.processed", str(tmp_path / "processed")]
    code = f"""
import multiprocessing, runpy, sys
if __name__ == "__main__":
    multiprocessing.set_start_method("spawn")
    sys.path.insert(0, "")
    sys.argv = ["main.py", *{words}]
    runpy.run_path("main.py", run_name="__main__")
"""
    program = tmp_path / "program.py"  # which the workers import
    program.write_text(code, encoding="utf-8")
    run(sys.executable, program, folder=project)
    written = [path.relative_to(tmp_path) for path in tmp_path.rglob("*")]
    assert any(path.suffix == ".safetensors" for path in written)
    assert [path for path in written if not fits_windows(path)] == []
