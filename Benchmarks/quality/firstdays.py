#!/usr/bin/env python3
"""Large, plain faults in the first days of a machine: what is told of them, and what is told falsely before.

    firstdays.py BINARY [--seed N] [--count N] [--kinds pump,boiler,motor,generic] [--sizes 10,20,40,80] [--onsets 20,36,52,70,90,120]
                 [--anomaly step] [--interval 1min] [--config KEY=VALUE]... [--jobs 2] [--json]

Each cell of kind x size x onset has COUNT machines of `monitord simulate`, begun on the weekdays in turn, without gaps and maintenance. One channel,
the machine's next in turn, is planted with one step (or another kind) of SIZE deviations of its noise, ONSET hours after the first sample, for six hours.

told:  an incident opens within 30 minutes from the first sample of the fault on, or ever while it lasts; of all faults, `open before`
       (an incident was open at that sample already, so none could open) among them.
false: incidents that open before the fault, a day.
"""
import argparse, concurrent.futures, json, os, subprocess, tempfile

SECONDS = {'s': 1, 'min': 60}


def seconds(interval):
    for unit in ('min', 's'):
        if interval.endswith(unit): return float(interval[:-len(unit)]) * SECONDS[unit]
    raise SystemExit(f'interval {interval}: 10s or 1min is meant')


def channels(binary, kind):
    """Channels of a kind of machine in which a step can be planted, from the header of a stream: all but a burner that is on or off."""
    done = subprocess.run([binary, 'simulate', '--kind', kind, '--duration', '1min', '--interval', '1min'], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    return [name.split(' [')[0] for name in done.stdout.split('\n', 1)[0].split(',')[1:] if name != 'burner']


def run(job):
    binary, config, folder, kind, channel, size, onset, seed, anomaly, interval = job
    stem = os.path.join(folder, f'{kind}-{channel}-{size}-{onset}-{seed}')
    start = f'2026-03-{15 + seed % 7:02d}T00:00:00'
    plant = f'{channel}.{anomaly}:{size:g}@{onset:g}h+6h'
    quiet = dict(stdin=subprocess.DEVNULL, capture_output=True, text=True, env={'TZ': 'UTC', 'PATH': os.environ['PATH']})
    with open(stem + '.csv', 'w') as out:
        subprocess.run([binary, 'simulate', '--kind', kind, '--seed', str(seed), '--start', start, '--interval', interval, '--duration', f'{onset + 6:g}h', '--gaps', '0', '--maintenance', 'none',
                        '--anomaly', plant], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL, check=True)
    done = subprocess.run([binary, 'replay', '--config', config, '--scores', stem + '.scores', stem + '.csv'], **quiet)
    if done.returncode != 0: raise SystemExit(f'{stem}: exit {done.returncode}\n{done.stderr[-2000:]}')
    with open(stem + '.scores') as f:
        alert = [line.rstrip('\n').rsplit(',', 1)[1] not in ('', '0') for line in f][1:]
    for suffix in ('.csv', '.scores'): os.remove(stem + suffix)
    step = seconds(interval)
    first, soon = round(onset * 3600 / step), round(1800 / step)
    opens = [here and not before for before, here in zip([False] + alert, alert)]
    behind = [i for i, o in enumerate(opens[first:]) if o]
    return dict(kind=kind, channel=channel, size=size, onset=onset, seed=seed, soon=bool(behind) and behind[0] < soon, ever=bool(behind), before=alert[first - 1],
                delay=behind[0] * step / 60 if behind else None, false=sum(opens[:first]), days=onset / 24)


def summary(results):
    share = lambda key: round(sum(r[key] for r in results) / len(results), 3)
    return dict(faults=len(results), within_30_min=share('soon'), ever=share('ever'), open_before=share('before'),
                false_a_day=round(sum(r['false'] for r in results) / sum(r['days'] for r in results), 3))


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('binary'); p.add_argument('--seed', type=int, default=1); p.add_argument('--count', type=int, default=6)
    p.add_argument('--kinds', default='pump,boiler,motor,generic'); p.add_argument('--sizes', default='10,20,40,80'); p.add_argument('--onsets', default='20,36,52,70,90,120')
    p.add_argument('--anomaly', default='step'); p.add_argument('--interval', default='1min'); p.add_argument('--config', action='append', default=[])
    p.add_argument('--jobs', type=int, default=2); p.add_argument('--json', action='store_true'); p.add_argument('--each', help='write the result of every machine there, as JSON')
    a = p.parse_args()
    binary = os.path.abspath(a.binary)
    with tempfile.TemporaryDirectory() as folder:
        config = os.path.join(folder, 'config.toml')
        with open(config, 'w') as f: f.write('false_alarms = "1000/day"\n' + ''.join(c + '\n' for c in a.config))
        jobs = []
        for kind in a.kinds.split(','):
            names = channels(binary, kind)
            for size in map(float, a.sizes.split(',')):
                for onset in map(float, a.onsets.split(',')):
                    for _ in range(a.count):
                        number = len(jobs)
                        jobs.append((binary, config, folder, kind, names[number % len(names)], size, onset, a.seed * 100_000 + number, a.anomaly, a.interval))
        with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool: results = list(pool.map(run, jobs))
    if a.each:
        with open(a.each, 'w') as f: json.dump(results, f)
    rows = [('all', summary(results))]
    for key in ('kind', 'size', 'onset'):
        rows += [(f'{key} {value}', summary([r for r in results if r[key] == value])) for value in dict.fromkeys(r[key] for r in results)]
    for name, row in rows: print(json.dumps(dict(cell=name, **row)) if a.json else f'{name:16}' + '  '.join(f'{k} {v}' for k, v in row.items()))


if __name__ == '__main__':
    main()
