"""The training loop: batches, schedule, early stopping, and above all resuming with the same bits."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from regression import Regression, make

from generec.errors import FittingError
from generec.fitting.checkpoint import read_checkpoint, write_checkpoint
from generec.fitting.loop import InterruptedTraining, Optimisation, Run, batches, optimise
from generec.fitting.precision import Bf16


@given(
    lengths=st.lists(st.integers(1, 60), min_size=1, max_size=300),
    budget=st.integers(1, 400),
    seed=st.integers(0, 2**31),
)
@settings(max_examples=60, deadline=None)
def test_batches_hold_every_example_once_within_the_budget(lengths, budget, seed):
    lengths = torch.tensor(lengths)
    plan = batches(lengths, budget, torch.Generator().manual_seed(seed))
    assert sorted(torch.cat(plan).tolist()) == list(range(len(lengths)))
    assert all(len(rows) == 1 or int(lengths[rows].sum()) <= budget for rows in plan)
    again = batches(lengths, budget, torch.Generator().manual_seed(seed))
    assert all(torch.equal(one, other) for one, other in zip(plan, again, strict=True))


def test_batches_of_like_length_waste_little_padding():
    lengths = torch.randint(1, 50, (5000,))
    plan = batches(lengths, 1000, torch.Generator().manual_seed(0))
    padded = sum(int(lengths[rows].max()) * len(rows) for rows in plan)
    assert padded < 1.25 * int(lengths.sum())


def test_the_rate_warms_up_holds_and_falls_to_zero():
    rate = Optimisation(learning_rate=1.0, warm_up=0.1, decay_from=0.5).rate
    assert rate(0.05) == pytest.approx(0.5)
    assert rate(0.3) == 1.0
    assert rate(0.75) == pytest.approx(0.5)
    assert rate(1.0) == 0.0


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_training_learns(precision):
    model, source = make()
    settings = Optimisation(epochs=30, batch_tokens=64, learning_rate=0.02)
    if precision == "bf16":
        settings = Optimisation(epochs=30, batch_tokens=64, learning_rate=0.02, precision=Bf16())
    trajectory = optimise(model, model.loss, source, settings, Run())
    assert trajectory.losses[-1] < 0.1 * trajectory.losses[0]
    assert all(parameter.dtype == torch.float32 for parameter in model.parameters())


def test_the_best_validated_weights_are_kept_and_patience_stops():
    model, source = make()
    figures = iter([0.1, 0.5, 0.3, 0.2, 0.1, 0.0])
    seen = []

    def validate():
        seen.append({name: value.clone() for name, value in model.state_dict().items()})
        return {"quality": next(figures)}

    trajectory = optimise(
        model, model.loss, source, Optimisation(epochs=50, batch_tokens=64, patience=3, validate_every=1), Run(),
        validate=validate, metric="quality",
    )  # fmt: skip
    assert trajectory.best_epoch == 2
    assert trajectory.epoch == 5
    assert all(torch.equal(value, seen[1][name]) for name, value in model.state_dict().items())


def test_a_refit_follows_the_schedule_it_repeats(tmp_path):
    rates = []

    class Watched(Optimisation):
        def rate(self, progress):
            rates.append(progress)
            return super().rate(progress)

    model, source = make()
    optimise(model, model.loss, source, Watched(epochs=10, batch_tokens=64), Run(), stop_after=4)
    assert max(rates) < 0.4


def test_a_loss_that_is_not_finite_stops_with_a_remedy():
    model, source = make()
    with pytest.raises(FittingError, match="lower the learning rate"):
        optimise(model, lambda batch: model.loss(batch) * float("nan"), source, Optimisation(epochs=2), Run())


def finished(directory, resume=False, stop_at=None):
    """Weights of a run, or of one interrupted after `stop_at` steps and then resumed."""
    model, source = make()
    steps = 0

    def loss(batch):
        nonlocal steps
        steps += 1
        if steps == stop_at:
            os.kill(os.getpid(), signal.SIGINT)
        return model.loss(batch)

    run = Run(directory=directory, resume=resume, seed=3)
    optimise(model, loss, source, Optimisation(epochs=4, batch_tokens=100), run)
    return model.state_dict()


@pytest.mark.parametrize("stop_at", [1, 7, 12, 23])
def test_an_interrupted_and_resumed_run_has_the_same_bits(tmp_path, stop_at):
    whole = finished(tmp_path / "whole")
    with pytest.raises(InterruptedTraining, match="--resume"):
        finished(tmp_path / "broken", stop_at=stop_at)
    resumed = finished(tmp_path / "broken", resume=True)
    assert all(torch.equal(value, resumed[name]) for name, value in whole.items())
    rows = [json.loads(line) for line in (tmp_path / "broken" / "metrics.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4]


def test_resuming_at_another_number_of_threads_is_refused(tmp_path):
    with pytest.raises(InterruptedTraining):
        finished(tmp_path, stop_at=3)
    torch.set_num_threads(2)
    with pytest.raises(FittingError, match="--threads 1"):
        finished(tmp_path, resume=True)


def test_killed_anywhere_a_checkpoint_is_whole_and_the_resumed_weights_are_identical(tmp_path):
    """kill -9 at five random moments; the sixth run finishes."""
    script = Path(__file__).parent / "regression.py"
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    subprocess.run([sys.executable, script, whole], check=True)
    kills = 0
    for attempt in range(40):
        process = subprocess.Popen([sys.executable, script, broken], stdout=subprocess.PIPE, text=True)
        process.stdout.readline()  # training has begun
        if kills < 5:
            time.sleep(0.02 + 0.1 * (attempt * 0.37 % 1))
            process.send_signal(signal.SIGKILL)
        process.communicate()
        if process.returncode == 0:
            break
        kills += 1
        for path in broken.glob("*.checkpoint.safetensors"):
            read_checkpoint(path)
    assert kills == 5
    expected, _ = read_checkpoint(whole / "final.safetensors")
    found, _ = read_checkpoint(broken / "final.safetensors")
    assert all(torch.equal(value, found[name]) for name, value in expected.items())


def test_a_file_that_is_no_checkpoint_is_named(tmp_path):
    path = tmp_path / "train.checkpoint.safetensors"
    path.write_bytes(b"not a checkpoint")
    with pytest.raises(FittingError, match="is not a checkpoint"):
        read_checkpoint(path)


def test_a_failed_write_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    path = tmp_path / "a.safetensors"
    write_checkpoint(path, {"x": torch.ones(3)}, {"n": 1})
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_checkpoint(path, {"x": torch.zeros(3)}, {"n": 2})
    tensors, record = read_checkpoint(path)
    assert record == {"n": 1}
    assert tensors["x"].sum() == 3
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.safetensors"]


def test_a_model_with_dropout_is_left_in_evaluation_mode():
    model, source = make()
    optimise(model, model.loss, source, Optimisation(epochs=1), Run())
    assert isinstance(model, Regression)
    assert not model.training
