"""Plots of records, with matplotlib: `gn.plots.loss_curve(history)` and the like.

Each takes the record that it shows and gives the axes. `ax=` says where to draw; without it there
is a new figure that belongs to nobody, `ax.figure`, to be saved with
`ax.figure.savefig("loss.png")` or shown at the end of a notebook's cell. Other options go on
to what draws. Nothing is drawn that was not computed: plots call `predict`, run a program's lines,
or read what training wrote down.
matplotlib is the extra `plots`; importing this package does not load it.

curves.py      losses and metrics over epochs, rates, folds; the fit over one column
planes.py      regions of classes, chances and numbers over two columns
neurons.py     what each neuron sees, and how a layer warps the plane
answers.py     confusion matrix; predicted against true, residuals
over_time.py   histograms, gradient norms and updates, epoch after epoch
surface.py     the loss over two directions of the weights
subjects.py    rows, what a network makes of them, and their names
grids.py       places over one or two columns of X
figures.py     axes, and what all plots have in common
palette.py     colours and markers
fonts.py       the letters of labels
charts.py      pictures of plain numbers, drawn with matplotlib
files.py       pictures as files, moving ones too
screens.py     where live plots go: a window, a notebook, files
"""

from glassnet.plots.answers import confusion_matrix, predicted_against_true, residuals
from glassnet.plots.curves import fit_1d, fold_scores, learning_rates, loss_curve, metric_curve
from glassnet.plots.neurons import neurons, warped_plane
from glassnet.plots.over_time import gradient_norms, histograms_over_time, update_ratios
from glassnet.plots.planes import decision_regions, output_surface, probability_surface
from glassnet.plots.surface import error_surface

__all__ = [
    "confusion_matrix",
    "decision_regions",
    "error_surface",
    "fit_1d",
    "fold_scores",
    "gradient_norms",
    "histograms_over_time",
    "learning_rates",
    "loss_curve",
    "metric_curve",
    "neurons",
    "output_surface",
    "predicted_against_true",
    "probability_surface",
    "residuals",
    "update_ratios",
    "warped_plane",
]
