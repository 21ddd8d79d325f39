"""Runs exported networks in ONNX Runtime beside what monitord itself computed.

onnx-agreement.py FOLDER: of each CASE.onnx in the folder, CASE.safetensors holds what goes in (`in.NAME`) and what must
come out (`out.NAME`). A network with a state is run twice: over the whole sequence, and step by step with the state handed
through. Prints each case with the greatest difference, relative to numbers above 1; ends with 1 when one is above 1e-5.
"""

import pathlib
import sys

import numpy
import onnxruntime
from safetensors.numpy import load_file

LIMIT = 1e-5


def difference(expected, found):
    if expected.shape != found.shape:
        sys.exit(f"shapes {expected.shape} and {found.shape}")
    distances = numpy.abs(expected - found) / numpy.maximum(1, numpy.abs(expected))
    return float("inf") if numpy.isnan(distances).any() else float(distances.max())


def stepped(session, names, inputs):
    """What a forecaster gives when it is shown one row at a time."""
    state = {name: value for name, value in inputs.items() if name != "input"}
    rows = []
    for row in inputs["input"]:
        results = dict(zip(names, session.run(names, {"input": row[None], **state})))
        state = {name: results[f"next_{name}"] for name in state}
        rows.append(results)
    return {
        name: rows[-1][name] if name.startswith("next_") else numpy.concatenate([row[name] for row in rows])
        for name in names
    }


def main():
    worst = 0.0
    cases = sorted(pathlib.Path(sys.argv[1]).glob("*.onnx"))
    for path in cases:
        tensors = load_file(path.with_suffix(".safetensors"))
        inputs = {name[3:]: tensor for name, tensor in tensors.items() if name.startswith("in.")}
        expected = {name[4:]: tensor for name, tensor in tensors.items() if name.startswith("out.")}
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        if not expected.keys() <= set(names):
            sys.exit(f"{path.stem} gives {names}, not {sorted(expected)}")
        whole = dict(zip(names, session.run(names, inputs)))
        distances = [difference(expected[name], whole[name]) for name in expected]
        if "input" in inputs:
            steps = stepped(session, names, inputs)
            distances += [difference(expected[name], steps[name]) for name in expected]
            distances += [difference(whole[name], steps[name]) for name in names if name.startswith("next_")]
        print(f"{path.stem} {max(distances):.1e}")
        worst = max(worst, *distances)
    print(f"{len(cases)} cases, greatest difference {worst:.1e}")
    sys.exit(0 if cases and worst <= LIMIT else 1)


main()
