"""Tiny ONNX files written by Python's onnx, independent of our exporter: one that follows DESIGN.md section 7, and foreign or broken ones."""
import pathlib
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

here = pathlib.Path(__file__).parent / "tiny_models"
here.mkdir(exist_ok=True)
K, R = 2, 2
weight = np.array([-1, 1], np.float32).reshape(K, 1, 1, 1, 1)   # logits (-v, v)
METADATA = {
    "model": "segmentation", "format_version": "1", "factor": str(R), "channels": "1", "patch_size": "4,8,8", "divisor": "1,1,1", "target_spacing": "4,1,1",
    "normalisation": "zscore", "labels": '[{"value":0,"name":"background"},{"value":3,"name":"bright"}]', "slice_axis": "z", "tile_step": "0.5",
    "gaussian_sigma": "0.125", "mirroring": "true", "hr_head": "true", "training_fingerprint": "", "tool_version": "python",
}


def model(metadata=METADATA, input_channels=1, domain=""):
    nodes = [
        helper.make_node("Conv", ["image", "weight"], ["logits"], kernel_shape=[1, 1, 1]),
        helper.make_node("Softmax", ["logits"], ["lr"], axis=1),
        helper.make_node("Resize", ["lr", "", "scales"], ["hr"], mode="nearest", nearest_mode="floor", coordinate_transformation_mode="asymmetric"),
    ]
    graph = helper.make_graph(
        nodes, "tiny",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", input_channels, "D", "H", "W"])],
        [helper.make_tensor_value_info("lr", TensorProto.FLOAT, ["N", K, "D", "H", "W"]), helper.make_tensor_value_info("hr", TensorProto.FLOAT, ["N", K, "rD", "H", "W"])],
        [numpy_helper.from_array(weight, "weight"), numpy_helper.from_array(np.array([1, 1, R, 1, 1], np.float32), "scales")])
    opsets = [helper.make_opsetid("", 17)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    m = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    helper.set_model_props(m, {"rehrseg." + k: v for k, v in metadata.items()})
    return m


good = model()
onnx.checker.check_model(good, full_check=True)
onnx.save(good, str(here / "segmenter.onnx"))
onnx.save(model({}), str(here / "foreign.onnx"))
onnx.save(model(METADATA | {"format_version": "4"}), str(here / "later_version.onnx"))
onnx.save(model(METADATA | {"channels": "2"}), str(here / "contradicting.onnx"))
onnx.save(model(domain="com.example"), str(here / "foreign_operators.onnx"))
external = model()
tensor = external.graph.initializer[0]
tensor.ClearField("raw_data")
tensor.data_location = TensorProto.EXTERNAL
entry = tensor.external_data.add()
entry.key, entry.value = "location", "/etc/passwd"
(here / "external_data.onnx").write_bytes(external.SerializeToString())
