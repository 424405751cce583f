"""A causal language model on disk that answers in JSON: greedy decoding that never leaves a JSON object."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from generec.errors import InputError, UsageError


@dataclass(frozen=True)
class Checkpoint:
    """A Hugging Face checkpoint by its folder; nothing is downloaded."""

    path: Path
    most: int = 600
    """Tokens of an answer."""
    timeout: float = 60.0
    """Seconds for an answer."""
    choices: int = 64
    """How many of the likeliest tokens are tried for one that keeps the JSON valid."""

    def __post_init__(self) -> None:
        if not Path(self.path).is_dir():
            raise UsageError(f"a checkpoint is a folder with a model and its tokenizer; there is none at {self.path}")

    @property
    def name(self) -> str:
        return f"checkpoint {Path(self.path).name}"

    def complete(self, rules: str, asked: str, form: Mapping[str, Any]) -> str:
        try:
            return self._answer(rules, asked, form)
        except (RuntimeError, IndexError, KeyError, ValueError) as error:  # too long for the model, out of memory
            raise InputError(f"{self.name} failed: {type(error).__name__}") from None

    def _answer(self, rules: str, asked: str, form: Mapping[str, Any]) -> str:
        import torch

        tokenizer, model = self._loaded
        shape = json.dumps(form, separators=(",", ":"))
        text, templated = self._prompt(f"{rules}\nSchema: {shape}", asked)
        tokens = torch.tensor([tokenizer(text, add_special_tokens=not templated)["input_ids"]])
        answer, memory, ends = "", None, time.monotonic() + self.timeout
        keys = tuple(form["properties"])
        with torch.inference_mode():
            for _ in range(self.most):
                if time.monotonic() > ends:
                    raise InputError(f"{self.name} took longer than {self.timeout:g} s")
                out = model(input_ids=tokens, past_key_values=memory, use_cache=True)
                memory = out.past_key_values
                token, piece = self._next(out.logits[0, -1], answer, keys)
                answer += piece
                if finished(answer):
                    return answer
                tokens = torch.tensor([[token]])
        raise InputError(f"{self.name} wrote no end of its answer in {self.most} tokens")

    def _next(self, logits: Any, answer: str, keys: tuple[str, ...] = ()) -> tuple[int, str]:
        """The likeliest token with which the answer is still the beginning of a JSON object with some of the keys."""
        tokenizer, _ = self._loaded
        for token in logits.topk(min(self.choices, len(logits))).indices.tolist():
            piece = tokenizer.decode([token])
            if piece and begins_object(answer + piece, keys):
                return token, piece
        raise InputError(f"{self.name} knows no way on in its answer")

    def _prompt(self, rules: str, asked: str) -> tuple[str, bool]:
        """The text to go on with, and whether the model's own template has put its control tokens in."""
        tokenizer, _ = self._loaded
        if getattr(tokenizer, "chat_template", None):
            messages = [{"role": "system", "content": rules}, {"role": "user", "content": asked}]
            found: str = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
            return found, True
        return f"{rules}\n\nData: {asked}\n\nJSON:\n", False

    @cached_property
    def _loaded(self) -> tuple[Any, Any]:
        try:
            from transformers import AutoModelForCausalLM, AutoTokenizer
        except ImportError:
            raise UsageError("a checkpoint as instructor needs transformers: pip install generec[text]") from None
        try:
            tokenizer = AutoTokenizer.from_pretrained(self.path, local_files_only=True)
            model = AutoModelForCausalLM.from_pretrained(
                self.path, local_files_only=True, trust_remote_code=False, use_safetensors=True
            ).eval()
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            first = (str(error).splitlines() or [type(error).__name__])[0]
            raise UsageError(f"{self.path} holds no causal language model that can be loaded: {first}") from None
        return tokenizer, model


def finished(text: str) -> bool:
    """Whether a text is a whole JSON object."""
    if not text.rstrip().endswith("}"):
        return False
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


_LITERALS = ("true", "false", "null")
_DEEPEST = 12


def begins_object(text: str, keys: tuple[str, ...] = ()) -> bool:
    """Whether a text can be continued to a JSON object (or is one): an automaton with a stack of what is open.

    keys: the only keys that the object itself may have, where any are given.

    `expect`: v a value, k a key or the end of an empty object, K a key, : a colon, e a comma or an end, x nothing more.
    """
    at, opened, expect = 0, "", "v"
    while at < len(text):
        char = text[at]
        if char in " \n\t\r":
            at += 1
        elif expect in "kKv" and char == '"':
            end = _string(text, at)
            if end is None or end == len(text) + 1:
                known = (
                    not keys or opened != "{" or expect == "v" or any(key.startswith(text[at + 1 :]) for key in keys)
                )
                return end is not None and bool(opened) and known
            if not opened or (keys and opened == "{" and expect in "kK" and text[at + 1 : end - 1] not in keys):
                return False
            at, expect = end, ":" if expect in "kK" else "e"
        elif expect == ":" and char == ":":
            at, expect = at + 1, "v"
        elif expect == "v" and char in "{[" and len(opened) < _DEEPEST and (opened or char == "{"):
            opened, expect, at = opened + char, "k" if char == "{" else "V", at + 1
        elif expect in "eVk" and char in "}]" and opened and opened[-1] == {"}": "{", "]": "["}[char]:
            if (expect == "k") > (char == "}") or (expect == "V") > (char == "]"):
                return False
            opened, at = opened[:-1], at + 1
            expect = "e" if opened else "x"
        elif expect == "e" and char == ",":
            expect, at = "K" if opened[-1] == "{" else "v", at + 1
        elif expect == "V":
            expect = "v"  # the first member of a list
        elif expect == "v" and opened:
            end = _scalar(text, at)
            if end is None:
                return False
            at, expect = end, "e"
        else:
            return False
    return True


def _string(text: str, at: int) -> int | None:
    """Where a string ends; one past the text where it is still open; None where it cannot be one."""
    place = at + 1
    while place < len(text):
        char = text[place]
        if char == "\\":
            if place + 1 < len(text) and text[place + 1] not in '"\\/bfnrtu':
                return None
            digits = text[place + 2 : place + 6] if text[place + 1 : place + 2] == "u" else ""
            if any(digit not in "0123456789abcdefABCDEF" for digit in digits):
                return None
            place += 6 if text[place + 1 : place + 2] == "u" else 2
        elif char == '"':
            return place + 1
        elif ord(char) < 32:
            return None
        else:
            place += 1
    return len(text) + 1


def _scalar(text: str, at: int) -> int | None:
    """Where a number or a literal ends, the end of the text where it may go on; None where it is none."""
    end = at
    while end < len(text) and text[end] not in ",]} \n\t\r":
        end += 1
    word = text[at:end]
    if end == len(text) and any(literal.startswith(word) for literal in _LITERALS):
        return end
    if word in _LITERALS:
        return end
    try:
        json.loads(word if end < len(text) else word.rstrip("+-.eE") or "0")
    except ValueError:
        return None
    body = word.lstrip("-")
    return end if body[:1].isdigit() or (end == len(text) and body == "" and word == "-") else None
