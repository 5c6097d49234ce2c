"""What takes the place of cross-validation, which measures examples one by one."""

from shared.errors import UserError
from src.config import Config


def crossval(config: Config) -> None:
    """Say what measures an embedder on other people in turn."""
    raise UserError(
        "faces are measured in pairs of photos, which folds would cut apart; run with each --data.test_fold of a "
        f"pairs.txt in turn (it is {config.data.test_fold} now), or with several --seed, which draw other people."
    )
