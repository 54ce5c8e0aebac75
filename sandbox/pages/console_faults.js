// The console's faults: what each is called, its switch, and how many are on.

const FAULTS = [
  ["twice", "Post every event twice", "checkbox"],
  ["out_of_order", "Post the next events out of order", "checkbox"],
  ["drop", "Drop: post nothing", "checkbox"],
  ["late", "Post late, seconds", "number"],
  ["fail_first", "Lose the first attempts", "number"],
  ["delay", "Bank debits settle after, seconds", "number"],
  ["settlement", "Paid out in", "text"],
  ["tax_percent", "Tax is added, percent", "number"],
  ["discount_percent", "A discount is taken, percent", "number"],
  ["presentment", "Payers see prices in", "text"],
  ["api_version", "Events of API version", "text"],
  ["thin", "Post thin events", "checkbox"],
  ["account", "Events of a connected account", "text"],
  ["api_timeout", "API: act, then no answer, next", "number"],
  ["api_500", "API: answer 500, next", "number"],
  ["api_429", "API: answer 429, next", "number"],
  ["key_rolled", "API: refuse the key", "checkbox"],
];

const OTHERS = [
  ["Another installation's payment", "neighbour"],
  ["Another account's key", "account"],
];

function faultSwitch([name, label, type]) {
  const input = element("input", "");
  const holder = element("label", "fault", label, input);
  input.type = type;
  input.min = 0;
  input.id = `fault-${name}`;
  input.addEventListener("change", () => {
    const values = { checkbox: input.checked, number: Number(input.value) };
    const value = type === "text" ? input.value.trim() || null : values[type];
    press(() => ask("faults", { [name]: value }));
  });
  return holder;
}

function drawFaults(faults) {
  let count = 0;
  for (const [name, , type] of FAULTS) {
    const input = at(`fault-${name}`);
    if (input === document.activeElement && type !== "checkbox") continue;
    if (type === "checkbox") input.checked = faults[name];
    else input.value = faults[name] ?? "";
    const on = name !== "delay" && Boolean(faults[name]);
    input.parentElement.classList.toggle("on", on);
    count += on;
  }
  at("how-many").textContent = count ? `${count} on` : "nothing";
}
