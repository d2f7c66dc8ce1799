"""The words of the lessons in English."""

from __future__ import annotations

PAGE = {
    "source": "source",
    "check": "worked out otherwise",
    "source_short": "source",
    "check_short": "otherwise",
    "norm": "norm {}",
    "norm_text": (
        "Of an array with many numbers the norm is shown, the root of the sum of their squares;"
        " all of them were compared, one by one."
    ),
    "where": "where",
    "from_data": "data, row 0 of the batch",
    "from_weight": "a weight before this step, trained",
    "no_font": "",  # every font has the letters of English
    "epoch": "epoch",
    "loss": "loss",
}

LAYERS = {
    "title": "Stacking layers: from four numbers to a spiral",
    "two_layers": "Two layers by hand",
    "wiring": (
        "A batch of 3 samples with 4 features goes into a layer of 3 neurons. Every input is"
        " connected with every neuron, so there are 4 × 3 weights; each neuron adds up its inputs"
        " times its weights, and its bias. What comes out is the input of the next layer."
    ),
    "wiring_title": "4 inputs, 3 neurons",
    "given": (
        "The weights are given: here a column for each neuron (the source writes a row for each)."
    ),
    "z1": "outputs of layer 1",
    "z2": "outputs of layer 2",
    "pretrained": (
        'The weights were not drawn but set: net.weights["W1"] = … puts any numbers into a'
        " layer. In the same way a layer can start from parameters that were trained before."
    ),
    "dense_layer": "A dense layer as a building block",
    "dense_layer_text": (
        "A layer keeps its weights as (inputs, neurons): samples are rows, so x @ W needs no"
        " transpose. First weights are small random numbers, first biases are 0. The same seed"
        " draws the same numbers, on every machine and in every year."
    ),
    "drawn": "randn(2, 5) with seed 0, first row",
    "biases": "first biases",
    "spiral": "Data that no straight line parts",
    "spiral_text": (
        "Three arms of 100 points wind around each other. Without colours nothing is to be seen"
        " but a cloud; with a colour for each class the arms appear."
    ),
    "points": "the spiral, without classes",
    "classes": "the spiral, a mark for each class",
    "first_outputs": "first five outputs of a fresh 2→3 layer, weights 0.01 · N(0, 1)",
    "float32": (
        "These are float32 numbers, which hold seven digits: the eighth that is printed depends on"
        " the order in which a machine adds, and may differ. All are tiny, as the weights are."
    ),
    "lines": "What a straight line can do",
    "line_title": "points that a line fits",
    "line_text": (
        "A network without a hidden layer is a straight line. It explains {:.0%} of these points."
    ),
    "wave_title": "points that no line fits",
    "wave_text": (
        "It explains {:.0%} of these: for a curve there must be a hidden layer with an activation."
    ),
    "watch": "The spiral, while it is learnt",
    "watch_text": (
        "A hidden layer of {} neurons bends the line. It is trained for {} epochs, and the picture"
        " is drawn anew every 20: the dots are where the network begins to name another class."
    ),
    "epoch": "epoch {}",
    "watch_result": "It names {:.0%} of the points rightly.",
    "inside": "Looking inside: a dead neuron",
    "inside_text": (
        "A hidden layer can be inspected to find out what is wrong with a network. In this one the"
        " bias of neuron 3 is so low that relu passes nothing on, whatever comes in. Share of"
        " samples for which each hidden neuron is active:"
    ),
    "active": "active: {}",
    "dead_in": "gradient of the weights into the dead neuron",
    "dead_out": "gradient of the weights out of it, whose input is always 0",
    "dead_still": "its weights before and after 50 epochs",
    "dead_text": (
        "The slope of relu is 0 where nothing passes, so no error comes back, and the weights"
        " never move; and a weight whose input is 0 for every sample gets no gradient either. No"
        " training revives such a neuron: start again with other weights, or a smaller rate."
    ),
    "step": "The step function",
    "step_values": "a steep sigmoid at −1, −0.1, 0.1, 1",
    "step_slope": "and its gradient",
    "step_text": (
        "The oldest activation is a step: 0 below, 1 above. Its slope is 0 everywhere, so there is"
        " nothing to learn from, and glassnet does not have it; a sigmoid with a large weight is"
        " nearly one, and its gradient vanishes in the same way."
    ),
}

FORWARD = {
    "title": "One forward pass by hand",
    "one_pass": "Two inputs, three hidden neurons, one output",
    "one_pass_text": (
        "The input is (1, 1) and the target 0; there are no biases. Each hidden neuron adds up and"
        " takes the sigmoid; the output adds up what the three give."
    ),
    "sums": "sums of the hidden neurons",
    "sigmoids": "their sigmoids, exactly",
    "first": "sigmoid(1)",
    "second_right": "sigmoid(1.3), where it writes .79",
    "second_cut": "sigmoid(1.3), where it writes .78",
    "third": "sigmoid(0.8)",
    "cut": "Cut off, not rounded: .7858 rounds to .79.",
    "output_rounded": "output",
    "rounded": "It goes on with sigmoids that were rounded to two digits.",
    "output": "output, exactly",
    "loss_two": "squared error",
    "loss_six": "squared error, exactly",
    "explain": "Any number of the trace can be asked where it comes from:",
    "losses": "Three losses",
    "losses_text": (
        "For a target that is a number: the mean squared error. For yes or no: the binary"
        " cross-entropy. For one of several classes: the categorical cross-entropy. Each is worked"
        " out from its formula and compared with the network's loss, for three rows with targets y"
        " and outputs p:"
    ),
    "classes_text": "For three classes, a row each, y is the number of the right class, from 0:",
    "mse": "mean squared error",
    "bce_printed": "binary cross-entropy as it is printed",
    "bce_slip": (
        "The printed formula lacks the minus sign and the mean: it would be negative, would grow"
        " with the number of samples, and would be best where it is worst."
    ),
    "bce": "binary cross-entropy, −mean(y·log p + (1−y)·log(1−p))",
    "cce": "categorical cross-entropy, −mean(log p of the right class)",
    "linear": "Why there is an activation",
    "linear_text": (
        "Without one, the hidden layer is of no use: (x · W1) · W2 = x · (W1 · W2), so the whole"
        " network is one matrix. Multiplied out:"
    ),
    "collapse": "outputs of two linear layers, and of the one",
    "bent": (
        "With the sigmoid in between it is no longer linear: twice the output for (1, 1) is"
        " {:.4f}, the output for (2, 2) is {:.4f}."
    ),
}

LINE = {
    "title": "Training without calculus: nudge and see",
    "nudge": "One weight after the other",
    "nudge_text": (
        "Data on y = 3x; the network is y = a·x + b and starts at a = 2.269, b = 1.01. Copy the"
        " weights; raise one by {:g}; run forward; see how much the loss rose; move the weight"
        " against that change, times the learning rate {:g}. All weights, every epoch."
    ),
    "start": "before training",
    "end": "after 1,000 epochs",
    "a": "a after 1,000 epochs",
    "b": "b after 1,000 epochs",
    "answer_a": "the answer for a, where it says “2 and 0”",
    "slip_a": "A slip of the pen: the data are y = 3x, so a goes to 3, and b to 0.",
    "name": "its listing",
    "name_source": "uses a name first",
    "name_ours": "runs",
    "slip_name": (
        "It uses a name in a line above the one that defines it; the lesson's listing runs."
    ),
    "fit": "The same with fit, and with exact gradients",
    "fit_text": (
        'net.fit(…, gradients="nudged") does this for any network; it is slow, and needs no'
        " calculus. Exact gradients need one backward pass instead of a forward pass for each"
        " weight; the rest of this project is about them."
    ),
    "hand_fit": "a and b: by hand as above, and by fit with nudges",
    "exact_text": (
        "Exact gradients give a = {:.5f}, b = {:.5f} after as many epochs: a nudge upwards sees"
        " the slope half a nudge too far on, and so errs a little."
    ),
    "loss": "the loss falls",
    "gradient": "gradient by a at the start: nudged, and exact",
    "limit": "a and b after 20,000 more epochs",
    "limit_text": "With patience the line is found: a = 3, b = 0.",
}

EXAM = {
    "title": "Study, sleep and an exam: the whole of a small network",
    "data": "The data",
    "data_text": (
        "Three students: hours of study, hours of sleep; their marks were 92, 86 and 89 of 100."
        " Each column is divided by its largest number, so that both lie between 0 and 1. The"
        " network is 2-3-1, sigmoid everywhere, without biases."
    ),
    "by_hand": "Forward, by hand",
    "by_hand_text": "The first student, hours as they are, and weights that are given:",
    "sums": "sums of the hidden neurons",
    "sigmoid1": "sigmoid(7.6)",
    "sigmoid2": "sigmoid(3.9)",
    "sigmoid3": "sigmoid(6.5)",
    "sigmoid2_right": "sigmoid(3.9), exactly",
    "cut": "Cut off after four digits, not rounded.",
    "wrong": "Wrong: sigmoid(3.9) is not yet 1.",
    "sum_source": "sum of the output neuron",
    "sum": "the same, exactly",
    "output_source": "output",
    "output": "the same, exactly",
    "follows": "Follows from the wrong sigmoid.",
    "update": "Backward, and one update",
    "update_text": (
        "The update is W + inputᵀ · (error · σ′), with error = y − output and the slope worked out"
        " from the output, s · (1 − s): rate 1, the whole batch, no averaging. That is one step of"
        " gradient descent on half the summed squared error."
    ),
    "update2": "W2 after one update",
    "update1": "W1 after one update",
    "range": "where first weights lie",
    "normal": (
        "The text says between 0 and 1; the code draws N(0, 1), as we do: about half are below 0."
    ),
    "columns": "the two columns",
    "columns_other": "sleep, study",
    "columns_ours": "study, sleep",
    "columns_slip": "One listing names them the other way round; [4, 8] means 4 hours of study.",
    "two_losses": "The loss that is shown is not the one that is minimised",
    "two_losses_text": (
        "After 1,000 epochs half the summed squared error, which is minimised, is {:.3e}, and the"
        " mean squared error, which is shown, {:.3e}. Both are recorded; they differ by a factor,"
        " so they fall together."
    ),
    "mean": "mean squared error, recorded while training",
    "half_sum": "half the sum = mean · 3 / 2",
    "loss": "half the summed squared error, 1,000 epochs",
    "five_starts": "100,000 epochs from five starts",
    "five_text": (
        "What comes out depends on the first weights, which are drawn. A new student studies 4"
        " hours"
        " and sleeps 8. The source divides (4, 8) by its own maximum, 8: [0.5, 1]. That mixes up"
        " the columns; on the scale that was trained on, (4, 8) / (3, 9) = [1.33, 0.89]."
    ),
    "seed": "seed",
    "loss_of": "loss",
    "own": "own scale",
    "theirs": "trained scale",
    "loss_source": "loss that is printed",
    "loss_least": "smallest of the five",
    "loss_worst": "largest that is not stuck",
    "falling": "Not at rest yet: this loss is still falling, and a little later passes 1e-13.",
    "loss_stuck": "the one that is stuck",
    "score_source": "prediction that is printed for [0.5, 1]",
    "start": (
        "Its start is not given, and another start ends elsewhere: all of them fit the three"
        " students."
    ),
    "score_low": "least prediction, stuck one left out",
    "score_high": "largest prediction",
    "scale_text": (
        "Three students decide little about a fourth: every start fits them, and each predicts"
        " something else. The right reading is the trained scale, but 1.33 lies outside of"
        " everything that was seen, and no network can know what happens there."
    ),
    "kept": "Weights as plain text",
    "files": "one file for each matrix",
    "back": "W1, read back by numpy.loadtxt",
    "kept_text": (
        "net.weights.savetxt(folder) writes all digits: what is read back is the same to the"
        " last bit."
    ),
}

DENSE = {
    "title": "Any number of layers, and the four equations",
    "description": "Sizes and activations",
    "description_text": (
        "Layers [2, 10, 1] have one size more than there are activations, since the inputs have"
        " none. This is checked, and an unknown activation is an error that lists the known ones."
    ),
    "unknown": "an activation that is not known",
    "unknown_source": "is taken as linear",
    "unknown_ours": "is an error",
    "unknown_slip": (
        "A slip of the keyboard would train another network than the one that was meant."
    ),
    "shape": "shape of the weights of layer L",
    "shape_slip": (
        "A slip in its table: weights lead from n^(L−1) neurons to n^L. Samples are rows here."
    ),
    "letters": (
        "Its letters: n^L neurons, B^L biases, W^L weights, Z^L = W^L · A^(L−1) + B^L and"
        " A^L = σ(Z^L), with samples as columns. Here samples are rows, z1 = x @ W1 + b1: the same"
        " numbers, transposed."
    ),
    "equations": "The four equations",
    "equations_text": (
        "Backpropagation is four equations: the error of the last layer; the error of a layer from"
        " the one behind it; the gradient of a bias; the gradient of a weight. Written out in"
        " NumPy, and compared with what the trace has; the loss is half the mean squared error. The"
        " network is 2-10-1 on the four rows of xor; weights and biases are drawn from N(0, 1)."
    ),
    "eq_last": "1  error of the last layer: (a − y) · σ′ / m",
    "eq_back": "2  error of a layer: (error of the next · Wᵀ) · σ′",
    "eq_bias": "3  gradient of a bias: the error, added up over the batch",
    "eq_weight": "4  gradient of a weight: inputsᵀ · error",
    "eq_nudged": "gradient of W1: nudged, and exact",
    "eq_columns": "Z = W · A + B with samples as columns, transposed",
    "overflow": "Two details that matter",
    "overflow_values": "sigmoid(−1000), sigmoid(0), sigmoid(1000)",
    "overflow_slip": (
        "exp(x) / (1 + exp(x)) overflows; ours takes the exponential of −|x|, never above 1."
    ),
    "relu": "slope of relu at 0",
    "relu_slip": "A choice: there is no slope at a corner. We take 0, as PyTorch does.",
    "batches": "Mini-batches cover every sample",
    "batches_text": (
        "Seven samples, batches of 3: two full ones and a short one. Each sample here moves a"
        " weight of its own, by 0.3 / rows in its batch, so the weights tell which samples were"
        " used. (The source slices its batches along the wrong axis, and misses some.)"
    ),
    "moved": "the seven weights after one epoch",
    "training": "Training with the source's settings",
    "training_text": (
        "[2, 10, 1] on two clouds of points, weights and biases drawn from N(0, 1), batches of 10,"
        " 100 epochs, rate 0.01: the loss goes from {:.4f} to {:.4f}, and {:.1%} of the points are"
        " judged rightly."
    ),
    "loss": "loss",
    "sine": "One wave of the sine",
    "few_title": "100 epochs of plain steps",
    "few_text": (
        "The same settings leave an error of {:.3f} (root mean square): not enough for a curve."
    ),
    "many_title": "2,000 epochs more, with Adam",
    "many_text": "More steps, and better ones, bring it down to {:.4f}: ten neurons draw the wave.",
}

BEANS = {
    "title": "Watching a hidden layer learn",
    "one": "One sigmoid is not enough",
    "rule": (
        "A bean of size x is poisonous where 0.8 < 0.7·x + noise + 0.5 < 1.4; the noise is uniform"
        " between −0.01 and 0.01. Without it that is from x = (0.8 − 0.5)/0.7 = {:.5f} to"
        " x = (1.4 − 0.5)/0.7 = {:.5f}. Sizes are uniform between 0 and 2."
    ),
    "one_text": (
        "{} of {} beans are poisonous: those of middling size. One neuron gives one sigmoid, which"
        " only ever rises or only ever falls, and cannot single out a middle."
    ),
    "one_title": "one neuron",
    "one_result": "It judges {:.0%} of the beans rightly.",
    "size": "size",
    "poisonous": "poisonous",
    "chain": "The chain rule, factor by factor",
    "chain_text": (
        "One bean of size {:.3f} (target {:g}) goes through the fresh network 1-2-1, whose weights"
        " and biases are drawn uniformly between 0 and 1. How the error e changes with a weight is"
        " a product of factors, each of them simple:"
    ),
    "de_da2": "de/da2",
    "de_dw2": "de/dw2 = de/da2 · da2/dz2 · dz2/dw2",
    "de_db2": "de/db2 = de/da2 · da2/dz2",
    "de_dw1": "de/dw1 = de/da2 · da2/dz2 · dz2/da1 · da1/dz1 · dz1/dw1",
    "de_db1": "de/db1 = de/da2 · da2/dz2 · dz2/da1 · da1/dz1",
    "learn": "Watching it learn",
    "learn_text": (
        "One bean at a time, in order, rate {:g}, {} epochs; the curve is redrawn every 100 epochs."
    ),
    "beans": "beans",
    "network": "network",
    "epoch": "epoch {}",
    "loss": "squared error",
    "learn_result": "The error of an epoch fell from {:.4f} to {:.4f}.",
    "hill": "Two sigmoids make a hill",
    "hill_text": (
        "Each hidden neuron has a curve of its own, a slope up or down. The output adds them up,"
        " weighted: where both are high, or both are low, the sum forms a hill."
    ),
    "neuron": "neuron {}",
    "sum": "weighted sum",
    "added": "weighted sum of the two curves, and z2",
    "hill_begins": "where beans become poisonous, and where the network says so",
    "hill_ends": "where they stop being so, and where the network says so",
    "space": "A neuron more, a dimension more",
    "space_text": (
        "On the line of sizes no single cut parts the beans. The two hidden neurons lay that line"
        " into a plane, and bend it; there one straight cut is enough, and the output neuron makes"
        " it. Every further neuron adds a dimension."
    ),
    "space_title": "the beans, as the output neuron sees them",
    "harmless": "harmless",
    "harmful": "poisonous",
    "unseen": "Beans it has never seen",
    "unseen_text": (
        "Of 1,000 new beans it judges {:.1%} rightly: it has learnt the rule, not the list."
    ),
    "more": "More neurons, any curve",
    "neurons": "neurons",
    "rmse": "error on a sine",
    "more_text": (
        "Hills put beside and upon each other make any curve; with enough neurons the error goes"
        " as low as you like, if training finds the way."
    ),
}

TEXTS: dict[str, dict[str, str]] = {
    "page": PAGE,
    "layers": LAYERS,
    "forward": FORWARD,
    "line": LINE,
    "exam": EXAM,
    "dense": DENSE,
    "beans": BEANS,
}
