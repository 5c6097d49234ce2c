"""What a function takes, read from its source file without importing it: an import of PyTorch takes seconds."""

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shared.errors import UserError


def read_signature(file: Path, name: str) -> Callable[..., Any]:
    """A function of a source file with its parameters, their types and defaults, and its docstring, but no body.

    Keyword-only parameters are left out: they are for Python callers. Of the file, only the imports and constants that
    types and defaults name are run, so a type should come from a module that imports little.

    Raises:
        UserError: there is no such file, or no such function in it.
    """
    statements = ast.parse(file.read_text(encoding="utf-8")).body if file.is_file() else []
    found = [node for node in statements if isinstance(node, ast.FunctionDef) and node.name == name]
    if not found:
        raise UserError(f"{file} has no function {name}; write it, or take the verb out of main.py.")
    function = found[0]
    function.args.args[0].annotation = function.returns = None  # the configuration, and what Python callers get
    function.args.kwonlyargs, function.args.kw_defaults, function.decorator_list = [], [], []
    function.body = [ast.Expr(ast.Constant(ast.get_docstring(function) or ""))]
    needed: list[ast.stmt] = [function]
    for statement in reversed(statements[: statements.index(function)]):
        names = {node.id for part in needed for node in ast.walk(part) if isinstance(node, ast.Name)}
        if isinstance(statement, ast.Import | ast.ImportFrom):
            statement.names = [alias for alias in statement.names if (alias.asname or alias.name) in names]
            needed += [statement] if statement.names else []
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            needed += [statement] if any(isinstance(node, ast.Name) and node.id in names for node in targets) else []
    scope: dict[str, Any] = {"__file__": str(file)}
    module = ast.Module(needed[::-1], type_ignores=[])
    exec(compile(ast.fix_missing_locations(module), str(file), "exec"), scope)  # the project's own code
    signature: Callable[..., Any] = scope[name]
    return signature
