"""How many workers a group needs, what a rebalance costs, and where the design ends: a simulation with measured costs.

    python3 Benchmarks/sizing.py [--cost MICROSECONDS] [--memory BYTES] [--snapshot BYTES] [--cores N] ...

A point is a sample of a series with one channel. Series are dealt to partitions by a hash and partitions to workers as evenly as they come, many times over. A group is large
enough when its busiest worker stays below `--busy`, and below 95 % with one worker dead. Then workers die at random for a year:
each death is noticed after the session's time-out, its partitions are restored by the others, and what came meanwhile, and since
the last snapshot, is scored beside what comes.
"""
import argparse
import random

parser = argparse.ArgumentParser()
for name, value, meaning in [
        ("cost", 4.5, "processor time of a point in microseconds, decoding, scoring and learning"),
        ("memory", 11500, "resident bytes of a series"),
        ("snapshot", 1570, "bytes of a series in a snapshot"),
        ("restore", 1.9e6, "bytes of snapshots that a worker reads and restores in a second, one partition after another"),
        ("cores", 2, "cores of a worker"), ("efficiency", .8, "of its cores that it can use at once"),
        ("ram", 4e9, "bytes of memory of a worker"), ("busy", .6, "how busy the busiest worker may be"),
        ("session", 45, "seconds until a death is noticed"), ("every", 300, "seconds between snapshots"),
        ("deaths", 12, "deaths of each worker in a year"), ("draws", 50, "times that series are dealt")]:
    parser.add_argument("--" + name, type=type(value), default=value, help=f"{meaning} ({value})")
options = parser.parse_args()
CAPACITY = options.cores * options.efficiency * 1e6 / options.cost


def loads(series, partitions, workers, rng):
    """Series of each worker: dealt to partitions, those to workers."""
    # Of many series the partitions' sizes are normal to a good approximation of the binomial.
    mean = series / partitions
    spread = (mean * (1 - 1 / partitions)) ** .5
    sizes = [max(0, rng.gauss(mean, spread)) for _ in range(partitions)]
    return [sum(sizes[worker::workers]) for worker in range(workers)]


def fits(series, rate, partitions, workers, rng):
    worst = max(max(loads(series, partitions, workers, rng)) for _ in range(options.draws))
    # One dead: its partitions go to the others, a whole one at a time.
    less = max(1, workers - 1)
    crowded = max(max(loads(series, partitions, less, rng)) for _ in range(options.draws)) if workers > 1 else worst
    return (worst * rate <= options.busy * CAPACITY and crowded * rate <= .95 * CAPACITY
            and crowded * options.memory <= .8 * options.ram)


def workers_needed(series, rate, partitions, rng):
    low = 1
    while low <= partitions and not fits(series, rate, partitions, low, rng):
        low = low + 1 if low < 16 else int(low * 1.1)
    return low if low <= partitions else None


def death(series, rate, workers, partitions, rng):
    """Seconds until nobody is behind after a worker's death, and bytes read by those who take over."""
    per_worker = max(loads(series, partitions, workers, rng))
    moved = per_worker * options.snapshot
    heir = per_worker * (1 + 1 / max(1, workers - 1))
    restoring = moved / max(1, workers - 1) / options.restore
    # Of the moved series: what came since the snapshot (half its period on average), until the notice, while it is restored.
    since = rng.uniform(0, options.every)
    backlog = per_worker / max(1, workers - 1) * rate * (since + options.session + restoring)
    spare = CAPACITY - heir * rate
    catching_up = backlog / spare if spare > 0 else float("inf")
    return options.session + restoring + catching_up, moved


def number(value):
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


rng = random.Random(1)
print(f"a worker: {options.cores} cores, {CAPACITY:,.0f} points/s at most; {options.cost} us a point, "
      f"{options.memory:,} B a series, {options.snapshot:,} B of it in a snapshot\n")
print("| series | points a second | partitions | workers | busiest | memory each | snapshots a day | behind after a death (worst) | moved |")
print("|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
for series, rate, partitions in [
        (2_000, 1, 12), (10_000, 1, 12), (10_000, 10, 24), (50_000, 1, 48), (100_000, 1, 48), (100_000, 10, 96), (1_000_000, .1, 96),
        (1_000_000, 1, 192), (1_000_000, 10, 384), (1_000_000, 10, 1_000), (10_000_000, 1, 1_000)]:
    found = workers_needed(series, rate, partitions, rng)
    label = f"| {number(series)} | {number(series * rate)} | {partitions} |"
    if found is None:
        print(f"{label} none: a partition is the smallest part | | | | | |")
        continue
    busiest = max(max(loads(series, partitions, found, rng)) for _ in range(options.draws))
    memory = busiest * options.memory
    written = series * options.snapshot * 86_400 / options.every
    if found == 1:
        ending = "- | -"
    else:
        deaths = [death(series, rate, found, partitions, rng) for _ in range(max(1, int(options.deaths * found)))]
        ending = f"{max(d[0] for d in deaths):,.0f} s | {number(max(d[1] for d in deaths))}B"
    print(f"{label} {found} | {busiest * rate / CAPACITY:.0%} | {number(memory)}B | {number(written)}B | {ending} |")
