"""The status page in a real browser, of a real monitord that is fed live.

    page.py BINARY CHECK

CHECK is the name of one of the functions below that have a docstring, or nothing for all. Exit code 1 and the reason when one fails.
Nothing here waits for a time to pass: each wait is for a condition, with a deadline.
"""

import sys
import traceback

from browser import Browser, Failure
from watched import Watched, instant, pump

# The first incident of the demo's pump begins after so many samples.
QUIET = 3000
OPEN = "document.querySelector('#open [data-open]')"


def expect(condition, words):
    if not condition:
        raise Failure(words)


def clean(page, address):
    """Neither errors nor anything asked for elsewhere."""
    expect(not page.errors(), f"the console was told {page.errors()}")
    elsewhere = [url for url in page.requests() if not url.startswith((address, "data:"))]
    expect(not elsewhere and len(page.requests()) > 4, f"asked for elsewhere: {elsewhere}")


def loads(binary):
    """The page loads without an error and asks for nothing elsewhere."""
    with Watched(binary) as watched, Browser() as browser:
        page = browser.open(watched.address)
        page.wait("document.querySelector('.link.live')")
        page.wait("/no series yet/.test(document.getElementById('series').innerText)")
        watched.feed(pump(slice(None, 600)))
        # The row comes by itself, with its picture and its learning.
        page.wait("document.querySelector('li[data-series=input] .spark path:not(.limit)')")
        page.wait("/learning|normal/.test(document.querySelector('li[data-series=input] .how').innerText)")
        page.wait("/score [0-9.]+ of [0-9.]+/.test(document.querySelector('li[data-series=input]').innerText.replace(/\\s+/g, ' '))")
        page.wait("document.querySelector('#tile-series b').innerText === '1'")
        # A search finds, and does not find.
        page.run("document.querySelector('input[type=search]').focus()")
        page.call("Input.insertText", text="nothing")
        page.wait("/no series has this/.test(document.getElementById('series').innerText)")
        page.run("document.querySelector('input[type=search]').select()")
        page.call("Input.insertText", text="INP")
        page.wait("document.querySelector('li[data-series=input]')")
        clean(page, watched.address)


def incident_appears(binary):
    """An incident is on the page within two seconds of its alert, is read out, and goes when it is over."""
    with Watched(binary) as watched, Browser() as browser:
        watched.feed(pump(slice(None, QUIET)))
        page = browser.open(watched.address)
        page.wait("document.querySelector('.link.live') && /None/.test(document.getElementById('open').innerText)")
        page.run(f"""new MutationObserver(() => {{ if (!window.appeared && {OPEN}) window.appeared = Date.now() / 1000; }})
            .observe(document.body, {{ subtree: true, childList: true }}); true""")
        watched.feed(pump(slice(QUIET, QUIET + 30)))
        alert = watched.wait(watched.alerts, "an alert")[0]
        appeared = page.wait("window.appeared")
        late = appeared - instant(alert["emitted"])
        print(f"on the page {late * 1000:.0f} ms after the alert was written")
        expect(late < 2, f"the incident was on the page {late:.2f} s after its alert was written")
        expect(page.run(f"{OPEN}.dataset.id") == alert["id"], "it is another incident")
        page.wait("document.getElementById('news').innerText.startsWith('New incident')")
        page.wait("document.title.startsWith('(1)')")
        watched.feed(pump(slice(QUIET + 30, QUIET + 200)))
        watched.wait(lambda: watched.alerts()[-1]["event"] == "close", "the closing")
        page.wait(f"!{OPEN} && document.querySelector('#past [data-id]')")
        clean(page, watched.address)


def series_view(binary):
    """A series shows its values with the band, the score against the threshold and its incidents, and goes on by itself."""
    with Watched(binary) as watched, Browser() as browser:
        watched.feed(pump(slice(None, QUIET + 120)))
        watched.wait(watched.alerts, "an alert")
        page = browser.open(watched.address)
        page.wait("document.querySelector('li[data-series=input] a')")
        page.run("document.querySelector('li[data-series=input] a').click()")
        for channel in ("temp", "current", "flow", "pressure"):
            figure = f"document.querySelector('figure[data-channel={channel}]')"
            # A band is an area: a closed path around many points.
            page.wait(f"/Z$/.test({figure}.querySelector('path.band').getAttribute('d'))")
            points = page.run(f"{figure}.querySelector('path.value').getAttribute('d').split(/[ML]/).length")
            expect(points > 500, f"{channel} has {points} points")
        # The value is within its box and the band around the most of it.
        page.wait("document.querySelector('figure[data-channel=score] path.limit')")
        page.wait("document.querySelector('figure[data-channel=pressure] .mark')")
        page.wait("/bar, expected/.test(document.querySelector('figure[data-channel=pressure] .reading').innerText)")
        before = page.run("document.querySelector('figure[data-channel=temp] .reading').innerText")
        watched.feed(pump(slice(QUIET + 120, QUIET + 140)))
        page.wait(f"document.querySelector('figure[data-channel=temp] .reading').innerText !== {before!r}")
        page.wait("document.querySelector('figure[data-channel=temp] .reading').innerText.startsWith('06:52:19')")
        # By keyboard, a sample back.
        page.run("document.querySelector('figure[data-channel=temp] .chart').focus()")
        page.key("ArrowLeft", 37)
        page.wait("document.querySelector('figure[data-channel=temp] .reading').innerText.startsWith('06:52:18')")
        page.run("[...document.querySelectorAll('button')].find((one) => one.innerText === '2000 samples').click()")
        page.wait("document.querySelector('figure[data-channel=temp] path.value').getAttribute('d').split(/[ML]/).length > 1900")
        clean(page, watched.address)


def explains(binary):
    """An incident's page says what, since when, how rare, which channels and detectors, and what is not known."""
    with Watched(binary) as watched, Browser() as browser:
        watched.feed(pump(slice(None, QUIET + 120)))
        alert = watched.wait(watched.alerts, "an alert")[0]
        page = browser.open(f"{watched.address}#/incident/{alert['id'][:6]}")
        page.wait("document.querySelector('#channels')")
        text = " ".join(page.run("document.querySelector('main').innerText").split())
        pressure = alert["channels"][0]
        for words in (
                pressure["name"], "2.882", "2.911", "2.758 to 3.069", "64 %", "2026-03-02 06:50:24", "correlation", "1 in",
                "against a threshold of 5.78", "How rare", "What is not known", "Look at the channels named", alert["id"]):
            expect(words in text, f"{words!r} is not in: {text}")
        expect(page.run("document.querySelectorAll('#channels tbody tr').length") == 4, "not every channel is there")
        page.wait("document.querySelector('#around path.band') && document.querySelector('#around .mark')")
        clean(page, watched.address)


def acts(binary):
    """A button acts with the token; without it, or with another, nothing is done."""
    with Watched(binary) as watched, Browser() as browser:
        watched.feed(pump(slice(None, QUIET)))
        watched.feed(pump(slice(QUIET, QUIET + 40), pressure=1.5))
        alert = watched.wait(watched.alerts, "an alert")[0]
        page = browser.open(f"{watched.address}#/incident/{alert['id']}")
        button = "[...document.querySelectorAll('button')].find((one) => /^Accept/.test(one.innerText))"
        page.wait(button)
        path = f"/api/v1/incidents/{alert['id']}/accept"
        for headers in ("{}", "{ 'X-Monitord-Token': '00000000000000000000000000000000' }"):
            refused = page.run(f"fetch('{path}', {{ method: 'POST', headers: {headers} }}).then((a) => a.status)")
            expect(refused == 403, f"without the token it is answered {refused}")
        # The refusals above are in the console, as they should be.
        known = len(page.errors())
        page.run(f"{button}.click()")
        page.wait("document.querySelector('.answer.done')?.innerText.startsWith('accepted')")
        watched.feed(pump(slice(QUIET + 40, QUIET + 140), pressure=1.5))
        closing = watched.wait(
            lambda: next((a for a in watched.alerts() if a["id"] == alert["id"] and a["event"] == "close"), None), "its end")
        expect("accepted" in closing["message"], closing["message"])
        page.wait(f"!({button}) && /over/.test(document.querySelector('h1 + p').innerText)")
        # A second time there is nothing to accept: the answer's own words are shown.
        status = page.run(f"""fetch('{path}', {{ method: 'POST', headers:
            {{ 'X-Monitord-Token': document.querySelector('meta[name=monitord-token]').content }} }}).then((a) => a.status)""")
        expect(status == 404, f"an incident that is over is answered {status}")
        expect(len(page.errors()) == known + 1, f"{page.errors()}")


def answers(binary):
    """An incident is judged and its series silenced by the buttons, and the silence is listed and ended."""
    with Watched(binary) as watched, Browser() as browser:
        watched.feed(pump(slice(None, QUIET)))
        watched.feed(pump(slice(QUIET, QUIET + 40), pressure=1.5))
        alert = watched.wait(watched.alerts, "an alert")[0]
        page = browser.open(f"{watched.address}#/incident/{alert['id']}")
        for words, answer in (("Real alarm", "noted: it was real"), ("Silence for 1 hour", "silenced for 1 hour")):
            button = f"[...document.querySelectorAll('button')].find((one) => one.innerText === {words!r})"
            page.wait(button)
            page.run(f"{button}.click()")
            page.wait(f"document.querySelector('.answer.done')?.innerText.startsWith({answer!r})")
        page.go("#/silences")
        page.wait("document.querySelector('main li .head')?.innerText.includes('until 2026-03-02 07:50')")
        expect([one["series"] for one in watched.ask("api/v1/silences")] == ["input"], "it is not silenced")
        page.run("[...document.querySelectorAll('button')].find((one) => /^End/.test(one.innerText)).click()")
        page.wait("/Nothing is silenced/.test(document.querySelector('main').innerText)")
        expect(watched.ask("api/v1/silences") == [], "it is silenced still")
        clean(page, watched.address)


def phone(binary):
    """At 390 pixels nothing is wider than the page, light or dark, and what is there can be reached by the keyboard."""
    with Watched(binary) as watched, Browser() as browser:
        watched.feed(pump(slice(None, QUIET + 30)))
        alert = watched.wait(watched.alerts, "an alert")[0]
        page = browser.open(watched.address, width=390, height=844)
        for dark in (False, True):
            page.theme(dark)
            for view, sign in (
                    ("#/", "li[data-series=input] .spark path"), ("#/series?series=input&stream=input", "path.band"),
                    (f"#/incident/{alert['id']}", "#around path.band")):
                page.go(view)
                page.wait(f"document.querySelector({sign!r})")
                wide = page.run("document.scrollingElement.scrollWidth")
                expect(wide <= 390, f"{view} is {wide} pixels wide")
                cut = page.run("""[...document.querySelectorAll('main *')].filter((one) => !one.closest('.hidden') && !one.closest('svg')
                    && one.getBoundingClientRect().right > 390.5).map((one) => one.outerHTML.slice(0, 120))""")
                expect(not cut, f"{view}: {cut}")
            back = page.run("getComputedStyle(document.body).backgroundColor")
            expect((sum(map(int, back[4:-1].split(","))) < 200) == dark, f"the background is {back}")
        page.go("#/")
        page.wait("document.querySelector('li[data-series=input] a')")
        # The first key goes to the link that skips the head, and it does.
        page.call("Page.reload")
        page.call("Page.bringToFront")
        page.wait("performance.now() < 20000 && document.querySelector('li[data-series=input] a')")
        page.key("Tab", 9)
        page.wait("document.activeElement.className === 'skip'")
        page.wait("getComputedStyle(document.activeElement).outlineStyle !== 'none'")
        page.key("Enter", 13, "\r")
        page.wait("document.activeElement.id === 'main'")
        reached = set()
        for _ in range(8):
            page.key("Tab", 9)
            reached.add(page.run("document.activeElement.tagName + ' ' + (document.activeElement.getAttribute('href') || document.activeElement.type)"))
        expect("INPUT search" in reached and "A #/series?series=input&stream=input" in reached, f"reached {reached}")
        clean(page, watched.address)


def hostile(binary):
    """Names that are markup are shown as what they are."""
    name = "<img src=x onerror=alert(1)>&amp;%2e%2e"
    with Watched(binary) as watched, Browser() as browser:
        watched.feed(["time,series,<b>v</b>"] + [f"{1772000000 + i},{name},{i % 7}" for i in range(400)])
        page = browser.open(watched.address)
        page.wait(f"[...document.querySelectorAll('li[data-series] a')].some((one) => one.innerText === {name!r})")
        page.run("document.querySelector('li[data-series] a').click()")
        page.wait(f"document.querySelector('h1').innerText === {name!r} && document.querySelector('path.value')")
        expect(not page.run("document.querySelector('main img, main b b')"), "a name became markup")
        clean(page, watched.address)


CHECKS = {check.__name__: check for check in (loads, incident_appears, series_view, explains, acts, answers, phone, hostile)}


def main():
    binary, names = sys.argv[1], sys.argv[2:] or list(CHECKS)
    failed = False
    for name in names:
        try:
            CHECKS[name](binary)
            print(f"{name}: holds")
        except Exception as error:
            failed = True
            print(f"{name}: {error if isinstance(error, Failure) else traceback.format_exc()}", file=sys.stderr)
    sys.exit(failed)


if __name__ == "__main__":
    main()
