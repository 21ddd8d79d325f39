// What the status page and the report of a replay are both made of.
// Names come out of the input: they are set as text, never as markup.

import { digits, gauge, known, share } from "/chart.js";

/** An element: attributes, then children; `onclick` and the like are listeners. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== null && (value !== false || key.startsWith("aria-"))) element.setAttribute(key, value === true && !key.startsWith("aria-") ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return element;
}

export const percent = (part) => `${Math.round(100 * part)} %`;
export const hundredths = (number) => known(number) ? number.toFixed(2) : "–";

export function duration(seconds) {
  if (!Number.isFinite(seconds)) return "an unknown time";
  for (const [size, word] of [[31557600, "year"], [86400, "day"], [3600, "hour"], [60, "minute"]]) {
    if (seconds < size * (size === 60 ? 1 : 1.5)) continue;
    const count = seconds / size < 10 && size > 60 ? Math.round(10 * seconds / size) / 10 : Math.round(seconds / size);
    return count > 1e6 ? `more than a million ${word}s` : `${count} ${word}${count === 1 ? "" : "s"}`;
  }
  const count = Math.round(seconds);
  return `${count} second${count === 1 ? "" : "s"}`;
}

/** An instant of the input as text: the day too when it is another than that of `beside`. */
export function moment(text, beside) {
  if (!text) return h("span", {}, "not known");
  const day = text.slice(0, 10), clock = text.slice(11, 19);
  return h("time", { datetime: text }, beside && beside.slice(0, 10) === day ? clock : `${day} ${clock}`);
}

export const chip = (kind, text) => h("span", { class: `chip ${kind}` }, text);

export const table = (attributes, heads, rows) => h("table", attributes,
  h("thead", {}, h("tr", {}, heads.map((text) => h("th", { scope: "col" }, text)))), h("tbody", {}, rows));

// MARK: Charts

export const keys = (...list) => h("p", { class: "keys" }, list.filter(Boolean).map(([kind, text]) => h("span", {}, h("i", { class: `k-${kind}`, "aria-hidden": "true" }), text)));
export const valueKeys = [["value", "value"], ["expected", "expected"], ["band", "band of 99 % of such samples"], ["mark", "incident"]];

/** A chart under its name. */
export const figure = (name, made, text = name) => h("figure", { "data-channel": name }, h("figcaption", {}, h("b", {}, text), made.reading), made.element);

/** A value with what was expected, in words. */
export function beside({ value, expected, low, high }, unit) {
  const spread = high - low || undefined;
  const band = known(low) ? `expected ${digits(expected, spread)} (${digits(low, spread)} to ${digits(high, spread)})` : "no band known yet";
  return `${known(value) ? digits(value, spread) + (unit ? ` ${unit}` : "") : "missing"}, ${band}`;
}

// MARK: Incidents

/** What is known of an incident by its messages, in any order. */
export function gathered(messages) {
  const records = [...messages].sort((a, b) => a.seq - b.seq);
  const last = records[records.length - 1];
  return {
    id: last.id, records, first: records[0], last, names: last.all_series || [last.series],
    // What is told of what is unusual: a closing tells of what is usual again.
    told: records.filter((one) => one.event !== "close").pop() || last,
    worst: records.some((one) => one.severity === "critical") ? "critical" : "warning",
  };
}

/** A message without the verb for the terminal at its end. A name in it must not turn the direction of the words after it. */
export const spoken = ({ message }) => message.replace(/ explain: monitord explain .*$/, "").replace(/[\u202a-\u202e\u2066-\u2069]/g, "\ufffd");

export const itself = (record) => record.pattern || record.kind;

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** Terms and what is known: `link` gives a name's element, `open` is said of one without an end. */
export function facts({ first, last, records, names }, record, link, open) {
  const list = [
    ["What", `${record.pattern ? `${record.pattern}, ` : ""}${record.kind}`],
    ["Series", names.flatMap((name, i) => [i ? ", " : "", link(name)])],
    ["Since", moment(first.since)],
    ["Until", last.until ? [moment(last.until, first.since), ` (${duration((Date.parse(last.until) - Date.parse(first.since)) / 1000)})`] : open],
  ];
  const scores = records.map((each) => each.score).filter(known);
  if (scores.length) list.push(["Score", `${hundredths(Math.max(...scores))} against a threshold of ${hundredths(record.threshold)} (3 is one normal sample in a thousand, 6 one in a million)`]);
  if (record.rarity) list.push(["How rare", `a normal sample scores so high once in ${duration(record.rarity)}`]);
  const like = first.similar;
  if (like) list.push(["Like", [moment(like.time), `, distance ${hundredths(like.distance)}`, known(like.lasted) ? `, which lasted ${duration(like.lasted)}${like.ended === "usual" ? " and became usual" : ""}` : ""]]);
  if (record.awaits) list.push(["Waits for", `${record.awaits}: it stays unusual until the series returns or somebody accepts it`]);
  return h("dl", {}, list.flatMap(([term, text]) => [h("dt", {}, term), h("dd", {}, text)]));
}

export function unknowns({ first }, record) {
  const found = [];
  if (first.learning < 1) found.push(`The series was still learning (${percent(first.learning)}): less was known of what is usual, and the severity is a warning at most.`);
  for (const part of record.channels) {
    if (!known(part.value)) found.push(`${part.name} was missing.`);
    else if (!known(part.expected)) found.push(`What ${part.name} should be was not known yet.`);
  }
  if (known(record.rarity)) found.push("How rare it is, is reckoned from what was learned, and extrapolated beyond that time.");
  if (first.event !== "open") found.push("Its opening is no longer in the history.");
  if (record.channels.length > 1) found.push("What was the cause and what followed from it is not known: shares say what stood out.");
  if (!first.similar) found.push("No incident of its past is like it, as far as is remembered.");
  return found.length ? h("ul", { class: "notes" }, found.map((text) => h("li", {}, text))) : h("p", {}, "Nothing that monitord knows of.");
}

export function channelTable(record) {
  return table({ class: "wide" }, ["channel", "value", "expected", "band", "", "share"], record.channels.map((part) => {
    const spread = part.high - part.low || undefined;
    const isOut = part.value < part.low ? "below the band" : part.value > part.high ? "above the band" : known(part.value) ? "within the band" : "missing";
    return h("tr", {}, h("th", { scope: "row" }, part.name),
      h("td", { "data-name": "value" }, known(part.value) ? `${digits(part.value, spread)}${part.unit ? ` ${part.unit}` : ""}` : "missing"),
      h("td", { "data-name": "expected" }, known(part.expected) ? digits(part.expected, spread) : "not known"),
      h("td", { "data-name": "band" }, known(part.low) ? `${digits(part.low, spread)} to ${digits(part.high, spread)}` : "not known yet", h("span", { class: "hidden" }, `, ${isOut}`)),
      h("td", { class: "full" }, gauge(part)), h("td", { "data-name": "share" }, percent(part.share), share(part.share)));
  }));
}

/** One in so many, in words. */
export function oneIn(score) {
  if (score < 0.05) return "as usual";
  if (score > 12) return "rarer than 1 in a trillion";
  const [size, word] = [[9, " billion"], [6, " million"], [4, " thousand"], [0, ""]].find(([least]) => score >= least);
  const count = 10 ** (score - (size === 4 ? 3 : size));
  return `1 in ${count < 9.95 ? count.toFixed(1).replace(/\.0$/, "") : Math.round(count)}${word}`;
}

export function detectorTable(record) {
  const spoke = record.detectors.filter((part) => part.weight > 0 || part.score >= 0.5);
  const rest = record.detectors.length - spoke.length;
  return [table({}, ["detector", "how rare it found this", "share"], spoke.map((part) =>
    h("tr", {}, h("th", { scope: "row" }, part.name), h("td", {}, oneIn(part.score)), h("td", {}, percent(part.weight), share(part.weight))))),
  rest ? h("p", { class: "empty" }, `${rest} more saw nothing unusual.`) : ""];
}

export function evidenceTables(evidence) {
  return [["most flows with", evidence.peers], ["service", evidence.services]].filter(([, items]) => items.length).map(([caption, items]) =>
    table({}, [caption, "flows", "bytes"], items.map((item) =>
      h("tr", {}, h("th", { scope: "row" }, item.name + (item.local === undefined ? "" : item.local ? " (local)" : " (foreign)")), h("td", {}, `${item.flows}`), h("td", {}, digits(item.bytes))))));
}

export const messages = ({ records }, text = (each) => each.message) => h("ol", { class: "messages" }, records.map((each) =>
  h("li", {}, moment(each.time), ` ${each.event === "close" ? "closed" : each.event === "update" ? `now ${each.severity}` : each.severity}`, h("p", {}, text(each)))));

/** What to do. */
export function advice({ hint, runbook }) {
  const isLink = /^https?:\/\//.test(runbook || "");
  return [hint ? h("p", {}, hint) : "", runbook ? h("p", {}, "Runbook: ", isLink ? h("a", { href: runbook, rel: "noreferrer" }, runbook) : runbook) : ""];
}
