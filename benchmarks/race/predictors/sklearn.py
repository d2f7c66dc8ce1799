"""scikit-learn: `MLPClassifier.predict_proba`."""

import warnings

import numpy as np
from sklearn.neural_network import MLPClassifier

from benchmarks.race.predictors import CASES, Predictor, Trained


class SklearnPredictor(Predictor):
    """A classifier that saw one batch, with weights that were set then."""

    def __init__(self, case: Trained) -> None:
        super().__init__(case)
        classes = case.sizes[-1]
        model = MLPClassifier(case.sizes[1:-1], max_iter=1)
        with warnings.catch_warnings(action="ignore"):  # one epoch is not enough, it warns
            model.fit(np.zeros((classes, case.sizes[0]), np.float32), np.arange(classes))
        model.coefs_ = [w for w, _ in case.layers]
        model.intercepts_ = [b for _, b in case.layers]
        self.predict = model.predict_proba


def make(number: int) -> Predictor:
    """Give the side of a case."""
    return SklearnPredictor(CASES[number])
