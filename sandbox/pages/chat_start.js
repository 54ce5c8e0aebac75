// The bar above the composer: START where the bot cannot write yet, or where a link starts it, and
// blocking. https://core.telegram.org/bots/features#deep-linking

import { ask } from "/chat_api.js";
import { openChat } from "/chat_groups.js";
import { make } from "/chat_messages.js";
import { toast } from "/chat_notices.js";

const element = (id) => document.getElementById(id);
const bar = element("start");
const block = element("block");

let link = null; // the link that waits for START: {url, chat, payload}
let shown = ""; // what the bar shows, so that it is only drawn when that changes
let latest = null; // the arguments of the last drawing

export function offerLink(offered) {
  link = offered;
}

export function dropLink() {
  link = null;
}

// `again()` shows the chat anew, `play(persona, personas, true)` has another person open the link.
export function drawStart(me, personas, acts) {
  latest = { me, personas, acts };
  if (link && link.chat !== openChat()) link = null;
  const isPrivate = openChat() === "private";
  block.hidden = !isPrivate || !me.started || me.blocked;
  const state = JSON.stringify([me.user, me.started, me.blocked, me.refused, openChat(), link]);
  if (state === shown) return;
  shown = state;
  const hadFocus = bar.contains(document.activeElement);
  if (link) drawLink(me, personas, acts);
  else if (isPrivate && me.blocked) drawBlocked(me, acts);
  else if (isPrivate && !me.started) drawUnstarted(me, acts);
  else bar.replaceChildren();
  bar.hidden = !bar.children.length;
  if (link || hadFocus) bar.querySelector("button")?.focus();
}

function drawLink(me, personas, acts) {
  const group = link.chat !== "private";
  const adds = `adds the bot to ${link.chat}${link.payload ? " and starts it" : ""}`;
  const what = group ? adds : "starts the bot";
  const others = personas.filter(({ user }) => user !== me.user);
  const choices = make("p", { className: "others" });
  choices.append(
    "or open it as ",
    ...others.map((other) => button(other.name, () => acts.play(other, personas, true))),
    button("Not now", () => leave(acts)),
  );
  bar.replaceChildren(
    make("p", { textContent: `This link ${what}${link.payload ? ` with ${link.payload}` : ""}.` }),
    main(group ? "ADD AND START" : "START", () => start(me, acts)),
    choices,
  );
}

function drawUnstarted(me, acts) {
  const why =
    `${me.name} has not pressed START. A bot cannot write to somebody first: Telegram answers it ` +
    `403, so nothing arrives here${refusals(me)}.`;
  bar.replaceChildren(make("p", { textContent: why }), main("START", () => start(me, acts)));
}

function drawBlocked(me, acts) {
  const why =
    `${me.name} has blocked the bot. Telegram answers it 403, so nothing arrives ` +
    `here${refusals(me)}. To write to it unblocks it, too.`;
  const unblock = () => ask("/telegram/block", { user: me.user, blocked: false });
  bar.replaceChildren(
    make("p", { textContent: why }),
    main("UNBLOCK", () => act(unblock, acts)),
  );
}

const refusals = ({ refused }) =>
  refused ? ` (it has tried ${refused === 1 ? "once" : `${refused} times`})` : "";

function button(text, press) {
  const node = make("button", { type: "button", textContent: text });
  node.addEventListener("click", press);
  return node;
}

const main = (text, press) => Object.assign(button(text, press), { className: "main" });

function start(me, acts) {
  const { chat = "private", payload } = link ?? {};
  dropLink();
  return act(
    () => ask("/telegram/start", { user: me.user, chat, payload: payload ?? "" }),
    acts,
  );
}

function leave(acts) {
  dropLink();
  acts.again();
}

async function act(request, acts) {
  try {
    await request();
  } catch (error) {
    toast(`Not done: ${error.message}`);
  }
  acts.again();
  element("text").focus();
}

block.addEventListener("click", () => {
  const { me, acts } = latest;
  act(() => ask("/telegram/block", { user: me.user, blocked: true }), acts);
});
