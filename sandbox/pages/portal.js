// The billing portal: a customer's cards, to make one the default or to remove it, and their
// subscriptions, to end one with its period or to take that back.
// Everything that came from outside is written with textContent.

const id = location.pathname.split("/").pop();
const at = (name) => document.getElementById(name);

async function ask(path, parameters) {
  const options = parameters && {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(parameters),
  };
  const answer = await fetch(`/stripe/portal/${encodeURIComponent(id)}${path}`, options);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error.message);
  return body;
}

function element(kind, className, text) {
  const made = document.createElement(kind);
  made.className = className;
  made.textContent = text;
  return made;
}

function button(label, className, act, subject) {
  const made = element("button", className, label);
  made.type = "button";
  made.addEventListener("click", () => draw(ask(`/${act}`, subject)));
  return made;
}

// "american_express" of the API as it is written on a card.
function written(brand) {
  return brand.replaceAll("_", " ").replace(/\b[a-z]/g, (letter) => letter.toUpperCase());
}

function row(method, isDefault) {
  const { display_brand, last4, exp_month, exp_year } = method[method.type];
  const name = display_brand ? `${written(display_brand)} •••• ${last4}, ${exp_month}/${exp_year}` : `SEPA Debit •••• ${last4}`;
  const line = element("p", "", `${name} `);
  line.dataset.method = method.id;
  if (isDefault) line.append(element("b", "", "default "));
  else line.append(button("Make default", "plain", "default", { card: method.id }));
  line.append(button("Remove", "plain", "remove", { card: method.id }));
  return line;
}

function day(seconds) {
  return new Date(seconds * 1000).toLocaleDateString("en", { dateStyle: "long", timeZone: "UTC" });
}

function subscriptionRow({ id: subscription, items, cancel_at }) {
  const [{ price, current_period_end }] = items.data;
  const amount = `${price.unit_amount} ${price.currency} (minor units) each ${price.recurring.interval}`;
  const next = cancel_at ? `ends on ${day(cancel_at)}` : `next on ${day(current_period_end)}`;
  const line = element("p", "", `${amount}, ${next} `);
  if (cancel_at) line.append(button("Do not end it", "plain", "keep", { subscription }));
  else line.append(button("End it with this period", "plain", "end", { subscription }));
  return line;
}

async function draw(asked) {
  try {
    const { return_url, customer, cards, subscriptions } = await asked;
    const chosen = customer.invoice_settings.default_payment_method;
    at("notice").hidden = true;
    at("back").href = return_url;
    at("name").textContent = customer.name;
    at("cards").replaceChildren(...cards.map((card) => row(card, card.id === chosen)));
    at("subscriptions").replaceChildren(...subscriptions.map(subscriptionRow));
    if (!subscriptions.length) at("subscriptions").append(element("p", "quiet", "There is none."));
    if (!cards.length) at("cards").append(element("p", "quiet", "No card is saved."));
  } catch (error) {
    at("notice").hidden = false;
    at("notice").textContent = error.message;
  }
}

draw(ask(""));
