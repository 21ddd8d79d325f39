#!/usr/bin/env python3
"""Writes the synthetic recordings of this folder: pump.csv, boiler.jsonl, fan.csv. Python 3.9, standard library only.

    make_samples.py [FOLDER]

The same seed gives the same bytes; README.md in this folder says what is planted and where.
"""
import datetime, json, math, os, random, sys

START = datetime.datetime(2026, 3, 2, 6, 0, 0, tzinfo=datetime.timezone.utc)


def stamp(seconds):
    """RFC 3339 UTC of a time in seconds after START."""
    return (START + datetime.timedelta(seconds=seconds)).strftime('%Y-%m-%dT%H:%M:%SZ')


class Drift:
    """Noise that remembers: an autoregressive process of order one with the given standard deviation."""

    def __init__(self, source, deviation, memory):
        self.source, self.memory, self.value = source, memory, 0.0
        self.step = deviation * math.sqrt(1 - memory * memory)

    def next(self):
        self.value = self.memory * self.value + self.source.gauss(0, self.step)
        return self.value


def pump(path, rows=3600, failure=3000):
    """A circulation pump, one row a second: load swings with a period of 4 minutes; from `failure` on a seal leaks."""
    source = random.Random(11)
    load_noise = Drift(source, 0.15, 0.95)
    heat = 58.0
    with open(path, 'w', newline='') as f:
        f.write('timestamp,temp [°C],current [A],flow [l/min],pressure [bar]\n')
        for row in range(rows):
            leak = min(max(row - failure, 0) / 120, 1.0)
            load = 1 + 0.12 * math.sin(2 * math.pi * row / 240) + 0.02 * load_noise.next()
            current = 7.4 * load * (1 + 0.35 * leak) + source.gauss(0, 0.05)
            flow = 118 * load * (1 - 0.30 * leak) + source.gauss(0, 0.8)
            pressure = 3.1 * (0.6 + 0.4 * load) * (1 - 0.22 * leak) + source.gauss(0, 0.015)
            # The housing follows the power with a time constant of a minute and a half.
            heat += (32 + 3.5 * current - heat) / 90
            f.write(f'{stamp(row)},{heat + source.gauss(0, 0.08):.2f},{current:.2f},{flow:.1f},{pressure:.3f}\n')


def boiler(path, rows=2400, step=1600, gap=2000, missing=120):
    """A boiler, one line every 10 s, burner on and off every 12 minutes; a step of the return line, then a gap of 20 minutes."""
    source = random.Random(23)
    supply, back = 64.0, 52.0
    with open(path, 'w') as f:
        for row in range(rows):
            burner = 1 if row % 72 < 40 else 0
            supply += ((74 if burner else 58) - supply) / 25 + source.gauss(0, 0.12)
            back += (supply - 12 - back) / 12 + source.gauss(0, 0.08)
            shown = back - (9 if row >= step else 0)
            if gap <= row < gap + missing:
                continue
            line = {'ts': stamp(10 * row), 'supply_C': round(supply, 2), 'return_C': round(shown, 2), 'burner': burner,
                    'gas_m3h': round(burner * 3.4 + abs(source.gauss(0, 0.02)), 3)}
            f.write(json.dumps(line, separators=(',', ':')) + '\n')


def fan(path, rows=2500, fault=2000):
    """A fan without a header: Unix seconds, speed in 1/min, vibration in mm/s; every 5 s; a bearing begins to knock at `fault`."""
    source = random.Random(37)
    speed_noise = Drift(source, 6, 0.9)
    with open(path, 'w') as f:
        for row in range(rows):
            speed = 1450 + 25 * math.sin(2 * math.pi * row / 360) + speed_noise.next()
            knock = abs(source.gauss(0, 1.6)) if row >= fault and row % 3 == 0 else 0.0
            vibration = 2.1 + 0.002 * (speed - 1450) + abs(source.gauss(0, 0.12)) + knock
            f.write(f'{int(START.timestamp()) + 5 * row};{speed:.1f};{vibration:.3f}\n')


if __name__ == '__main__':
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))
    pump(os.path.join(folder, 'pump.csv'))
    boiler(os.path.join(folder, 'boiler.jsonl'))
    fan(os.path.join(folder, 'fan.csv'))
