"""Metric learning: losses that bring photos of the same person together, by pytorch-metric-learning."""

import math

import torch
from pytorch_metric_learning.losses import ArcFaceLoss, TripletMarginLoss
from pytorch_metric_learning.miners import TripletMarginMiner
from torch import Tensor, nn

from models.model import Embedder
from src.config import LossConfig

VALIDATION_MARGIN = 0.2
"""Small beside the distances of different people, which are about 1.4 between embeddings of length one."""


class MetricLearner(nn.Module):
    """An embedder with the loss that it learns by; ArcFace has weights too, one direction for each person."""

    def __init__(self, embedder: Embedder, people: int, settings: LossConfig) -> None:
        super().__init__()
        self.embedder = embedder
        self.miner: nn.Module | None = None
        self.loss: nn.Module
        if settings.name == "arcface":  # Deng et al. 2019
            degrees = settings.margin * 180 / math.pi
            self.loss = ArcFaceLoss(people, embedder.dimensions, margin=degrees, scale=settings.scale)
        else:  # Schroff et al. 2015; semihard: the other person is further away than the same one, by less than margin
            self.loss = TripletMarginLoss(margin=settings.margin)
            self.miner = TripletMarginMiner(margin=settings.margin, type_of_triplets="semihard")
        # ArcFace knows no direction of the validation people, so their loss is that of all triplets.
        self.validation_loss = TripletMarginLoss(margin=VALIDATION_MARGIN)

    def forward(self, crops: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The mean loss and the embeddings, float [N, D], of crops, uint8 [N, 3, S, S], of these people, int64 [N]."""
        embeddings = self.embedder(crops)
        if not self.training:
            return self.validation_loss(embeddings, labels), embeddings
        mined = () if self.miner is None else (self.miner(embeddings, labels),)
        return torch.as_tensor(self.loss(embeddings, labels, *mined)), embeddings
