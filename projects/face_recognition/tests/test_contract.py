"""What every project must do (see shared.testing.contract)."""

from shared.testing.contract import *  # noqa: F403

# An embedder names no classes, and while training all pairs are compared: test_learning.py has the same for embeddings.
del test_predictions_depend_on_the_input  # noqa: F821
del test_the_recorded_scores_are_those_of_the_weights  # noqa: F821
