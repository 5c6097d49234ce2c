"""From a configuration to a network with its tokenizer: with its first weights, or with those of a checkpoint."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from models.model import make_network
from shared.data.examples import Data
from shared.errors import UserError
from shared.training.checkpoint import Checkpoint
from shared.training.first_weights import Origin
from shared.training.start_from import checkpoint_to_start_from
from src.config import Config
from src.tokens import Tokens, learn_tokenizer, pretrained_tokenizer


@dataclass(frozen=True)
class ModelBundle:
    """A network before training, and what belongs to it."""

    model: nn.Module
    tokens: Tokens
    metadata: dict[str, Any]
    """What `restore_model` needs beside the weights, and where the first ones come from, as plain types."""
    backbone: str
    """The name of the pretrained submodule that goes on learning; empty where there is none."""


def build_model(config: Config, data: Data) -> ModelBundle:
    """The network of the configuration with its first weights, and its tokenizer.

    Raises:
        UserError: the pretrained weights cannot be found, or cannot read texts of tokenizer.max_tokens.
    """
    settings, facts, weights, origin = config.tokenizer, {}, None, Origin()
    if config.model.name == "pretrained":
        from models.pretrained import load_pretrained  # its libraries take seconds to load

        encoder = load_pretrained(config.model.pretrained)
        facts, weights, origin = encoder.facts, encoder.weights, encoder.origin
        if settings.max_tokens > (most := facts.get("max_position_embeddings", settings.max_tokens)):
            asked = f"tokenizer.max_tokens is {settings.max_tokens}"
            raise UserError(f"{asked}, but {config.model.pretrained} reads {most}; lower it.")
        tokens = pretrained_tokenizer(encoder.tokenizer, facts["pad_token_id"], settings)
    elif start := checkpoint_to_start_from(config):  # its weights are for its own tokens
        tokens = pretrained_tokenizer(**start.metadata["tokenizer"], settings=settings)
    else:
        tokens = learn_tokenizer(data.splits.train["texts"], settings)
    model = make_model(config, tokens, facts, data.classes, weights)
    tokenizer = {"content": tokens.content, "pad": tokens.pad}
    metadata = {"first_weights": origin.as_dict(), "encoder": facts, "tokenizer": tokenizer}
    # What LoRA adds to a frozen encoder is new, so it learns at the full rate.
    learns = config.model.name == "pretrained" and config.model.tuning == "full"
    return ModelBundle(model, tokens, metadata, "backbone" if learns else "")


def make_model(
    config: Config,
    tokens: Tokens,
    encoder: dict[str, Any],
    classes: list[str],
    weights: Mapping[str, Tensor] | None = None,
) -> Any:
    """The network of the configuration.

    Args:
        encoder: the configuration of the pretrained encoder; empty where there is none.
        weights: those of the encoder; all that is not given begins at random.
    """
    settings = config.model
    if settings.name == "pretrained":
        from models.pretrained import make_pretrained

        options = {"dropout": settings.dropout, "tuning": settings.tuning, "lora_rank": settings.lora_rank}
        return make_pretrained(encoder, tokens.pad, len(classes), **options, weights=weights)
    sizes = {"width": settings.width, "layers": settings.layers, "heads": settings.heads}
    vocabulary = tokens.tokenizer.get_vocab_size()
    return make_network(settings.name, vocabulary, len(classes), **sizes, dropout=settings.dropout)


def restore_model(config: Config, checkpoint: Checkpoint) -> tuple[Any, Tokens]:
    """The network of the configuration with the checkpoint's weights, and the tokenizer that it was trained with.

    Raises:
        UserError: the checkpoint belongs to another network.
    """
    metadata = checkpoint.metadata
    tokens = Tokens(**metadata["tokenizer"])
    model = make_model(config, tokens, metadata["encoder"], metadata["classes"])
    checkpoint.load_into(model)
    return model.eval(), tokens
