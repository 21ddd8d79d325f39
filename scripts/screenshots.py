#!/usr/bin/env python3
"""screenshots.py BINARY [FOLDER]

Makes the pictures of docs/status-page.md: a real monitord watches four pumps made of the demo's, one of which gets a fault, and
Chromium takes pictures of its page. FOLDER is docs/images when none is named. Python's own library and Chromium are all it needs.
"""

import collections
import datetime
import pathlib
import struct
import sys
import zlib

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "Tests/Page"))

from browser import Browser  # noqa: E402
from watched import Watched  # noqa: E402

MOST_BYTES = 150_000
TICKS = 3400
FAULT = 3300
# Of each pump: the row it begins with, and the tick at which it is switched on.
PUMPS = {"pump-1": (0, 0), "pump-2": (900, 0), "pump-3": (1800, 0), "pump-4": (400, FAULT - 120)}
# The last tick before the fault is now.
BEGIN = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) - datetime.timedelta(seconds=FAULT)


def lines(ticks):
    """The samples of all pumps at some ticks."""
    rows = (ROOT / "samples/pump.csv").read_text().splitlines()
    found = ["timestamp,series," + rows[0].split(",", 1)[1]] if ticks.start == 0 else []
    for tick in ticks:
        for name, (first, begin) in PUMPS.items():
            if tick < begin:
                continue
            # The recording's own fault is in its last ten minutes, which are left out; it goes there and back, without a jump.
            place = (first + tick) % 5800
            cells = rows[1:][place if place < 2900 else 5799 - place].split(",")
            if name == "pump-2" and tick >= FAULT and cells[4]:
                # A valve closes within some seconds.
                cells[4] = f"{float(cells[4]) * max(0.7, 1 - 0.04 * (tick - FAULT)):.3f}"
            time = (BEGIN + datetime.timedelta(seconds=tick)).strftime("%Y-%m-%dT%H:%M:%SZ")
            found.append(",".join([time, name] + cells[1:]))
    return found


def small(png):
    """The same picture with a palette of 256 colours, which is a third of the size."""
    place, packed = 8, b""
    while place < len(png):
        length, kind = struct.unpack(">I4s", png[place:place + 8])
        part = png[place + 8:place + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colours = struct.unpack(">IIBB", part[:10])
        elif kind == b"IDAT":
            packed += part
        place += 12 + length
    size = {2: 3, 6: 4}[colours]
    assert depth == 8
    raw, stride = zlib.decompress(packed), width * size
    line, counts, picture = bytearray(stride), collections.Counter(), []
    for y in range(height):
        kind, data = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride if kind else 0):
            left, above = data[i - size] if i >= size else 0, line[i]
            corner = line[i - size] if i >= size else 0
            if kind == 1:
                guess = left
            elif kind == 2:
                guess = above
            elif kind == 3:
                guess = (left + above) // 2
            else:
                guess = min((abs(above - corner), 0, left), (abs(left - corner), 1, above),
                            (abs(left + above - 2 * corner), 2, corner))[2]
            data[i] = (data[i] + guess) & 255
        line = data
        pixels = list(zip(data[0::size], data[1::size], data[2::size]))
        counts.update(pixels)
        picture.append(pixels)
    def apart(one, other):
        return sum((a - b) ** 2 for a, b in zip(one, other))

    # The most frequent ones, and of the others those that are farthest from all of them: a small dot keeps its colour.
    palette = [colour for colour, _ in counts.most_common(200)]
    rest = {colour: min(apart(colour, known) for known in palette) for colour in counts if colour not in set(palette)}
    while rest and len(palette) < 256:
        palette.append(max(rest, key=rest.get))
        rest = {colour: min(least, apart(colour, palette[-1])) for colour, least in rest.items() if colour != palette[-1]}
    index = {colour: number for number, colour in enumerate(palette)}

    def nearest(colour):
        if colour not in index:
            index[colour] = min(range(len(palette)), key=lambda n: apart(palette[n], colour))
        return index[colour]

    data = b"".join(b"\0" + bytes(nearest(pixel) for pixel in pixels) for pixels in picture)

    def chunk(kind, part):
        return struct.pack(">I", len(part)) + kind + part + struct.pack(">I", zlib.crc32(kind + part))

    return (png[:8] + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
            + chunk(b"PLTE", b"".join(bytes(colour) for colour in palette)) + chunk(b"IDAT", zlib.compress(data, 9))
            + chunk(b"IEND", b""))


def main():
    binary = sys.argv[1]
    folder = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else ROOT / "docs/images")
    folder.mkdir(parents=True, exist_ok=True)
    with Watched(binary) as watched, Browser() as browser:
        def feed(ticks):
            watched.feed(lines(ticks))
            # Read is not yet scored.
            last = lines(ticks)[-1].split(",")[0]
            watched.wait(lambda: watched.status()["streams"][0]["last_sample"] == last, "the last sample", 120)

        def opening():
            return next((a for a in watched.alerts() if a["series"] == "pump-2" and a["event"] == "open"), None)

        feed(range(0, FAULT))
        tick = FAULT
        while tick < TICKS and not opening():
            feed(range(tick, tick + 5))
            tick += 5
        feed(range(tick, tick + 20))
        alert = watched.wait(opening, "the incident")
        views = {
            "overview": ("#/", "document.querySelectorAll('.spark path:not(.limit)').length === 3"),
            "series": ("#/series?series=pump-2", "document.querySelectorAll('path.band').length >= 4"),
            "incident": (f"#/incident/{alert['id']}", "document.querySelector('#around path.band')"),
        }
        for name, width, dark in [
                (name, width, False) for name in views for width in (1280, 390)] + [("overview", 1280, True), ("overview", 390, True)]:
            view, sign = views[name]
            page = browser.open(watched.address + view, width=width, height=844, dark=dark)
            page.wait(sign)
            page.wait("document.querySelector('.link.live') && !document.querySelector('.is-new')")
            # Where charts below would make it endless the picture ends.
            picture = small(page.picture(most=1700))
            path = folder / f"{name}-{width}{'-dark' if dark else ''}.png"
            path.write_bytes(picture)
            print(f"{path}: {len(picture)} bytes")
            if len(picture) >= MOST_BYTES:
                sys.exit(f"{path} has {len(picture)} bytes, more than {MOST_BYTES}")


if __name__ == "__main__":
    main()
