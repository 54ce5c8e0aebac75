// The console's faults: the label and the field of each, and how many are on.

// The name, the label, and the type of the input; "list" is text with commas between the parts.
const FAULTS = [
  ["twice", "Post every event twice", "checkbox"],
  ["out_of_order", "Post the next events out of order", "checkbox"],
  ["drop", "Drop: post nothing", "checkbox"],
  ["late", "Post late, seconds", "number"],
  ["fail_first", "Lose the first attempts", "number"],
  ["only", "Post only these types", "list", "refund.created"],
  ["delay", "Bank debits settle after, seconds", "number"],
  ["settlement", "Paid out in", "text", "usd"],
  ["tax_percent", "Tax is added, percent", "number"],
  ["discount_percent", "A discount is taken, percent", "number"],
  ["presentment", "Payers see prices in", "text", "usd"],
  ["api_version", "Events of API version", "text", "2024-06-20"],
  ["thin", "Post thin events", "checkbox"],
  ["account", "Events of a connected account", "text", "acct_1Connected"],
  ["api_timeout", "API: act, then no answer, next", "number"],
  ["api_500", "API: answer 500, next", "number"],
  ["api_429", "API: answer 429, next", "number"],
  ["api_slow", "API: answer after, seconds", "number"],
  ["unreadable", "API: answer 503 for these kinds", "list", "dispute, refund"],
  ["key_rolled", "API: the key was replaced, answer 401", "checkbox"],
  ["lacks", "API: the key lacks these permissions", "list", "product_write"],
  ["portal_unsaved", "The portal's settings were never saved", "checkbox"],
  ["portal_updates", "In the portal customers change these", "list", "email, address"],
  ["refused_emails", "API: refuse these e-mail addresses", "list", "books@acme.example"],
  ["clock", "Dates of answers are ahead, seconds", "number"],
];

const OTHERS = [
  ["Another installation's payment", "neighbour"],
  ["Another account's key", "account"],
];

function valueOf(input, type) {
  switch (type) {
    case "checkbox":
      return input.checked;
    case "number":
      return Number(input.value);
    case "list":
      return input.value.split(/[\s,]+/).filter(Boolean);
    default:
      return input.value.trim() || null;
  }
}

function faultField([name, label, type, example = ""]) {
  const input = element("input", type);
  const holder = element("label", "fault", label, input);
  input.type = type === "list" ? "text" : type;
  if (name !== "clock") input.min = 0;
  input.placeholder = example;
  input.id = `fault-${name}`;
  input.addEventListener("change", () => {
    press(() => ask("faults", { [name]: valueOf(input, type) }));
  });
  return holder;
}

function isOn(name, value) {
  if (name === "delay") return false; // a delayed payment always takes some time
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

function drawFaults(faults) {
  let count = 0;
  for (const [name, , type] of FAULTS) {
    const input = at(`fault-${name}`);
    if (input === document.activeElement && type !== "checkbox") continue;
    if (type === "checkbox") input.checked = faults[name];
    else if (type === "list") input.value = faults[name].join(", ");
    else input.value = faults[name] ?? "";
    const on = isOn(name, faults[name]);
    input.parentElement.classList.toggle("on", on);
    count += on;
  }
  at("how-many").textContent = count ? `${count} on` : "nothing";
}
