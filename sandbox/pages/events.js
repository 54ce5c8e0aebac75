// The page of Stripe's events: payloads, deliveries, attempts and the backend's responses.

import { ask, block, breakable, chip, element, keepFresh, looksOf } from "/records.js";
import { recordList, recordNode, searchField, time } from "/records.js";

const at = (name) => document.getElementById(name);
const STEP = 100; // how many more to show
const LOOKS = { delivered: "good", retrying: "bad", waiting: "wait", dropped: "bad" };
let limit = STEP;

const search = searchField(at("search"), () => refresh().catch(() => {}));
const draw = recordList(at("records"), (event) => recordNode(event, summary, details));

function summary(event) {
  const tries = event.attempts === 1 ? "1 attempt" : `${event.attempts} attempts`;
  const last = event.status ?? event.error;
  return [
    element("span", "name", ...breakable(event.type)),
    chip(event.state, LOOKS[event.state] ?? ""),
    element(
      "span",
      "about",
      `${time(event.created)} · ${event.subject} · ${tries}${event.attempts ? `, ${last}` : ""}`,
    ),
  ];
}

async function details({ id }) {
  const { url, payload, delivery } = await ask(`/stripe/events/${encodeURIComponent(id)}`);
  const parts = (delivery?.attempts ?? []).map((attempt, place) => attemptBlock(attempt, place, url));
  for (const next of delivery?.next ?? []) {
    parts.push(element("p", "quiet", `The next attempt is at ${time(next)}.`));
  }
  return [...parts, block(`Payload, ${id}`, payload)];
}

function attemptBlock(attempt, place, url) {
  const got = attempt.status === null ? attempt.error : `HTTP ${attempt.status}`;
  const head = element(
    "p",
    "attempt-line",
    `Attempt ${place + 1} · ${time(attempt.at)} · POST ${url} `,
    chip(got, attempt.status === null ? "bad" : looksOf(attempt.status)),
    ` ${Math.round(attempt.seconds * 1000)} ms`,
  );
  if (attempt.status === null) return head;
  return element("div", "", head, block("Response", asJson(attempt.response)));
}

function asJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text ?? "(not recorded)";
  }
}

async function refresh() {
  const query = new URLSearchParams({ search: search(), limit });
  const { events, has_more: hasMore } = await ask(`/stripe/events?${query}`);
  draw(events, (event) => event.id);
  at("count").textContent = `${events.length}${hasMore ? "+" : ""}`;
  at("more").hidden = !hasMore;
  at("none").hidden = events.length > 0;
  const only = at("records").children;
  if (only.length === 1 && search().startsWith("evt_")) only[0].open = true;
}

at("more").addEventListener("click", () => {
  limit = Math.min(limit + STEP, 1000);
  refresh();
});
keepFresh(at("live"), refresh);
