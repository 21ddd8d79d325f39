#!/usr/bin/env python3
"""What alerts say of their channels, on recordings whose annotators said which channels were at fault.

    annotated.py BINARY --pack DIR [--budget 1/week]...

SMD: each machine's training part and test part in one replay. An incident is found when it opens within an annotated segment, or in
the ten minutes before. *Top*: the channel with the largest share is among those annotated. *HitRate@100 %*: of n annotated channels,
how many are among the n largest shares. Then every opening of a kind with channels, of all sets, is looked at for what it must have:
a value or that it is missing, what was expected, the band, shares that add up to 1, and how rare it was."""

import argparse
import gzip
import json
import pathlib
import subprocess
import tempfile

import feedback


def openings(binary, config, paths):
    done = subprocess.run([binary, "replay", "--config", config, "--alerts", "-", *map(str, paths)],
                          capture_output=True, text=True, env={"TZ": "UTC"}, check=True)
    return [record for record in map(json.loads, done.stdout.splitlines()) if record["event"] == "open"]


def plain(pack, work, name):
    target = work / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.decompress((pack / (name + ".gz")).read_bytes()))
    return target


def lacks(record):
    """What an anomaly's opening does not have."""
    missing = [name for name in ("score", "threshold", "rarity") if record.get(name) is None]
    parts = record.get("channels") or []
    if not parts:
        return missing + ["channels"]
    if any(part.get("expected") is None for part in parts):
        missing.append("expected")
    if any(part.get("low") is None or part.get("high") is None for part in parts):
        missing.append("band")
    if not 0.98 <= sum(part["share"] for part in parts) <= 1.02:
        missing.append("shares")
    return missing + ([] if record.get("detectors") else ["detectors"])


def machines(binary, config, pack, work):
    segments = json.loads((pack / "smd/channels.json").read_text())
    found, top, hit = 0, 0, []
    records = []
    for test, spans in sorted(segments.items()):
        files = [plain(pack, work, "smd/" + test.replace(".test.", ".train.")), plain(pack, work, "smd/" + test)]
        for record in openings(binary, config, files):
            records.append(record)
            time = feedback.instant(record["time"])
            for span in spans:
                if feedback.instant(span["start"]) - 600 <= time <= feedback.instant(span["end"]) and record.get("channels"):
                    wanted, names = set(span["channels"]), [part["name"] for part in record["channels"]]
                    found += 1
                    top += names[0] in wanted
                    hit.append(len(set(names[:len(wanted)]) & wanted) / len(wanted))
                    break
    return found, top, sum(hit) / max(1, len(hit)), records


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("--pack", type=pathlib.Path, required=True)
    parser.add_argument("--budget", action="append")
    options = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp(prefix="annotated-"))
    print("| budget | incidents found | top channel annotated | HitRate@100 % |\n|---|---:|---:|---:|")
    records = []
    for budget in options.budget or ["1/week", "1/day", "4/day"]:
        config = work / "monitord.toml"
        config.write_text(f'false_alarms = "100/day"\n[defaults]\nfalse_alarms = "{budget}"\n')
        found, top, hit, opened = machines(options.binary, config, options.pack, work)
        records += opened
        print(f"| {budget} | {found} | {top} ({100 * top / max(1, found):.0f} %) | {hit:.2f} |", flush=True)
    for name in ("nab", "skab"):
        for recording in feedback.of_pack(options.pack, work, name):
            records += openings(options.binary, config, [recording.path])
    anomalies = [record for record in records if record["kind"] == "anomaly"]
    lacking = [missing for missing in map(lacks, anomalies) if missing]
    print(f"{len(anomalies)} openings of anomalies, {len(lacking)} without something they must have: "
          f"{sorted({word for missing in lacking for word in missing})}")


if __name__ == "__main__":
    main()
