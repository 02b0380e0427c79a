"""Runs an exported model on the rows of a CSV file, and compares with the predictions that `trainyard predict` wrote.

run_onnx.py MODEL ROWS PREDICTIONS; prints the inputs, the outputs and the number of rows compared.
"""
import csv
import json
import sys

import numpy
import onnx
import onnxruntime

model, rows, predictions = sys.argv[1:]
onnx.checker.check_model(onnx.load(model), full_check=True)
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
facts = session.get_modelmeta().custom_metadata_map
with open(rows) as file:
    rows = list(csv.DictReader(file))
with open(predictions) as file:
    predictions = list(csv.DictReader(file))


def number(text):
    return float(text) if text else float("nan")


feeds = {}
for field in session.get_inputs():
    if field.type == "tensor(string)":
        feeds[field.name] = numpy.array([row[field.name] for row in rows], dtype=object)
    else:
        kind = numpy.float64 if field.type == "tensor(double)" else numpy.float32
        names = json.loads(facts["feature_names"])
        feeds[field.name] = numpy.array([[number(row[name]) for name in names] for row in rows], dtype=kind)


def compare(feeds, expected):
    found = dict(zip([output.name for output in session.get_outputs()], session.run(None, feeds)))
    if "class" in found:
        assert [str(name) for name in found["class"]] == [row["class"] for row in expected]
        columns = [name for name in expected[0] if name.startswith("probability_")]
        if "probability" in found:
            columns = columns[1:]
        values = found.get("probability", found.get("probabilities"))
    else:
        columns = [name for name in expected[0] if name.startswith("prediction")]
        values = found["prediction"]
    wanted = numpy.array([[float(row[name]) for name in columns] for row in expected])
    difference = numpy.abs(values.reshape(wanted.shape) - wanted) / numpy.maximum(1, numpy.abs(wanted))
    assert difference.max() <= 1e-6, difference.max()


compare(feeds, predictions)
compare({name: values[:1] for name, values in feeds.items()}, predictions[:1])
print(" ".join(f"{field.name}:{field.type}" for field in session.get_inputs()), end=" -> ")
print(" ".join(f"{field.name}:{field.type}" for field in session.get_outputs()), end="; ")
print(len(predictions), "rows")
