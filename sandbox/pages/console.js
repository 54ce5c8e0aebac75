// The console: polls the sandbox each second, and posts what its buttons do.
// Everything that came from outside is written with textContent.

const at = (name) => document.getElementById(name);
const EVERY = 1000; // milliseconds
const SESSIONS = 8; // how many to show
const EVENTS = 60;
const LATE = 5; // seconds
const ADJUSTED = 37; // minor units

const PASSES = [
  ["A day goes by", 1],
  ["A week goes by", 7],
  ["A month goes by", 30],
];

const LOOKS = {
  delivered: "good",
  retrying: "bad",
  waiting: "wait",
  "given up": "bad",
  succeeded: "good",
  won: "good",
  lost: "bad",
  failed: "bad",
  closed: "good",
  complete: "good",
  saved: "good",
  open: "wait",
};

async function ask(path, parameters) {
  const options = parameters && {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(parameters),
  };
  const answer = await fetch(`/stripe/${path}`, options);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error.message);
  return body;
}

function element(kind, className, ...inside) {
  const made = document.createElement(kind);
  made.className = className;
  made.append(...inside);
  return made;
}

function button(text, act) {
  const made = element("button", "small", text);
  made.type = "button";
  made.addEventListener("click", () => press(act));
  return made;
}

function state(word) {
  return element("span", `state ${LOOKS[word] || ""}`, word.replaceAll("_", " "));
}

function breakable(type) {
  return type.replace(/[._]/g, "$&\u200b");
}

function time(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString();
}

function money(session) {
  const digits = { minimumFractionDigits: session.digits, maximumFractionDigits: session.digits };
  const style = { style: "currency", currency: session.currency, ...digits };
  return new Intl.NumberFormat(undefined, style).format(Number(session.amount));
}

function attempt(made) {
  const good = made.status >= 200 && made.status < 300;
  const what = made.status === null ? made.error : made.status;
  const how = `${what} · ${Math.round(made.seconds * 1000)} ms`;
  const chip = element("span", `attempt ${good ? "good" : "bad"}`, how);
  chip.title = time(made.at);
  return chip;
}

function row(name, about, ...beside) {
  const what = [element("div", "name", name), element("div", "about", about)];
  return element("div", "row", element("div", "", ...what), ...beside);
}

function payloadLink(event) {
  const link = element("a", "small", "Payload");
  link.href = `/events?${new URLSearchParams({ q: event })}`;
  return link;
}

function deliveryRow(delivery) {
  const again = (after) => ask(`deliveries/${delivery.event}/again`, { after });
  const next = delivery.next.map((when) => element("span", "attempt", `next ${time(when)}`));
  const shown = row(
    breakable(delivery.type),
    `${time(delivery.created)} · ${delivery.event}`,
    element("div", "side", state(delivery.state)),
    element(
      "div",
      "buttons",
      button("Again", () => again(0)),
      button(`Late ${LATE} s`, () => again(LATE)),
      button("Twice", () => Promise.all([again(0), again(0)])),
      payloadLink(delivery.event),
    ),
    element("div", "attempts", ...delivery.attempts.map(attempt), ...next),
  );
  shown.dataset.event = delivery.event;
  return shown;
}

function sessionRow(session) {
  const post = (name) => () => ask(`sessions/${session.id}/${name}`, {});
  const name = session.items.map((item) => item.description).join(", ");
  const per = session.interval ? ` per ${session.interval}` : "";
  const status = session.status === "complete" ? session.payment_status : session.status;
  const looks = { paid: "complete", unpaid: "waiting", no_payment_required: "saved" };
  const chip = state(looks[status] || status);
  chip.textContent = { unpaid: "processing", no_payment_required: "saved" }[status] || status;
  if (status === "unpaid" && session.decline_code) {
    chip.className = "state bad";
    chip.textContent = "failed";
  }
  const buttons = element("div", "buttons");
  if (session.status === "open") {
    const link = element("a", "small", "Open page");
    link.href = session.url;
    buttons.append(link, button("Expire", post("expire")));
  } else if (status === "unpaid" && !session.decline_code) {
    buttons.append(button("Settle now", post("settle")));
  }
  const declined = session.decline_code ? ` · ${session.decline_code}` : "";
  return row(
    session.mode === "setup" ? "A card is added" : `${money(session)}${per} · ${name}`,
    `${time(session.created)} · ${session.id.slice(0, 24)}…${declined}`,
    element("div", "side", chip),
    buttons,
  );
}

function cardRow(method) {
  const { display_brand, last4, exp_month, exp_year } = method.card;
  const reissue = (years) => () => {
    const now = new Date();
    const expiry = { exp_month: now.getMonth() + 1, exp_year: now.getFullYear() + years };
    return ask(`cards/${method.id}/reissue`, expiry);
  };
  return row(
    `${display_brand} •••• ${last4} · ${exp_month}/${exp_year}`,
    `${time(method.created)} · ${method.id}`,
    element(
      "div",
      "buttons",
      button("Expire this month", reissue(0)),
      button("Expire", reissue(-1)),
      button("Renew", reissue(4)),
    ),
  );
}

const STEPS = {
  refund: "Refund",
  refund_pending: "Refund, pending",
  refund_without_status: "Refund, no status",
  refund_of_unknown_status: "Refund, odd status",
  inquire: "Inquiry",
  dispute: "Dispute",
  resolve: "Prevented, paid back",
  block: "Prevented, blocked",
  warn: "Fraud warning",
  succeed: "Succeeds",
  fail: "Fails",
  answer: "Answer",
  close: "Bank is satisfied",
  escalate: "Becomes a dispute",
  respond: "Respond",
  win: "Win",
  lose: "Lose",
  adjust: "Adjust by 0.37",
};

function clawbackRow(thing) {
  const names = { charge: "Charge", refund: "Refund", dispute: "Dispute" };
  const asks = thing.status.startsWith("warning_"); // an inquiry, which takes no money
  const name = asks ? "Inquiry" : names[thing.object];
  const press = (step, more) => () => ask(`clawbacks/${thing.id}`, { step, ...more });
  const steps = thing.next.map((step) => {
    return button(STEPS[step], press(step, step === "adjust" ? { amount: ADJUSTED } : {}));
  });
  if (thing.object === "charge" && thing.next.length) {
    const half = { amount: Math.max(Math.floor(thing.minor / 2), 1) };
    steps.push(button("Refund half", press("refund", half)));
    steps.push(button("Dispute half", press("dispute", half)));
  }
  const booked = thing.booked.map((movement) => money(movement)).join(", ");
  return row(
    `${name} · ${money(thing)}`,
    `${time(thing.created)} · ${thing.id}${booked && ` · booked ${booked}`}`,
    element("div", "side", state(thing.status.replace("warning_", ""))),
    element("div", "buttons", ...steps),
  );
}

function drawClock({ now }) {
  const day = { weekday: "long", day: "numeric", month: "long", year: "numeric" };
  at("today").textContent = new Date(now * 1000).toLocaleDateString(undefined, day);
}

function drawRows(name, things, make) {
  // A row that did not change stays, so that no button vanishes under a finger.
  const holder = at(name);
  const old = new Map([...holder.children].map((row) => [row.dataset.key, row]));
  const rows = things.map((thing) => {
    const key = JSON.stringify(thing);
    const row = old.get(key) || make(thing);
    row.dataset.key = key;
    return row;
  });
  if (rows.length !== old.size || rows.some((row) => row.parentElement !== holder)) {
    holder.replaceChildren(...rows);
  }
  at(`no-${name}`).hidden = rows.length > 0;
}

async function refresh() {
  try {
    const asked = ["faults", "sessions", "cards", "clawbacks", "deliveries"].map((it) => ask(it));
    const [faults, { sessions }, { cards }, { clawbacks }, { deliveries }] =
      await Promise.all(asked);
    drawClock(await ask("clock", { days: 0 }));
    drawFaults(faults);
    drawRows("sessions", sessions.slice(0, SESSIONS), sessionRow);
    drawRows("cards", cards, cardRow);
    drawRows("clawbacks", clawbacks.slice(0, SESSIONS), clawbackRow);
    drawRows("deliveries", deliveries.slice(0, EVENTS), deliveryRow);
    at("live").textContent = "live";
    at("live").classList.remove("lost");
  } catch {
    at("live").textContent = "the sandbox does not answer";
    at("live").classList.add("lost");
  }
}

async function press(act) {
  try {
    await act();
  } catch (error) {
    alert(error.message);
  }
  await refresh();
}

at("wrong").open = matchMedia("(min-width: 760px)").matches;
at("faults").append(...FAULTS.map(faultField));
at("others").append(
  ...OTHERS.map(([label, path]) => button(label, () => ask(path, {}))),
);
at("reset").addEventListener("click", () => press(() => ask("faults", {})));
at("passes").append(
  ...PASSES.map(([label, days]) => button(label, () => ask("clock", { days }))),
);
(async () => {
  for (;;) {
    await refresh();
    await new Promise((done) => setTimeout(done, EVERY));
  }
})();
