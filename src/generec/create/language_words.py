"""The tokens of a catalogue's own language: byte-pair encoding trained on its texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from generec.errors import ArtefactError, UsageError


@dataclass(frozen=True)
class Words:
    """A byte-level BPE (Sennrich et al. 2016, over bytes): any text can be written in it, and read back.

    It knows no special tokens, so that nothing in a catalogue's text can be read as one of the model's marks.
    """

    json: str  # of the Hugging Face tokenizer

    @staticmethod
    def fit(texts: Iterable[str], size: int = 4096) -> Words:
        """Learns up to `size` tokens; 256 bytes are always among them. Raises UsageError without the text extra."""
        tokenizers = _library()
        if size < 256:
            raise UsageError(f"byte-level tokens need a vocabulary of at least 256, got {size}")
        bytes_of = tokenizers.pre_tokenizers.ByteLevel
        found = tokenizers.Tokenizer(tokenizers.models.BPE())
        found.pre_tokenizer = bytes_of(add_prefix_space=False)
        found.decoder = tokenizers.decoders.ByteLevel()
        trainer = tokenizers.trainers.BpeTrainer(
            vocab_size=size, initial_alphabet=sorted(bytes_of.alphabet()), show_progress=False
        )
        found.train_from_iterator((" " + text for text in texts), trainer)
        return Words(found.to_str())

    @cached_property
    def _tokenizer(self) -> Any:
        try:
            return _library().Tokenizer.from_str(self.json)
        except UsageError:
            raise
        except Exception as error:  # the library raises bare exceptions
            raise ArtefactError(f"this is no tokenizer: {error}; train the creator again") from error

    @cached_property
    def vocabulary(self) -> list[str]:
        """The tokens as strings, in the order of their numbers; a leading space is written as the library does (Ġ)."""
        return [self._tokenizer.id_to_token(number) for number in range(self._tokenizer.get_vocab_size())]

    def __len__(self) -> int:
        return len(self.vocabulary)

    def encode(self, text: str) -> list[int]:
        """Tokens of a text; it begins as if a space stood before it, so that it can stand behind another."""
        found: list[int] = self._tokenizer.encode(" " + " ".join(text.split())).ids if text.strip() else []
        return found

    def decode(self, tokens: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(list(tokens))
        return text.strip()

    def pieces(self, text: str) -> list[str]:
        """The tokens of a text as strings: what a watermark over this vocabulary counts."""
        return [self.vocabulary[token] for token in self.encode(text)]


def _library() -> Any:
    try:
        import tokenizers.decoders
        import tokenizers.models
        import tokenizers.pre_tokenizers
        import tokenizers.trainers

        import tokenizers
    except ImportError as error:
        raise UsageError("a text creator needs the tokenizers library: pip install 'generec[text]'") from error
    return tokenizers
