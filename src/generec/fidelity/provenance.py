"""Says where a draft comes from, so that people and machines can tell: visible label, signed sidecar, detector.

The sidecar is JSON: what is claimed, readable, and a detached Ed25519 signature over its canonical form (keys sorted,
no white space). A self-made key proves that *this* operator signed, not who the operator is. Not legal advice: whether
these layers suffice somewhere, the operator's counsel says.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, ClassVar, Literal

from generec.errors import InputError
from generec.fidelity.extras import loop_extra
from generec.fidelity.keys import Keys, key_id
from generec.fidelity.ledger import Entry, Ledger, Record
from generec.fidelity.payload import ADVERT, CREDIT, digest, rendering, sources
from generec.fidelity.watermark import GreenList
from generec.records import BackendCard, Draft, GateReport, from_json

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

ALPHA = 0.01
"""Largest p-value at which a watermark counts as found."""

_IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_SOURCE_TYPES = {
    "human": _IPTC + "digitalCreation",
    "edited": _IPTC + "compositeWithTrainedAlgorithmicMedia",
    "created": _IPTC + "trainedAlgorithmicMedia",
}
SAID: Mapping[str, str] = {"edited": "Edited by AI", "created": "Created by AI"}
"""How a draft came about, as the visible label says it."""
_DOMAIN = b"generec sidecar 1\n"


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """What a sidecar claims about a payload."""

    sha256: str  # payload.digest of the bytes that go out
    item: str
    origin: Literal["human", "edited", "created"]
    source_type: str  # IPTC digital source type
    parents: tuple[str, ...]
    backend: BackendCard | None
    guidance: str  # its fingerprint
    seed: int
    time: str  # UTC
    record: str  # id of the ledger's record
    key: str
    version: Literal[1] = 1

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}


@dataclass(frozen=True)
class Marks:
    """A draft ready to go out."""

    label: str
    content: bytes
    sidecar: str
    record: Record


@dataclass(frozen=True)
class Layer:
    """One way to recognise the origin of something."""

    name: Literal["sidecar", "ledger", "watermark"]
    state: Literal["valid", "invalid", "absent"]
    reason: str = ""


@dataclass(frozen=True)
class Detection:
    """What was found."""

    layers: tuple[Layer, ...]
    provenance: Provenance | None = None  # what a valid sidecar claims
    record: Record | None = None  # the ledger's first about this content
    p_value: float | None = None  # the watermark's; None = not tested
    withdrawn: bool = False  # taken down, or made from what was

    @property
    def key(self) -> str | None:
        """Id of the key that signed it."""
        return self.provenance.key if self.provenance is not None else None

    def state(self, layer: str) -> str:
        """The state of one layer."""
        return next((found.state for found in self.layers if found.name == layer), "absent")

    @property
    def found(self) -> bool:
        """Whether anything says that this was edited or created here. If not, that proves nothing."""
        return any(layer.state == "valid" for layer in self.layers)


def label(draft: Draft, said: Mapping[str, str] = SAID) -> str:
    """What a person reads beside a draft: how it came about, whether somebody paid for it, and whom to credit.

    said: mode -> words, for other languages; one of the words that the jurisdiction asks for must be among them.
    """
    adverts = [note.removeprefix(ADVERT) for note in draft.notes if note.startswith(ADVERT)]
    credits = [f"Credit: {note.removeprefix(CREDIT)}" for note in draft.notes if note.startswith(CREDIT)]
    return " · ".join([said[draft.mode], *adverts, *credits])


@dataclass(frozen=True)
class Marker:
    """Marks drafts with an operator's key and enters them in the ledger."""

    keys: Keys
    ledger: Ledger
    said: Mapping[str, str] = field(default_factory=lambda: SAID)

    def mark(self, draft: Draft) -> Marks:
        """Label, bytes and signed sidecar of a draft. Raises LedgerError when the ledger cannot be written."""
        content, key = rendering(draft.payload), self.keys.signing()
        entry = Entry(
            event="made",
            item=draft.id,
            sha256=digest(content),
            origin=draft.mode,
            parents=tuple(sources(draft)),
            guidance=draft.guidance,
            backend=draft.backend,
            seed=draft.seed,
            keys=(key_id(key.public_key()),),
        )
        record = self.ledger.append(entry)
        return Marks(label(draft, self.said), content, sign(entry, record, self.keys), record)

    def publish(self, draft: Draft, marks: Marks, report: GateReport) -> Record:
        """Enters in the ledger that a marked draft goes out. Raises InputError unless the gate let it pass."""
        if report.draft != draft.id or not report.passed:
            raise InputError(f"draft {draft.id!r} has not passed the gate: it may not be published")
        entry = marks.record.entry
        return self.ledger.append(
            Entry(
                event="published",
                item=draft.id,
                sha256=entry.sha256,
                origin=entry.origin,
                parents=entry.parents,
                guidance=entry.guidance,
                backend=entry.backend,
                seed=entry.seed,
                keys=entry.keys,
                report=report,
            )
        )


def sign(entry: Entry, record: Record, keys: Keys) -> str:
    """The sidecar of a ledger record, as JSON text."""
    key = keys.signing()
    if entry.origin == "unknown":
        raise InputError(f"the origin of {entry.item!r} is unknown: nothing can be signed for it")
    claimed = Provenance(
        sha256=entry.sha256,
        item=entry.item,
        origin=entry.origin,
        source_type=_SOURCE_TYPES[entry.origin],
        parents=entry.parents,
        backend=entry.backend,
        guidance=entry.guidance,
        seed=entry.seed,
        time=record.time,
        record=record.id,
        key=key_id(key.public_key()),
    )
    signature = base64.urlsafe_b64encode(key.sign(_signed(claimed))).decode()
    return json.dumps({"provenance": asdict(claimed), "algorithm": "Ed25519", "signature": signature}, indent=1)


def read_sidecar(sidecar: str, trusted: Mapping[str, Ed25519PublicKey]) -> Provenance:
    """What a sidecar claims, if a trusted key signed it. Raises InputError that says what is wrong with it."""
    with loop_extra("cryptography"):
        from cryptography.exceptions import InvalidSignature
    try:
        parts = json.loads(sidecar)
        text, algorithm, signature = parts["provenance"], parts["algorithm"], parts["signature"]
        claimed = from_json(Provenance, json.dumps(text))
        raw = base64.b64decode(signature, altchars=b"-_", validate=True)
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error, InputError) as error:
        raise InputError(f"this is no sidecar of generec ({error})") from None
    if algorithm != "Ed25519" or len(parts) != 3:
        raise InputError("this is no sidecar of generec (expected provenance, algorithm Ed25519 and signature)")
    if claimed.key not in trusted:
        raise InputError(f"it is signed with the key {claimed.key}, which is not among the trusted ones")
    try:
        trusted[claimed.key].verify(raw, _signed(claimed))
    except InvalidSignature:
        raise InputError("its signature does not fit: it was changed after it was signed") from None
    return claimed


def detect(
    content: str | bytes,
    sidecar: str | None,
    ledger: Ledger | None,
    keys: Keys,
    watermark: GreenList | None = None,
) -> Detection:
    """Looks for every mark that content may carry. Never raises for bad content or a bad sidecar: it reports them."""
    try:
        text = content.decode() if isinstance(content, bytes) else content
    except UnicodeDecodeError:
        return Detection((Layer("sidecar", "invalid" if sidecar else "absent", "the content is no UTF-8 text"),))
    sha256 = digest(text)
    signed, claimed = _sidecar_layer(sha256, sidecar, keys)
    records = ledger.with_hash(sha256) if ledger is not None else []
    about = {sha256, *(record.entry.item for record in records)}
    p_value = watermark.count(text).p_value if watermark is not None else None
    mark = Layer("watermark", "valid" if p_value is not None and p_value <= ALPHA else "absent")
    return Detection(
        (signed, _ledger_layer(claimed, records), mark),
        claimed,
        records[0] if records else None,
        p_value,
        ledger is not None and not ledger.taken_down().isdisjoint(about),
    )


def _sidecar_layer(sha256: str, sidecar: str | None, keys: Keys) -> tuple[Layer, Provenance | None]:
    if sidecar is None:
        return Layer("sidecar", "absent"), None
    try:
        claimed = read_sidecar(sidecar, keys.trusted())
    except InputError as error:
        return Layer("sidecar", "invalid", str(error)), None
    if claimed.sha256 != sha256:
        return Layer("sidecar", "invalid", "it belongs to other content, or the content was changed"), None
    return Layer("sidecar", "valid"), claimed


def _ledger_layer(claimed: Provenance | None, records: list[Record]) -> Layer:
    if not records:
        return Layer("ledger", "absent")
    if claimed is not None and claimed.record not in {record.id for record in records}:
        return Layer("ledger", "invalid", "the ledger has no such record as the sidecar names")
    return Layer("ledger", "valid")


def _signed(claimed: Provenance) -> bytes:
    return _DOMAIN + json.dumps(asdict(claimed), sort_keys=True, separators=(",", ":")).encode()
