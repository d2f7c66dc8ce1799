"""Callbacks: begun, called and ended whatever happens; the best weights, plateaus, logs."""

from __future__ import annotations

import csv
import errno
import io
import json
import math
import os
import signal
import subprocess
import sys
import time
import types

import numpy as np
import pytest

import glassnet as gn
from glassnet.callbacks.logs import LOGS
from glassnet.engines.numpy import NumpyEngine
from glassnet.history import History
from glassnet.training import loop, pace, run
from glassnet.training.evaluation import Evaluation
from glassnet.training.rate_factor import RateFactors

RANDOM = np.random.RandomState(0)
X = RANDOM.randn(23, 2)
Y = X[:, :1] * 2 - X[:, 1:] + 0.3
CLASSES = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)


def network(short="2-5-1 tanh linear"):
    return gn.Network(short, dtype="float64", random_state=0)


def fit(net, y=Y, *, x=X, **options):
    return net.fit(x, y, **{"engine": "numpy", "verbose": False, **options})


def numbers(net):
    return {name: value.copy() for name, value in net.values.by_name.items()}


def assert_equal_bits(one, other):
    assert one.keys() == other.keys()
    for name, value in one.items():
        np.testing.assert_array_equal(value, other[name], err_msg=name)


class Recorder(gn.callbacks.Callback):
    """Writes down what happens to it, and raises an error where it is told to."""

    def __init__(self, name="", log=None, *, raises=None, at=1):
        self.name, self.log = name, [] if log is None else log
        self.raises, self.at = raises, at

    def _note(self, part, history):
        self.log.append((self.name, part, history.epochs, history.stopped))
        if part == self.raises and (part != "call" or history.epochs == self.at):
            raise RuntimeError(f"{self.name} {part}")

    def begin(self, network, history):
        self._note("begin", history)

    def __call__(self, network, history):
        self._note("call", history)

    def end(self, network, history):
        self._note("end", history)

    @property
    def parts(self):
        return [part for _, part, _, _ in self.log]


# ----------------------------------------------------------------------- begin, call, end


def test_all_are_begun_called_and_ended_in_their_order():
    log = []
    fit(network(), epochs=2, callbacks=[Recorder("a", log), Recorder("b", log)])
    assert [(name, part) for name, part, _, _ in log] == [
        (name, part) for part in ("begin", "call", "call", "end") for name in ("a", "b")
    ]
    assert log[0][2:] == (0, "")
    assert log[-1][2:] == (2, "finished")


def test_parts_may_be_missing():
    seen = []
    only_end = types.SimpleNamespace(end=lambda network, history: seen.append("end"))
    with pytest.raises(gn.DescriptionError, match="callable as callback"):
        fit(network(), callbacks=[only_end])

    def function(network, history):
        seen.append("call")

    function.end = only_end.end
    fit(network(), epochs=1, callbacks=function)
    assert seen == ["call", "end"]


@pytest.mark.parametrize("optimizer", ["sgd", "lbfgs"])
def test_an_error_in_a_callback_ends_all(optimizer):
    log = []
    callbacks = [Recorder("a", log), Recorder("b", log, raises="call", at=3), Recorder("c", log)]
    net, other = network(), network()
    with pytest.raises(RuntimeError, match="b call"):
        fit(net, epochs=9, optimizer=optimizer, callbacks=callbacks)
    assert log[-3:] == [(name, "end", 3, "error") for name in "abc"]
    fit(other, epochs=3, optimizer=optimizer)
    assert_equal_bits(numbers(net), numbers(other))


def test_what_cannot_begin_leaves_the_network_as_it_was():
    log = []
    net = network()
    fit(net, epochs=2, optimizer="adam")
    before, tally = numbers(net), net.tally
    callbacks = [Recorder("a", log), Recorder("b", log, raises="begin"), Recorder("c", log)]
    with pytest.raises(RuntimeError, match="b begin"):
        fit(net, epochs=2, optimizer="sgd", callbacks=callbacks)
    assert [(name, part) for name, part, _, _ in log] == [
        ("a", "begin"),
        ("b", "begin"),
        ("a", "end"),
    ]
    assert (net.optimizer, net.tally) == (gn.Adam(), tally)
    assert_equal_bits(before, numbers(net))


def test_an_error_at_the_end_does_not_keep_the_others_from_theirs():
    log = []
    callbacks = [Recorder("a", log, raises="end"), Recorder("b", log)]
    with pytest.raises(RuntimeError, match="a end"):
        fit(network(), epochs=1, callbacks=callbacks)
    assert [(name, part) for name, part, _, _ in log[-2:]] == [("a", "end"), ("b", "end")]


def test_the_guard_ends_callbacks():
    recorder = Recorder()
    with pytest.raises(gn.NotFiniteError):
        fit(network(), epochs=500, optimizer=gn.SGD(1e200), batch_size=4, callbacks=recorder)
    assert recorder.log[-1][1:] == ("end", recorder.log[-1][2], "not finite")
    assert recorder.parts.count("end") == 1


@pytest.mark.parametrize("twice", [False, True])
def test_ctrl_c_ends_callbacks(monkeypatch, twice):
    def ctrl_c(network, history):
        if history.epochs == 2:
            for _ in range(1 + twice):
                signal.raise_signal(signal.SIGINT)

    recorder = Recorder()
    try:
        fit(network(), epochs=9, callbacks=[ctrl_c, recorder])
        assert not twice
    except KeyboardInterrupt:
        assert twice
    assert recorder.log[-1][1:] == ("end", 2, "interrupted")
    assert recorder.parts.count("end") == 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_class_in_place_of_an_object_is_refused():
    with pytest.raises(gn.DescriptionError, match=r"write BestWeights\(\)"):
        fit(network(), callbacks=[gn.callbacks.BestWeights])


def test_an_end_that_cannot_be_called_is_refused():
    recorder = Recorder()
    recorder.end = 3
    with pytest.raises(gn.DescriptionError, match="attribute end of a callback must be callable"):
        fit(network(), callbacks=recorder)


# ------------------------------------------------------------------------- the best weights


def made_accuracies(monkeypatch, given):
    """Let the accuracy of the validation rows be what is given, epoch after epoch."""
    real, left = Evaluation.judge, iter(given)

    def judge(self, values, rows, metrics):
        loss, found = real(self, values, rows, metrics)
        return loss, ({"accuracy": next(left)} if len(rows) == 5 else found)

    monkeypatch.setattr(Evaluation, "judge", judge)


HELD_OUT = {"validation": (X[:5], CLASSES[:5]), "metrics": "accuracy", "batch_size": 4}


def test_the_weights_of_the_best_validation_metric_are_put_back(monkeypatch):
    made_accuracies(monkeypatch, [0.2, 0.6, 0.6, np.nan, 0.5])
    net, kept, best = network("2-5-3 relu softmax"), [], gn.callbacks.BestWeights("accuracy")

    def keep(network, history):
        kept.append((numbers(network), network.tally))

    history = fit(net, CLASSES, epochs=5, callbacks=[best, keep], **HELD_OUT)
    assert (best.epoch, best.best, history.best_epoch, history.epochs) == (2, 0.6, 2, 5)
    assert_equal_bits(numbers(net), kept[1][0])
    assert net.tally == gn.history.Tally(5, kept[1][1].steps)


def test_what_is_best_may_be_said(monkeypatch):
    made_accuracies(monkeypatch, [0.2, 0.6, 0.1])
    least = gn.callbacks.BestWeights("accuracy", larger_is_better=False)
    net = network("2-5-3 relu softmax")
    assert fit(net, CLASSES, epochs=3, callbacks=least, **HELD_OUT).best_epoch == 3


def test_the_best_weights_are_there_when_later_callbacks_end(monkeypatch):
    made_accuracies(monkeypatch, [0.9, 0.1])
    kept, seen = [], []

    class Saver(gn.callbacks.Callback):
        def __call__(self, network, history):
            kept.append(numbers(network))

        def end(self, network, history):
            seen.append(numbers(network))

    best = gn.callbacks.BestWeights("accuracy")
    net = network("2-5-3 relu softmax")
    fit(net, CLASSES, epochs=2, callbacks=[best, Saver()], **HELD_OUT)
    assert_equal_bits(seen[0], kept[0])


def test_early_stopping_by_a_metric(monkeypatch):
    made_accuracies(monkeypatch, [0.1, 0.5, 0.5, 0.4, 0.9])
    net = network("2-5-3 relu softmax")
    early = gn.callbacks.EarlyStopping(2, "accuracy")
    history = fit(net, CLASSES, epochs=9, callbacks=early, **HELD_OUT)
    assert (history.stopped, history.epochs, history.best_epoch) == ("early stopping", 4, 2)


def test_the_option_is_the_callback():
    one, other = network(), network()
    same = {"epochs": 60, "validation": 0.3, "optimizer": gn.Adam(0.3)}
    history = fit(one, early_stopping=3, **same)
    expected = fit(other, callbacks=gn.callbacks.EarlyStopping(3), **same)
    assert history.stopped == expected.stopped == "early stopping"
    assert history.best_epoch == expected.best_epoch
    assert_equal_bits(numbers(one), numbers(other))


def test_the_best_weights_stay_after_an_error_of_the_guard():
    net, kept = network(), []

    def explode(network, history):
        kept.append(numbers(network))
        if history.epochs == 3:
            network.weights["W1"] = np.full((2, 5), 1e200)
            network.weights["W2"] = np.full((5, 1), 1e200)

    best = gn.callbacks.BestWeights()
    with pytest.raises(gn.NotFiniteError) as caught:
        fit(net, epochs=9, validation=0.3, callbacks=[best, explode])
    assert best.epoch == caught.value.history.best_epoch <= caught.value.history.epochs
    assert_equal_bits(numbers(net), kept[best.epoch - 1])


def test_ctrl_c_keeps_the_best_weights(monkeypatch):
    made_accuracies(monkeypatch, [0.2, 0.8, 0.3, 0.4])
    kept = []

    def look(network, history):
        kept.append(numbers(network))
        if history.epochs == 4:
            signal.raise_signal(signal.SIGINT)

    net = network("2-5-3 relu softmax")
    best = gn.callbacks.BestWeights("accuracy")
    history = fit(net, CLASSES, epochs=50, callbacks=[best, look], **HELD_OUT)
    assert (history.stopped, history.best_epoch) == ("interrupted", 2)
    assert_equal_bits(numbers(net), kept[1])


def gap(y, outputs):
    return 0.0


@pytest.mark.parametrize(
    ("watch", "metrics", "words"),
    [
        ("accuracy", (), "unknown number to watch 'accuracy'; known: loss, or add metrics="),
        ("acuracy", "accuracy", "did you mean 'accuracy'"),
        ("gap", gap, "not known whether more of 'gap' is better: say larger_is_better"),
    ],
)
@pytest.mark.parametrize("kind", ["BestWeights", "EarlyStopping", "ReduceOnPlateau"])
def test_what_cannot_be_watched_is_refused_before_training(kind, watch, metrics, words):
    net = network("2-3 softmax")
    before = numbers(net)
    callback = getattr(gn.callbacks, kind)(watch=watch)
    with pytest.raises(gn.DescriptionError) as caught:
        fit(net, CLASSES, metrics=metrics, callbacks=callback)
    assert words in str(caught.value)
    assert_equal_bits(before, numbers(net))


def test_an_own_metric_says_its_direction():
    def closeness(y, outputs):
        return -float(np.mean((y - outputs) ** 2))

    closeness.larger_is_better = True
    best = gn.callbacks.BestWeights("closeness")
    history = fit(network(), epochs=9, metrics=closeness, callbacks=best, optimizer=gn.SGD(0.5))
    assert best.best == history.metrics["closeness"].max()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: gn.callbacks.EarlyStopping(0), "EarlyStopping: patience must be a whole number"),
        (lambda: gn.callbacks.BestWeights(3), "BestWeights: watch must be 'loss', or"),
        (lambda: gn.callbacks.BestWeights("loss", 1), "larger_is_better must be True, False"),
        (lambda: gn.callbacks.ReduceOnPlateau(factor=1.0), "factor must be a number above 0 and"),
        (lambda: gn.callbacks.ReduceOnPlateau(rest=-1), "rest must be a whole number from 0 up"),
        (lambda: gn.callbacks.CSVLog(3), "a path must be text"),
        (lambda: gn.callbacks.CSVLog("a", append=1), "CSVLog: append must be True or False"),
        (lambda: gn.callbacks.JSONLinesLog("a", every=0), "JSONLinesLog: every must be"),
        (lambda: gn.callbacks.TensorBoard(None), "a path must be text"),
    ],
)
def test_options_out_of_range_are_refused(make, words):
    with pytest.raises(gn.DescriptionError) as caught:
        make()
    assert words in str(caught.value)


# ------------------------------------------------------------------------------ the rate


def slower_after(epoch, factor):
    def slower(network, history):
        if history.epochs == epoch:
            history.rate_factor = factor

    return slower


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_a_factor_holds_from_the_next_epoch_on(engine):
    one, other = network(), network()
    same = {"batch_size": 4, "engine": engine}
    history = fit(one, epochs=5, optimizer=gn.SGD(0.1), callbacks=slower_after(3, 0.25), **same)
    fit(other, epochs=3, optimizer=gn.SGD(0.1), **same)
    fit(other, epochs=2, optimizer=gn.SGD(0.025), **same)
    np.testing.assert_allclose(history.learning_rate, [0.1] * 3 + [0.025] * 2, rtol=1e-15)
    assert_equal_bits(numbers(one), numbers(other))
    assert fit(one, epochs=1, optimizer=gn.SGD(0.1)).learning_rate.tolist() == [0.1]


def test_a_factor_multiplies_what_a_schedule_says():
    optimizer = gn.SGD(gn.Cosine(0.1))
    plain = fit(network(), epochs=6, batch_size=4, optimizer=optimizer).learning_rate
    callbacks = slower_after(2, 0.5)
    slower = fit(network(), epochs=6, batch_size=4, optimizer=optimizer, callbacks=callbacks)
    np.testing.assert_allclose(slower.learning_rate[:2], plain[:2], rtol=1e-15)
    np.testing.assert_allclose(slower.learning_rate[2:], plain[2:] / 2, rtol=1e-15)


def test_steps_that_are_done_again_have_the_rates_they_had(monkeypatch):
    used, again = {}, []
    real = NumpyEngine.train

    def train(self, work, values, first, last, rates):
        for step, rate in zip(range(first, last), rates[:, 0], strict=True):
            again.extend([step] if step in used else [])
            assert used.setdefault(step, rate) == rate
        return real(self, work, values, first, last, rates)

    def explode(network, history):
        if history.epochs == 2:
            network.weights["W2"] = np.full((5, 1), 1e200)  # the next loss is infinite

    monkeypatch.setattr(NumpyEngine, "train", train)
    callbacks = [slower_after(1, 0.5), slower_after(2, 0.1), explode]
    with pytest.raises(gn.NotFiniteError):
        fit(network(), epochs=9, batch_size=4, optimizer=gn.SGD(0.1), callbacks=callbacks)
    assert set(range(6, 11)) <= set(again)  # back to the step before the one with that loss
    rates = [used[step] for step in range(13)]
    np.testing.assert_allclose(rates, [0.1] * 6 + [0.05] * 6 + [0.01], rtol=1e-15)


@pytest.mark.parametrize("factor", [-1.0, np.nan, "1", None])
def test_a_factor_that_is_none_is_refused(factor):
    with pytest.raises(gn.DescriptionError, match=r"history\.rate_factor, which must be a number"):
        fit(network(), epochs=3, callbacks=slower_after(1, factor))


def test_lbfgs_has_no_rate_to_multiply():
    with pytest.raises(gn.DescriptionError, match="L-BFGS has no learning rate"):
        fit(network(), optimizer="lbfgs", callbacks=slower_after(1, 0.5))


def test_factors_by_step():
    factors = RateFactors()
    factors.set(3, np.float32(0.5))
    factors.set(3, 0.25)
    factors.set(5, 0.25)
    assert factors.at(np.arange(7)).tolist() == [1, 1, 1, 0.25, 0.25, 0.25, 0.25]


# -------------------------------------------------------------------------------- plateau


def reductions(numbers, watch="loss", *, patience=2, least=0.0, rest=0):
    """Give the epochs, from 1, after which the rate is lowered."""
    slower = gn.callbacks.ReduceOnPlateau(watch, patience=patience, least=least, rest=rest)
    history, found = History("numpy", "asked for", 0, {"f1": True}), []
    slower.begin(types.SimpleNamespace(optimizer=gn.SGD(1.0)), history)
    for epoch, number in enumerate(numbers, start=1):
        before = history.rate_factor
        history.record(loss=[number], metrics={"f1": number}, learning_rate=[before])
        slower(None, history)
        found += [epoch] if history.rate_factor < before else []
    return found


def test_the_decision():
    assert reductions([3, 2, 1, 0.5]) == []
    assert reductions([3, 3, 3, 3, 3]) == [3, 5]
    assert reductions([3, 4, 2, 2, 2]) == [5]
    assert reductions([3, 4, 3, 2, 2]) == [3]
    assert reductions([1, 2, 3, 3, 3], "f1") == [5]
    assert reductions([3, np.nan, np.nan]) == [3]
    assert reductions([3, 2.95, 2.9, 2.85], least=0.2) == [3]
    assert reductions([3, 2.95, 2.9, 2.75], least=0.2, patience=3) == []
    assert reductions([3] * 9, rest=2) == [3, 7]
    assert reductions([np.inf, np.inf, np.inf]) == [2]


def test_the_rate_falls_when_the_loss_stalls(monkeypatch):
    given = iter([5, 4, 4, 4, 3, 3, 3, 3, 3])
    monkeypatch.setattr(Evaluation, "judge", lambda *_: (next(given), {}))
    slower = gn.callbacks.ReduceOnPlateau(factor=0.1, patience=2, lowest=0.004)
    history = fit(network(), epochs=9, validation=0.3, optimizer=gn.SGD(0.1), callbacks=[slower])
    expected = [0.1] * 4 + [0.01] * 3 + [0.004] * 2
    np.testing.assert_allclose(history.learning_rate, expected, rtol=1e-14)


def test_a_plateau_needs_a_rate():
    with pytest.raises(gn.DescriptionError, match=r"LBFGS\(\) has none"):
        fit(network(), optimizer="lbfgs", callbacks=gn.callbacks.ReduceOnPlateau())


# ----------------------------------------------------------------------------------- logs


def read_log(path):
    """Give the lines of a log as dictionaries of numbers."""
    text = path.read_text()
    assert text.endswith("\n")
    if path.suffix == ".csv":
        rows = list(csv.DictReader(text.splitlines()))
        return [{k: None if v == "" else float(v) for k, v in row.items()} for row in rows]

    def illegal(constant):
        raise AssertionError(constant)

    return [json.loads(line, parse_constant=illegal) for line in text.splitlines()]


@pytest.mark.parametrize("suffix", LOGS)
@pytest.mark.parametrize("every", [1, 3, 100])
def test_a_log_has_all_numbers_of_each_epoch(tmp_path, suffix, every):
    path = tmp_path / f"log{suffix}"
    path.write_text("old\n")
    log = LOGS[suffix](path, every=every)
    history = fit(network(), epochs=7, validation=0.3, metrics=["mae", "r2"], callbacks=log)
    rows = read_log(path)
    names = ["loss", "mae", "r2", "validation_loss", "validation_mae", "validation_r2"]
    assert list(rows[0]) == ["epoch", "seconds", *names, "learning_rate"]
    assert [row["epoch"] for row in rows] == [1, 2, 3, 4, 5, 6, 7]
    for name, column in history.columns.items():
        assert [row[name] for row in rows] == column.tolist()  # to the last digit
    seconds = [row["seconds"] for row in rows]
    assert 0 <= seconds[0] <= seconds[-1] <= history.seconds + 1
    assert seconds == sorted(seconds)


@pytest.mark.parametrize("suffix", LOGS)
def test_a_log_goes_on(tmp_path, suffix):
    path = tmp_path / f"log{suffix}"
    for _ in range(2):
        fit(network(), epochs=2, callbacks=LOGS[suffix](path, append=True))
    assert [row["epoch"] for row in read_log(path)] == [1, 2, 1, 2]
    if suffix == ".jsonl":
        path.write_text(path.read_text()[:-3])  # as another program may leave it
        fit(network(), epochs=1, callbacks=LOGS[suffix](path, append=True))
        assert json.loads(path.read_text().splitlines()[-1])["epoch"] == 1


def test_a_table_goes_on_with_its_own_columns_only(tmp_path):
    path = tmp_path / "log.csv"
    fit(network(), epochs=1, callbacks=gn.callbacks.CSVLog(path))
    before = path.read_text()
    with pytest.raises(gn.DescriptionError, match="its columns are 'epoch,seconds,loss,learn"):
        fit(network(), metrics="mae", callbacks=gn.callbacks.CSVLog(path, append=True))
    assert path.read_text() == before


@pytest.mark.parametrize("suffix", LOGS)
def test_numbers_that_are_not_finite_and_rates_that_are_not(tmp_path, suffix):
    path, given = tmp_path / f"log{suffix}", iter([np.nan, np.inf, -np.inf])

    def odd(y, outputs):
        return next(given)

    fit(network(), epochs=3, optimizer="lbfgs", metrics=odd, callbacks=LOGS[suffix](path))
    rows = read_log(path)
    assert [row["learning_rate"] for row in rows] == [None] * 3
    found = [row["odd"] for row in rows]
    if suffix == ".csv":
        assert math.isnan(found[0])
        assert found[1:] == [math.inf, -math.inf]
    else:
        assert found == [None] * 3


@pytest.mark.parametrize("suffix", LOGS)
def test_a_log_that_cannot_be_written_is_refused_before_training(tmp_path, suffix):
    net = network()
    before = numbers(net)
    folder = tmp_path / f"folder{suffix}"
    folder.mkdir()
    pipe = tmp_path / f"pipe{suffix}"
    os.mkfifo(pipe)
    for path in (folder, pipe, tmp_path / "none" / f"log{suffix}", tmp_path / f"\0{suffix}"):
        for append in (False, True):
            with pytest.raises(gn.DescriptionError, match=r"cannot write|be read|cannot read"):
                fit(net, epochs=1, callbacks=LOGS[suffix](path, append=append))
    assert_equal_bits(before, numbers(net))
    assert net.tally.epochs == 0


class FullDisk(io.RawIOBase):
    def writable(self):
        return True

    def write(self, line):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_is_an_error_in_words(tmp_path):
    log = gn.callbacks.JSONLinesLog(tmp_path / "log.jsonl")

    def fill(network, history):
        log._file.close()
        log._file = FullDisk()

    with pytest.raises(gn.TrainingError, match=r"cannot go on with the log .*No space left"):
        fit(network(), epochs=9, callbacks=[fill, log])
    log._file.close()


def test_lines_are_whole_when_training_is_killed(tmp_path):
    code = (
        "import sys, glassnet as gn\n"
        "logs = [gn.callbacks.CSVLog('log.csv'), gn.callbacks.JSONLinesLog('log.jsonl')]\n"
        "net = gn.Network('1-1 linear', random_state=0)\n"
        "net.fit([[1.0]], [2.0], epochs=10**7, callbacks=logs, verbose=False)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path)
    log = tmp_path / "log.jsonl"
    deadline = time.monotonic() + 60
    while not (log.exists() and log.stat().st_size > 20_000) and time.monotonic() < deadline:
        time.sleep(0.01)
    process.kill()
    process.wait()
    rows = read_log(log)
    assert [row["epoch"] for row in rows] == list(range(1, len(rows) + 1))
    assert len(rows) > 100
    table = read_log(tmp_path / "log.csv")
    assert abs(len(table) - len(rows)) <= 1
    assert list(table[-1]) == list(rows[-1])
    assert None not in table[-1].values()


def test_a_log_is_closed_whatever_happens(tmp_path):
    log = gn.callbacks.CSVLog(tmp_path / "log.csv")
    with pytest.raises(gn.NotFiniteError):
        fit(network(), epochs=500, optimizer=gn.SGD(1e200), batch_size=4, callbacks=log)
    assert log._file.closed
    with pytest.raises(RuntimeError):
        fit(network(), epochs=5, callbacks=[log, Recorder(raises="begin")])
    assert log._file.closed


# ---------------------------------------------------------------------------- TensorBoard


@pytest.fixture
def written(monkeypatch):
    """Stand in for tensorboardX: what is written, by its SummaryWriter."""
    calls = []

    class SummaryWriter:
        def __init__(self, logdir):
            calls.append(("open", logdir))

        def add_scalar(self, tag, scalar_value, global_step):
            calls.append((tag, scalar_value, global_step))

        def close(self):
            calls.append(("close",))

    module = types.ModuleType("tensorboardX")
    module.SummaryWriter = SummaryWriter
    monkeypatch.setitem(sys.modules, "tensorboardX", module)
    monkeypatch.setattr(
        "glassnet.callbacks.tensorboard.find_spec", lambda name: name == "tensorboardX" or None
    )
    return calls


@pytest.mark.parametrize("every", [1, 3])
def test_tensorboard_is_given_every_number(tmp_path, written, every):
    board = gn.callbacks.TensorBoard(tmp_path / "runs" / "a", every=every)
    history = fit(network(), epochs=4, validation=0.3, metrics="mae", callbacks=board)
    assert written[0] == ("open", str(tmp_path / "runs" / "a"))
    assert written[-1] == ("close",)
    assert (tmp_path / "runs" / "a").is_dir()
    expected = {
        (name, float(number), epoch)
        for name, column in history.columns.items()
        for epoch, number in enumerate(column, start=1)
    }
    assert set(written[1:-1]) == expected
    assert len(written) == len(expected) + 2


def test_tensorboard_without_a_library(monkeypatch, tmp_path):
    monkeypatch.setattr("glassnet.callbacks.tensorboard.find_spec", lambda name: None)
    with pytest.raises(gn.MissingExtraError, match="pip install tensorboardX"):
        fit(network(), callbacks=gn.callbacks.TensorBoard(tmp_path))


def test_a_folder_that_cannot_be_made(tmp_path, written):
    (tmp_path / "file").write_text("")
    with pytest.raises(gn.DescriptionError, match="cannot make the folder"):
        fit(network(), callbacks=gn.callbacks.TensorBoard(tmp_path / "file" / "runs"))


# ------------------------------------------------------------------- together with the clock


class Clock:
    """A clock that goes on by one second each time it is looked at."""

    now = 0.0

    def __call__(self):
        self.now += 1
        return self.now


def test_a_time_limit_with_validation_and_callbacks(monkeypatch, tmp_path):
    clock = Clock()
    monkeypatch.setattr(run, "clock", clock)
    monkeypatch.setattr(loop, "clock", clock)
    monkeypatch.setattr(pace, "CHUNK_SECONDS", 0.0)  # a step a chunk, of 3 looks at the clock
    recorder, best = Recorder(), gn.callbacks.BestWeights()
    log = gn.callbacks.JSONLinesLog(tmp_path / "log.jsonl")
    net, kept = network(), []
    history = fit(
        net,
        epochs=1000,
        batch_size=4,
        time_limit=50,
        validation=0.3,
        metrics="mae",
        early_stopping=500,
        callbacks=[best, lambda network, history: kept.append(numbers(network)), recorder, log],
    )
    assert history.stopped == "time limit"
    assert history.epochs == 4  # 4 steps each, and a part of the next
    assert net.tally.epochs == 5
    assert {len(column) for column in history.columns.values()} == {4}
    assert recorder.parts == ["begin", *["call"] * 4, "end"]
    assert recorder.log[-1][2:] == (4, "time limit")
    assert len(read_log(tmp_path / "log.jsonl")) == 4
    assert history.best_epoch == best.epoch == np.argmin(history.validation_loss) + 1
    assert_equal_bits(numbers(net), kept[best.epoch - 1])
