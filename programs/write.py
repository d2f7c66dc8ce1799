"""Write the programs of this folder anew: `make programs`, or `python -m programs`.

They are what glassnet writes for six networks, kept here to be read, run, and compared; in `loops`
lies what the compiled engine runs for them: a fit, and for some of them a prediction.
"""

from __future__ import annotations

from pathlib import Path

from glassnet.description import Description
from glassnet.program import Program
from glassnet.rules.layers import Activation, BatchNorm, Dense, Dropout, LayerNorm
from glassnet.rules.optimizers import SGD, Adam

PROGRAMS = {
    "exam_2_3_1_sigmoid.py": Program(
        Description(
            2,
            (Dense(3, "sigmoid", bias=False), Dense(1, "sigmoid", bias=False)),
            "half_squared_error_sum",
            "float64",
        ),
        SGD(1.0),
    ),
    "beans_1_2_1_sigmoid.py": Program(
        Description.read("1-2-1 sigmoid", dtype="float64"), SGD(0.03)
    ),
    "dense_2_10_1_half_squared_error.py": Program(
        Description.read("2-10-1 sigmoid", loss="half_squared_error", dtype="float64"), SGD(0.01)
    ),
    "spiral_2_64_3_relu_softmax_adam.py": Program(
        Description.read("2-64-3 relu softmax"), Adam(0.01)
    ),
    "digits_64_100_10_layer_norm_dropout_adam.py": Program(
        Description(64, (Dense(100, "relu"), LayerNorm(), Dropout(0.2), Dense(10, "softmax"))),
        Adam(),
    ),
    "iris_4_8_3_batch_norm_momentum.py": Program(
        Description(4, (Dense(8), BatchNorm(), Activation("relu"), Dense(3, "softmax"))),
        SGD(0.1, momentum=0.9),
    ),
}


PREDICTED = ("iris_4_8_3_batch_norm_momentum.py", "spiral_2_64_3_relu_softmax_adam.py")
LOOPS = {name: (program, "numba") for name, program in PROGRAMS.items()}
LOOPS |= {f"predict_{name}": (PROGRAMS[name], "prediction") for name in PREDICTED}


def write() -> None:
    """Write every program beside this file, and its loops into their folder."""
    here = Path(__file__).parent
    for name, program in PROGRAMS.items():
        program.save(here / name)
    for name, (program, engine) in LOOPS.items():
        (here / "loops" / name).write_text(program.source_for(engine), encoding="utf-8")


if __name__ == "__main__":
    write()
