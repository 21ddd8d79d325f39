#!/usr/bin/env python3
"""Injected anomalies: what monitord finds of them at its budget, and how often it opens an incident on clean streams.

    injected.py BINARY [--seed N] [--per-cell N] [--sets standard,varied,clean] [--budget 1/week] [--config KEY=VALUE]... [--jobs 2] [--json]

standard: 9 backgrounds x 8 kinds, one channel, 4,032 samples at 5 minutes, one anomaly of a fixed size each.
varied:   the same with 1 or 4-8 channels, 1 s, 1 min or 5 min, 1,400 to 4,032 samples, sizes times 0.6 to 1.8.
clean:    11 backgrounds without an anomaly, 8 weeks at 5 minutes; the first week is not counted.

An anomaly counts as found when a score reaches the threshold between its first sample and six samples after its last (a level
shift has 60 samples, a drift 150), or an incident opens there; `opened` asks for the latter alone. Openings elsewhere are false, but for the 120 samples behind an anomaly. Needs numpy.
"""
import argparse, concurrent.futures, json, math, os, re, subprocess, sys, tempfile
import numpy as np

BACKGROUNDS = ['gauss', 'ar9', 'ar99', 'season', 't3', 'lognormal', 'poisson', 'spiky', 'cron']
KINDS = ['spike', 'burst', 'shift', 'bump', 'noise', 'flatline', 'drift', 'shape']
CLEAN = ['gauss', 'ar9', 'ar99', 'season', 't3', 'lognormal', 'poisson', 'walk', 'spiky', 'cron', 'coupled']


def ar(a, e):
    """An autoregressive process of unit variance."""
    y = np.empty_like(e)
    last = e[0] * 0
    for i in range(len(e)):
        last = a * last + e[i]
        y[i] = last
    return y * math.sqrt(1 - a * a)


def background(kind, n, period, rng):
    t = np.arange(n) + rng.integers(0, period)
    normal = lambda: rng.normal(size=n)
    day = np.sin(2 * np.pi * t / period)
    if kind == 'gauss': return normal()
    if kind == 'ar9': return ar(rng.uniform(.6, .95), normal())
    if kind == 'ar99': return ar(.99, normal())
    if kind == 'season': return 3 * day + rng.uniform() * np.sin(4 * np.pi * t / period) + .7 * ar(.7, normal())
    if kind == 't3': return rng.standard_t(3, size=n)
    if kind == 'lognormal': return 2 * np.exp(.5 * ar(.8, normal()))
    if kind == 'poisson': return rng.poisson(np.maximum(.1, 5 + 4 * day)).astype(float)
    if kind == 'spiky': return .5 * normal() + 8 * (rng.random(n) < .01) * rng.random(n)
    if kind == 'cron': return .2 * normal() + 4 * ((t % period) < 3) * (1 + .1 * normal())
    if kind == 'walk': return np.cumsum(normal())
    raise ValueError(kind)


def inject(x, kind, start, size, rng):
    """Changes x in place; returns the last sample that counts."""
    scale = 1.48 * np.median(np.abs(x - np.median(x))) + .3 * x.std()
    m = size * scale
    if kind == 'spike': x[start] += 12 * m; return start
    if kind == 'burst': x[start:start + 10] += 6 * m; return start + 9
    if kind == 'shift': x[start:] += 4 * m; return start + 60
    if kind == 'bump': x[start:start + 80] += 3 * m; return start + 79
    if kind == 'noise': x[start:start + 80] += 3 * abs(m) * rng.normal(size=80); return start + 79
    if kind == 'flatline': x[start:start + 80] = x[start]; return start + 79
    if kind == 'drift': x[start:start + 150] += np.linspace(0, 8 * m, 150); return start + 149
    if kind == 'shape': x[start:start + 96] += 2.5 * m * np.sign(np.sin(2 * np.pi * np.arange(96) / rng.integers(6, 24))); return start + 95
    raise ValueError(kind)


def standard(index, rng):
    name, kind = BACKGROUNDS[index % 9], KINDS[index // 9 % 8]
    x = background(name, 4032, 288, rng)
    start = int(rng.integers(1500, 3600))
    sign = rng.choice([-1, 1]) if name not in ('poisson', 'lognormal') else 1
    end = inject(x, kind, start, sign, rng)
    return x[:, None], 300., name, kind, start, end


def varied(index, rng):
    name, kind = BACKGROUNDS[index % 9], KINDS[index // 9 % 8]
    channels = 1 if rng.random() < .8 else int(rng.integers(4, 9))
    n = int(rng.choice([4032, 2500, 1400] if rng.random() < .5 else [4032]))
    interval = float(rng.choice([300., 60., 1., 300.]))
    period = int(rng.choice([288, 144, 1440 if n > 3000 else 288]))
    if channels == 1:
        x, chosen = background(name, n, period, rng)[:, None], [0]
    else:
        mix = rng.normal(size=(channels, 2))
        common = np.stack([background(name, n, period, rng), ar(.95, rng.normal(size=n))], 1)
        own = np.stack([background(BACKGROUNDS[rng.integers(9)], n, period, rng) for _ in range(channels)], 1)
        x = .7 * common @ mix.T + .6 * own
        chosen = rng.choice(channels, size=int(rng.integers(1, max(2, channels // 2) + 1)), replace=False)
    start = int(rng.integers(max(500, int(.3 * n)), n - 400))
    size, end = math.exp(rng.uniform(math.log(.6), math.log(1.8))), start
    for c in chosen:
        sign = rng.choice([-1, 1]) if name not in ('poisson', 'lognormal') or channels > 1 else 1
        end = max(end, inject(x[:, c], kind, start, sign * size, rng))
    unit = 10 ** rng.uniform(-1, 3) if name != 'poisson' or channels > 1 else 1.
    return x * unit + (rng.normal() * 5 * unit if unit != 1 else 0), interval, name, kind, start, end


def clean(index, rng):
    name, n = CLEAN[index % 11], 2016 * 8
    if name == 'coupled':
        x = np.stack([ar(.95, rng.normal(size=n)) for _ in range(3)], 1) @ rng.normal(size=(8, 3)).T + rng.normal(size=(n, 8))
    else:
        x = background(name, n, 288, rng)[:, None]
    return x, 300., name, 'none', n, n


def write(path, x, interval, name):
    with open(path, 'w') as f:
        f.write('time,' + ','.join(f'c{i + 1}' for i in range(x.shape[1])) + '\n')
        form = '%d' if name == 'poisson' and x.shape[1] == 1 else '%.6g'
        for i, row in enumerate(x):
            f.write(str(1_700_000_000 + int(i * interval)) + ',' + ','.join(form % v for v in row) + '\n')


def run(binary, config, folder, make, index, seed):
    x, interval, name, kind, start, end = make(index, np.random.default_rng([seed, index]))
    stem = os.path.join(folder, f'{make.__name__}{index}')
    write(stem + '.csv', x, interval, name)
    command = [binary, 'replay', '--config', config, '--scores', stem + '.scores', stem + '.csv']
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env={'TZ': 'UTC', 'PATH': os.environ['PATH']})
    if done.returncode != 0: raise SystemExit(f'{" ".join(command)}: exit {done.returncode}\n{done.stderr[-2000:]}')
    with open(stem + '.scores') as f:
        rows = [line.rstrip('\n').rsplit(',', 5) for line in f][1:]
    alert = np.array([r[5] not in ('', '0') for r in rows])
    state = np.array([r[4] == '1' for r in rows])
    event = np.array([r[1] != '' and float(r[1]) >= float(r[2]) for r in rows])
    for suffix in ('.csv', '.scores'): os.remove(stem + suffix)
    if len(alert) != len(x): raise SystemExit(f'{stem}: {len(x)} rows but {len(alert)} scores')
    opens = alert & ~np.r_[False, alert[:-1]]
    n = len(x)
    first = 2016 if kind == 'none' else 300
    if kind == 'none':
        return dict(set=make.__name__, background=name, kind=kind, openings=int(opens[first:].sum()), weeks=(n - first) * interval / 604800, state=float(state[first:].mean()))
    last = min(n - 1, end + 6)
    where = np.where((opens | event)[start:last + 1])[0]
    quiet = np.ones(n, bool); quiet[:first] = False; quiet[start:end + 120] = False
    return dict(set=make.__name__, background=name, kind=kind, interval=interval, channels=x.shape[1], found=bool(len(where)), opened=bool(opens[start:last + 1].any()),
                delay=float(where[0] * interval) if len(where) else None, false=int(opens[quiet].sum()), weeks=quiet.sum() * interval / 604800)


def per_week(budget):
    """Openings a week that a budget such as 1/week or 2/day allows."""
    count, span = budget.split('/')
    return float(count) * {'hour': 168, 'day': 7, 'week': 1, 'month': 7 / 30}[span]


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('binary'); p.add_argument('--seed', type=int, default=1); p.add_argument('--per-cell', type=int, default=5)
    p.add_argument('--sets', default='standard,varied,clean'); p.add_argument('--budget', default='1/week'); p.add_argument('--config', action='append', default=[])
    p.add_argument('--jobs', type=int, default=2); p.add_argument('--json', action='store_true')
    a = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        config = os.path.join(folder, 'config.toml')
        with open(config, 'w') as f:
            f.write('false_alarms = "1000/day"\n' + ''.join(c + '\n' for c in a.config) + f'[defaults]\nfalse_alarms = "{a.budget}"\n')
        work = []
        for name in a.sets.split(','):
            make = {'standard': standard, 'varied': varied, 'clean': clean}[name]
            work += [(make, i) for i in range(2 * a.per_cell * 11 // 5 if make is clean else 72 * a.per_cell)]
        with concurrent.futures.ProcessPoolExecutor(a.jobs) as pool:
            futures = [pool.submit(run, os.path.abspath(a.binary), config, folder, make, i, a.seed) for make, i in work]
            results = [f.result() for f in futures]
    for name in a.sets.split(','):
        r = [q for q in results if q['set'] == name]
        if name == 'clean':
            rates = [q['openings'] / q['weeks'] for q in r]
            out = dict(set=name, streams=len(r), mean_per_week=round(float(np.mean(rates)), 3), most=round(max(rates), 2),
                       within_twice=round(float(np.mean([v <= 2 * per_week(a.budget) for v in rates])), 3), state_share=round(float(np.mean([q['state'] for q in r])), 4))
            for b in CLEAN: out[b] = round(float(np.mean([q['openings'] / q['weeks'] for q in r if q['background'] == b])), 2)
        else:
            share = lambda key, value: round(float(np.mean([q['found'] for q in r if q[key] == value])), 3)
            delays = [q['delay'] for q in r if q['delay'] is not None]
            out = dict(set=name, streams=len(r), recall=round(float(np.mean([q['found'] for q in r])), 3), opened=round(float(np.mean([q['opened'] for q in r])), 3),
                       false_per_week=round(sum(q['false'] for q in r) / sum(q['weeks'] for q in r), 2), median_delay_s=float(np.median(delays)) if delays else None,
                       kind={k: share('kind', k) for k in KINDS}, background={b: share('background', b) for b in BACKGROUNDS})
            if name == 'varied': out['interval'] = {str(int(i)): share('interval', i) for i in (1., 60., 300.)}
        print(json.dumps(out))


if __name__ == '__main__':
    main()
