// The list of people: who is played, with which roles, and whom the bot cannot write to.

import { make } from "/chat_messages.js";

export const seen = new Map(); // persona -> the version of their chat when last looked at

export function drawPeople(personas, me, play) {
  const focused = document.activeElement?.dataset?.user;
  document
    .getElementById("personas")
    .replaceChildren(...personas.map((persona) => button(persona, personas, me, play)));
  if (focused) document.querySelector(`[data-user="${focused}"]`)?.focus();
}

function button(persona, personas, me, play) {
  const { version, last } = persona.chats[0];
  if (!seen.has(persona.user)) seen.set(persona.user, version);
  const isMe = persona.user === me.user;
  const node = make("button", { type: "button", className: "persona" });
  node.dataset.user = persona.user;
  node.setAttribute("aria-pressed", String(isMe));
  const avatar = make("span", { textContent: persona.name[0] });
  avatar.className = `avatar ${persona.user}`;
  avatar.setAttribute("aria-hidden", "true");
  const who = make("span", { className: "who" });
  who.append(
    make("span", { className: "name", textContent: persona.name }),
    make("span", { className: "role", textContent: persona.role }),
    make("span", { className: "about", textContent: persona.about, title: persona.about }),
    make("span", { className: "last", textContent: last.replace(/\s+/g, " ") }),
  );
  const away = awayBecause(persona);
  if (away) who.append(make("span", { className: "away", textContent: away }));
  node.append(avatar, who);
  if (!isMe && version > seen.get(persona.user)) {
    const dot = make("span", { className: "unread", role: "img" });
    dot.ariaLabel = "new messages";
    node.append(dot);
  }
  node.addEventListener("click", () => play(persona, personas));
  return node;
}

// Why the bot cannot write to somebody, in two words; "" where it can.
function awayBecause({ started, blocked }) {
  if (blocked) return "bot blocked";
  return started ? "" : "not started";
}
