"""A check by a model that somebody serves. Opens no socket unless the policy allows it."""

from __future__ import annotations

import json
import os
import time
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from typing import IO

from generec.errors import InputError, UsageError
from generec.fidelity.scene import Scene, conclude
from generec.records import Draft, Guidance, Verdict, from_json, to_json

_LIMIT = 1 << 20


@dataclass(frozen=True)
class EndpointCheck:
    """Asks a URL: POST {"draft": ..., "age": ..., "locale": ...}, answered by the JSON of a `Verdict`.

    Of the guidance only age class and locale leave this machine. Without an answer within `timeout` seconds, with an
    unreadable one, or where the policy forbids the network, the verdict is unknown.
    """

    url: str
    name: str
    timeout: float = 2.0
    token: str = ""
    """Environment variable that holds a bearer token; secrets stand in no policy and no log."""

    def __call__(self, draft: Draft, guidance: Guidance, scene: Scene) -> Verdict:
        if not scene.policy.allow_network:
            return conclude(self.name, doubts=("the policy does not allow to ask endpoints (allow_network)",))
        if not self.url.startswith(("https://", "http://")):
            raise InputError(f"an endpoint is an http or https URL, got {self.url!r}")
        asked = {"draft": json.loads(to_json(draft)), "age": guidance.age, "locale": guidance.locale}
        headers = {"Content-Type": "application/json"}
        if self.token:
            if self.token not in os.environ:
                raise UsageError(f"the environment variable {self.token} with the endpoint's token is not set")
            headers["Authorization"] = f"Bearer {os.environ[self.token]}"
        request = urllib.request.Request(self.url, json.dumps(asked).encode(), headers)
        deadline = time.monotonic() + self.timeout
        try:
            with urllib.request.build_opener(_NoRedirect).open(request, timeout=self.timeout) as answer:
                found = from_json(Verdict, _read(answer, deadline))
        except (OSError, HTTPException, InputError) as error:  # URLError and time-outs are OSErrors
            return conclude(self.name, doubts=(f"the endpoint gave no verdict: {str(error)[:200]}",))
        return found


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token to another host."""

    def redirect_request(self, *_: object) -> None:
        return None


def _read(answer: IO[bytes], deadline: float) -> bytes:
    """The whole answer, by the deadline: an answer that trickles in is none."""
    parts, size = [], 0
    while part := answer.read1(1 << 14):  # type: ignore[attr-defined]  # http responses have it
        parts.append(part)
        size += len(part)
        if size > _LIMIT:
            raise InputError(f"the answer is larger than {_LIMIT} bytes")
        if time.monotonic() > deadline:
            raise TimeoutError("it did not answer in time")
    return b"".join(parts)
