"""What a model may learn from, what it is selected on and what it is judged on.

Three protocols, each a plain function: `leave_one_out`, `by_time` and `given`; `split` calls one by name.
A `Split` holds training and refit histories as catalogue rows, and questions with held-out answers in external ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from generec.data.dataset import item_rows
from generec.errors import InputError, UsageError, unknown
from generec.types import Case, Dataset, Events, Request, Split

NEGATIVE_EVENTS = frozenset({"skip", "dislike", "reject", "hide", "impression"})
"""Kinds of event that say that a person did not want an item; neither trained on nor asked for."""

GIVEN_NAMES = {"train": "train", "validation": "validation", "valid": "validation", "val": "validation",
               "dev": "validation", "test": "test"}  # fmt: skip

Moment = float | int | str | date | datetime
"""When the future begins: a share of the events by time (0 < x < 1), an ISO date (UTC) or UTC seconds."""


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Where a split by time cuts, and how much history a person needs to be asked about."""

    validation_from: Moment = 0.8
    test_from: Moment = 0.9
    min_history: int = 1
    """People with fewer earlier events are left out of the cases (0 keeps people never seen)."""


def split(
    dataset: Dataset,
    by: str = "leave-one-out",
    *,
    validation_from: Moment | None = None,
    test_from: Moment | None = None,
    min_history: int = 1,
) -> Split:
    """Splits a dataset by one of SPLITS: `leave-one-out`, `time` or `given`.

    validation_from, test_from: for `time` only. Raises UsageError on an unknown name or an option of another
    protocol, InputError on data that the protocol cannot be applied to.
    """
    if by not in SPLITS:
        raise unknown("split", by, SPLITS)
    if by != "time" and not (validation_from is None and test_from is None):
        raise UsageError(f"validation_from and test_from belong to the split 'time', not to {by!r}")
    default = Cut()
    cut = Cut(
        validation_from=default.validation_from if validation_from is None else validation_from,
        test_from=default.test_from if test_from is None else test_from,
        min_history=min_history,
    )
    return SPLITS[by](dataset, cut)


def leave_one_out(dataset: Dataset, cut: Cut) -> Split:
    """Each person's last item is the test, the last but one the validation; people with fewer than 3 events train only.

    The order is that of the log. `cut.min_history` counts the training events of a person.
    """
    log = _Log.of(dataset)
    lengths = np.diff(log.offsets)
    enough = lengths >= 3
    part = np.zeros(log.items.size, np.int8)  # 0 train, 1 validation, 2 test
    part[log.offsets[1:][enough] - 1] = 2
    part[log.offsets[1:][enough] - 2] = 1
    rule = "leave-one-out: last item = test, last but one = validation"
    short = int((~enough).sum())
    note = f"{short:,} people with fewer than 3 events train only" if short else ""
    return _assemble("leave-one-out", rule, dataset, log, part, cut, _ask_each, note)


def by_time(dataset: Dataset, cut: Cut) -> Split:
    """Everything after a date is the future: one case per person, whose answers are all items after the date.

    The validation's future ends where the test's begins. Raises InputError where events have no timestamps.
    """
    log = _Log.of(dataset)
    if log.times is None:
        raise InputError(
            "a split by time needs a timestamp on every event",
            file=str(dataset.info.get("source", "the events")),
            remedy="use leave-one-out, which needs the order only",
        )
    first, second = _moment(cut.validation_from, log.times), _moment(cut.test_from, log.times)
    if not log.times.min(initial=first) < first < second <= log.times.max(initial=first):
        span = f"{_day(int(log.times.min()))} to {_day(int(log.times.max()))}" if log.times.size else "no events"
        raise UsageError(
            f"the validation must begin before the test, both inside the log ({span}); "
            f"got {_day(first)} and {_day(second)}"
        )
    part = np.where(log.times < first, 0, np.where(log.times < second, 1, 2)).astype(np.int8)
    rule = f"global time: validation from {_day(first)}, test from {_day(second)} (UTC)"
    return _assemble("time", rule, dataset, log, part, cut, _ask_together)


def given(dataset: Dataset, cut: Cut) -> Split:
    """The split that the data bring: column `split` with train, validation (valid, val, dev) and test.

    Where nobody's parts interleave in the log, every held-out event is a case, with everything before it as history
    (so several test events of a person are asked one after the other). Where they do, as in random hold-outs, there
    is one case per person: history = the earlier parts, answers = all events of the part.
    Raises InputError where the column is missing, has other words or gaps, or leaves a part empty.
    """
    if "split" not in dataset.events.columns or dataset.events["split"].null_count() == dataset.events.height:
        raise InputError("these data bring no split", remedy="use leave-one-out or time")
    words = set(dataset.events["split"].unique().to_list())
    if not words <= set(GIVEN_NAMES):
        strange = sorted(str(word) for word in words - set(GIVEN_NAMES))
        raise InputError(f"the column split must say train, validation or test, got {', '.join(strange[:5])}")
    log = _Log.of(dataset)
    numbers = {word: ("train", "validation", "test").index(name) for word, name in GIVEN_NAMES.items()}
    part = log.frame["split"].replace_strict(numbers, return_dtype=pl.Int8).to_numpy()
    for number, name in enumerate(("train", "validation", "test")):
        if not (part == number).any():
            raise InputError(f"the given split has no {name} events", remedy="use leave-one-out or time")
    interleaved = bool(((np.diff(part) < 0) & (np.diff(log.users) == 0)).any())
    rule = "given: the split that the data bring, " + ("one case per person" if interleaved else "one case per event")
    return _assemble("given", rule, dataset, log, part, cut, _ask_together if interleaved else _ask_each)


SPLITS: Mapping[str, Callable[[Dataset, Cut], Split]] = {
    "leave-one-out": leave_one_out,
    "time": by_time,
    "given": given,
}


def everything(dataset: Dataset) -> Events:
    """All events that may be learned from (see NEGATIVE_EVENTS), for a final model that nothing here can judge."""
    log = _Log.of(dataset)
    return log.events(np.ones(log.items.size, bool))


def unseen_items(cases: Sequence[Case], train: Events, item_ids: Sequence[str]) -> tuple[Case, ...]:
    """Cold-start view: the cases, with those answers only that never occur in training. item_ids: of the catalogue."""
    seen = {item_ids[row] for row in train.items.tolist()}
    return _with_answers(cases, lambda item_id: item_id not in seen)


def unseen_users(cases: Sequence[Case], train: Events) -> tuple[Case, ...]:
    """Cold-start view: cases of people of whom nothing was trained on."""
    seen = set(train.user_ids)
    return tuple(case for case in cases if case.request.user_id not in seen)


def few_events(cases: Sequence[Case], at_most: int) -> tuple[Case, ...]:
    """Cold-start view: cases with at most so many items of history."""
    return tuple(case for case in cases if len(case.request.history) <= at_most)


def popularity_deciles(cases: Sequence[Case], train: Events, item_ids: Sequence[str]) -> tuple[tuple[Case, ...], ...]:
    """The cases by how popular their answers are in training: ten views, the least popular tenth of the items first.

    Items of equal count stand in catalogue order.
    """
    order = train.counts(len(item_ids)).argsort(stable=True).tolist()
    decile = {item_ids[row]: rank * 10 // len(item_ids) for rank, row in enumerate(order)}
    tenths = [{item_id for item_id in item_ids if decile[item_id] == tenth} for tenth in range(10)]
    return tuple(_with_answers(cases, tenth.__contains__) for tenth in tenths)


def _with_answers(cases: Sequence[Case], keep: Callable[[str], bool]) -> tuple[Case, ...]:
    chosen = ((case.request, tuple(item_id for item_id in case.relevant if keep(item_id))) for case in cases)
    return tuple(Case(request, relevant) for request, relevant in chosen if relevant)


@dataclass(frozen=True)
class _Log:
    """The events as arrays, grouped by person, oldest first, without negative ones."""

    frame: pl.DataFrame
    items: NDArray[np.int64]  # (E,) catalogue rows
    offsets: NDArray[np.int64]  # (U + 1,)
    times: NDArray[np.int64] | None  # (E,)
    user_ids: list[str]
    negative: int

    @staticmethod
    def of(dataset: Dataset) -> _Log:
        frame, total = dataset.events, dataset.events.height
        if "event" in frame.columns:
            frame = frame.filter(~pl.col("event").is_in(NEGATIVE_EVENTS).fill_null(False))
        items = item_rows(frame["item_id"], dataset.catalog)
        if items.null_count():
            stranger = frame["item_id"].filter(items.is_null())[0]
            raise InputError(f"an event names the item {stranger!r}, which the catalogue lacks; import the data again")
        starts = np.flatnonzero((frame["user_id"] != frame["user_id"].shift(1)).fill_null(True).to_numpy())
        user_ids = frame["user_id"].gather(starts).to_list()
        if len(set(user_ids)) != len(user_ids):
            raise InputError("events must be grouped by user_id, oldest first; import the data again")
        timed = "timestamp" in frame.columns and frame["timestamp"].null_count() == 0
        times = frame["timestamp"].cast(pl.Int64).to_numpy(writable=True) if timed else None
        offsets = np.append(starts, frame.height).astype(np.int64)
        return _Log(frame, items.to_numpy(writable=True), offsets, times, user_ids, total - frame.height)

    @property
    def users(self) -> NDArray[np.int64]:
        """The person of each event, (E,)."""
        return np.repeat(np.arange(len(self.user_ids)), np.diff(self.offsets))

    def events(self, keep: NDArray[np.bool_]) -> Events:
        """The kept events, packed; people left without any are left out."""
        import torch

        before = np.concatenate([[0], np.cumsum(keep)])[self.offsets]  # (U + 1,) kept events up to each person
        present = np.diff(before) > 0
        offsets = np.concatenate([before[:1], before[1:][present]])
        user_ids = tuple(user_id for user_id, there in zip(self.user_ids, present, strict=True) if there)
        times = None if self.times is None else torch.from_numpy(self.times[keep])
        return Events(torch.from_numpy(self.items[keep]), torch.from_numpy(offsets), times, user_ids)


def _assemble(
    name: str, rule: str, dataset: Dataset, log: _Log, part: NDArray[np.int8], cut: Cut, ask: _Ask, note: str = ""
) -> Split:
    """From the part of every event (0 train, 1 validation, 2 test) to a Split with its protocol line."""
    train, refit = log.events(part == 0), log.events(part <= 1)
    notes = [note] if note else []
    answerable = []
    for number, what in ((1, "validation"), (2, "test")):
        kept, short, repeated = _answerable(ask(dataset, log, part, number), dataset.repeats, cut.min_history)
        answerable.append(kept)
        if short:
            notes.append(f"{short:,} {what} cases with fewer than {cut.min_history} earlier events left out")
        if repeated:
            notes.append(f"{repeated:,} {what} answers left out because the person had seen them")
    validation, test = answerable
    if log.negative:
        notes.append(f"{log.negative:,} negative events unused")
    counts = f"{len(dataset.catalog):,} items, train {train.items.numel():,} events of {len(train):,} people"
    cases = f"validation {len(validation):,} cases, test {len(test):,} cases"
    order = "order: that of the log" + (f", ties: {dataset.info['ties']}" if dataset.info.get("ties") else "")
    seen = "seen items may come back" if dataset.repeats else "seen items are masked"
    return Split(name, train, validation, refit, test, "; ".join([rule, counts, cases, *notes, order, seen]))


def _ask_each(dataset: Dataset, log: _Log, part: NDArray[np.int8], number: int) -> Iterator[Case]:
    """One case per event of a part; the history is everything of the person before it."""
    items, users = [dataset.catalog.item_ids[row] for row in log.items.tolist()], log.users
    times = None if log.times is None else log.times.tolist()
    for row in np.flatnonzero(part == number).tolist():
        user = users[row]
        before = slice(int(log.offsets[user]), row)
        yield _case(dataset, log.user_ids[user], items[before], times and times[before], items[row : row + 1])


def _ask_together(dataset: Dataset, log: _Log, part: NDArray[np.int8], number: int) -> Iterator[Case]:
    """One case per person with events of a part; the history is what the person did in earlier parts."""
    ids, users, bounds = dataset.catalog.item_ids, log.users, np.arange(len(log.user_ids) + 1)
    past, future = np.flatnonzero(part < number), np.flatnonzero(part == number)
    past_at, future_at = np.searchsorted(users[past], bounds), np.searchsorted(users[future], bounds)  # (U + 1,) each
    done, todo = ([ids[row] for row in log.items[rows].tolist()] for rows in (past, future))
    times = None if log.times is None else log.times[past].tolist()
    for user in np.flatnonzero(np.diff(future_at)).tolist():
        before = slice(int(past_at[user]), int(past_at[user + 1]))
        answers = todo[int(future_at[user]) : int(future_at[user + 1])]
        yield _case(dataset, log.user_ids[user], done[before], times and times[before], answers)


_Ask = Callable[[Dataset, _Log, NDArray[np.int8], int], Iterator[Case]]


def _case(
    dataset: Dataset, user_id: str, history: Sequence[str], times: Sequence[int] | None, answers: Sequence[str]
) -> Case:
    request = Request(
        history=tuple(history),
        user_id=user_id,
        times=None if times is None else tuple(times),
        repeat=dataset.repeats,
    )
    return Case(request, tuple(dict.fromkeys(answers)))


def _answerable(asked: Iterable[Case], repeats: bool, min_history: int) -> tuple[tuple[Case, ...], int, int]:
    """Leaves out what no recommender could answer: too little history, or seen items where they are masked.

    Returns the cases kept, how many had too little history, how many answers had been seen.
    """
    cases, short, repeated = [], 0, 0
    for case in asked:
        if len(case.request.history) < min_history:
            short += 1
            continue
        if not repeats:
            seen = set(case.request.history)
            fresh = tuple(item_id for item_id in case.relevant if item_id not in seen)
            repeated += len(case.relevant) - len(fresh)
            case = case if fresh == case.relevant else Case(case.request, fresh)
        if case.relevant:
            cases.append(case)
    return tuple(cases), short, repeated


def _moment(value: Moment, times: NDArray[np.int64]) -> int:
    """A Moment as UTC seconds. A share of the events: the time of the first event after that share."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            try:
                value = datetime.fromisoformat(str(value))
            except ValueError:
                raise UsageError(f"expected a date such as 2016-05-31, or a share such as 0.8, got {value!r}") from None
    if isinstance(value, date):
        moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    if 0 < value < 1:
        if times.size == 0:
            raise InputError("there are no events to split")
        return int(np.sort(times)[min(int(np.ceil(value * times.size)), times.size - 1)])
    if value != int(value):
        raise UsageError(f"expected a date, UTC seconds or a share between 0 and 1, got {value}")
    return int(value)


def _day(seconds: int) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%d" if seconds % 86400 == 0 else "%Y-%m-%d %H:%M:%S")
