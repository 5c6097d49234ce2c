"""Metric learning: losses that bring photos of the same person together, by pytorch-metric-learning."""

import math

import torch
from pytorch_metric_learning.losses import ArcFaceLoss, TripletMarginLoss
from pytorch_metric_learning.miners import TripletMarginMiner
from torch import Tensor, nn

from models.model import Embedder
from src.config import LossConfig

VALIDATION_MARGIN = 0.2


class MetricLearner(nn.Module):
    """An embedder with the loss that it learns by; ArcFace has weights of its own, a direction for each person."""

    def __init__(self, embedder: Embedder, people: int, settings: LossConfig) -> None:
        super().__init__()
        self.embedder = embedder
        self.miner: nn.Module | None = None
        self.loss: nn.Module
        if settings.name == "arcface":
            degrees = settings.margin * 180 / math.pi
            self.loss = ArcFaceLoss(people, embedder.dimensions, margin=degrees, scale=settings.scale)
        else:
            self.loss = TripletMarginLoss(margin=settings.margin)
            self.miner = TripletMarginMiner(margin=settings.margin, type_of_triplets="semihard")
        self.validation_loss = TripletMarginLoss(margin=VALIDATION_MARGIN)

    def forward(self, crops: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The mean loss and the embeddings, float [N, D], of crops, uint8 [N, 3, S, S], of these people, int64 [N].

        Validation has other people than training, so its loss is that of all triplets, with a small margin.
        """
        embeddings = self.embedder(crops)
        if not self.training:
            return self.validation_loss(embeddings, labels), embeddings
        mined = () if self.miner is None else (self.miner(embeddings, labels),)
        loss: Tensor = self.loss(embeddings, labels, *mined)
        return torch.as_tensor(loss), embeddings
