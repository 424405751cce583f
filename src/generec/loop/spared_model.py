"""A language model that is asked no more than need be: nothing twice, and not again right after it kept us waiting.

A dialogue is read again from its beginning where the client keeps it, and undo shows the same slate again: both need
the same words to mean the same twice, which a model by itself does not promise.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from generec.errors import GenerecError, InputError
from generec.loop.remote_instructor import Completion


@dataclass(eq=False)
class Spared:
    """A Completion around another. What is kept is in memory, under a hash of what was asked.

    A failure that took longer than `slow` seconds is not tried again for `rest` seconds: a dead server costs one
    waiting, not one per sentence of a dialogue.
    """

    model: Completion
    kept: int = 500
    slow: float = 1.0
    rest: float = 30.0
    clock: Callable[[], float] = time.monotonic
    _answers: OrderedDict[str, str] = field(default_factory=OrderedDict)
    _until: float = float("-inf")

    @property
    def name(self) -> str:
        return self.model.name

    def complete(self, rules: str, asked: str, form: Mapping[str, Any]) -> str:
        """The model's answer, or the one that it gave before. Raises what the model raises."""
        key = hashlib.sha256(json.dumps([rules, asked, form], sort_keys=True).encode()).hexdigest()
        if key in self._answers:
            self._answers.move_to_end(key)
            return self._answers[key]
        began = self.clock()
        if began < self._until:
            raise InputError(f"it failed a moment ago and is asked again in {self._until - began:.0f} s")
        try:
            answer = self.model.complete(rules, asked, form)
        except (GenerecError, OSError):
            ended = self.clock()
            if ended - began > self.slow:
                self._until = ended + self.rest
            raise
        self._answers[key] = answer
        while len(self._answers) > self.kept:
            self._answers.popitem(last=False)
        return answer
