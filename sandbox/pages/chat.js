// The chat page: plays one persona at a time through the people's routes (/telegram/*).
// Whatever was written by people or by the bot enters the page as text nodes, never as HTML.

import { ask } from "/chat_api.js";
import { changeChat, drawChats, openChat } from "/chat_groups.js";
import { linkOfPage, openLink } from "/chat_links.js";
import { dayOf, draw, make } from "/chat_messages.js";
import { alertWith, toast } from "/chat_notices.js";
import { drawPeople, seen } from "/chat_people.js";
import { dropLink, drawStart, offerLink } from "/chat_start.js";

const element = (id) => document.getElementById(id);
const log = element("log");
const list = element("messages");
const field = element("text");
const menu = element("commands");

const LONGEST_WAIT = 25; // seconds of one long poll
const PEOPLE_EVERY = 3000; // milliseconds between two looks at the other chats
const FIRST_COMMANDS = { member: "/balance", stranger: "/start" };
let me = null; // the persona who is being played
let listening = new AbortController();
let shown = new Map(); // message_id -> { message, node }
let commands = [];
let botName = ""; // which Telegram's apps add to the menu's commands in a group
let pageLink = linkOfPage(); // the link of Telegram's that this page was opened with

// ---- the routes

async function listen(user, signal) {
  let after = 0;
  let wait = 0;
  while (!signal.aborted) {
    try {
      const query = new URLSearchParams({ user, chat: openChat(), after, wait });
      const news = await ask(`/telegram/chat?${query}`, null, signal);
      if (signal.aborted) return;
      element("status").textContent = "bot";
      show(news.messages, after === 0);
      commands = news.commands;
      if (!menu.hidden) listCommands();
      after = news.after;
      wait = LONGEST_WAIT;
      if (openChat() === "private") seen.set(user, Math.max(seen.get(user) ?? 0, after));
    } catch {
      if (signal.aborted) return;
      element("status").textContent = "connecting …";
      wait = 0;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

async function send(text) {
  hideCommands();
  const { user } = me;
  const chat = openChat();
  try {
    const message = await ask("/telegram/send", { user, chat, text });
    if (user !== me.user || chat !== openChat()) return; // it stands in the other chat
    show([message], false);
    toBottom();
    lookAround();
  } catch (error) {
    toast(`Not sent: ${error.message}`);
  }
}

async function tap(key, messageId, button) {
  if (key.getAttribute("aria-busy") === "true") return;
  key.setAttribute("aria-busy", "true");
  try {
    const where = { user: me.user, chat: openChat(), message_id: messageId };
    const answer = await ask("/telegram/tap", { ...where, button: button.callback_data });
    if (!answer.answered) toast("The bot did not answer.");
    else if (answer.show_alert && answer.text) alertWith(answer.text);
    else if (answer.text) toast(answer.text);
  } catch (error) {
    toast(`Not pressed: ${error.message}`);
  } finally {
    key.removeAttribute("aria-busy");
  }
}

// ---- messages

function show(messages, isHistory) {
  const wasAtBottom = log.scrollHeight - log.scrollTop - log.clientHeight < 80;
  for (const message of messages) {
    const known = shown.get(message.message_id);
    if (known && (known.message.version ?? 0) >= (message.version ?? 0)) continue;
    const node = draw(message, tap, me.user_id);
    if (known) {
      const isChange = known.message.version !== undefined;
      node.className = known.node.className.replace(/ (arrived|changed)/g, "");
      if (isChange) node.classList.add("changed");
      known.node.replaceWith(node);
    } else {
      append(message, node, isHistory);
    }
    shown.set(message.message_id, { message, node });
  }
  element("welcome").hidden = shown.size > 0;
  suggest();
  if (isHistory || wasAtBottom) toBottom();
}

// What somebody can begin with in an empty chat; a role that nobody knows is taken for an owner's.
function suggest() {
  const first = FIRST_COMMANDS[me.role] ?? "/topup 50";
  element("suggestion").textContent = first;
  field.placeholder = shown.size ? "Message" : `Type ${first}`;
}

function append(message, node, isHistory) {
  const last = [...shown.values()].at(-1)?.message;
  const day = dayOf(message.date);
  if (!last || dayOf(last.date) !== day) {
    list.append(make("li", { className: "day", textContent: day }));
  } else if (last.from.id === message.from.id) {
    node.classList.add("same");
  }
  if (!isHistory) node.classList.add("arrived");
  list.append(node);
}

list.addEventListener("click", (event) => {
  const command = event.target.closest(".command");
  if (command) send(command.textContent);
  const link = event.target.closest("[data-link]");
  const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey; // a tab of its own, also here
  if (!link || elsewhere) return;
  event.preventDefault();
  follow(link.dataset.link);
});

// Open a link of Telegram's: the chat that it leads to, and START where it starts something.
async function follow(url) {
  const destination = await openLink(url);
  if (!destination) return;
  const { chat, payload } = destination;
  if (changeChat(chat)) openAgain();
  if (payload !== null || destination.adds) offerLink({ url, ...destination });
  lookAround();
}

// ---- people

async function lookAround() {
  try {
    const { bot, personas, bot_is_in_group: isInside } = await ask("/telegram/personas");
    element("bot-name").textContent = bot.first_name;
    botName = bot.username;
    if (!me) play(personas.find((p) => `#${p.user}` === location.hash) ?? personas[0], personas);
    me = personas.find((persona) => persona.user === me.user);
    element("playing-about").textContent = me.about;
    suggest();
    drawPeople(personas, me, play);
    drawChats(me, isInside, enter);
    drawStart(me, personas, { again: enter, play });
    if (pageLink) follow(pageLink);
    pageLink = "";
  } catch {
    element("status").textContent = "connecting …";
  }
}

function play(persona, personas, keepsLink = false) {
  if (me?.user === persona.user) return;
  if (!keepsLink) dropLink();
  me = persona;
  element("playing").textContent = persona.name;
  element("playing-about").textContent = persona.about;
  seen.set(persona.user, persona.chats[0].version);
  history.replaceState(null, "", `/#${persona.user}`);
  drawPeople(personas, me, play);
  openAgain();
  drawStart(me, personas, { again: enter, play });
}

function openAgain() {
  listening.abort();
  listening = new AbortController();
  shown = new Map();
  list.replaceChildren();
  hideCommands();
  listen(me.user, listening.signal);
}

function enter() {
  openAgain();
  lookAround();
}

// ---- writing

function listCommands() {
  const typed = field.value.startsWith("/") ? field.value.slice(1) : "";
  const fitting = commands.filter(({ command }) => command.startsWith(typed));
  menu.replaceChildren(
    ...fitting.map(({ command, description }) => {
      const choice = make("button", { type: "button" });
      choice.append(
        make("b", { textContent: `/${command}` }),
        make("span", { textContent: description }),
      );
      choice.addEventListener("click", () => {
        write("");
        send(openChat() === "private" ? `/${command}` : `/${command}@${botName}`);
        field.focus();
      });
      return choice;
    }),
  );
  if (!commands.length) {
    menu.append(make("p", { textContent: "The bot has not registered its commands yet." }));
  }
  return fitting.length > 0;
}

function showCommands() {
  element("toast").hidden = true;
  menu.hidden = false;
  element("menu").setAttribute("aria-expanded", "true");
}

function hideCommands() {
  menu.hidden = true;
  element("menu").setAttribute("aria-expanded", "false");
}

function write(text) {
  field.value = text;
  field.dispatchEvent(new Event("input"));
}

function moveAmongCommands(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (menu.hidden || !step) return;
  const choices = [...menu.querySelectorAll("button")];
  const next = choices.indexOf(document.activeElement) + step;
  event.preventDefault();
  if (next < 0 || !choices.length) field.focus();
  else choices[Math.min(next, choices.length - 1)].focus();
}

field.addEventListener("input", () => {
  field.style.height = "40px";
  field.style.height = `${Math.min(field.scrollHeight + 2, 132)}px`;
  element("send").disabled = !field.value.trim();
  if (/^\/\w*$/.test(field.value) && listCommands()) showCommands();
  else hideCommands();
});

field.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    element("composer").requestSubmit();
  }
});

element("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = field.value;
  if (!text.trim()) return;
  write("");
  send(text);
  field.focus();
});

element("menu").addEventListener("click", () => {
  if (!menu.hidden) return hideCommands();
  listCommands();
  showCommands();
  return menu.querySelector("button")?.focus();
});

document.addEventListener("keydown", (event) => {
  moveAmongCommands(event);
  if (event.key !== "Escape" || menu.hidden) return;
  hideCommands();
  field.focus();
});

document.querySelector(".suggestion").addEventListener("click", (event) => {
  write(event.currentTarget.textContent);
  field.focus();
});

function toBottom() {
  log.scrollTop = log.scrollHeight;
}

lookAround();
setInterval(() => document.hidden || lookAround(), PEOPLE_EVERY);
