// The hosted payment page: shows one session, tries to pay it, sends the payer back.
// Everything that came from outside is written with textContent.

const id = location.pathname.split("/").pop();
const at = (name) => document.getElementById(name);
const EVERY = 3000; // milliseconds between looks at the session: it may be paid in another tab
const PAUSE = 900; // so that the payer sees that it worked

const ENDINGS = {
  paid: ["✓", "good", "Paid", "Thank you. Nothing more to do here."],
  unpaid: ["…", "", "On its way", "The bank takes a moment. You will be told."],
  no_payment_required: ["✓", "good", "Saved", "The card is saved. Nothing was charged."],
  refused: ["!", "", "Not paid", "Nothing was charged."],
  expired: ["!", "", "This link has expired", "Nothing was charged. Ask for a new link."],
  unknown: ["?", "", "There is no such payment", "Ask for a new link."],
};

const BRANDS = { visa: "VISA", mastercard: "MC", amex: "AMEX", bank: "BANK" };

let session = null;
let busy = false;
let asking = "4000002500003155"; // the card for which the bank asks

async function ask(path, parameters) {
  const options = parameters && {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(parameters),
  };
  const answer = await fetch(`/stripe/sessions/${encodeURIComponent(id)}${path}`, options);
  const body = await answer.json();
  if (!answer.ok) {
    throw Object.assign(new Error(body.error.message), { status: answer.status });
  }
  return body;
}

function money(amount) {
  const digits = { minimumFractionDigits: session.digits, maximumFractionDigits: session.digits };
  const style = { style: "currency", currency: session.currency, ...digits };
  return new Intl.NumberFormat(undefined, style).format(Number(amount));
}

function element(kind, className, text) {
  const made = document.createElement(kind);
  made.className = className;
  made.textContent = text;
  return made;
}

// In groups as on the card: 4-6-5 for the 15 digits of American Express, else by four.
function spaced(card) {
  if (/^3[47]\d{13}$/.test(card)) return card.replace(/^(.{4})(.{6})/, "$1 $2 ");
  return /^\d+$/.test(card) ? card.replace(/(\d{4})(?=\d)/g, "$1 ") : card;
}

function methodButton(method) {
  const button = element("button", "method", "");
  const text = document.createElement("span");
  button.type = "button";
  button.dataset.card = method.card;
  text.append(
    element("span", "label", method.label),
    element("span", "number", spaced(method.card)),
  );
  button.append(element("span", `brand ${method.brand}`, BRANDS[method.brand]), text);
  button.addEventListener("click", () => pay({ card: method.card }));
  return button;
}

function notice(text, bad = true) {
  at("notice").hidden = !text;
  at("notice").textContent = text || "";
  at("notice").classList.toggle("bad", bad);
}

function show(part) {
  for (const name of ["choose", "ask", "over"]) at(name).hidden = name !== part;
  at("page").dataset.state = part;
  at("page").removeAttribute("aria-busy");
}

function end(name) {
  const [mark, look, title, explanation] = ENDINGS[name];
  const back = session && session.redirect_url;
  at("mark").textContent = mark;
  at("ending").textContent = title;
  at("explanation").textContent = explanation;
  at("over").classList.toggle("good", look === "good");
  at("onward").hidden = !back;
  if (back) at("onward").href = back;
  at("until").textContent = "";
  at("cancel").hidden = name !== "expired" || !at("cancel").href;
  notice("");
  show("over");
}

function draw() {
  const names = session.items.map((item) => item.description);
  const adding = session.mode === "setup";
  at("what").textContent = names.length === 1 ? names[0] : `${names.length} items`;
  if (adding) at("what").textContent = "Save a card";
  if (adding) at("choose-what").textContent = "Choose a test card";
  at("amount").textContent = adding ? "" : money(session.amount);
  if (session.interval) at("amount").append(element("span", "per", ` per ${session.interval}`));
  at("items").hidden = names.length < 2;
  at("items").replaceChildren(
    ...session.items.map((item) => {
      const line = document.createElement("li");
      const count = item.quantity > 1 ? ` × ${item.quantity}` : "";
      line.append(element("span", "", item.description + count));
      line.append(element("span", "", money(item.amount)));
      return line;
    }),
  );
  if (session.cancel_url) at("cancel").href = session.cancel_url;
  at("cancel").hidden = !session.cancel_url;
  at("saving").hidden = !session.saving;
  at("told").hidden = !session.told;
  if (session.told) at("told").textContent = session.told.message;
  if (session.status === "complete") return end(session.payment_status);
  if (session.status === "expired") return end("expired");
  const until = new Date(session.expires_at * 1000);
  const day = until.toDateString() === new Date().toDateString() ? {} : { weekday: "long" };
  const clock = { hour: "2-digit", minute: "2-digit", timeZoneName: "short" };
  const time = until.toLocaleString([], { ...day, ...clock });
  at("until").textContent = session.expires_at ? `This link is open until ${time}` : "";
  if (!at("methods").children.length) at("methods").append(...session.methods.map(methodButton));
  show(session.next === "authenticate" ? "ask" : "choose");
}

async function refresh() {
  try {
    session = await ask("");
    draw();
  } catch (error) {
    if (error.status === 404) end("unknown");
    else notice("The sandbox does not answer. Is it still running?");
  }
}

async function pay(wish) {
  if (busy) return;
  busy = true;
  asking = wish.card;
  const buttons = [...document.querySelectorAll("section button")];
  const pressed = buttons.find((button) => button.dataset.card === wish.card);
  buttons.forEach((button) => (button.disabled = true));
  if (pressed) pressed.classList.add("busy");
  notice("");
  try {
    const save = at("save").checked ? { save: true } : {};
    const outcome = await ask("/pay", { ...wish, ...save });
    session = { ...session, next: undefined, ...outcome };
    draw();
    if (outcome.redirect_url) {
      at("explanation").textContent = "Taking you back…";
      setTimeout(() => location.assign(outcome.redirect_url), PAUSE);
    } else if (outcome.decline_code) {
      notice(`${outcome.message} Nothing was charged.`);
    }
  } catch (error) {
    if (error.status === 409) await refresh(); // perhaps somebody was faster
    if (at("over").hidden) notice(error.message);
  } finally {
    busy = false;
    buttons.forEach((button) => (button.disabled = false));
    if (pressed) pressed.classList.remove("busy");
  }
}

at("authenticate").addEventListener("click", () => pay({ card: asking, authenticate: true }));
at("refuse").addEventListener("click", () => pay({ card: asking, authenticate: false }));

refresh();
setInterval(() => {
  if (!busy && session && session.status === "open") refresh();
}, EVERY);
