"""ONNX Runtime: a session of a graph with a Gemm for each layer."""

import os

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from benchmarks.race.predictors import CASES, Predictor, Trained


class OnnxRuntimePredictor(Predictor):
    """A session on as many threads as the process may use."""

    def __init__(self, case: Trained) -> None:
        super().__init__(case)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            model_of(case).SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def predict(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """Give the chances."""
        return self.session.run(None, {"x": x})[0]


def model_of(case: Trained) -> onnx.ModelProto:
    """Write the network as an ONNX model."""
    nodes, numbers, before = [], [], "x"
    last = len(case.layers) - 1
    for place, (w, b) in enumerate(case.layers):
        numbers.append(numpy_helper.from_array(w, f"W{place}"))
        numbers.append(numpy_helper.from_array(b, f"b{place}"))
        nodes.append(helper.make_node("Gemm", [before, f"W{place}", f"b{place}"], [f"z{place}"]))
        kind, options = ("Softmax", {"axis": 1}) if place == last else ("Relu", {})
        before = "y" if place == last else f"a{place}"
        nodes.append(helper.make_node(kind, [f"z{place}"], [before], **options))
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", columns])
        for name, columns in (("x", case.sizes[0]), ("y", case.sizes[-1]))
    ]
    graph = helper.make_graph(nodes, "network", ends[:1], ends[1:], numbers)
    opset = helper.make_opsetid("", 17)
    return helper.make_model(graph, opset_imports=[opset], ir_version=9)


def make(number: int) -> Predictor:
    """Give the side of a case."""
    return OnnxRuntimePredictor(CASES[number])
