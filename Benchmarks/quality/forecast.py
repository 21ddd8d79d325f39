#!/usr/bin/env python3
"""The forecaster's one-step error against two forecasts that need no learning: "as now" and "as a day ago".

    forecast.py BINARY FILE.csv[.gz]... [--runs 3] [--config KEY=VALUE]... [--json]

monitord reports its error over persistence's in `replay --json`, both over the second half of a file, in scaled units, each clipped at 10. The error of
the seasonal forecast (the value of the row one day earlier, within half an interval) over persistence's is computed here in the same way, so that
forecaster / seasonal is the quotient of the two. What differs: the scale is monitord's formula (first 32 values, then a running mean deviation clipped at four
scales) with a gate that never closes, while monitord learns no scale while a series is abnormal; the second half is of the rows, while monitord's begins at the
border of a batch that depends on how far reading was ahead, so it moves from run to run (the median of --runs is taken, `spread` is the widest difference); rows without a value a day earlier or without the row before are left out of both sums here. Files
shorter than two days have no seasonal figure. Geometric means leave out files on which a forecast makes no error at all (`without_error`). Columns that are not numbers all through are ignored. Needs numpy.
"""
import argparse, csv, datetime, gzip, json, math, os, subprocess, tempfile
import numpy as np

DAY = 86400.


def instant(text):
    try: return float(text)
    except ValueError: return datetime.datetime.fromisoformat(text.replace('Z', '+00:00')).replace(tzinfo=datetime.timezone.utc).timestamp()


def number(text):
    try: return float(text) if text else math.nan
    except ValueError: return None


def load(path):
    """Times in seconds and values `[rows, channels]`; the first column is the time."""
    with (gzip.open(path, 'rt', newline='') if path.endswith('.gz') else open(path, newline='')) as f:
        rows = list(csv.reader(f))[1:]
    columns = [[number(v) for v in c] for c in list(zip(*rows))[1:]]
    return np.array([instant(r[0]) for r in rows]), np.array([c for c in columns if None not in c]).T


def scales(x):
    """The scale with which monitord would see each value of one channel (ChannelScaler, gate open)."""
    out, first, location, spread, count = np.ones(len(x)), [], 0., 0., 0
    for i, value in enumerate(x):
        out[i] = max(spread, 1e-3 * abs(location) + 1e-6)
        if math.isnan(value): continue
        if len(first) < 32:
            first.append(value)
            count, location = len(first), sorted(first)[len(first) // 2]
            distances = sorted(abs(v - location) for v in first)
            if count > 1: spread = max(1.4826 * distances[count // 2], 1.2533 * sum(distances) / count)
            continue
        count += 1
        rate = max(1 / (count + 1), 1 / 20_000)
        residual = max(-4 * out[i], min(4 * out[i], value - location))
        location += rate * residual
        spread += rate * (1.2533 * abs(residual) - spread)
    return out


def seasonal_to_persistence(times, values):
    """Σ |z − z a day ago| over Σ |z − previous z| on the same rows of the second half; None without such rows."""
    interval = float(np.median(np.diff(times)))
    ahead = np.searchsorted(times, times - DAY + interval / 2)
    earlier = np.clip(ahead - 1, 0, None)
    known = (ahead > 0) & (np.abs(times[earlier] - (times - DAY)) <= interval / 2)
    beside = np.r_[False, np.diff(times) <= 1.5 * interval]
    half = np.arange(len(times)) >= len(times) // 2
    seasonal = persistence = 0.
    rows = 0
    for x in values.T:
        scale = scales(x)
        before = np.r_[math.nan, x[:-1]]
        use = known & beside & half & ~np.isnan(x) & ~np.isnan(before) & ~np.isnan(x[earlier])
        seasonal += np.minimum(10, np.abs(x - x[earlier]) / scale)[use].sum()
        persistence += np.minimum(10, np.abs(x - before) / scale)[use].sum()
        rows += int(use.sum())
    return (float(seasonal / persistence) if rows >= 100 and persistence > 0 else None), rows


def forecaster_to_persistence(binary, config, path, folder, runs):
    if path.endswith('.gz'):
        plain = os.path.join(folder, 'file.csv')
        with gzip.open(path, 'rb') as f, open(plain, 'wb') as g: g.write(f.read())
        path = plain
    command, ratios = [binary, 'replay', '--config', config, '--json', path], []
    for _ in range(runs):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env={'TZ': 'UTC', 'PATH': os.environ['PATH']})
        if done.returncode != 0: raise SystemExit(f'{" ".join(command)}: exit {done.returncode}\n{done.stderr[-2000:]}')
        report = json.loads(done.stdout)
        ratios.append(report.get('forecast_error_to_persistence'))
    ratios = sorted(v for v in ratios if v is not None)
    return (ratios[len(ratios) // 2], ratios[-1] - ratios[0], report['samples']) if ratios else (None, 0, report['samples'])


def summary(rows, key):
    values = [float(r[key]) for r in rows if r[key]]
    if not values: return None
    exact = int(sum(r[key] == 0 for r in rows))
    return dict(files=len(values), geometric_mean=round(math.exp(sum(map(math.log, values)) / len(values)), 3), below_1=sum(v < 1 for v in values), worst=round(max(values), 3),
                **({'without_error': exact} if exact else {}))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('binary'); p.add_argument('files', nargs='+'); p.add_argument('--config', action='append', default=[]); p.add_argument('--runs', type=int, default=3); p.add_argument('--json', action='store_true')
    a = p.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        config = os.path.join(folder, 'config.toml')
        with open(config, 'w') as f: f.write(''.join(c + '\n' for c in a.config))
        for path in a.files:
            own, spread, samples = forecaster_to_persistence(os.path.abspath(a.binary), config, path, folder, a.runs)
            seasonal, used = seasonal_to_persistence(*load(path))
            name = '/'.join(os.path.abspath(path).removesuffix('.gz').removesuffix('.csv').split('/')[-2:])
            rows.append(dict(file=name, samples=samples, forecaster_to_persistence=own, spread=round(spread, 4), seasonal_to_persistence=seasonal and round(seasonal, 4), values_with_a_day_before=int(used),
                             forecaster_to_seasonal=round(own / seasonal, 4) if own is not None and seasonal else None))
    keys = ['forecaster_to_persistence', 'seasonal_to_persistence', 'forecaster_to_seasonal']
    totals = {k: summary(rows, k) for k in keys}
    totals['widest_spread'] = max(r['spread'] for r in rows)
    if a.json:
        for r in rows: print(json.dumps(r))
        print(json.dumps(totals))
        return
    print('| file | samples | forecaster / persistence | day before / persistence | forecaster / day before |\n|---|---:|---:|---:|---:|')
    for r in rows: print(f'| {r["file"]} | {r["samples"]} | ' + ' | '.join('–' if r[k] is None else f'{r[k]:.3f}' for k in keys) + ' |')
    for k in totals: print(f'\n{k}: {totals[k]}')


if __name__ == '__main__':
    main()
