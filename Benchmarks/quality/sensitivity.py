#!/usr/bin/env python3
"""Does `monitord sensitivity` tell the truth? Faults of 0.5, 1 and 2 times the size that it prints, in fresh recordings.

    sensitivity.py BINARY [--kind pump] [--duration 7d] [--interval 1min] [--repeats 10] [--seed 1] [--json]

It asks `sensitivity` about one simulated recording, plants faults of its own making (0 is none: what is found by chance) in recordings
of other seeds, one to a file, since each incident is paid out of the budget, and counts those during which or, of a spike, up to ten samples behind which replay opens an incident. One that
begins while an incident is open does not count. A stuck value has no size and is left out.
"""
import argparse, collections, csv, json, os, random, subprocess, sys, tempfile, time

FACTORS = [0, .5, 1, 2]
PER_FILE = 1


def run(command, **more):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env={'TZ': 'UTC', 'PATH': os.environ['PATH']}, **more)
    if done.returncode: raise SystemExit(f'{" ".join(command)}: exit {done.returncode}\n{done.stderr[-2000:]}')
    return done.stdout


def plant(rows, column, kind, size, first, length, sign, rng):
    values = [float(r[column]) if r[column] else None for r in rows]
    decimals = max(len(r[column].partition('.')[2]) for r in rows[:2000])
    lowest = min(v for v in values if v is not None) >= 0
    for i in range(first, first + length):
        if values[i] is None: continue
        near = [v for v in values[i - 4:i + 5] if v is not None]
        level = sum(near) / len(near)
        if kind in ('spike', 'step'): v = values[i] + sign * size
        elif kind == 'drift': v = values[i] + sign * size * (i - first + 1) / length
        elif kind == 'noise': v = level + size * (values[i] - level)
        rows[i][column] = f'{max(v, 0) if lowest else v:.{decimals}f}'


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('binary'); p.add_argument('--kind', default='pump'); p.add_argument('--duration', default='7d'); p.add_argument('--interval', default='1min')
    p.add_argument('--repeats', type=int, default=10); p.add_argument('--seed', type=int, default=1); p.add_argument('--json', action='store_true')
    a = p.parse_args()
    rng = random.Random(a.seed)
    with tempfile.TemporaryDirectory() as folder:
        def simulate(seed):
            path = os.path.join(folder, 'stream.csv')
            with open(path, 'w') as f: f.write(run([a.binary, 'simulate', '--kind', a.kind, '--duration', a.duration, '--interval', a.interval, '--seed', str(seed)]))
            return path
        begin = time.monotonic()
        asked = json.loads(run([a.binary, 'sensitivity', '--input', simulate(a.seed), '--json']))
        seconds = time.monotonic() - begin
        series = asked['series'][0]
        step = series['interval']
        faults = []
        for channel in series['channels']:
            for kind in ('spike', 'step', 'drift', 'noise'):
                told = channel.get(kind)
                if told and 'size' in told:
                    faults += [(channel['name'], kind, factor, told['size'], max(1, round(told['lasts_s'] / step))) for factor in FACTORS for _ in range(a.repeats)]
        rng.shuffle(faults)
        found, tried = collections.Counter(), collections.Counter()
        for number in range(0, len(faults), PER_FILE):
            path = simulate(1000 * a.seed + number + 1)
            with open(path) as f: header, *rows = list(csv.reader(f))
            names = [h.split(' ')[0] for h in header]
            some, places = faults[number:number + PER_FILE], []
            share = (len(rows) - 1) // 2 // PER_FILE
            for k, (channel, kind, factor, size, length) in enumerate(some):
                first = len(rows) // 2 + k * share + rng.randrange(max(1, share - length - 20))
                places.append((first, length))
                if factor == 0: continue
                column = names.index(channel)
                here = [float(r[column]) for r in rows[first:first + length] if r[column]]
                size = 1 + (size - 1) * factor if kind == 'noise' else size * factor
                sign = -1 if rng.random() < .5 and kind != 'noise' and min(here) > size else 1
                plant(rows, column, kind, size, first, length, sign, rng)
            with open(path, 'w') as f: csv.writer(f, lineterminator='\n').writerows([header] + rows)
            scores = os.path.join(folder, 'scores')
            run([a.binary, 'replay', '--scores', scores, path])
            with open(scores) as f: level = [line.rstrip('\n').rsplit(',', 1)[1] != '0' for line in f][1:]
            assert len(level) == len(rows)
            for (channel, kind, factor, *_), (first, length) in zip(some, places):
                if level[first - 1]: continue
                tried[kind, factor] += 1
                found[kind, factor] += any(level[first:first + length + (11 if kind == 'spike' else 0)])
        out = dict(kind=a.kind, seconds=round(seconds, 1), trials=asked['trials'], rows=series['samples'])
        for kind in ('spike', 'step', 'drift', 'noise', 'all'):
            cells = {f: [(found[k, f], tried[k, f]) for k in ('spike', 'step', 'drift', 'noise') if kind in (k, 'all')] for f in FACTORS}
            out[kind] = {f'{f:g}x': f'{sum(c[0] for c in cells[f])} of {sum(c[1] for c in cells[f])}' for f in FACTORS}
        print(json.dumps(out) if a.json else '\n'.join(f'{k}: {v}' for k, v in out.items()))


if __name__ == '__main__':
    main()
