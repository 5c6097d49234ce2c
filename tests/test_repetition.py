"""What several projects repeat stands once in shared: no long run of lines in one project's `src` is in another's."""

import ast
import io
import itertools
import keyword
import tokenize
from pathlib import Path

from commands import PROJECTS

LONGEST = 12


def shapes(path: Path) -> list[str]:
    """The lines of code, names and literals folded; without imports, docstrings, comments and blank lines."""
    source = path.read_text()
    left_out: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        is_text = (
            isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        )
        if is_text or isinstance(node, ast.Import | ast.ImportFrom):
            left_out |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines: dict[int, list[str]] = {}
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.start[0] in left_out or not token.string.strip() or token.type == tokenize.COMMENT:
            continue
        is_name = token.type == tokenize.NAME and not keyword.iskeyword(token.string)
        folded = "x" if is_name or token.type in (tokenize.STRING, tokenize.NUMBER) else token.string
        lines.setdefault(token.start[0], []).append(folded)
    return [" ".join(lines[number]) for number in sorted(lines)]


def longest_run(first: list[str], second: list[str]) -> int:
    """The length of the longest run of lines that both have."""
    longest, before = 0, [0] * (len(second) + 1)
    for line in first:
        now = [0] * (len(second) + 1)
        for index, other in enumerate(second):
            if line == other:
                now[index + 1] = before[index] + 1
        longest, before = max(longest, *now), now
    return longest


def test_a_run_of_lines_is_found_whatever_its_names(tmp_path: Path) -> None:
    first, second = tmp_path / "first.py", tmp_path / "second.py"
    first.write_text('"""A."""\nimport a\n\ndef f(x):\n    """Says f."""\n    y = x + 1  # one\n    return "a"\n')
    second.write_text('def g(z):\n    q = z + 2\n    return "b"\nprint(1)\n')
    assert longest_run(shapes(first), shapes(second)) == 3


def test_no_two_projects_share_a_long_run_of_lines() -> None:
    files = {project: {path: shapes(path) for path in sorted(project.glob("src/*.py"))} for project in PROJECTS}
    runs = {
        f"{one.relative_to(one.parents[2])} and {other.relative_to(other.parents[2])}": longest_run(lines, others)
        for first, second in itertools.combinations(PROJECTS, 2)
        for one, lines in files[first].items()
        for other, others in files[second].items()
    }
    assert not {pair: length for pair, length in runs.items() if length > LONGEST}
