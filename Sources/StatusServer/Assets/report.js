// The report of a replay: a file of its own, with the data in it, that is made once.

import { chart, digits, known, share } from "/chart.js";
import { advice, beside, capital, channelTable, chip, detectorTable, duration, evidenceTables, facts, figure, gathered, h, hundredths, itself, keys, messages, moment, oneIn, percent, spoken, table, unknowns, valueKeys } from "/elements.js";

const data = JSON.parse(document.getElementById("data").textContent);
const incidents = data.incidents.filter((one) => one.messages.length).map((one) => ({ ...gathered(one.messages), around: one.chart }));
const labels = data.evaluation?.labels || [];

const grouped = (count) => count.toLocaleString("en-US");
const plural = (count, word, words = `${word}s`) => `${grouped(count)} ${count === 1 ? word : words}`;

/** A name out of the input: it does not turn the text beside it. */
const named = (text) => h("bdi", {}, text);

/** At most so many, in words. */
function enumerated(parts, most) {
  const shown = parts.slice(0, parts.length > most ? most - 1 : most);
  const rest = parts.length - shown.length;
  return shown.flatMap((part, i) => [!i ? "" : !rest && i === shown.length - 1 ? " and " : ", ", part]).concat(rest ? ` and ${rest} more` : "");
}

const isOneDay = data.from?.slice(0, 10) === data.to?.slice(0, 10);
const stamp = (text) => text.slice(isOneDay ? 11 : 0, 23).replace("T", " ").replace("Z", "");

// MARK: Charts, drawn when they come near

const drawings = new Map();
const watcher = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    watcher.unobserve(target);
    drawings.get(target)();
  }
}, { rootMargin: "800px" });

function drawn(name, options, text = name) {
  const made = chart(options);
  const element = figure(name, made, text);
  drawings.set(element, made.draw);
  watcher.observe(element);
  return element;
}

const drawAgain = () => drawings.forEach((_, element) => watcher.observe(element));
// What stands beside the charts may change their width, and a phone's address bar only the height.
let width = innerWidth;
addEventListener("resize", () => {
  if (innerWidth !== width) drawAgain();
  width = innerWidth;
});

// Paper has no part that is closed, and is about as wide as this.
const PAPER = 700;
let closed = [];
addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll("details:not([open])")];
  for (const one of closed) one.open = true;
  drawings.forEach((draw) => draw(PAPER));
});
addEventListener("afterprint", () => {
  for (const one of closed) one.open = false;
  drawAgain();
});

const titled = (part) => part.name + (part.unit ? ` [${part.unit}]` : "");
const spanOf = (one) => ({ from: Date.parse(one.first.since), to: one.last.until ? Date.parse(one.last.until) : undefined, severity: one.worst });
const labelsOf = (name) => labels.filter((one) => !one.series || one.series === name).map((one) => ({ from: Date.parse(one.from), to: Date.parse(one.until) }));
const labelKeys = (name) => labelsOf(name).length ? [["label", "labelled"]] : [];

/** The spans in which flags are up. */
function spans(flags, from, to) {
  const found = [];
  flags.forEach((flag, i) => {
    if (flag && flags[i - 1]) found[found.length - 1].to = to[i];
    else if (flag) found.push({ from: from[i], to: to[i] });
  });
  return found;
}

// MARK: What was replayed

function head() {
  const made = () => enumerated(data.made_from.map(named), 4);
  document.title = `Report on ${data.made_from[0] || "nothing"}${data.made_from.length > 1 ? " and more" : ""} – monitord`;
  const seconds = (Date.parse(data.to) - Date.parse(data.from)) / 1000;
  const critical = incidents.filter((one) => one.worst === "critical").length;
  const tile = (number, text, kind = "") => h("div", { class: `card tile ${kind}` }, h("b", {}, number), h("span", {}, text));
  const lead = data.samples
    ? ["monitord read ", ...made(), " as if it were live: ", `${plural(data.samples, "sample")} of ${plural(data.series_count, "series", "series")} over ${duration(seconds)}, from `,
      moment(data.from), " to ", moment(data.to), " UTC. It tells of ", h("b", {}, incidents.length ? plural(incidents.length, "incident") : "no incident"),
      critical ? `, ${grouped(critical)} critical` : "", `. Its budget of false alarms is ${data.budget.daemon} in all and ${data.budget.series} for a series.`]
    : ["monitord read ", ...made(), " and found no sample in it."];
  return [
    h("h1", {}, "Report on ", ...made()), h("p", { class: "lead" }, lead),
    h("div", { class: "tiles" }, tile(grouped(incidents.length), incidents.length === 1 ? "incident" : "incidents", incidents.length ? "alarm" : ""),
      tile(grouped(data.samples), "samples"), tile(grouped(data.series_count), "series"), tile(data.samples ? duration(seconds) : "–", "of the input's time")),
    h("p", { class: "of about" }, `${plural(data.lines, "line")}, ${grouped(data.unusable_lines)} unusable; ${grouped(data.late)} late; ${plural(data.held_back, "incident")} held back by the budget. Configuration: `,
      named(data.configuration), `. Made by monitord ${data.version}.`),
  ];
}

function evaluation({ rows }) {
  return h("section", { class: "card", id: "evaluation" }, h("h2", {}, "Against the labels"),
    table({ class: "wide" }, ["what", "found", "how it is counted"], rows.map((row) =>
      h("tr", {}, h("th", { scope: "row" }, row.name), h("td", {}, row.value), h("td", { class: "full of" }, row.note || "")))));
}

// MARK: Incidents

const heading = (one) => [`${capital(itself(one.told))} of `, ...enumerated(one.names.map(named), 4)];

function item(one) {
  return h("li", { class: `card incident entry is-${one.worst}` },
    h("div", { class: "head" }, chip(one.worst, one.worst), h("a", { href: `#incident-${one.id}` }, heading(one)),
      h("span", { class: "when" }, moment(one.first.since), one.last.until ? [" to ", moment(one.last.until, one.first.since)] : ", open at the end")),
    h("p", {}, spoken(one.told)));
}

/** Charts of the channels that stand out most, and the score. */
function around(one, box) {
  const { series, channels, values, score, threshold, abnormal } = box;
  const times = box.times.map((time) => Date.parse(time));
  const mark = spanOf(one);
  const common = { times, marks: [mark] };
  // Where nothing is pointed at, it reads what the incident began with.
  const onset = Math.max(0, times.findIndex((time) => time >= mark.from));
  const reading = (words) => (i, isChosen) => `${stamp(box.times[isChosen ? i : onset])}  ${words(isChosen ? i : onset)}`;
  const places = one.told.channels.map((part) => channels.findIndex((channel) => channel.name === part.name)).filter((place) => place >= 0);
  const chosen = (places.length ? places : [...channels.keys()]).slice(0, 3);
  const label = labelsOf(series);
  return [
    keys(...valueKeys, ["limit", "threshold"], ["abnormal", "abnormal"], ...labelKeys(series)),
    ...chosen.map((place) => drawn(channels[place].name, {
      label: `${titled(channels[place])} around the incident, with what was expected`,
      data: () => ({ ...common, ...values[place], strips: { label } }),
      read: reading((i) => beside({ value: values[place].value[i], expected: values[place].expected[i], low: values[place].low[i], high: values[place].high[i] }, channels[place].unit)),
    }, titled(channels[place]))),
    drawn("score", {
      label: "score around the incident against the threshold", height: 110,
      data: () => ({ ...common, value: score, limit: threshold, strips: { label, abnormal: spans(abnormal, times, times) } }),
      read: reading((i) => `score ${hundredths(score[i])}, threshold ${hundredths(threshold[i])}${abnormal[i] ? ", abnormal" : ""}`),
    }),
  ];
}

function incident(one) {
  const record = one.told;
  const link = (name) => {
    const place = data.series.findIndex((each) => each.name === name);
    return place < 0 ? named(name) : h("a", { href: `#series-${place}` }, named(name));
  };
  const list = facts(one, record, link, "it was open at the end of the recording");
  list.append(h("dt", {}, "Learning"), h("dd", {}, record.learning < 1 ? `${percent(record.learning)} of the way until the networks vote` : "the networks voted"));
  const part = (text, ...children) => h("div", {}, h("h4", {}, text), ...children);
  return h("section", { class: `card incident report is-${one.worst}`, id: `incident-${one.id}`, tabindex: -1, "aria-labelledby": `name-${one.id}` },
    h("div", { class: "head" }, h("h3", { id: `name-${one.id}` }, heading(one)), chip(one.worst, one.worst), h("span", { class: "of" }, `incident ${one.id}`),
      h("a", { class: "when", href: "#incidents" }, "back to the list")),
    h("p", { class: "lead" }, spoken(record)), advice(record),
    one.around?.times.length ? around(one, one.around) : null,
    record.channels.length ? part("Value against what was expected", channelTable(record)) : null,
    h("div", { class: "columns" }, part("What and since when", list),
      record.detectors.length ? part("What each detector said", ...detectorTable(record)) : null,
      record.evidence ? part("Evidence", ...evidenceTables(record.evidence)) : null,
      part("What is not known", unknowns(one, record)), part("Messages", messages(one, spoken))));
}

// MARK: Series

function series(one, place) {
  const own = incidents.filter((each) => each.names.includes(one.name));
  const label = labelsOf(one.name);
  let read;
  const common = () => {
    if (read) return read;
    const [times, ends] = [one.times, one.ends].map((list) => list.map((time) => Date.parse(time)));
    const abnormal = spans(one.abnormal.map((part) => part > 0), times, ends);
    const marks = [...spans(one.learning, times, ends).map((span) => ({ ...span, severity: "learning" })), ...own.map(spanOf)];
    const [start, end] = [times[0], ends[ends.length - 1]];
    // A point stands in the middle of its bucket.
    return read = { times: times.map((time, i) => (time + ends[i]) / 2), start, end: Math.max(end, start + 1000), marks, abnormal };
  };
  const isSingle = one.samples <= one.times.length;
  const when = (i) => one.times[i] === one.ends[i] ? stamp(one.times[i]) : `${stamp(one.times[i])} to ${stamp(one.ends[i])}`;
  const extreme = (pick, numbers) => numbers.filter(known).reduce((a, b) => pick(a, b), pick === Math.min ? Infinity : -Infinity);

  const values = (part, i) => {
    const { low, high, mean, expected, band_low: bandLow, band_high: bandHigh } = one.values[i];
    const [least, greatest] = [extreme(Math.min, low), extreme(Math.max, high)];
    const unit = part.unit ? ` ${part.unit}` : "";
    return drawn(part.name, {
      label: `${titled(part)} over the whole recording, with what was expected`, height: 130,
      data: () => ({ ...common(), value: mean, expected, low: bandLow, high: bandHigh, ...(isSingle ? {} : { from: low, to: high }), strips: { label } }),
      read: (at, isChosen) => isChosen
        ? `${when(at)}  ${isSingle || !known(low[at]) ? "" : `${digits(low[at], greatest - least)} to ${digits(high[at], greatest - least)}, mean `}${beside({ value: mean[at], expected: expected[at], low: bandLow[at], high: bandHigh[at] }, part.unit)}`
        : least > greatest ? "no value" : `${digits(least, greatest - least)} to ${digits(greatest, greatest - least)}${unit}`,
    }, titled(part));
  };
  const highest = extreme(Math.max, one.score);
  const score = drawn("score", {
    label: "score over the whole recording against the threshold", height: 120,
    data: () => ({ ...common(), value: one.score, limit: one.threshold, strips: { label, abnormal: common().abnormal } }),
    read: (at, isChosen) => isChosen
      ? `${when(at)}  score ${hundredths(one.score[at])}, threshold ${hundredths(one.threshold[at])}${one.abnormal[at] > 0 ? `, abnormal for ${percent(one.abnormal[at])} of it` : ""}${one.learning[at] ? ", learning" : ""}`
      : Number.isFinite(highest) ? `highest ${hundredths(highest)}` : "nothing was scored",
  });

  // Of many channels or series, what incidents name is seen first.
  const told = new Set(own.flatMap((each) => each.told.channels.slice(0, 3).map((part) => part.name)));
  const most = data.series.length > 6 ? 0 : 6;
  const [open, rest] = [[], []];
  one.channels.forEach((part, i) => (i < most || told.has(part.name) ? open : rest).push(values(part, i)));
  return h("section", { class: "card", id: `series-${place}`, tabindex: -1, "aria-labelledby": `title-${place}` },
    h("div", { class: "head" }, h("h3", { id: `title-${place}` }, named(one.name)),
      h("span", { class: "of" }, `${plural(one.samples, "sample")}${one.interval ? `, one every ${digits(one.interval)} s` : ""}; ${plural(one.channels.length, "channel")}; ${own.length ? plural(own.length, "incident") : "no incident"}`)),
    own.length ? h("p", {}, enumerated(own.map((each) => h("a", { href: `#incident-${each.id}` }, `${itself(each.told)} of ${isOneDay ? each.first.since.slice(11, 19) : each.first.since.slice(5, 16).replace("T", " ")}`)), 12)) : null,
    keys(["value", isSingle ? "value" : "mean"], isSingle ? null : ["reach", "lowest to highest"], ...valueKeys.slice(1), ["limit", "threshold"], ["abnormal", "abnormal"],
      one.learning.includes(true) ? ["learning", "learning"] : null, ...labelKeys(one.name)),
    score, h("div", { class: open.length > 3 ? "pairs" : "" }, open),
    rest.length ? h("details", {}, h("summary", {}, plural(rest.length, open.length ? "more channel" : "channel")), h("div", { class: "pairs" }, rest)) : null);
}

// MARK: Detectors

function detectors() {
  return table({ class: "wide" }, ["detector", "incidents", "led", "mean share", "mean rarity"], data.detectors.map((one) =>
    h("tr", {}, h("th", { scope: "row" }, one.name),
      h("td", { "data-name": "incidents" }, grouped(one.incidents)), h("td", { "data-name": "led" }, grouped(one.leading)),
      h("td", { "data-name": "mean share" }, percent(one.weight), share(one.weight)), h("td", { "data-name": "mean rarity" }, oneIn(one.score)))));
}

const empty = (text) => h("p", { class: "empty" }, text);
const part = (id, text, ...children) => h("section", { id, tabindex: -1, "aria-labelledby": `h-${id}` }, h("div", { class: "bar" }, h("h2", { id: `h-${id}` }, text)), ...children);
const hidden = data.series_count - data.series_shown;
document.getElementById("main").append(
  ...head(), data.evaluation ? evaluation(data.evaluation) : "",
  part("incidents", "Incidents", incidents.length ? h("ul", { class: "plain" }, incidents.map(item)) : empty(data.samples ? "None: nothing was rare enough for the budget." : "None.")),
  part("series", "Series", hidden > 0 ? empty(`${data.series_shown} of ${data.series_count} are shown, those with incidents first.`) : "",
    ...(data.series.length ? data.series.map(series) : [empty("None: there is no sample.")])),
  incidents.length ? part("details", "Each incident", ...incidents.map(incident)) : "",
  part("detectors", "What each detector contributed", data.detectors.length ? h("div", { class: "card" }, detectors()) : empty("There is no incident to contribute to.")));
// What the address names was not there when it was looked for.
if (location.hash) document.getElementById(location.hash.slice(1))?.scrollIntoView();
