"""From texts to token ids: a tokenizer learned from the training split, or the one a pretrained network came with."""

import hashlib
import json
from collections.abc import Callable, Sequence

import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from models.padding import PAD
from src.config import TokenizerConfig

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]  # the first has the id `PAD`
EVALUATION_BATCH = 64
CHARACTERS_A_TOKEN = 50
"""A text is cut to so many characters a token before it is tokenized: a line of 10 MB costs no more than a page."""

Answer = Callable[[np.ndarray], np.ndarray]
"""From ids, int64 [N, L], to logits or probabilities, float32 [N, C]."""


class Tokens:
    """A tokenizer as this project uses it: it cuts, and never pads."""

    def __init__(self, content: str, pad: int = PAD) -> None:
        """From the JSON of Hugging Face's `tokenizers`; it says itself how many tokens a text has at most."""
        self.content = content
        self.pad = pad
        """The id that fills up the end of a text."""
        self._tokenizer = Tokenizer.from_str(content)
        self._most_characters = CHARACTERS_A_TOKEN * json.loads(content)["truncation"]["max_length"]

    @property
    def digest(self) -> str:
        """SHA-256 of `content`."""
        return hashlib.sha256(self.content.encode()).hexdigest()

    @property
    def vocabulary(self) -> int:
        """The number of different ids."""
        return int(self._tokenizer.get_vocab_size())

    def piece(self, number: int) -> str:
        """What an id stands for."""
        return str(self._tokenizer.id_to_token(number))

    def ids(self, texts: Sequence[str]) -> list[np.ndarray]:
        """The token ids of each text: int32, of its own length, at least two."""
        encoded = self._tokenizer.encode_batch([text[: self._most_characters] for text in texts])
        return [np.array(item.ids, np.int32) for item in encoded]

    def padded(self, rows: Sequence[np.ndarray]) -> np.ndarray:
        """Rows of ids as one batch: int64 [N, longest]."""
        batch = np.full((len(rows), max(map(len, rows))), self.pad, np.int64)
        for filled, row in zip(batch, rows, strict=True):
            filled[: len(row)] = row
        return batch


def in_batches(answer: Answer, tokens: Tokens, texts: list[str]) -> np.ndarray:
    """What a network answers to texts, in the order given; texts of similar length are asked together."""
    rows = tokens.ids(texts)
    order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    found = np.concatenate(
        [
            answer(tokens.padded([rows[index] for index in order[start : start + EVALUATION_BATCH]]))
            for start in range(0, len(order), EVALUATION_BATCH)
        ]
    )
    answers = np.empty_like(found)
    answers[order] = found
    return answers


def learn_tokenizer(texts: Sequence[str], settings: TokenizerConfig) -> Tokens:
    """Learn which pieces words are made of, by byte-pair encoding (Sennrich et al. 2016); capitals do not count."""
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    most = CHARACTERS_A_TOKEN * settings.max_tokens
    tokenizer.train_from_iterator(
        (text[:most] for text in texts),
        trainers.BpeTrainer(vocab_size=settings.vocabulary, special_tokens=SPECIAL, show_progress=False),
    )
    ends = [(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
    # With both ends, not even an empty text is without tokens.
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    return Tokens(_cut_at(tokenizer, settings.max_tokens))


def pretrained_tokenizer(content: str, pad: int, settings: TokenizerConfig) -> Tokens:
    """The tokenizer of a pretrained network, which pads nothing and cuts where the settings say."""
    return Tokens(_cut_at(Tokenizer.from_str(content), settings.max_tokens), pad)


def _cut_at(tokenizer: Tokenizer, max_tokens: int) -> str:
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return str(tokenizer.to_str())
