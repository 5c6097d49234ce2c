"""What every project must do (see shared.testing.contract)."""

from shared.testing.contract import *  # noqa: F403
