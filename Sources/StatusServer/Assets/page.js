// What the page knows, how it hears of news, and which view is shown.

import { gathered, h } from "/elements.js";
import { incident, overview, series, silences } from "/views.js";

const token = document.querySelector("meta[name=monitord-token]").content;
const main = document.getElementById("main");
const news = document.getElementById("news");
const link = document.getElementById("link");
const FRESH = 5000;

const app = {
  status: null,
  /** By id, the newest first, see `gathered`. */
  incidents: new Map(),
  /** When each was told while this page was open. */
  fresh: new Map(),

  /** What is known of an incident with one message more. */
  take(record) {
    const known = app.incidents.get(record.id)?.records.filter((one) => one.seq !== record.seq) || [];
    const made = gathered([...known, record]);
    app.incidents.set(record.id, made);
    if (app.incidents.size > 400) app.incidents.delete([...app.incidents.keys()].pop());
    return made;
  },

  isOpen(one) {
    if (one.last.event === "close") return false;
    return app.status?.open_incidents.includes(one.id) || app.isFresh(one);
  },

  isFresh: (one) => Date.now() - (app.fresh.get(one.id) || 0) < FRESH,

  /** The answer's value; undefined, with the reason in `problem`, when there is none. */
  async get(path, problem) {
    try {
      const answer = await fetch(path);
      const value = await answer.json();
      if (answer.ok) return value;
      if (problem) problem.textContent = value.error || `monitord answers ${answer.status}`;
    } catch {
      if (problem) problem.textContent = "monitord does not answer";
    }
  },

  /** Acts; why it failed, in words, or nothing. */
  async post(path, body = "") {
    try {
      const answer = await fetch(path, { method: "POST", headers: { "X-Monitord-Token": token }, body });
      if (answer.ok) return undefined;
      const text = await answer.text();
      try { return JSON.parse(text).error || text; } catch { return text || `monitord answers ${answer.status}`; }
    } catch {
      return "monitord does not answer";
    }
  },

  /** Asks for the incidents again. */
  async refresh() {
    const records = await app.get("/api/v1/incidents?limit=400");
    if (!records) return;
    const before = app.incidents;
    app.incidents = new Map();
    for (const record of records) app.take(record);
    // What came while the answer was on its way.
    for (const [id, one] of before) for (const record of app.isFresh(one) ? one.records : []) if (!app.incidents.get(id)?.records.some((each) => each.seq === record.seq)) app.take(record);
    view?.update();
  },
};

// MARK: Which view

let view;

function route() {
  const hash = location.hash || "#/";
  if (!hash.startsWith("#/")) return;
  const [path, query] = hash.slice(2).split("?");
  const wanted = Object.fromEntries(new URLSearchParams(query));
  const parts = path.split("/");
  if (parts[0] === "series" && wanted.series !== undefined) view = series(app, wanted);
  else if (parts[0] === "incident" && parts[1]) view = incident(app, decodeURIComponent(parts[1]));
  else if (parts[0] === "silences") view = silences(app);
  else view = overview(app);
  main.replaceChildren(...view.elements);
  view.update();
  title();
  for (const one of document.querySelectorAll(".top nav a")) {
    if (one.getAttribute("href") === `#/${parts[0]}`) one.setAttribute("aria-current", "page");
    else one.removeAttribute("aria-current");
  }
}

function title() {
  const open = app.status?.open_incidents.length;
  document.title = `${open ? `(${open}) ` : ""}${view?.title || "monitord"} – monitord`;
}

addEventListener("hashchange", () => {
  route();
  window.scrollTo(0, 0);
  main.focus({ preventScroll: true });
});
let resized;
addEventListener("resize", () => {
  cancelAnimationFrame(resized);
  resized = requestAnimationFrame(() => view?.resize?.());
});
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});

// MARK: News

let source, lastNews = 0, process;

function listen() {
  source?.close();
  source = new EventSource("/api/v1/events");
  source.addEventListener("open", () => app.refresh());
  source.addEventListener("status", (event) => {
    lastNews = Date.now();
    app.status = JSON.parse(event.data);
    // Another run has another token: the page is loaded again.
    if (process !== undefined && process !== app.status.pid) return location.reload();
    process = app.status.pid;
    connection();
    view?.update();
    title();
  });
  source.addEventListener("alert", (event) => {
    lastNews = Date.now();
    const record = JSON.parse(event.data);
    const isNew = !app.incidents.has(record.id);
    const others = app.incidents;
    if (isNew) app.incidents = new Map();
    app.fresh.set(record.id, Date.now());
    const one = app.take(record);
    // The newest comes first.
    for (const [id, other] of isNew ? others : []) app.incidents.set(id, other);
    news.replaceChildren(h("p", {}, record.event === "close" ? `Incident over: ${record.message}` : `${isNew ? "New incident" : "Incident is worse"}, ${one.worst}: ${record.message}`));
    view?.update();
    setTimeout(() => view?.update(), FRESH + 50);
  });
  source.addEventListener("error", () => {
    connection();
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 3000);
  });
}

function connection() {
  const age = (Date.now() - lastNews) / 1000;
  const isLive = age < 6;
  link.className = `link ${isLive ? "live" : "lost"}`;
  const words = isLive ? "live" : lastNews ? `no news for ${Math.round(age)} s` : "monitord does not answer";
  const shown = link.querySelector(".words");
  if (shown.textContent !== words) shown.textContent = words;
  const status = app.status;
  if (status) {
    const share = status.cpu_seconds / Math.max(1, status.uptime_seconds);
    document.getElementById("process").textContent = `monitord ${status.version}, process ${status.pid}; ${Math.round(status.resident_bytes / 1048576)} MB, ${(100 * share).toFixed(1)} % of a core`;
  }
}

// A page that nobody sees takes no part of the few that may listen.
document.addEventListener("visibilitychange", () => {
  if (document.hidden) source?.close();
  else listen();
});
setInterval(() => { if (!document.hidden) connection(); }, 2000);
route();
app.refresh();
if (!document.hidden) listen();
