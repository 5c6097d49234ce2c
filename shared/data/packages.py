"""Data and weights that come inside an installed package: they are found without importing it."""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from shared.errors import UserError


def package_path(package: str, path: str) -> Path:
    """The file or folder of that relative path in an installed package.

    Raises:
        UserError: the package is not installed, or has no such file.
    """
    try:
        found = Path(str(distribution(package).locate_file(path)))
    except PackageNotFoundError as error:
        raise UserError(f"the package {package} is not installed; run `pip install {package}`.") from error
    if not found.exists():
        raise UserError(f"the installed package {package} has no {path}; install it anew.")
    return found
