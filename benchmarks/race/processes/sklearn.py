"""scikit-learn's MLP."""

import warnings

from sklearn.neural_network import MLPClassifier

from benchmarks.race.processes import BATCH, EPOCHS, RATE, digits

x, y = digits()
model = MLPClassifier(
    (100,),
    alpha=0,
    batch_size=BATCH,
    learning_rate_init=RATE,
    max_iter=EPOCHS,
    n_iter_no_change=EPOCHS + 1,
    random_state=0,
)
with warnings.catch_warnings(action="ignore"):  # it warns that 50 epochs are all
    model.fit(x, y)
print(model.score(x, y))
