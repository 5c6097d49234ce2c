"""Small helpers of this project."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from models.model import make_network
from shared.errors import UserError
from shared.training.checkpoint import Checkpoint
from src.config import Config
from src.dataloader import Data
from src.tokens import Answer, Tokens, in_batches, learn_tokenizer, pretrained_tokenizer


@dataclass(frozen=True)
class ModelBundle:
    """A network before training, and what else has to be kept beside its weights."""

    model: nn.Module
    tokens: Tokens
    facts: dict[str, Any]
    """The configuration of the pretrained encoder; empty where there is none."""
    origin: dict[str, Any]
    """Where the first weights came from."""

    @property
    def backbone(self) -> str:
        """The name of the split that was trained before and goes on learning; empty where there is none."""
        learns = any(parameter.requires_grad for name, parameter in self.model.named_parameters() if "backbone" in name)
        added = any("lora_" in name for name, _ in self.model.named_parameters())
        return "backbone" if learns and not added else ""


def build_model(config: Config, data: Data) -> ModelBundle:
    """The network of the configuration with its first weights, and its tokenizer.

    Raises:
        UserError: the pretrained weights are not to be had, or cannot read texts of tokenizer.max_tokens.
    """
    if config.model.name != "pretrained":
        tokens = learn_tokenizer(data.splits.train.texts, config.tokenizer)
        return ModelBundle(make_model(config, tokens, {}, data.classes), tokens, {}, {"source": "random", "tried": []})
    # Loading this library takes seconds, and only this network needs it.
    from models.pretrained import load_pretrained

    encoder = load_pretrained(config.model.pretrained)
    asked = config.tokenizer.max_tokens
    if asked > (most := encoder.facts.get("max_position_embeddings", asked)):
        raise UserError(f"tokenizer.max_tokens is {asked}, but {config.model.pretrained} reads {most}; lower it.")
    tokens = pretrained_tokenizer(encoder.tokenizer, encoder.facts["pad_token_id"], config.tokenizer)
    model = make_model(config, tokens, encoder.facts, data.classes)
    encoder.load_into(model)
    return ModelBundle(model, tokens, encoder.facts, encoder.origin.as_dict())


def make_model(config: Config, tokens: Tokens, facts: dict[str, Any], classes: list[str]) -> Any:
    """The network of the configuration, with fresh weights.

    Args:
        facts: the configuration of the pretrained encoder; empty where there is none.
    """
    settings = config.model
    if settings.name == "pretrained":
        from models.pretrained import make_pretrained

        return make_pretrained(
            facts,
            tokens.pad,
            len(classes),
            dropout=settings.dropout,
            tuning=settings.tuning,
            lora_rank=settings.lora_rank,
        )
    return make_network(
        settings.name,
        tokens.vocabulary,
        len(classes),
        width=settings.width,
        layers=settings.layers,
        heads=settings.heads,
        dropout=settings.dropout,
    )


def restore_model(config: Config, checkpoint: Checkpoint) -> nn.Module:
    """The network of the configuration, with the checkpoint's weights.

    Raises:
        UserError: the checkpoint belongs to another network.
    """
    metadata = checkpoint.metadata
    model: nn.Module = make_model(config, restore_tokens(checkpoint), metadata["encoder"], metadata["classes"])
    checkpoint.load_into(model)
    return model.eval()


def restore_tokens(checkpoint: Checkpoint) -> Tokens:
    """The tokenizer that the checkpoint's network was trained with."""
    return Tokens(checkpoint.metadata["tokenizer"]["content"], checkpoint.metadata["tokenizer"]["pad"])


def logits_of(model: nn.Module, tokens: Tokens, texts: list[str]) -> Tensor:
    """The logits, float [N, classes], for texts in the order given."""
    return torch.from_numpy(in_batches(answer_of(model), tokens, texts))


def answer_of(model: nn.Module) -> Answer:
    """A network as a function from ids to what it answers, without gradients."""

    @torch.no_grad()
    def answer(ids: np.ndarray) -> np.ndarray:
        found: np.ndarray = model(torch.from_numpy(ids)).numpy()
        return found

    return answer
