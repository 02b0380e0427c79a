"""Prints what TensorBoard finds in the event files of a folder: python3 read_events.py FOLDER

Twice: with the reader of raw events, and with the one that the program tensorboard itself shows its pages from.
"""

import os
import sys

from tensorboard.backend.event_processing import event_accumulator
from tensorboard.backend.event_processing import plugin_event_accumulator


def histogram(event):
    value = event.histogram_value
    return f"{event.step}:min={value.min},max={value.max},num={value.num},buckets={len(value.bucket)}"


def show(folder, run):
    everything = {event_accumulator.SCALARS: 0, event_accumulator.HISTOGRAMS: 0}
    raw = event_accumulator.EventAccumulator(os.path.join(folder, run), size_guidance=everything)
    raw.Reload()
    for tag in sorted(raw.Tags()["scalars"]):
        print(run, "scalar", tag, *(f"{event.step}:{event.value}" for event in raw.Scalars(tag)))
    for tag in sorted(raw.Tags()["histograms"]):
        print(run, "histogram", tag, *(histogram(event) for event in raw.Histograms(tag)))
    shown = plugin_event_accumulator.EventAccumulator(os.path.join(folder, run))
    shown.Reload()
    for plugin in sorted(shown.ActivePlugins()):
        print(run, "plugin", plugin, *sorted(shown.PluginTagToContent(plugin)))


for run in sorted(os.listdir(sys.argv[1])):
    show(sys.argv[1], run)
