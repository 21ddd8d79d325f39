#!/usr/bin/env python3
"""What answers are worth: the first ten incidents are answered from the truth, and the rest counted with and without.

    feedback.py BINARY [--pack DIR] [--seeds N] [--answers 10]

Two parts. *Recurring*: simulated machines of one stream in which one kind of fault comes again and again that nobody wants to hear
of (spikes of one channel), among faults of other kinds that somebody does. *Pack*: the recordings of a labelled pack, each a run of its own, an
incident being real when it opens within a label; the answers are those of the first incidents of the set in event time.
A true event is lost when it had an incident before and has none now; those that were answered do not count."""

import argparse
import datetime
import gzip
import json
import os
import pathlib
import subprocess
import tempfile


def instant(text):
    try:
        return float(text)
    except ValueError:
        moment = datetime.datetime.fromisoformat(text.strip().replace(" ", "T").replace("Z", "+00:00"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.timezone.utc)).timestamp()


def incidents(binary, path, config, answers=None):
    """The incidents of a replay by id: (opening time, the channel that had the largest part)."""
    command = [binary, "replay", "--alerts", "-", "--config", config, str(path)]
    if answers:
        with tempfile.NamedTemporaryFile("w", suffix=".csv", delete=False) as file:
            file.write("".join(f"{one},{'real' if real else 'false'}\n" for one, real in answers.items()))
        command += ["--feedback", file.name]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "TZ": "UTC"}, check=True)
    found = {}
    for line in done.stdout.splitlines():
        record = json.loads(line)
        if record["event"] == "open" and record["kind"] not in ("input", "budget", "stalled"):
            channels = record.get("channels") or [{}]
            found[record["id"]] = (instant(record["time"]), channels[0].get("name"))
    return found


class Recording:
    """A file, and what happened in it: (channel or None, from, until, wanted)."""

    def __init__(self, path, truth):
        self.path, self.truth = path, truth

    def events(self, opening):
        """Numbers of the events that an opening is of."""
        time, channel = opening
        return [number for number, (where, begin, end, _) in enumerate(self.truth)
                if begin <= time <= end and (where is None or where == channel)]

    def is_real(self, opening):
        return any(self.truth[number][3] for number in self.events(opening))


def compare(binary, recordings, config, count):
    """Answers the first incidents of all recordings, and counts the rest: false and events found, before and after."""
    before = {recording: incidents(binary, recording.path, config) for recording in recordings}
    order = sorted(((opening[0], one, recording) for recording, found in before.items() for one, opening in found.items()),
                   key=lambda entry: entry[:2])
    answered = {}
    for _, one, recording in order[:count]:
        answered.setdefault(recording, {})[one] = recording.is_real(before[recording][one])
    figures = [0, 0, 0, 0]
    lost = 0
    for recording in recordings:
        given = answered.get(recording, {})
        after = incidents(binary, recording.path, config, given) if given else before[recording]
        found = []
        for place, run in enumerate((before[recording], after)):
            rest = {one: opening for one, opening in run.items() if one not in given}
            figures[2 * place] += sum(not recording.is_real(opening) for opening in rest.values())
            events = {number for opening in rest.values() for number in recording.events(opening)
                      if recording.truth[number][3]}
            figures[2 * place + 1] += len(events)
            found.append(events)
        lost += len(found[0] - found[1])
    real = sum(real for given in answered.values() for real in given.values())
    return figures, lost, real, sum(len(given) for given in answered.values())


def simulated(binary, work, seed):
    """A stream in which spikes of one channel come twice a day, and other faults every other day."""
    path, labels = work / f"recurring-{seed}.csv", work / f"recurring-{seed}.labels"
    with open(path, "wb") as file:
        subprocess.run([binary, "simulate", "--kind", "pump", "--interval", "1min", "--duration", "40d", "--gaps", "0",
                        "--maintenance", "none", "--seed", str(seed), "--labels", str(labels), "--anomaly", "flow.spike:14/2",
                        "--anomaly", "temp.step:12/0.25", "--anomaly", "current.noise:6/0.25"], stdout=file, check=True)
    truth = []
    for line in labels.read_text().splitlines()[1:]:
        _, channel, kind, _, begin, end = line.split(",")
        # The detectors need some samples to be sure of a step, and somebody who is told half an hour later is told.
        truth.append((channel, instant(begin), instant(end) + 1_800, kind != "spike"))
    return Recording(path, truth)


def of_pack(pack, work, name):
    """The recordings of a set with their labels."""
    labels = json.loads((pack / name / "labels.json").read_text())
    recordings = []
    for file, spans in sorted(labels.items()):
        packed = pack / name / (file + ".gz")
        plain = work / name / file
        plain.parent.mkdir(parents=True, exist_ok=True)
        plain.write_bytes(gzip.decompress(packed.read_bytes()) if packed.exists() else (pack / name / file).read_bytes())
        recordings.append(Recording(plain, [(None, instant(str(a)), instant(str(b)), True) for a, b in spans]))
    return recordings


def row(name, result):
    (false_before, found_before, false_after, found_after), lost, real, count = result
    change = f"{100 * (false_after - false_before) / false_before:+.0f} %" if false_before else "-"
    print(f"| {name} | {count} ({real}) | {false_before} | {false_after} | {change} | {found_before} | {found_after} | {lost} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--pack", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--answers", type=int, default=10)
    options = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="feedback-"))
    # Who hears of a fault twice a day has a budget that lets them.
    often, usual = work / "often.toml", work / "usual.toml"
    for config, budget in ((often, "3/day"), (usual, "1/week")):
        config.write_text(f'false_alarms = "100/day"\n[defaults]\nfalse_alarms = "{budget}"\n')
    print("| | answered (real) | false before | after | | true events before | after | lost |\n|---|---:|---:|---:|---:|---:|---:|---:|")
    for seed in range(1, options.seeds + 1):
        row(f"recurring, seed {seed}", compare(options.binary, [simulated(options.binary, work, seed)], often, options.answers))
    for name in ("nab", "skab", "smd") if options.pack else ():
        row(name, compare(options.binary, of_pack(options.pack, work, name), usual, options.answers))


if __name__ == "__main__":
    main()
