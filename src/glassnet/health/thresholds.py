"""Every number at which a rule begins to speak, once, with its reason.

A false alarm costs more than a late one: each is set well beyond what healthy runs show. Where a
source gives a rule of thumb, ours lies far on the bad side of it.
"""

from __future__ import annotations

# ---------------------------------------------------------------------------- what is looked at

# Rows and numbers of all layers together that a trace may have: it takes milliseconds, some 50 MB.
MOST_ROWS = 2_000
MOST_NUMBERS = 2**22
FEWEST_ROWS = 64  # of the widest networks

# ------------------------------------------------------------------------------- how well it fits

# Share of the targets' variance that is explained (R²; of classes, that of their chances). From
# here on a network is at work, and saturated or dead neurons are how it does that.
FITS = 0.5
# Below this it does no better than always saying the mean.
LEARNT_NOTHING = 0.01

# --------------------------------------------------------------------------------- activations

# A few dead relu neurons are usual even in good networks; half of a layer is not (Lu, Shin, Su,
# Karniadakis: Dying ReLU and Initialization, 2019: with usual first weights it is rare).
DEAD_SHARE = 0.5
# "Within 1 % of an end" of the range, where the slope of a sigmoid is below 0.01 of 0.25 · 4.
END = 0.01
# Of all numbers of a layer. Glorot, Bengio: AISTATS (2010) show layers that stop learning so.
SATURATED_SHARE = 0.9
# Fewer rows say nothing of "every row" or "most rows": with 3, a neuron is 0 for all by chance.
FEW_ROWS = 4

# ----------------------------------------------------------------------------------- gradients

# The geometric mean of one layer's weight gradients beside another's. Usual first weights keep
# layers within a factor 30 (measured from 2 to 6 layers of relu and tanh, and 3 of sigmoid).
GRADIENT_RATIO = 1e-4

# -------------------------------------------------------------------------------------- weights

# Neurons count as equal if all their weights are, up to the rounding of float32 after some steps.
EQUAL = 1e-6
# |step| / |weights|: "should be somewhere around 1e-3" (Karpathy, notes of the course CS231n).
LARGE_UPDATE = 0.1
SMALL_UPDATE = 1e-5

# --------------------------------------------------------------------------------- the loss curve

# Epochs in a row that are no chance: that a loss which only trembles rises 20 times in a row has
# a chance of 2⁻²⁰.
STEADY_EPOCHS = 20
# And it must have risen by a tenth, so that the last digits of a finished run are not meant, and
# by a hundredth of the first loss.
ROSE = 0.1
ROSE_OF_FIRST = 0.01
# Worse than with the first weights, ten epochs long. Weaker than a loss of 1,000 times the first
# one, as the loss of some losses cannot grow that far.
ABOVE_START_EPOCHS = 10
# A loss that is ever a thousand times the first was thrown far off, even where it came back.
SHOT_UP = 1_000.0
# "Has not moved": the lowest loss is within a hundredth of the first.
MOVED = 0.01
# Mean jump from epoch to epoch, beside the first loss, and share of the jumps that turn back.
SWING = 0.1
TURNS = 0.6
# Overfitting: validation this much above its lowest, training as much below what it was then, this
# long after it. The patience of early stopping is usually 5 to 20 epochs.
OVERFIT = 0.1
OVERFIT_EPOCHS = 10

# ------------------------------------------------------------------------------------------- data

# The guard's own bound: inputs beyond this are more often unscaled than meant.
LARGE = 100.0
# Spread of one column beside another's. A yes/no column that is true once in a million rows has a
# spread of 1e-3 beside scaled ones.
SPREADS = 1_000.0
# The most frequent class beside the rarest; "moderate" imbalance begins at a share of 20 %, the
# extreme at 1 % (Google: Machine Learning Crash Course); this lies between.
IMBALANCE = 10.0
# Parameters for each number that is to be learnt. Networks with more parameters than rows can do
# well (Belkin and others, PNAS 2019); with a hundred times as many a look is worth while.
PARAMETERS = 100.0
FEW_TARGETS = 10  # toy data of fewer rows is not there to be generalised from

# ---------------------------------------------------------------------------------------- outputs

# Spread of the outputs beside that of the targets: below it they are the same for every row.
CONSTANT = 1e-3
# Rows that a class must have before it is odd that none of them, nor any other, is called so.
ROWS_OF_CLASS = 5
