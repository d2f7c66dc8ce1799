"""glassnet: `net.predict`."""

import glassnet as gn
from benchmarks.race.predictors import CASES, Predictor, Trained


class GlassnetPredictor(Predictor):
    """A network with weights that were set."""

    def __init__(self, case: Trained) -> None:
        super().__init__(case)
        net = gn.Network("-".join(map(str, case.sizes)) + " relu softmax")
        for place, (w, b) in enumerate(case.layers, start=1):
            net.weights[f"W{place}"], net.weights[f"b{place}"] = w, b
        self.predict = net.predict


def make(number: int) -> Predictor:
    """Give the side of a case."""
    return GlassnetPredictor(CASES[number])
