#!/usr/bin/env python3
"""A young series: how soon monitord sees a large step, what it opens before, and how it takes to a level that stays.

    coldstart.py BINARY [--seeds N] [--shift-seeds N] [--size 6] [--config KEY=VALUE]... [--jobs 1] [--json]

start: one channel at 1 Hz, `gauss` or autoregressive (.5), a step of SIZE sigmas at minute 10 that stays for 5 minutes. Alerted: an
       incident opens within the 10 (or 60) samples from the step on. `open_before`: an incident was open
       already, so none can open. False: openings in the ten minutes before.
shift: one channel at 10 s, a step of SIZE sigmas at hour 2 that stays; 24 hours behind it. State: minutes until it is 0 and stays so for an hour.
       Severity: minutes until its median over 10 minutes is down again to what only 5 % of the hour before the step exceeded, in the same
       series without the step at that time. Again: openings behind the first hour, beside the same series without a step. Needs numpy.
"""
import argparse, concurrent.futures, json, math, os, subprocess, tempfile
import numpy as np
from injected import ar, write

BACKGROUNDS = {'gauss': 0., 'ar5': .5}
START = 600          # samples at 1 Hz: ten minutes
SHIFT, DAY = 720, 8640  # samples at 10 s: two hours, a day


def noise(name, n, seed):
    """Noise of unit variance; deterministic by seed."""
    e = np.random.default_rng(seed).normal(size=n)
    return ar(BACKGROUNDS[name], e) if BACKGROUNDS[name] else e


def replay(binary, config, folder, stem, x, interval):
    """Alert, state and severity (NaN where empty) of each sample."""
    path = os.path.join(folder, stem)
    write(path + '.csv', x[:, None], interval, '')
    command = [binary, 'replay', '--config', config, '--scores', path + '.scores', path + '.csv']
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env={'TZ': 'UTC', 'PATH': os.environ['PATH']})
    if done.returncode != 0: raise SystemExit(f'{" ".join(command)}: exit {done.returncode}\n{done.stderr[-2000:]}')
    with open(path + '.scores') as f:
        rows = [line.rstrip('\n').rsplit(',', 5) for line in f][1:]
    for suffix in ('.csv', '.scores'): os.remove(path + suffix)
    if len(rows) != len(x): raise SystemExit(f'{path}: {len(x)} rows but {len(rows)} scores')
    alert = np.array([r[5] not in ('', '0') for r in rows])
    return alert, np.array([r[4] == '1' for r in rows]), np.array([float(r[3] or 'nan') for r in rows])


def openings(alert):
    return alert & ~np.r_[False, alert[:-1]]


def start(job):
    binary, config, folder, name, seed, size = job
    x = noise(name, START + 300, (1, seed))
    x[START:] += size
    alert, _, _ = replay(binary, config, folder, f'start-{name}-{seed}', x, 1)
    opens = openings(alert)
    behind = np.where(opens[START:START + 60])[0]
    return dict(delay=int(behind[0]) if len(behind) else None, open_before=bool(alert[START - 1]), false=int(opens[:START].sum()))


def calm(flags, run):
    """First index from which `flags` is false for `run` samples; None when there is none."""
    since = 0
    for i, flag in enumerate(flags):
        if flag: since = i + 1
        elif i - since + 1 >= run: return since
    return None


def shift(job):
    binary, config, folder, name, seed, size = job
    x = noise(name, SHIFT + DAY, (2, seed))
    control = replay(binary, config, folder, f'control-{name}-{seed}', x, 10)
    x[SHIFT:] += size
    alert, state, severity = replay(binary, config, folder, f'shift-{name}-{seed}', x, 10)
    opens, without = openings(alert), openings(control[0])
    limit = np.nanquantile(control[2][SHIFT - 360:SHIFT], .95)
    windows = np.lib.stride_tricks.sliding_window_view(severity[SHIFT:], 60)
    low = np.where(np.median(windows, 1) <= limit)[0]
    # The windows that begin with the step may still be low: count from the first high one.
    high = np.where(np.median(windows, 1) > limit)[0]
    low = low[low > high[0]] if len(high) else low
    quiet = calm(state[SHIFT:], 360)
    return dict(opened=bool(opens[SHIFT:SHIFT + 60].any()), abnormal=bool(state[SHIFT:SHIFT + 360].any()), state=None if quiet is None else quiet / 6, severity=low[0] / 6 if len(low) else None,
                again=int(opens[SHIFT + 360:].sum()), control=int(without[SHIFT + 360:].sum()), abnormal_share=float(state[SHIFT + 360:].mean()), control_share=float(control[1][SHIFT + 360:].mean()))


def median(values):
    known = [v for v in values if v is not None]
    return round(float(np.median(known)), 1) if known else None


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('binary'); p.add_argument('--seeds', type=int, default=200); p.add_argument('--shift-seeds', type=int, default=40); p.add_argument('--size', type=float, default=6.)
    p.add_argument('--config', action='append', default=[]); p.add_argument('--jobs', type=int, default=1); p.add_argument('--json', action='store_true')
    a = p.parse_args()
    out = []
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        config = os.path.join(folder, 'config.toml')
        with open(config, 'w') as f:
            f.write('false_alarms = "1/s"\n' + ''.join(c + '\n' for c in a.config))
        for name in BACKGROUNDS:
            r = list(pool.map(start, [(os.path.abspath(a.binary), config, folder, name, s, a.size) for s in range(a.seeds)]))
            share = lambda within: round(float(np.mean([q['delay'] is not None and q['delay'] < within for q in r])), 3)
            out.append(dict(test='start', background=name, seeds=a.seeds, size=a.size, within_10=share(10), within_60=share(60), open_before=round(float(np.mean([q['open_before'] for q in r])), 3), median_delay=median([q['delay'] for q in r]),
                            false_series=round(float(np.mean([q['false'] > 0 for q in r])), 3), false_openings=sum(q['false'] for q in r), expected_false=round(a.seeds * START / 604800, 2)))
        for name in BACKGROUNDS:
            r = list(pool.map(shift, [(os.path.abspath(a.binary), config, folder, name, s, a.size) for s in range(a.shift_seeds)]))
            states, severities = [q['state'] for q in r], [q['severity'] for q in r]
            out.append(dict(test='shift', background=name, seeds=a.shift_seeds, size=a.size, opened=round(float(np.mean([q['opened'] for q in r])), 3), abnormal=round(float(np.mean([q['abnormal'] for q in r])), 3),
                            state_min=median(states), state_min_worst=None if None in states else round(max(states), 1), state_never=states.count(None), severity_min=median(severities), severity_never=severities.count(None),
                            series_again=round(float(np.mean([q['again'] > 0 for q in r])), 3), openings_again=sum(q['again'] for q in r), openings_without=sum(q['control'] for q in r), expected=round(a.shift_seeds * 23 / 168, 1),
                            state_share=round(float(np.mean([q['abnormal_share'] for q in r])), 4), state_share_without=round(float(np.mean([q['control_share'] for q in r])), 4)))
    for r in out: print(json.dumps(r) if a.json else '  '.join(f'{k}={v}' for k, v in r.items()))


if __name__ == '__main__':
    main()
