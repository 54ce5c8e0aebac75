// The page of recorded calls: what the backend sent to Stripe and the bot to Telegram.

import { ask, block, breakable, chip, element, keepFresh, looksOf } from "/records.js";
import { readable, recordList, recordNode, searchField, time } from "/records.js";

const at = (name) => document.getElementById(name);
const STEP = 100; // how many more to show
const calls = []; // oldest first, as they are recorded
let after = 0;
let limit = STEP;

const isBotCall = (call) => call.path.startsWith("/bot");
const search = searchField(at("search"), show);
const draw = recordList(at("records"), (call) => recordNode(call, summary, details));

function summary(call) {
  const answered = call.status !== null;
  return [
    element("span", "name", `${call.method} `, ...breakable(call.path)),
    chip(answered ? String(call.status) : "no answer", answered ? looksOf(call.status) : "bad"),
    element("span", "about", `${time(call.at)} · ${Math.round(call.seconds * 1000)} ms`),
  ];
}

async function details(call) {
  const headers = Object.entries(call.headers).map(([name, value]) => `${name}: ${value}`);
  const parts = [];
  if (call.query) parts.push(block("Query", readable(call.query)));
  if (call.body) parts.push(block("Body", readable(call.body)));
  if (call.body === null) parts.push(element("p", "quiet", "The body had a file; it is not recorded."));
  if (call.status === null) parts.push(element("p", "quiet", "The caller got no answer."));
  else parts.push(block(`Answer, ${call.status}`, call.answer));
  return [...parts, block("Headers", headers.join("\n"))];
}

// Everything that is recorded of a call, as one text to search in.
function textOf(call) {
  call.text ??= `${JSON.stringify(call)} ${decoded(call.body)} ${decoded(call.query)}`.toLowerCase();
  return call.text;
}

function decoded(form) {
  try {
    return decodeURIComponent((form ?? "").replaceAll("+", " "));
  } catch {
    return "";
  }
}

function show() {
  const text = search();
  const service = at("service").value;
  const matching = calls.filter(
    (call) =>
      (!service || isBotCall(call) === (service === "bot")) && (!text || textOf(call).includes(text)),
  );
  const newest = matching.reverse();
  draw(newest.slice(0, limit).map(({ text: _, ...call }) => call), (call) => call.seq);
  at("count").textContent = `${newest.length} of ${calls.length}`;
  at("more").hidden = newest.length <= limit;
  at("none").hidden = newest.length > 0;
}

async function refresh() {
  const news = await ask(`/recorded?after=${after}`);
  if (!news.calls.length && after) return;
  calls.push(...news.calls);
  calls.splice(0, Math.max(calls.length - 1000, 0)); // as many as the sandbox remembers
  after = news.after;
  show();
}

at("service").addEventListener("change", show);
at("more").addEventListener("click", () => {
  limit += STEP;
  show();
});
keepFresh(at("live"), refresh);
