// The billing portal: a customer's cards, to make one the default or to remove it.
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

function button(label, className, act, method) {
  const made = element("button", className, label);
  made.type = "button";
  made.addEventListener("click", () => draw(ask(`/${act}`, { card: method })));
  return made;
}

function row(method, isDefault) {
  const { display_brand, last4, exp_month, exp_year } = method.card;
  const line = element("p", "", `${display_brand} •••• ${last4}, ${exp_month}/${exp_year} `);
  line.dataset.method = method.id;
  if (isDefault) line.append(element("b", "", "default "));
  else line.append(button("Make default", "plain", "default", method.id));
  line.append(button("Remove", "plain", "remove", method.id));
  return line;
}

async function draw(asked) {
  try {
    const { return_url, customer, cards } = await asked;
    const chosen = customer.invoice_settings.default_payment_method;
    at("notice").hidden = true;
    at("back").href = return_url;
    at("name").textContent = customer.name;
    at("cards").replaceChildren(...cards.map((card) => row(card, card.id === chosen)));
    if (!cards.length) at("cards").append(element("p", "quiet", "No card is saved."));
  } catch (error) {
    at("notice").hidden = false;
    at("notice").textContent = error.message;
  }
}

draw(ask(""));
