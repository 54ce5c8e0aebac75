// Lists of records that open: the pages of calls and of events. A record's node stays while it does
// not change, so that nothing moves under a finger. All texts enter as text, never as HTML.

export async function ask(path) {
  const answer = await fetch(path);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error.message);
  return body;
}

export function element(kind, className, ...inside) {
  const made = document.createElement(kind);
  made.className = className;
  made.append(...inside);
  return made;
}

export function chip(text, looks) {
  return element("span", `state ${looks}`, text);
}

export const looksOf = (status) => (status >= 200 && status < 300 ? "good" : "bad");

export function time(seconds) {
  const at = new Date(seconds * 1000);
  const isToday = at.toDateString() === new Date().toDateString();
  const day = isToday ? "" : `${at.toLocaleDateString([], { day: "numeric", month: "short" })} `;
  return day + at.toLocaleTimeString();
}

// The parts of a long name, which may break after each dot, line and slash.
export function breakable(name) {
  return name.split(/(?<=[._/])/).flatMap((part) => [part, document.createElement("wbr")]);
}

// A titled text: JSON in lines, anything else as it is.
export function block(title, value) {
  const text = typeof value === "string" ? value : JSON.stringify(value, null, 2);
  const lines = element("pre", "", text || "(empty)");
  lines.tabIndex = 0; // it scrolls by keyboard
  lines.setAttribute("aria-label", title);
  return element("div", "block", element("h3", "", title), lines);
}

// The fields of a form or of JSON text, with the JSON inside of fields as JSON.
export function readable(text) {
  if (!text) return text;
  const whole = parsed(text);
  if (typeof whole === "object") return whole;
  const fields = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const values = name in fields ? [fields[name], parsed(value)].flat() : parsed(value);
    fields[name] = values;
  }
  return fields;
}

function parsed(text) {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

// A record that opens: `summary(record)` are the parts of its line, `details(record)` a promise of
// what is inside, which is asked for when it is opened and when it has changed.
export function recordNode(record, summary, details) {
  const node = element("details", "record");
  const line = element("summary", "");
  const inside = element("div", "inside");
  node.append(line, inside);
  let current = null;
  const fill = async () => {
    try {
      inside.replaceChildren(...(await details(current)));
    } catch (error) {
      inside.replaceChildren(element("p", "quiet", error.message));
    }
  };
  node.update = (changed) => {
    current = changed;
    line.replaceChildren(...summary(changed));
    if (node.open) fill();
  };
  node.addEventListener("toggle", () => node.open && fill());
  node.update(record);
  return node;
}

// Draws records by their key, newest first, with as little change to the page as possible.
export function recordList(holder, make) {
  const nodes = new Map(); // key -> { node, as }: the record as it was drawn, as JSON
  return (records, keyOf) => {
    const wanted = records.map((record) => {
      const as = JSON.stringify(record);
      const drawn = nodes.get(keyOf(record)) ?? { node: make(record), as };
      if (drawn.as !== as) drawn.node.update(record);
      nodes.set(keyOf(record), { node: drawn.node, as });
      return drawn.node;
    });
    const there = [...holder.children];
    const added = wanted.findIndex((node) => node === there[0]);
    const rest = wanted.slice(Math.max(added, 0));
    const onlyAdds = added >= 0 && rest.every((node, place) => node === there[place]);
    if (!onlyAdds) return holder.replaceChildren(...wanted);
    for (const node of there.slice(rest.length)) node.remove();
    return holder.prepend(...wanted.slice(0, added));
  };
}

// The search field: `/` goes there, Escape empties it; the page's address keeps what it has.
export function searchField(field, changed) {
  let due = 0;
  field.value = new URLSearchParams(location.search).get("q") ?? "";
  field.addEventListener("input", () => {
    clearTimeout(due);
    due = setTimeout(() => {
      const query = field.value ? `?${new URLSearchParams({ q: field.value })}` : "";
      history.replaceState(null, "", location.pathname + query);
      changed();
    }, 150);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(input|select|textarea)$/i.test(event.target.tagName)) {
      event.preventDefault();
      field.focus();
    } else if (event.key === "Escape" && document.activeElement === field) {
      field.value = "";
      field.dispatchEvent(new Event("input"));
    }
  });
  return () => field.value.trim().toLowerCase();
}

// Calls `refresh()` again and again while the page is seen, and says whether the sandbox answers.
export async function keepFresh(live, refresh, every = 1500) {
  for (;;) {
    if (!document.hidden) {
      try {
        await refresh();
        live.textContent = "live";
        live.classList.remove("lost");
      } catch {
        live.textContent = "the sandbox does not answer";
        live.classList.add("lost");
      }
    }
    await new Promise((done) => setTimeout(done, every));
  }
}
