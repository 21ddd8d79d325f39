// Draws with SVG. Nothing here knows where the numbers come from.

const SPACE = "http://www.w3.org/2000/svg";

/** An element of SVG. */
export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS(SPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

export const known = (number) => typeof number === "number" && Number.isFinite(number);

/** A small picture of scores against the threshold. */
export function spark(scores, threshold) {
  const picture = svg("svg", { class: "spark", viewBox: "0 0 120 30", preserveAspectRatio: "none", "aria-hidden": "true" });
  const top = Math.max(threshold || 1, ...scores, 1) * 1.08;
  const y = (score) => (28.5 - 27 * Math.max(0, score) / top).toFixed(1);
  if (known(threshold)) picture.append(svg("path", { class: "limit", d: `M0 ${y(threshold)}H120` }));
  if (scores.length > 1) {
    const step = 120 / Math.max(119, scores.length - 1);
    const first = 120 - step * (scores.length - 1);
    picture.append(svg("path", { d: scores.map((score, i) => `${i ? "L" : "M"}${(first + i * step).toFixed(1)} ${y(score)}`).join("") }));
  }
  return picture;
}

/** A share of 1 as a bar. */
export function share(part) {
  const width = Math.max(0, Math.min(1, part)) * 100;
  return svg("svg", { class: "share", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { class: "rest", width: 100, height: 8, rx: 2 }), svg("rect", { width, height: 8, rx: 2 }));
}

/** Where a value is beside its band. */
export function gauge({ value, expected, low, high }) {
  const picture = svg("svg", { class: "gauge", viewBox: "0 0 160 20", preserveAspectRatio: "none", "aria-hidden": "true" });
  if (!known(low) || !known(high) || !known(value)) return picture;
  const middle = (low + high) / 2;
  const reach = Math.max((high - low) * 1.1, Math.abs(value - middle) * 1.15, 1e-12);
  const x = (number) => 80 + 74 * (number - middle) / reach;
  picture.append(svg("line", { class: "rest", x1: 2, x2: 158, y1: 10, y2: 10 }),
    svg("rect", { class: "band", x: x(low), width: Math.max(2, x(high) - x(low)), y: 4, height: 12 }));
  if (known(expected)) picture.append(svg("line", { class: "expected", x1: x(expected), x2: x(expected), y1: 4, y2: 16 }));
  picture.append(svg("line", { x1: x(value), x2: x(value), y1: 3, y2: 17, class: value < low || value > high ? "outside" : "inside" }));
  return picture;
}

/** Few digits, as many as tell numbers of this spread apart. */
export function digits(number, spread) {
  if (!known(number)) return "–";
  const size = Math.max(Math.abs(spread || number), 1e-12);
  if (Math.abs(number) >= 1e7 || Math.abs(number) < 1e-5 && number !== 0 && size < 1e-4) return number.toPrecision(4);
  const places = Math.max(0, Math.min(6, 2 - Math.floor(Math.log10(size))));
  return number.toFixed(places).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "").replace(/^-0$/, "0");
}

function steps(low, high, count) {
  const base = 10 ** Math.floor(Math.log10((high - low) / count));
  // The widest of which there are enough.
  const step = [10, 5, 2.5, 2, 1].map((n) => n * base).find((n) => Math.floor(high / n) - Math.ceil(low / n) + 1 >= count) || base;
  const found = [];
  for (let n = Math.ceil(low / step); n * step <= high; n++) found.push(n * step);
  return { found, step };
}

const SPANS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400, 172800, 604800, 2592000];

function clock(time, step) {
  const text = new Date(time).toISOString();
  return step < 60 ? text.slice(11, 19) : step < 86400 ? text.slice(11, 16) : text.slice(5, 10);
}

/** One line of a path through the points that are known; it breaks where one is missing or a gap is. */
function path(points, gap) {
  let text = "", last;
  for (const [x, y, time] of points) {
    if (!known(y)) { last = undefined; continue; }
    text += `${last === undefined || time - last > gap ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
    last = time;
  }
  return text;
}

/**
 * A chart over time that follows its own width.
 *
 * `data()` gives { times, value, expected?, low?, high?, limit?, marks: [{ from, to, severity }] }, times in ms; it is asked at each
 * drawing. Where one point stands for many samples, `from` and `to` are the least and the greatest of them, drawn as a shape, and
 * `start` and `end` the span of time. `strips` are spans { from, to } by kind, a row at the bottom for each. `read(index, isChosen)`
 * is the text of one point: the one pointed at, else the last. Returns { element, reading, draw }; `draw(width)` draws for another
 * width than that on the screen.
 */
export function chart({ label, height = 150, data, read }) {
  const picture = svg("svg", { class: "chart", height, role: "img", tabindex: 0, "aria-label": label });
  const reading = document.createElement("span");
  reading.className = "reading";
  let at = null, shown = null;

  function draw(fixed) {
    const width = fixed || picture.clientWidth || 600;
    const { times, value, expected = [], low = [], high = [], limit = [], from = [], to = [], marks = [], strips = {},
      start = times[0], end = Math.max(times[times.length - 1], start + 1000) } = data();
    picture.setAttribute("viewBox", `0 0 ${width} ${height}`);
    picture.replaceChildren();
    const [left, right, top, bottom] = [52, width - 8, 6, height - 20];
    if (!times.length) {
      picture.append(svg("text", { x: left, y: height / 2 }, "no sample yet"));
      reading.textContent = "";
      return;
    }
    const seen = [...value, ...limit, ...from, ...to].filter(known);
    let [min, max] = seen.length ? [Math.min(...seen), Math.max(...seen)] : [0, 1];
    // A band that is not known well must not flatten the values.
    const room = Math.max(max - min, Math.abs(max) * 1e-6, 1e-9) * 1.5;
    const ends = [...low, ...high, ...expected].filter(known);
    if (ends.length) [min, max] = [Math.min(min, Math.max(min - room, Math.min(...ends))), Math.max(max, Math.min(max + room, Math.max(...ends)))];
    if (max - min < 1e-9) [min, max] = [min - 1, max + 1];
    const pad = (max - min) * 0.06;
    [min, max] = [min - (limit.length ? 0 : pad), max + pad];
    const x = (time) => left + (right - left) * (time - start) / (end - start);
    const y = (number) => known(number) ? bottom - (bottom - top) * (Math.max(min, Math.min(max, number)) - min) / (max - min) : undefined;

    for (const mark of marks) {
      const [from, to] = [Math.max(mark.from, start), Math.min(mark.to ?? end, end)];
      if (mark.from > end || to < start) continue;
      picture.append(svg("rect", { class: `mark ${mark.severity}`, x: x(from), width: Math.max(3, x(to) - x(from)), y: top, height: bottom - top }));
      if (mark.from >= start) picture.append(svg("line", { class: `edge ${mark.severity}`, x1: x(from), x2: x(from), y1: top, y2: bottom }));
    }
    const rows = steps(min, max, 2);
    for (const tick of rows.found) {
      picture.append(svg("line", { class: "grid", x1: left, x2: right, y1: y(tick), y2: y(tick) }),
        svg("text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, digits(tick, rows.step)));
    }
    const seconds = (end - start) / 1000;
    const span = SPANS.find((n) => seconds / n <= width / 90) || seconds / 4;
    for (let time = Math.ceil(start / 1000 / span) * span; time * 1000 <= end; time += span) {
      if (x(time * 1000) > right - 14) break;
      picture.append(svg("text", { x: x(time * 1000), y: height - 5, "text-anchor": "middle" }, clock(time * 1000, span)));
    }
    const between = times.slice(1).map((time, i) => time - times[i]).sort((a, b) => a - b);
    const gap = 5 * (between[between.length >> 1] || 1000);
    // An area is one piece for each stretch without a gap.
    const area = (name, low, high) => {
      let stretch = [];
      const side = (ends) => (i) => `${x(times[i]).toFixed(1)} ${y(ends[i]).toFixed(1)}`;
      const close = () => {
        if (stretch.length > 1) picture.append(svg("path", { class: name, d: "M" + [...stretch.map(side(high)), ...stretch.reverse().map(side(low))].join("L") + "Z" }));
        stretch = [];
      };
      times.forEach((time, i) => {
        if (!known(low[i]) || !known(high[i])) return close();
        if (stretch.length && time - times[stretch[stretch.length - 1]] > gap) close();
        stretch.push(i);
      });
      close();
    };
    area("band", low, high);
    area("reach", from, to);
    const line = (name, numbers) => {
      if (numbers.some(known)) picture.append(svg("path", { class: name, d: path(times.map((time, i) => [x(time), y(numbers[i]), time]), gap) }));
    };
    line("expected", expected);
    line("limit", limit);
    line("value", value);
    // Of many samples some are outside.
    if (!from.length) times.forEach((time, i) => {
      if (known(value[i]) && (value[i] < low[i] || value[i] > high[i])) picture.append(svg("circle", { class: "outside", cx: x(time).toFixed(1), cy: y(value[i]).toFixed(1), r: 2.2 }));
    });
    Object.entries(strips).filter(([, spans]) => spans.length).forEach(([kind, spans], row) => spans.forEach((span) => {
      const [first, last] = [Math.max(span.from, start), Math.min(span.to, end)];
      if (first <= last) picture.append(svg("rect", { class: `strip ${kind}`, x: x(first), width: Math.max(3, x(last) - x(first)), y: bottom - 6 - 7 * row, height: 5 }));
    }));
    const index = at === null ? times.length - 1 : Math.max(0, times.findIndex((time) => time >= at));
    if (at !== null) picture.append(svg("line", { class: "cursor", x1: x(times[index]), x2: x(times[index]), y1: top, y2: bottom }));
    reading.textContent = read(index, at !== null);
    shown = { times, index, time: (px) => start + (end - start) * (px - left) / (right - left) };
  }

  function move(time) {
    at = time;
    draw();
  }
  picture.addEventListener("pointermove", (event) => {
    if (!shown) return;
    const time = shown.time(event.clientX - picture.getBoundingClientRect().left);
    let nearest = shown.times[0];
    for (const one of shown.times) if (Math.abs(one - time) < Math.abs(nearest - time)) nearest = one;
    move(nearest);
  });
  picture.addEventListener("pointerleave", () => move(null));
  picture.addEventListener("blur", () => move(null));
  picture.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!way || !shown) return;
    event.preventDefault();
    move(shown.times[Math.max(0, Math.min(shown.times.length - 1, shown.index + way))]);
  });
  return { element: picture, reading, draw };
}
