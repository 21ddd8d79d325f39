"""A report of `monitord replay --report FILE.html` in a real browser, opened as the file it is.

    report.py FILE.html [--screenshots DIR]

Exit code 1 and the reason when something is not as it should be. With a folder, pictures of the page at both widths, light and dark,
and the page on paper are left there.
"""

import argparse
import base64
import json
import pathlib
import re
import sys
import traceback

from browser import Browser, Failure

WIDTHS = ((1280, 900), (390, 844))
DRAWN = "[...document.querySelectorAll('svg.chart')].every((one) => one.childElementCount)"


def expect(condition, words):
    if not condition:
        raise Failure(words)


def embedded(file):
    """The document that is in the report, as a program reads it that knows nothing of the page."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', file.read_text(), re.DOTALL)
    expect(found, "there is no data in the file")
    return json.loads(found.group(1))


def clean(page, file):
    """No error, and nothing asked for but the file."""
    expect(not page.errors(), f"the console was told {page.errors()}")
    asked = [url for url in page.requests() if not url.startswith("data:")]
    expect(asked == [file.as_uri()], f"asked for {asked}")
    expect(not page.run("document.querySelector('main img, main script, main iframe, main object, main style')"), "a name became markup")


def told(record):
    """Its message as the page shows it: without the verb, and with no name that turns the direction of what follows."""
    return re.sub("[\u202a-\u202e\u2066-\u2069]", "\ufffd", re.sub(r" explain: monitord explain .*$", "", record["message"]))


def complete(page, data):
    """Each incident has its entry and its section, each series its section with a chart for each channel."""
    heading = page.run("document.querySelector('h1').textContent")
    expect(all(name in heading for name in data["made_from"][:3]), f"the heading is {heading!r}")
    sections = page.run("""Object.fromEntries([...document.querySelectorAll('section[id^=incident-]')]
        .map((one) => [one.id, one.textContent]))""")
    entries = page.run("[...document.querySelectorAll('#incidents li > .head a')].map((one) => one.getAttribute('href'))")
    ids = [f"incident-{one['messages'][0]['id']}" for one in data["incidents"]]
    expect(sorted(sections) == sorted(ids), f"sections {sorted(sections)}, incidents {sorted(ids)}")
    expect(entries == [f"#{name}" for name in ids], f"listed are {entries}, incidents {ids}")
    for name, one in zip(ids, data["incidents"]):
        unusual = [record for record in one["messages"] if record["event"] != "close"][-1:] or one["messages"]
        for record in one["messages"]:
            expect(told(record) in sections[name], f"{name} does not say {record['message']!r}")
        for part in unusual[0]["channels"]:
            expect(part["name"] in sections[name], f"{name} does not name {part['name']!r}")
        charts = page.run(f"document.querySelectorAll('#{name} svg.chart').length")
        expect((charts > 1) == bool(one["chart"] and one["chart"]["times"]), f"{name} has {charts} charts")
    names = page.run("[...document.querySelectorAll('section[id^=series-] h3')].map((one) => one.textContent)")
    expect(names == [one["name"] for one in data["series"]], f"series {names}")
    for place, one in enumerate(data["series"]):
        channels = page.run(f"[...document.querySelectorAll('#series-{place} figure')].map((one) => one.dataset.channel)")
        wanted = [part["name"] for part in one["channels"]]
        expect(sorted(channels) == sorted(wanted + ["score"]), f"series {place} has charts of {channels}")
    rows = page.run("[...document.querySelectorAll('#detectors tbody th')].map((one) => one.textContent)")
    expect(rows == [one["name"] for one in data["detectors"]], f"detectors {rows}")
    rows = page.run("[...document.querySelectorAll('#evaluation tbody th')].map((one) => one.textContent)")
    expect(rows == [one["name"] for one in (data["evaluation"] or {"rows": []})["rows"]], f"evaluation {rows}")


def narrow(page, width):
    wide = page.run("document.scrollingElement.scrollWidth")
    expect(wide <= width, f"the page is {wide} pixels wide")
    cut = page.run(f"""[...document.querySelectorAll('body *')].filter((one) => !one.closest('.hidden') && !one.closest('svg')
        && one.getBoundingClientRect().right > {width}.5).slice(0, 5).map((one) => one.outerHTML.slice(0, 160))""")
    expect(not cut, f"wider than {width} pixels: {cut}")


def reached(page, one):
    """Enter on a listed incident shows its section, and its charts are drawn by then."""
    name = f"incident-{one['messages'][0]['id']}"
    page.call("Page.bringToFront")
    page.run(f"document.querySelector('#incidents a[href=\"#{name}\"]').focus()")
    page.key("Enter", 13, "\r")
    page.wait(f"""(() => {{ const top = document.getElementById('{name}').getBoundingClientRect().top;
        const end = scrollY + innerHeight >= document.scrollingElement.scrollHeight - 2;
        return location.hash === '#{name}' && document.activeElement.id === '{name}'
            && (Math.abs(top) < 40 || end && top > 0 && top < innerHeight); }})()""")
    if one["chart"] and one["chart"]["times"]:
        page.wait(f"document.querySelector('#{name} figure svg.chart').childElementCount > 3")


def keyboard(page, data):
    """From the top, the first key offers to skip the head; the first and the last incident are reached from the list."""
    page.call("Page.bringToFront")
    page.key("Tab", 9)
    page.wait("document.activeElement.className === 'skip'")
    page.key("Enter", 13, "\r")
    page.wait("document.activeElement.id === 'main'")
    for one in data["incidents"][:1] + data["incidents"][-1:]:
        reached(page, one)


def printed(page):
    """On paper everything is open and drawn for its width, and afterwards it is as before."""
    closed = page.run("document.querySelectorAll('details:not([open])').length")
    page.run("""addEventListener('beforeprint', () => { window.atPrint = [document.querySelectorAll('details:not([open])').length,
        [...document.querySelectorAll('svg.chart')].filter((one) => !one.childElementCount).length,
        [...document.querySelectorAll('svg.chart[viewBox]')].map((one) => one.viewBox.baseVal.width)
            .filter((width) => width < 600 || width > 760).length]; }); true""")
    # Of a dark page too, paper is light.
    page.theme(True)
    answer = page.call("Page.printToPDF", printBackground=False, paperWidth=8.27, paperHeight=11.69, seconds=600)
    page.wait("window.atPrint")
    found = page.run("window.atPrint")
    expect(found == [0, 0, 0], f"at the print there were so many closed parts, empty charts, charts of another width: {found}")
    page.wait(f"document.querySelectorAll('details:not([open])').length === {closed}")
    return base64.b64decode(answer["data"])


def check(file, pictures):
    data = embedded(file)
    with Browser() as browser:
        for width, height in WIDTHS:
            page = browser.open(file.as_uri(), width, height)
            page.wait("document.querySelector('#detectors h2')", seconds=60)
            complete(page, data)
            keyboard(page, data)
            for dark in (False, True):
                page.theme(dark)
                narrow(page, width)
                back = page.run("getComputedStyle(document.body).backgroundColor")
                expect((sum(map(int, back[4:-1].split(","))) < 200) == dark, f"the background is {back}")
            paper = printed(page)
            page.run("for (const one of document.querySelectorAll('details')) one.open = true")
            narrow(page, width)
            clean(page, file)
            if pictures:
                (pictures / f"{width}.pdf").write_bytes(paper)
                picture(browser, file, width, pictures)


def picture(browser, file, width, pictures):
    for dark in (False, True):
        # So high that all that is shown is near enough to be drawn.
        page = browser.open(file.as_uri(), width, 5200, dark)
        page.wait(f"document.querySelector('#detectors h2') && ({DRAWN} || performance.now() > 3000)")
        (pictures / f"{width}-{'dark' if dark else 'light'}.png").write_bytes(page.picture(5200))


def main():
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("file", type=pathlib.Path)
    reader.add_argument("--screenshots", type=pathlib.Path)
    options = reader.parse_args()
    if options.screenshots:
        options.screenshots.mkdir(parents=True, exist_ok=True)
    try:
        check(options.file.resolve(), options.screenshots)
        print("report: holds")
    except Exception as error:
        print(f"report: {error if isinstance(error, Failure) else traceback.format_exc()}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
