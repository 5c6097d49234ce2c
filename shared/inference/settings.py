"""The settings of a classifier's predictions."""

from dataclasses import dataclass

from shared.bounds import ClosedUnitInterval


@dataclass
class PredictConfig:
    """How sure a prediction must be."""

    min_probability: ClosedUnitInterval = 0.5
    """smallest probability of the best class; below it the prediction is "unsure"; higher values give more of these;
    several labels have thresholds of their own"""
