"""The one training loop: batches, schedule, precision, progress, validation, checkpoints, resume.

It knows nothing of recommenders: a quantiser, a text model and a generative recommender train with it. A run that is
killed anywhere and resumed at the same number of threads ends with the same bits as one that was not.
"""

from __future__ import annotations

import json
import math
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

from generec.errors import FittingError, GenerecError
from generec.fitting.checkpoint import read_checkpoint, write_atomically, write_checkpoint
from generec.fitting.precision import Fp32, Precision
from generec.fitting.progress import task
from generec.protocols import Source


class OnDevice(Protocol):
    def to(self: BatchT, device: torch.device) -> BatchT: ...


BatchT = TypeVar("BatchT", bound=OnDevice)


class InterruptedTraining(GenerecError):  # noqa: N818 - not an error of anyone
    """The person stopped a training; everything up to the last step is saved."""

    exit_code = 130


class Recorder(Protocol):
    """Where a run's figures go besides the screen."""

    def log(self, row: Mapping[str, Any]) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Optimisation:
    """How to minimise a loss with AdamW."""

    epochs: int = 40
    batch_tokens: int = 1000  # a batch takes examples until it holds so many tokens
    learning_rate: float = 2e-3
    warm_up: float = 0.0  # share of the run over which the rate rises from 0
    decay_from: float = 2 / 3  # share of the run after which the rate falls linearly to 0
    weight_decay: float = 0.0
    clip: float = 5.0  # largest gradient norm
    betas: tuple[float, float] = (0.9, 0.98)
    precision: Precision = field(default_factory=Fp32)
    patience: int = 10  # validations without a better figure before the run stops
    validate_every: int = 2  # epochs

    def rate(self, progress: float) -> float:
        """Learning rate when `progress` (0 to 1) of the run is done."""
        if self.warm_up > 0 and progress < self.warm_up:
            return self.learning_rate * progress / self.warm_up
        falling = (1 - progress) / (1 - self.decay_from) if self.decay_from < 1 else 1.0
        return self.learning_rate * min(1.0, max(0.0, falling))


@dataclass(frozen=True, kw_only=True)
class Run:
    """Where a training runs and what it leaves behind."""

    directory: Path | None = None  # of checkpoints and metrics.jsonl; None keeps nothing
    key: str = ""  # of what the training depends on; names its checkpoint, so that nothing else resumes it
    seed: int = 0
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))
    resume: bool = False
    checkpoint_seconds: float = 60.0
    recorders: tuple[Recorder, ...] = ()


@dataclass
class Trajectory:
    """What a training went through: the epochs it took and the figures on the way."""

    epoch: int = 0  # the epoch under way
    step_in_epoch: int = 0
    step: int = 0
    best_epoch: int = 0
    best: float = -math.inf
    losses: list[float] = field(default_factory=list)  # mean per epoch
    validations: list[dict[str, float]] = field(default_factory=list)
    seconds: float = 0.0
    finished: bool = False


def batches(lengths: Tensor, budget: int, generator: torch.Generator) -> list[Tensor]:
    """One epoch's batches: all examples in random order, neighbours of like length together, `budget` tokens each.

    Examples are shuffled, sorted by length within chunks of about 16 batches, cut by the running sum of
    (examples x longest), and the batches are shuffled again: little padding, and every epoch another grouping.
    """
    order = torch.randperm(lengths.numel(), generator=generator)
    per_batch = max(1, budget // max(1, int(lengths.float().mean())))
    found: list[Tensor] = []
    for chunk in torch.split(order, 16 * per_batch):
        chunk = chunk[lengths[chunk].argsort(stable=True)]
        cumulative = lengths[chunk].cumsum(0)
        start, limit = 0, 0
        while start < chunk.numel():
            limit = int(cumulative[start - 1]) + budget if start else budget
            end = max(start + 1, int(torch.searchsorted(cumulative, limit, right=True)))
            found.append(chunk[start:end])
            start = end
    return [found[position] for position in torch.randperm(len(found), generator=generator).tolist()]


class _Trainer(Generic[BatchT]):
    """State of one `optimise` call: what a checkpoint holds."""

    def __init__(self, model: nn.Module, settings: Optimisation, run: Run, name: str):
        self.model, self.settings, self.run, self.name = model, settings, run, name
        self.trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.AdamW(
            self.trained, settings.learning_rate, settings.betas, weight_decay=settings.weight_decay, foreach=True
        )
        self.trajectory = Trajectory()
        self.best: dict[str, Tensor] = {}
        self.loss_sum = torch.zeros((), dtype=torch.float64)
        file = "-".join([*re.findall(r"\w+", name), *([run.key] if run.key else [])]) + ".checkpoint.safetensors"
        self.path = None if run.directory is None else run.directory / file
        self.saved_at = time.monotonic()

    def save(self) -> None:
        if self.path is None:
            return
        tensors = {f"model.{name}": tensor for name, tensor in self.model.state_dict().items()}
        tensors |= {f"best.{name}": tensor for name, tensor in self.best.items()}
        for position, parameter in enumerate(self.trained):
            for name, value in self.optimizer.state.get(parameter, {}).items():
                tensors[f"optimizer.{position}.{name}"] = value
        tensors["random.cpu"] = torch.get_rng_state()
        if self.run.device.type == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state(self.run.device)
        tensors["loss_sum"] = self.loss_sum
        record = {"trajectory": asdict(self.trajectory), "threads": torch.get_num_threads(), "name": self.name}
        write_checkpoint(self.path, tensors, record)
        self.saved_at = time.monotonic()

    def load(self) -> bool:
        """Continues from the checkpoint if there is one."""
        if self.path is None or not self.path.exists():
            return False
        tensors, record = read_checkpoint(self.path)
        if record["threads"] != torch.get_num_threads() and not record["trajectory"]["finished"]:
            raise FittingError(
                f"{self.path} was written with {record['threads']} threads, this run has {torch.get_num_threads()}; "
                f"resume with --threads {record['threads']} so that the result is the same"
            )
        self.trajectory = Trajectory(**record["trajectory"])
        self.model.load_state_dict(_under("model.", tensors), strict=True)
        self.best = _under("best.", tensors)
        for position, parameter in enumerate(self.trained):
            state = _under(f"optimizer.{position}.", tensors)
            if state:  # the step counter stays on the CPU, the moments follow their parameter
                self.optimizer.state[parameter] = {
                    name: value if name == "step" else value.to(parameter.device) for name, value in state.items()
                }
        torch.set_rng_state(tensors["random.cpu"])
        if "random.cuda" in tensors:
            torch.cuda.set_rng_state(tensors["random.cuda"], self.run.device)
        self.loss_sum = tensors["loss_sum"]
        self._forget_later_rows()
        return True

    def _forget_later_rows(self) -> None:
        """Drops metric rows that a killed run wrote after its last checkpoint; they will be written again."""
        path = None if self.run.directory is None else self.run.directory / "metrics.jsonl"
        if path is None or not path.exists():
            return
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.endswith("}")]
        kept = [row for row in rows if row["run"] != self.name or row["step"] <= self.trajectory.step]
        write_atomically(path, "".join(json.dumps(row) + "\n" for row in kept).encode())

    def log(self, row: Mapping[str, Any]) -> None:
        for recorder in self.run.recorders:
            recorder.log({"run": self.name, **row})
        if self.run.directory is not None:
            self.run.directory.mkdir(parents=True, exist_ok=True)
            with (self.run.directory / "metrics.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps({"run": self.name, **row}) + "\n")


def optimise(
    model: nn.Module,
    loss: Callable[[BatchT], Tensor],
    source: Source[BatchT],
    settings: Optimisation,
    run: Run,
    *,
    name: str = "train",
    stop_after: int | None = None,
    validate: Callable[[], Mapping[str, float]] | None = None,
    metric: str = "",
) -> Trajectory:
    """Trains `model` in place and leaves it at its best validated weights (at its last ones without validation).

    `loss` reads a batch and returns a scalar; `validate` returns figures of which `metric`, larger is better, selects.
    `stop_after` ends the run after so many epochs of the schedule that `settings.epochs` spans: a refit repeats the
    selected number of epochs under the same schedule. Raises InterruptedTraining on SIGINT after saving, FittingError
    on a loss that is not finite.
    """
    trainer = _Trainer[BatchT](model, settings, run, name)
    if not (run.resume and trainer.load()):
        torch.manual_seed(run.seed)
    trajectory = trainer.trajectory
    last = min(settings.epochs, stop_after or settings.epochs)
    lengths = source.lengths
    if lengths.numel() == 0:
        raise FittingError("there is nothing to train on: no person has two events or more in the training part")
    with task(name, last) as bar, _interrupts() as interrupted:
        bar.advance(trajectory.epoch)
        while trajectory.epoch < last and not trajectory.finished:
            _epoch(trainer, loss, source, lengths, interrupted, bar.advance)
            due = trajectory.epoch % settings.validate_every == 0 or trajectory.epoch == last
            if validate is not None and due:
                _validated(trainer, validate, metric)
            figures = trajectory.validations[-1] if trajectory.validations else {}
            row = {"epoch": trajectory.epoch, "step": trajectory.step, "loss": trajectory.losses[-1]}
            trainer.log({**figures, **row})
            waited = trajectory.epoch - trajectory.best_epoch
            stale = validate is not None and waited >= settings.patience * settings.validate_every
            trajectory.finished = stale or trajectory.epoch >= last
            if trajectory.finished or time.monotonic() - trainer.saved_at > run.checkpoint_seconds:
                trainer.save()
            latest = f" {metric} {figures[metric]:.4f}" if figures else ""
            bar.advance(0, f"loss {trajectory.losses[-1]:.4f}{latest}")
    if trainer.best:
        model.load_state_dict(trainer.best)
    else:
        trajectory.best_epoch = trajectory.epoch
    model.eval()
    return trajectory


def _epoch(
    trainer: _Trainer[BatchT],
    loss: Callable[[BatchT], Tensor],
    source: Source[BatchT],
    lengths: Tensor,
    interrupted: threading.Event,
    advance: Callable[[float, str], None],
) -> None:
    """One pass over the examples, from wherever the trajectory stands in it."""
    trajectory, settings, run = trainer.trajectory, trainer.settings, trainer.run
    order = torch.Generator().manual_seed(run.seed * 1_000_003 + trajectory.epoch)
    plan = batches(lengths, settings.batch_tokens, order)
    trainer.model.train()
    started, tokens = time.monotonic(), 0
    if trajectory.step_in_epoch == 0:
        trainer.loss_sum = torch.zeros((), dtype=torch.float64)
    for position in range(trajectory.step_in_epoch, len(plan)):
        progress = (trajectory.epoch + position / len(plan)) / settings.epochs
        for group in trainer.optimizer.param_groups:
            group["lr"] = settings.rate(progress)
        batch = source.collate(plan[position]).to(run.device)
        with settings.precision.arithmetic(run.device):
            value = loss(batch)
        trainer.optimizer.zero_grad(set_to_none=True)
        value.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(trainer.trained, settings.clip, foreach=True)
        trainer.optimizer.step()
        trainer.loss_sum += value.detach().double().cpu()
        trajectory.step += 1
        trajectory.step_in_epoch = position + 1
        tokens += int(lengths[plan[position]].sum())
        rate = tokens / max(1e-9, time.monotonic() - started)
        advance(1 / len(plan), f"loss {float(trainer.loss_sum) / (position + 1):.4f} {rate:,.0f} tokens/s")
        if interrupted.is_set():
            trainer.save()
            where = (
                "" if trainer.path is None else f"; saved, run the same command with --resume to go on ({trainer.path})"
            )
            raise InterruptedTraining(f"stopped in epoch {trajectory.epoch + 1} after step {trajectory.step}{where}")
        if time.monotonic() - trainer.saved_at > run.checkpoint_seconds:
            trainer.save()
    mean = float(trainer.loss_sum) / len(plan)
    if not math.isfinite(mean):
        raise FittingError(f"the loss is {mean} in epoch {trajectory.epoch + 1}; lower the learning rate")
    trajectory.losses.append(mean)
    trajectory.seconds += time.monotonic() - started
    trajectory.epoch += 1
    trajectory.step_in_epoch = 0


def _validated(trainer: _Trainer[BatchT], validate: Callable[[], Mapping[str, float]], metric: str) -> None:
    trajectory = trainer.trajectory
    trainer.model.eval()
    with torch.no_grad():
        figures = dict(validate())
    trajectory.validations.append({"epoch": float(trajectory.epoch), **figures})
    if figures[metric] > trajectory.best:
        trajectory.best, trajectory.best_epoch = figures[metric], trajectory.epoch
        trainer.best = {name: tensor.detach().clone() for name, tensor in trainer.model.state_dict().items()}


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


@contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """SIGINT sets an event instead of tearing a step apart; a second one interrupts at once."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = signal.getsignal(signal.SIGINT)

    def ask(number: int, frame: object) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    signal.signal(signal.SIGINT, ask)
    try:
        yield asked
    finally:
        signal.signal(signal.SIGINT, before)
