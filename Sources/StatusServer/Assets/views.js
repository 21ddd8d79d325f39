// The pages: each makes its elements once and then changes what has changed, so that focus and scrolling stay where they are.

import { chart, digits, spark } from "/chart.js";
import { advice, beside, capital, channelTable, chip, detectorTable, duration, evidenceTables, facts, figure, h, hundredths, itself, keys, messages, moment, percent, spoken, unknowns, valueKeys } from "/elements.js";

/** A query; a blank is %20 here, and never a plus sign. */
const query = (values) => "?" + Object.entries(values).filter(([, value]) => value !== undefined).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");

export const seriesLink = (series, stream) => "#/series" + query({ series, stream });

function chips(one) {
  const found = [];
  if (one.alerting) found.push(chip("critical", "incident"));
  else if (one.abnormal) found.push(chip("warning", "abnormal"));
  if (one.awaits_acceptance) found.push(chip("warning", "new level"));
  if (one.silenced) found.push(chip("over", "silenced"));
  if (one.learning) found.push(chip("learning", `learning ${percent(one.learning_progress)}`));
  if (!found.length) found.push(chip("good", "normal"));
  return found.flatMap((one, i) => i ? [" ", one] : [one]);
}

/** Buttons that act, and a line that says what came of it. */
function actions(app, list) {
  const answer = h("p", { class: "answer", role: "status" });
  const buttons = list.map(([text, act, done, title]) => h("button", {
    type: "button", title, onclick: async (event) => {
      const button = event.currentTarget;
      button.disabled = true;
      answer.className = "answer";
      answer.textContent = "…";
      const problem = await act();
      answer.className = problem ? "answer failed" : "answer done";
      answer.textContent = problem || done;
      button.disabled = false;
      app.refresh();
    },
  }, text));
  return h("div", {}, h("div", { class: "buttons" }, buttons), answer);
}

function silenceActions(app, name) {
  const ask = (seconds) => () => app.post("/api/v1/silences", JSON.stringify({ ...name, seconds }));
  return [
    ["Silence for 1 hour", ask(3600), "silenced for 1 hour; learning goes on", `no alerts of ${name.series} for an hour`],
    ["Silence for 1 day", ask(86400), "silenced for 1 day; learning goes on", `no alerts of ${name.series} for a day`],
  ];
}

// MARK: Incidents in lists

function incidentItem(app, incident) {
  const { last, first, names } = incident;
  const isOpen = app.isOpen(incident);
  const title = `${itself(last)} of ${names.length > 3 ? `${names.length} series` : names.join(", ")}`;
  const text = h("p", {}, spoken(isOpen ? incident.told : last));
  return h("li", { class: `card incident ${isOpen ? `is-${incident.worst}` : "is-over"} ${app.isFresh(incident) ? "is-new" : ""}`, "data-id": incident.id, "data-open": isOpen },
    h("div", { class: "head" },
      isOpen ? chip(incident.worst, incident.worst) : chip("over", "over"),
      h("a", { href: `#/incident/${incident.id}` }, title),
      h("span", { class: "when" }, "since ", moment(first.since), last.until ? [" until ", moment(last.until, first.since)] : "")),
    isOpen ? text : null);
}

function fill(list, items, nothing) {
  if (list.contains(document.activeElement) && list.childElementCount === items.length
    && items.every((item, i) => item.isEqualNode(list.children[i]))) return;
  const focused = document.activeElement?.closest?.("[data-id]")?.dataset.id;
  list.replaceChildren(...(items.length ? items : [h("li", { class: "empty" }, nothing)]));
  if (focused) list.querySelector(`[data-id="${CSS.escape(focused)}"] a`)?.focus();
}

// MARK: Overview

export function overview(app) {
  const tiles = Object.fromEntries(["open", "series", "rate", "age"].map((name) => [name, h("b", {}, "–")]));
  const notes = Object.fromEntries(Object.keys(tiles).map((name) => [name, h("span")]));
  const tile = (name) => h("div", { class: "card tile", id: `tile-${name}` }, tiles[name], notes[name]);
  const open = h("ul", { class: "plain", id: "open" }), past = h("ul", { class: "plain", id: "past" });
  const list = h("ul", { class: "plain", id: "series" });
  const count = h("span", { class: "of" });
  const search = h("input", { type: "search", placeholder: "find a series", "aria-label": "find a series by its name", oninput: () => load() });
  const rows = new Map();
  let wanted = 0, loaded = 0;

  function row(one) {
    const key = JSON.stringify([one.stream, one.series]);
    let known = rows.get(key);
    if (!known) {
      const cells = { how: h("div", { class: "how" }), severity: h("div", { class: "number" }), score: h("div", { class: "number" }), picture: h("div", { class: "picture" }) };
      const element = h("li", { "data-series": one.series },
        h("div", {}, h("a", { href: seriesLink(one.series, one.stream) }, one.series), one.stream === one.series ? null : h("small", {}, one.stream)),
        cells.how, cells.severity, cells.score, cells.picture);
      known = { element, cells, scores: [], time: undefined };
      rows.set(key, known);
    }
    if (one.last_scores) known.scores = one.last_scores;
    else if (one.time !== known.time && typeof one.score === "number") known.scores = [...known.scores, one.score].slice(-120);
    known.time = one.time;
    const { cells } = known;
    cells.how.replaceChildren(...chips(one));
    if (one.learning) cells.how.append(h("small", {}, h("progress", { value: one.learning_progress, max: 1, "aria-label": "learning" }), one.seconds_until_vote > 0 ? ` ${duration(one.seconds_until_vote)} left` : ""));
    cells.severity.replaceChildren(h("span", { class: "of" }, "severity "), hundredths(one.severity));
    cells.score.replaceChildren(h("span", { class: "of" }, "score "), hundredths(one.score), h("span", { class: "of" }, ` of ${hundredths(one.threshold)}`));
    cells.picture.replaceChildren(spark(known.scores, one.threshold));
    return known.element;
  }

  function show(series) {
    const elements = series.map(row);
    // What has the focus is not moved away under it.
    const isSame = elements.length && elements.length === list.childElementCount && elements.every((element, i) => element === list.children[i]);
    if (!isSame && !(list.contains(document.activeElement) && elements.length === list.childElementCount)) {
      list.replaceChildren(...(elements.length ? elements : [h("li", { class: "empty" }, search.value ? "no series has this in its name" : "no series yet: the first lines make them")]));
    }
  }

  async function load() {
    const number = ++wanted;
    const answer = await app.get("/api/v1/series" + query({ limit: 50, q: search.value }));
    if (number !== wanted || !answer) return;
    loaded = Date.now();
    show(answer.series);
    count.textContent = answer.found > answer.series.length ? `the first ${answer.series.length} of ${answer.found}` : answer.found === answer.series_count ? `${answer.found}` : `${answer.found} of ${answer.series_count}`;
  }

  function update() {
    const incidents = [...app.incidents.values()];
    const opened = incidents.filter((one) => app.isOpen(one));
    fill(open, opened.map((one) => incidentItem(app, one)), "None: everything is as usual, as far as it is known.");
    fill(past, incidents.filter((one) => !app.isOpen(one)).slice(0, 8).map((one) => incidentItem(app, one)), "None yet.");
    const status = app.status;
    if (!status) return;
    const sum = (parts, name) => parts.reduce((total, part) => total + (part[name] || 0), 0);
    tiles.open.textContent = status.open_incidents.length;
    notes.open.textContent = status.held_back ? `open incidents; ${status.held_back} held back so far` : "open incidents";
    tiles.open.parentElement.classList.toggle("alarm", status.open_incidents.length > 0);
    tiles.series.textContent = status.series_count;
    const learning = sum(status.streams, "learning");
    notes.series.textContent = learning ? `series, ${learning} learning` : "series, all have learned";
    if (!status.series_count) notes.series.textContent = "series";
    const rate = status.sources.map((one) => one.lines_per_second).filter((one) => one !== undefined);
    tiles.rate.textContent = rate.length ? digits(rate.reduce((a, b) => a + b, 0)) : "–";
    const unusable = sum(status.sources, "unusable");
    notes.rate.textContent = `lines a second${unusable ? `; ${unusable} unusable` : ""}`;
    const newest = status.streams.filter((one) => one.last_sample).sort((a, b) => a.lag_seconds - b.lag_seconds)[0];
    tiles.age.textContent = newest ? newest.last_sample.slice(11, 19) : "–";
    notes.age.textContent = newest ? `last sample, ${duration(Math.max(0, newest.lag_seconds))} old` : "no sample yet";
    if (search.value || status.series.some((one) => !rows.has(JSON.stringify([one.stream, one.series])))) {
      // Others than the first ones are asked for, at their own pace.
      if (Date.now() - loaded > 2000) load();
    } else if (loaded) {
      show(status.series);
    }
  }

  load();
  return {
    title: "Overview", update,
    elements: [
      h("h1", { class: "hidden" }, "Overview"),
      h("div", { class: "tiles" }, ["open", "series", "rate", "age"].map(tile)),
      h("section", { "aria-labelledby": "h-open" }, h("div", { class: "bar" }, h("h2", { id: "h-open" }, "Open incidents")), open),
      h("section", { "aria-labelledby": "h-series" }, h("div", { class: "bar" }, h("h2", { id: "h-series" }, "Series, what needs attention first "), count, search),
        h("div", { class: "series" }, list)),
      h("section", { "aria-labelledby": "h-past" }, h("div", { class: "bar" }, h("h2", { id: "h-past" }, "Incidents before")), past),
    ],
  };
}

// MARK: A series

const AMOUNTS = [120, 600, 2000];

/** Samples as columns for a chart. */
function columns(samples, channel) {
  const of = (name) => samples.map((one) => one.channels[channel]?.[name]);
  return { value: of("value"), expected: of("expected"), low: of("low"), high: of("high") };
}

function channelChart(part, place, samplesOf, marksOf) {
  const made = chart({
    label: `${part.name}${part.unit ? ` in ${part.unit}` : ""} over time, with what was expected`,
    data: () => {
      const samples = samplesOf();
      return { times: samples.map((one) => one.at), ...columns(samples, place), marks: marksOf() };
    },
    read: (index) => {
      const sample = samplesOf()[index];
      return sample ? `${sample.time.slice(11, 19)}  ${beside(sample.channels[place] || {}, part.unit)}` : "";
    },
  });
  return { draw: made.draw, figure: figure(part.name, made, part.name + (part.unit ? ` [${part.unit}]` : "")) };
}

const parsed = (samples) => samples.map((one) => ({ ...one, at: Date.parse(one.time) }));

export function series(app, { series: name, stream }) {
  const about = h("p", {}), charts = h("div", { class: "card" }), problem = h("p", { class: "problem failed", role: "status" });
  const incidents = h("ul", { class: "plain" });
  let amount = 600, samples = [], drawn = [], shape = "", isAsking = false, owner = stream, isWhole = false;
  const picks = AMOUNTS.map((count) => h("button", { type: "button", "aria-pressed": count === amount, onclick: () => pick(count) }, `${count} samples`));
  const own = () => [...app.incidents.values()].filter((one) => one.names.includes(name));
  const marks = () => own().map((one) => ({ from: Date.parse(one.first.since), to: one.last.until ? Date.parse(one.last.until) : app.isOpen(one) ? undefined : Date.parse(one.last.time), severity: one.worst }));

  function pick(count) {
    amount = count;
    picks.forEach((button, i) => button.setAttribute("aria-pressed", AMOUNTS[i] === count));
    isWhole = false;
    ask();
  }

  function build(answer) {
    drawn = answer.channels.slice(0, 24).map((part, place) => channelChart(part, place, () => samples, marks));
    const score = chart({
      label: "score over time against the threshold", height: 120,
      data: () => ({ times: samples.map((one) => one.at), value: samples.map((one) => one.score), limit: samples.map((one) => one.threshold), marks: marks() }),
      read: (index) => samples[index] ? `${samples[index].time.slice(11, 19)}  score ${hundredths(samples[index].score)}, threshold ${hundredths(samples[index].threshold)}, severity ${hundredths(samples[index].severity)}` : "",
    });
    drawn.push({ draw: score.draw, figure: figure("score", score) });
    charts.replaceChildren(keys(...valueKeys, ["limit", "threshold"]), ...drawn.map((one) => one.figure));
    if (answer.channels.length > 24) charts.append(h("p", { class: "empty" }, `the first 24 of ${answer.channels.length} channels`));
  }

  async function ask() {
    if (isAsking) return;
    isAsking = true;
    const count = amount;
    // Once all is there, what came since is asked for; that is in memory.
    const from = isWhole && samples.length ? samples[samples.length - 1].time : undefined;
    const answer = await app.get("/api/v1/samples" + query({ series: name, stream: owner, limit: count, from }), problem);
    isAsking = false;
    if (!answer) return;
    problem.textContent = "";
    owner = answer.stream;
    if (count !== amount) return ask();
    const more = parsed(answer.samples);
    const first = more.length ? more[0].at : Infinity;
    samples = (isWhole ? [...samples.filter((one) => one.at < first), ...more] : more).slice(-count);
    isWhole = true;
    const now = JSON.stringify(answer.channels);
    if (now !== shape) { shape = now; build(answer); }
    about.replaceChildren(...chips(answer), ` stream ${answer.stream}`, answer.interval_seconds ? `, a sample each ${duration(answer.interval_seconds)}` : "",
      `; score ${hundredths(answer.score)} of ${hundredths(answer.threshold)}, severity ${hundredths(answer.severity)}`,
      answer.learning ? `; learning, ${percent(answer.learning_progress)}${answer.seconds_until_vote > 0 ? `, ${duration(answer.seconds_until_vote)} left` : ""}` : "");
    drawn.forEach((one) => one.draw());
  }

  function update() {
    ask();
    fill(incidents, own().slice(0, 20).map((one) => incidentItem(app, one)), "None in the history.");
  }
  ask();
  const target = { get series() { return name; }, get stream() { return owner; } };
  return {
    title: name, update, resize: () => drawn.forEach((one) => one.draw()),
    elements: [
      h("p", { class: "crumbs" }, h("a", { href: "#/" }, "Overview")), h("h1", {}, name), about, problem,
      actions(app, silenceActions(app, target)),
      h("section", {}, h("div", { class: "bar" }, h("h2", {}, "Values and what was expected"), h("div", { class: "buttons", role: "group", "aria-label": "how many samples are shown" }, picks)), charts),
      h("section", {}, h("div", { class: "bar" }, h("h2", {}, "Its incidents")), incidents),
    ],
  };
}

// MARK: An incident

export function incident(app, id) {
  const body = h("div"), problem = h("p", { class: "problem failed", role: "status" });
  let shown = "", drawn = [], samples = [], heading = "Incident";

  async function loadCharts(one, record, box) {
    const [from, to] = [Date.parse(one.first.since), Date.parse(one.last.until || one.last.time)];
    const room = Math.min(Math.max(to - from, 120000), 3600000);
    const iso = (time) => new Date(time).toISOString().replace(".000", "");
    const answer = await app.get("/api/v1/samples" + query({ series: one.last.series, from: iso(from - room), to: iso(to + room), limit: 1500 }));
    if (!answer || !answer.samples.length) {
      box.replaceChildren(h("p", { class: "empty" }, "No samples of that time are kept: the history needs a state directory, and goes back as far as it is told to (history)."));
      return;
    }
    samples = parsed(answer.samples);
    const mark = () => [{ from, to: one.last.until ? to : app.isOpen(one) ? undefined : to, severity: one.worst }];
    const order = record.channels.map((part) => answer.channels.findIndex((channel) => channel.name === part.name)).filter((place) => place >= 0).slice(0, 3);
    drawn = (order.length ? order : answer.channels.slice(0, 3).map((_, place) => place)).map((place) => channelChart(answer.channels[place], place, () => samples, mark));
    box.replaceChildren(keys(...valueKeys), ...drawn.map((each) => each.figure));
    drawn.forEach((each) => each.draw());
  }

  function build(one) {
    const isOpen = app.isOpen(one), record = one.told;
    const name = { series: one.last.series };
    heading = `${capital(itself(record))} of ${one.names.slice(0, 3).join(", ")}`;
    const box = h("div", {}, h("p", { class: "empty" }, "…"));
    const path = `/api/v1/incidents/${one.id}`;
    const list = [
      ["Real alarm", () => app.post(`${path}/feedback`, "real"), "noted: it was real"],
      ["False alarm", () => app.post(`${path}/feedback`, "false"), "noted: it was a false alarm"],
      ...silenceActions(app, name),
    ];
    if (isOpen && ["anomaly", "drift"].includes(record.kind)) {
      list.unshift(["Accept as usual", () => app.post(`${path}/accept`), "accepted: what its series do now is usual from the next round on", "what the series do now is right"]);
    }
    body.replaceChildren(
      h("h1", {}, heading),
      h("p", {}, isOpen ? chip(one.worst, one.worst) : chip("over", `over, was ${one.worst}`), ` incident ${one.id}`),
      h("p", { class: "lead" }, spoken(record)),
      actions(app, list),
      h("div", { class: "columns" },
        h("section", { class: "card" }, h("h2", {}, "What and since when"), facts(one, record, (name) => h("a", { href: seriesLink(name) }, name), isOpen ? "it is open" : "its end is not in the history")),
        h("section", { class: "card" }, h("h2", {}, "What is not known"), unknowns(one, record))),
      record.channels.length ? h("section", { class: "card", id: "channels" }, h("h2", {}, "Value against what was expected"), channelTable(record)) : "",
      record.kind === "input" ? "" : h("section", { class: "card", id: "around" }, h("h2", {}, "Around it"), box),
      h("div", { class: "columns" },
        record.detectors.length ? h("section", { class: "card", id: "detectors" }, h("h2", {}, "What each detector said"), ...detectorTable(record)) : "",
        record.evidence ? h("section", { class: "card" }, h("h2", {}, "Evidence"), ...evidenceTables(record.evidence)) : "",
        h("section", { class: "card" }, h("h2", {}, "Messages"), messages(one), advice(record))));
    if (record.kind !== "input") loadCharts(one, record, box);
  }

  function update() {
    const one = app.incidents.get(id);
    if (!one) return;
    // Only a new message changes anything here.
    const state = `${one.records.length} ${app.isOpen(one)}`;
    if (state === shown) return;
    const hadAnswer = body.querySelector(".answer")?.textContent;
    shown = state;
    build(one);
    if (hadAnswer) body.querySelector(".answer").textContent = hadAnswer;
  }
  (async () => {
    if (!app.incidents.has(id)) {
      const answer = await app.get(`/api/v1/incidents/${encodeURIComponent(id)}`, problem);
      if (answer) {
        answer.forEach((record) => app.take(record));
        // Part of an id names the incident too.
        id = answer[0].id;
      }
    }
    update();
  })();
  return {
    get title() { return heading; }, update, resize: () => drawn.forEach((one) => one.draw()),
    elements: [h("p", { class: "crumbs" }, h("a", { href: "#/" }, "Overview")), problem, body],
  };
}

// MARK: Silences

export function silences(app) {
  const list = h("ul", { class: "plain" }), problem = h("p", { class: "problem failed", role: "status" });
  async function load() {
    const answer = await app.get("/api/v1/silences", problem);
    if (!answer) return;
    const found = Array.isArray(answer) ? answer : answer.silences || [];
    fill(list, found.map((one) => h("li", { class: "card", "data-id": `${one.stream} ${one.series}` },
      h("div", { class: "head" }, h("b", {}, one.series), one.stream ? h("span", { class: "of" }, `stream ${one.stream}${one.held_incidents ? `, ${one.held_incidents} incidents held back` : ""}`) : null,
        h("span", { class: "when" }, one.until ? ["until ", moment(one.until)] : one.seconds ? `for ${duration(one.seconds)} more` : "")),
      actions({ ...app, refresh: load }, [["End this silence", () => app.post("/api/v1/silences/end", JSON.stringify({ series: one.series, stream: one.stream })), "ended"]]))),
    "Nothing is silenced.");
  }
  load();
  return {
    title: "Silences", update() {},
    elements: [h("h1", {}, "Silences"), h("p", {}, "What is silenced raises no alerts; it is watched and learned from all the same. A series is silenced on its own page or that of an incident."), problem, list],
  };
}
