#!/usr/bin/env python3
"""Budget honesty of a fleet: incidents that monitord opens on simulated machines without a fault, against what its budget allows.

    budget.py BINARY [--kinds pump,boiler,motor,generic] [--series N] [--days N] [--interval 5min] [--budgets 1/day,1/week,1/month] [--start DATE] [--seed N] [--daemon] [--jobs 1] [--json]

`monitord simulate` (day, week, drift, gaps, maintenance every 14 days, no anomaly) is piped to `monitord replay`. Expected is series x days x budget.
Realised are the openings of all series: an incident of several series counts once for each. Events and states count together, and so do stuck
channels, which have a bucket of their own of the same rate, and series that stall in a gap; `by` tells them apart (an incident of several series by its first). What opens while a machine is off for maintenance or in the 60
samples behind it is a true change: `maintenance` counts it, the other figures leave it out. The daemon's own budget is out of reach (1/s); with --daemon
it is 1/day, the series keep their default, and incidents are counted as told, maintenance included.
"""
import argparse, collections, concurrent.futures, datetime, json, os, subprocess, tempfile

KINDS = ['pump', 'boiler', 'motor', 'generic']
DAY = 86400.
SECONDS = {'day': DAY, 'week': 7 * DAY, 'month': 30 * DAY}
AGES = {'first day': (0, 1), 'first week': (1, 7), 'later': (7, 1e9)}
UNIT = {'s': 1, 'min': 60, 'h': 3600}


def seconds(text):
    number = text.rstrip('abcdefghijklmnopqrstuvwxyz')
    return float(number) * UNIT[text[len(number):]]


def instant(text):
    return datetime.datetime.fromisoformat(text.replace('Z', '+00:00')).timestamp()


def openings(alerts):
    """The openings of an alert file as (time, kind, series, by state). A series may join until the last record of its incident names it."""
    found = {}
    with open(alerts) as f:
        for line in f:
            r = json.loads(line)
            if r['kind'] == 'budget': continue
            if r['event'] == 'open': found[r['id']] = [instant(r['time']), r['kind'], [r['series']], r['kind'] == 'anomaly' and r['score'] < r['threshold']]
            if r.get('all_series') and r['id'] in found: found[r['id']][2] = r['all_series']
    return list(found.values())


def fleet(binary, kind, series, days, interval, seed, budget, daemon, first):
    """Simulates and replays one fleet; returns its figures."""
    with tempfile.TemporaryDirectory() as folder:
        config, labels, alerts = (os.path.join(folder, n) for n in ('config.toml', 'labels.csv', 'alerts.jsonl'))
        with open(config, 'w') as f:
            f.write(f'false_alarms = "{"1/day" if daemon else "1/s"}"\nmax_memory = "4GiB"\n')
            if budget: f.write(f'[defaults]\nfalse_alarms = "{budget}"\n')
        simulate = [binary, 'simulate', '--kind', kind, '--series', str(series), '--duration', f'{days}d', '--interval', interval,
                    '--seed', str(seed), '--time', 'epoch', '--start', first + 'T00:00:00Z', '--labels', labels]
        environment = {'TZ': 'UTC', 'PATH': os.environ['PATH']}
        source = subprocess.Popen(simulate, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
        done = subprocess.run([binary, 'replay', '--config', config, '--alerts', alerts, '--json', '-'], stdin=source.stdout, capture_output=True, text=True, env=environment)
        source.stdout.close()
        if source.wait() != 0 or done.returncode != 0: raise SystemExit(f'{" ".join(simulate)}: exit {source.returncode}, replay: exit {done.returncode}\n{done.stderr[-2000:]}')
        report = json.loads(done.stdout)
        begin, behind = instant(first + 'T00:00:00Z'), 60 * seconds(interval)
        off = collections.defaultdict(list)
        with open(labels) as f:
            for line in list(f)[1:]:
                name, _, _, _, start, end = line.strip().split(',')
                off[name].append((instant(start), instant(end) + behind))
        found = openings(alerts)
    if daemon:
        expected = days
        return dict(kind=kind, budget='daemon 1/day', series=series, days=days, interval=interval, start=first, seed=seed, expected=expected, opened=len(found), ratio=round(len(found) / expected, 3),
                    held_back=report['held_back'], last_week=sum(t - begin >= (days - 7) * DAY for t, _, _, _ in found), samples=report['samples'])
    rate = 1 / SECONDS[budget.split('/')[1]] * float(budget.split('/')[0]) * DAY
    count, ages, maintenance = collections.Counter(), collections.Counter(), 0
    for time, what, members, by_state in found:
        for name in members:
            if any(a <= time <= b for a, b in off[name]):
                maintenance += 1
                continue
            count['state' if by_state else 'event' if what == 'anomaly' else what] += 1
            age = (time - begin) / DAY
            ages[next(k for k, (a, b) in AGES.items() if a <= age < b)] += 1
    expected = {k: series * max(0., min(days, b) - a) * rate for k, (a, b) in AGES.items()}
    return dict(kind=kind, budget=budget, series=series, days=days, interval=interval, start=first, seed=seed, expected=round(series * days * rate, 1), opened=sum(ages.values()),
                ratio=round(sum(ages.values()) / (series * days * rate), 3), expected_by_age={k: round(v, 1) for k, v in expected.items()}, opened_by_age={k: ages[k] for k in AGES},
                by={k: count[k] for k in sorted(count)}, maintenance=maintenance, samples=report['samples'])


def total(rows):
    """All kinds of machines of one budget together."""
    sum_of = lambda key: {k: round(sum(r[key].get(k, 0) for r in rows), 1) for k in sorted({k for r in rows for k in r[key]}, key=lambda k: list(AGES).index(k) if k in AGES else 0)}
    expected, opened = sum(r['expected'] for r in rows), sum(r['opened'] for r in rows)
    out = dict(rows[0], kind='all', series=sum(r['series'] for r in rows), expected=round(expected, 1), opened=opened, ratio=round(opened / expected, 3), samples=sum(r['samples'] for r in rows))
    for key in ('expected_by_age', 'opened_by_age', 'by'):
        if key in out: out[key] = sum_of(key)
    for key in ('maintenance', 'held_back', 'last_week'):
        if key in out: out[key] = sum(r[key] for r in rows)
    return out


def table(rows):
    """The same as a Markdown table."""
    if 'held_back' in rows[0]:
        print('| machine | series | expected | opened | realised / expected | last week alone, expected 7 | held back |\n|---|---:|---:|---:|---:|---:|---:|')
        for r in rows: print(f'| {r["kind"]} | {r["series"]} | {r["expected"]:.0f} | {r["opened"]} | {r["ratio"]:.2f} | {r["last_week"]} | {r["held_back"]} |')
        return
    print('| machine | budget | expected | opened | realised / expected | ' + ' | '.join(AGES) + ' | events / states / stuck / stalled | in maintenance |\n|---|---|---:|---:|---:|' + '---:|' * len(AGES) + '---|---:|')
    for r in rows:
        ages = ' | '.join(f'{r["opened_by_age"][k] / r["expected_by_age"][k]:.2f}' if r['expected_by_age'][k] else '–' for k in AGES)
        other = sum(v for k, v in r['by'].items() if k not in ('event', 'state', 'stuck'))
        print(f'| {r["kind"]} | {r["budget"]} | {r["expected"]:.0f} | {r["opened"]} | {r["ratio"]:.2f} | {ages} | {r["by"].get("event", 0)} / {r["by"].get("state", 0)} / {r["by"].get("stuck", 0)} / {other} | {r["maintenance"]} |')


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('binary'); p.add_argument('--kinds', default=','.join(KINDS)); p.add_argument('--series', type=int, default=100); p.add_argument('--days', type=int, default=30)
    p.add_argument('--interval', default='5min'); p.add_argument('--budgets', default='1/day,1/week,1/month'); p.add_argument('--seed', type=int, default=1)
    p.add_argument('--start', default='2026-03-15', help='first day; a Sunday, so that the first working day comes when a series is a day old')
    p.add_argument('--daemon', action='store_true'); p.add_argument('--jobs', type=int, default=1); p.add_argument('--json', action='store_true')
    a = p.parse_args()
    budgets = [None] if a.daemon else a.budgets.split(',')
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        futures = {b: [pool.submit(fleet, os.path.abspath(a.binary), k, a.series, a.days, a.interval, a.seed, b, a.daemon, a.start) for k in a.kinds.split(',')] for b in budgets}
        rows = []
        for b in budgets:
            part = [f.result() for f in futures[b]]
            rows += part + ([total(part)] if len(part) > 1 else [])
    if a.json:
        for r in rows: print(json.dumps(r))
    else:
        table(rows)


if __name__ == '__main__':
    main()
