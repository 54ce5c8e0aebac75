// Which of a person's chats is open, and whether the bot is in the group.

import { ask } from "/chat_api.js";
import { make } from "/chat_messages.js";

const tabs = document.getElementById("chats");
const presence = document.getElementById("presence");
const anotherBot = document.getElementById("another-bot");

let open = "private";
let event = "add_bot"; // what the button does
let user = "";

export const openChat = () => open;

// Open a chat of the person who is played; returns whether it was another one.
export function changeChat(chat) {
  const isAnother = open !== chat;
  open = chat;
  return isAnother;
}

// A tab for each of a person's chats; `enter()` is called when another one was chosen.
export function drawChats({ user: who, chats }, botIsInside, enter) {
  user = who;
  event = botIsInside ? "remove_bot" : "add_bot";
  if (tabs.children.length !== chats.length) {
    tabs.replaceChildren(
      ...chats.map(({ chat }) => {
        const name = chat === "private" ? "Private" : chat;
        const tab = make("button", { type: "button", textContent: name });
        tab.dataset.chat = chat;
        tab.addEventListener("click", () => {
          if (open === chat) return;
          open = chat;
          enter();
        });
        return tab;
      }),
    );
  }
  for (const tab of tabs.children) {
    tab.setAttribute("aria-pressed", String(tab.dataset.chat === open));
  }
  presence.hidden = open === "private";
  anotherBot.hidden = open === "private";
  presence.textContent = botIsInside ? "Remove the bot" : "Add the bot";
}

async function change(button, what) {
  button.disabled = true;
  await ask("/telegram/groups", { user, chat: open, event: what }).catch(() => {}); // somebody was faster
  button.disabled = false;
}

presence.addEventListener("click", () => change(presence, event));
// From then on commands that do not name our bot are not for it, until it writes again.
anotherBot.addEventListener("click", () => change(anotherBot, "hear_another_bot"));
