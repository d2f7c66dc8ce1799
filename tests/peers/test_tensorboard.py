"""What TensorBoard reads of a training that was logged for it."""

from __future__ import annotations

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import glassnet as gn


def test_tensorboard_reads_every_number(tmp_path):
    X, y = gn.datasets.spiral()
    net = gn.Network("2-8-3 relu softmax", random_state=0)
    board = gn.callbacks.TensorBoard(tmp_path)
    history = net.fit(
        X, y, epochs=4, validation=0.2, metrics="accuracy", callbacks=board, verbose=False
    )
    events = EventAccumulator(str(tmp_path)).Reload()
    assert set(events.Tags()["scalars"]) == set(history.columns)
    for name, column in history.columns.items():
        found = [event.value for event in events.Scalars(name)]
        np.testing.assert_allclose(found, column, rtol=1e-6, err_msg=name)
