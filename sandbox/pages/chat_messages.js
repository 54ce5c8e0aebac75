// What a message of the chat looks like: text nodes, links, buttons. Never HTML from anybody.

import { isTelegramLink, localAddress } from "/chat_links.js";

const TAGS = {
  bold: "strong",
  italic: "em",
  underline: "u",
  strikethrough: "s",
  spoiler: "span",
  blockquote: "blockquote",
  pre: "pre",
  code: "code",
  text_link: "a",
};
const VERBATIM = new Set(["code", "pre", "text_link"]);
const FOUND =
  /(?:https?:\/\/|tg:\/\/|(?<![\w.@/-])t\.me\/)[^\s<>"]*[^\s<>".,:;!?')\]]|(?<![\w/<>])\/[a-z]\w{0,63}(?:@\w{3,32})?(?![\w/<>])/gi;

// `tap(key, messageId, button)` is called when a button under the message is pressed; `mine` is
// the id of whoever looks.
export function draw(message, tap, mine) {
  const node = make("li", { className: "message" });
  node.dataset.id = message.message_id;
  node.classList.toggle("outgoing", message.from.id === mine);
  const bubble = make("div", { className: "bubble" });
  if (message.document) bubble.append(file(message.document));
  const text = make("span");
  const words = message.text ?? message.caption ?? "";
  fill(text, words, 0, words.length, [...(message.entities ?? message.caption_entities ?? [])]);
  const meta = make("span", { className: "meta" });
  if (message.silent) meta.append(make("span", { className: "silent", textContent: "no sound" }));
  if (message.edit_date) meta.append(make("span", { className: "edited", textContent: "edited" }));
  const time = make("time", { textContent: clock(message.edit_date ?? message.date) });
  time.dateTime = new Date((message.edit_date ?? message.date) * 1000).toISOString();
  meta.append(time);
  if (message.chat.type !== "private" && message.from.id !== mine) {
    bubble.append(make("span", { className: "author", textContent: message.from.first_name }));
  }
  bubble.append(text, meta);
  node.append(bubble);
  const rows = message.reply_markup?.inline_keyboard ?? [];
  if (rows.length) node.append(keyboard(rows, message.message_id, tap));
  return node;
}

function file({ file_id, file_name, file_size }) {
  const link = make("a", { className: "file", textContent: file_name, download: file_name });
  link.href = `/telegram/files/${encodeURIComponent(file_id)}`;
  link.title = `${file_size} bytes`;
  return link;
}

// Entities nest and come in order; their offsets are UTF-16, as JavaScript's are.
function fill(parent, text, from, to, entities) {
  let at = from;
  while (entities.length) {
    const entity = entities.shift();
    const end = entity.offset + entity.length;
    const inner = [];
    while (entities.length && entities[0].offset < end) inner.push(entities.shift());
    if (!(entity.type in TAGS)) continue; // commands are found below, in all texts alike
    find(parent, text.slice(at, entity.offset));
    const node = make(TAGS[entity.type]);
    if (entity.type === "spoiler") node.className = "spoiler";
    if (entity.type === "text_link") pointTo(node, entity.url);
    if (VERBATIM.has(entity.type)) node.append(text.slice(entity.offset, end));
    else fill(node, text, entity.offset, end, inner);
    parent.append(node);
    at = end;
  }
  find(parent, text.slice(at, to));
}

// Plain text, with its links and /commands to be clicked.
function find(parent, text) {
  let at = 0;
  for (const found of text.matchAll(FOUND)) {
    parent.append(text.slice(at, found.index));
    at = found.index + found[0].length;
    if (found[0].startsWith("/")) {
      const command = make("button", { type: "button", className: "command" });
      command.textContent = found[0]; // chat.js listens for its click
      parent.append(command);
    } else {
      parent.append(pointTo(make("a", { textContent: found[0] }), found[0]));
    }
  }
  parent.append(text.slice(at));
}

function pointTo(link, url) {
  if (isTelegramLink(url)) {
    link.href = localAddress(url);
    link.dataset.link = url; // chat.js listens for its click
    return link;
  }
  if (/^https?:\/\//i.test(url)) link.href = url;
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  return link;
}

function keyboard(rows, messageId, tap) {
  const node = make("div", { className: "keyboard" });
  for (const row of rows) {
    const line = make("div");
    for (const button of row) {
      const key = make(button.url ? "a" : "button", { className: "key" });
      key.textContent = button.text;
      if (button.url) pointTo(key, button.url);
      else {
        key.type = "button";
        key.addEventListener("click", () => tap(key, messageId, button));
      }
      line.append(key);
    }
    node.append(line);
  }
  return node;
}

export function make(tag, properties = {}) {
  return Object.assign(document.createElement(tag), properties);
}

function clock(seconds) {
  return new Date(seconds * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

export function dayOf(seconds) {
  const day = new Date(seconds * 1000).toDateString();
  if (day === new Date().toDateString()) return "Today";
  return new Date(seconds * 1000).toLocaleDateString([], { day: "numeric", month: "long" });
}
