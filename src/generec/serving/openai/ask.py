"""A chat completion as it is asked for: what is read, what changes nothing here, and what is refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from generec.serving.api.recommend import Closed, Id, Row, UserId

LONGEST = 2000
"""Characters of one user message, as of the words of a turn."""
TURNS = 50
"""User messages of one conversation: each is read again for every answer, and none may be forgotten."""
WHY: Mapping[str, str] = {
    "tools": "the loop calls no functions; what it did is in the field `generec` of the answer",
    "tool_choice": "the loop calls no functions", "functions": "the loop calls no functions",
    "function_call": "the loop calls no functions",
    "n": "a conversation has one answer", "logprobs": "an answer is no sample of tokens",
    "top_logprobs": "an answer is no sample of tokens", "logit_bias": "an answer is no sample of tokens",
    "response_format": "the content is text; the whole turn is in the field `generec` of the answer",
    "stop": "an answer ends where it ends; max_completion_tokens cuts it", "store": "nothing is kept for later",
    "modalities": "only text is written", "audio": "only text is written",
}  # fmt: skip
"""Why a parameter is refused."""


class Message(BaseModel):
    """One message. Only what users say is read; assistants' messages count the questions that were asked."""

    model_config = ConfigDict(extra="ignore")  # clients send answers back as they got them

    role: Literal["system", "developer", "user", "assistant"]
    content: str = ""

    @field_validator("content", mode="before")
    @classmethod
    def _text(cls, content: Any) -> Any:
        if content is None:
            return ""
        if not isinstance(content, list):
            return content
        for part in content:
            if not isinstance(part, dict) or part.get("type") != "text" or not isinstance(part.get("text"), str):
                named = part.get("type") if isinstance(part, dict) else type(part).__name__
                raise ValueError(f"parts of type {str(named)[:40]!r} are not read here; send text")
        return "\n".join(part["text"] for part in content)

    @model_validator(mode="after")
    def _short(self) -> Message:
        if self.role == "user" and len(self.content) > LONGEST:
            raise ValueError(f"a user message has at most {LONGEST:,} characters, got {len(self.content):,}")
        return self


class Extra(Closed):
    """What the protocol has no words for."""

    k: Annotated[int, Field(ge=1, le=50)] = 5
    """Places of the slate."""
    history: Annotated[tuple[Id, ...], Row, Field(max_length=1000)] = ()
    """Item ids, oldest first; without any what the store knows of the person."""
    rejected: Annotated[tuple[Id, ...], Row, Field(max_length=200)] = ()
    """Items turned down in this conversation."""


class StreamOptions(Closed):
    include_usage: bool = False


class ChatAsk(Closed):
    """What a client may send. Sampling parameters are taken and change nothing: an answer is no sample."""

    model: str
    messages: Annotated[list[Message], Field(min_length=1, max_length=500)]
    user: UserId | None = None
    """The person; nobody known without."""
    stream: bool = False
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    generec: Extra = Extra()

    temperature: float | None = None
    top_p: float | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    metadata: dict[str, str] | None = None
    service_tier: Literal["auto", "default"] | None = None
    n: Literal[1] = 1
    logprobs: Literal[False] = False
    store: Literal[False] = False
    response_format: dict[str, Any] | None = None

    @model_validator(mode="before")
    @classmethod
    def _said(cls, given: Any) -> Any:
        """Without what is null: to leave a parameter out and to send null is the same in this protocol."""
        return {name: one for name, one in given.items() if one is not None} if isinstance(given, dict) else given

    @field_validator("response_format")
    @classmethod
    def _plain(cls, asked: dict[str, Any] | None) -> dict[str, Any] | None:
        if asked is not None and asked.get("type") != "text":
            raise ValueError(WHY["response_format"])
        return asked

    @field_validator("messages")
    @classmethod
    def _conversation(cls, messages: list[Message]) -> list[Message]:
        said = sum(one.role == "user" for one in messages)
        if messages[-1].role != "user" or not messages[-1].content.strip():
            raise ValueError("the last message is what the user says now, and it says something")
        if said > TURNS:
            raise ValueError(
                f"a conversation has at most {TURNS} user messages, got {said}; begin a new one with what still holds"
            )
        return messages

    @property
    def said(self) -> tuple[str, ...]:
        """What the person said, oldest first."""
        return tuple(one.content for one in self.messages if one.role == "user" and one.content.strip())

    @property
    def asked(self) -> int:
        """Questions asked in a row just now: an answer that asks ends with its question."""
        answers = [one.content.rstrip() for one in self.messages if one.role == "assistant"]
        return next((at for at, one in enumerate(reversed(answers)) if not one.endswith("?")), len(answers))

    @property
    def most(self) -> int | None:
        """Tokens of the answer."""
        limits = [limit for limit in (self.max_tokens, self.max_completion_tokens) if limit is not None]
        return min(limits) if limits else None
