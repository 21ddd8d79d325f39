#!/usr/bin/env python3
"""table.py RESULTS.jmh.json: the benchmarks' results as Markdown tables, one for each theme; see bench.sh.

A benchmark is named `theme: what, of what size [unit]`; what was measured is the total of a run, and `units` of it. Shown are
the median of the runs for one unit, processor time with its smallest and largest, the rate a processor second, and calls of
malloc. Exit status 1, with the names on stderr, when a benchmark called malloc that must not."""
import json
import re
import sys

NAME = re.compile(r"package\.benchmark\.[^.]+\.(?P<theme>[^:]+):_(?P<what>.*)_\[(?P<unit>[^]]+)\]$")

# In the order of a sample's way; others follow.
THEMES = (
    "parse", "stream", "window", "kernels", "observe", "calibration", "training", "observe and train", "commit", "alert",
)


def figure(benchmark, metric, percentile="50.0"):
    return benchmark["secondaryMetrics"][metric]["scorePercentiles"][percentile]


def seconds_text(seconds):
    for unit, size in (("s", 1), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9)):
        if seconds >= size or unit == "ns":
            return f"{seconds / size:.3g} {unit}"


def count_text(count):
    return "0" if count == 0 else f"{count:,.0f}" if count >= 100 else f"{count:.2g}"


def by_size(entry):
    """Orders names that differ in their numbers alone by the numbers."""
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", entry[0].replace(",", ""))]


def row(what, unit, benchmark):
    units = figure(benchmark, "units")
    of_unit = [figure(benchmark, "processor ns", p) * 1e-9 / units for p in ("50.0", "0.0", "100.0")]
    wall = figure(benchmark, "Time (wall clock)") * 1e-6 / units
    rate = float(f"{1 / of_unit[0]:.3g}")
    bytes_of_run = figure(benchmark, "bytes")
    megabytes = f"{bytes_of_run / 1e6 / (of_unit[0] * units):,.0f}" if bytes_of_run else ""
    mallocs = count_text(figure(benchmark, "mallocs") / units)
    processor = f"**{seconds_text(of_unit[0])}** [{seconds_text(of_unit[1])} – {seconds_text(of_unit[2])}]"
    return f"| {what} | {unit} | {processor} | {seconds_text(wall)} | {rate:,.0f} | {megabytes} | {mallocs} |"


def offence(name, benchmark):
    """What to say of a benchmark that called malloc although it must not; None of any other."""
    calls = figure(benchmark, "mallocs", "100.0")
    if figure(benchmark, "guarded") == 0 or calls == 0:
        return None
    return f"table.py: {name}: {calls:.0f} calls of malloc in a run of {figure(benchmark, 'units'):,.0f}, where none is allowed"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        results = json.load(file)
    themes = {}
    for benchmark in results:
        match = NAME.match(benchmark["benchmark"])
        if not match:
            sys.exit(f"table.py: no theme and unit in {benchmark['benchmark']}")
        what = match["what"].replace("_", " ")
        themes.setdefault(match["theme"].replace("_", " "), []).append((what, match["unit"], benchmark))
    for theme, rows in sorted(themes.items(), key=lambda entry: (*THEMES, entry[0]).index(entry[0])):
        print(f"| {theme} | unit | processor time a unit [least – most] | wall | units a CPU second | MB a CPU second | mallocs a unit |")
        print("|---|---|---:|---:|---:|---:|---:|")
        for what, unit, benchmark in sorted(rows, key=by_size):
            print(row(what, unit, benchmark))
        print()
    offences = [offence(f"{theme}: {what}", benchmark) for theme, rows in themes.items() for what, _, benchmark in rows]
    sys.exit("\n".join(filter(None, offences)) or None)


if __name__ == "__main__":
    main()
