// Links of Telegram's (t.me, tg://): they open in the sandbox and never leave this machine.

import { ask } from "/chat_api.js";
import { alertWith } from "/chat_notices.js";

const TELEGRAM = /^(tg:|(https?:\/\/)?(www\.)?(t\.me|telegram\.(me|dog))([/?#]|$)|https?:\/\/\w+\.t\.me([/?#]|$))/i;
const PATH = /^(?:https?:\/\/)?(?:www\.)?(?:t\.me|telegram\.(?:me|dog))\/(.*)$/i;

export const isTelegramLink = (url) => TELEGRAM.test(url);

// The sandbox's own address of such a link, for a tab of its own or to be copied.
export function localAddress(url) {
  const path = url.match(PATH);
  return path ? `/t.me/${path[1]}` : `/t.me/?link=${encodeURIComponent(url)}`;
}

// The link that this page was opened with, "" for none.
export function linkOfPage() {
  const { pathname, search } = location;
  if (!pathname.startsWith("/t.me/")) return "";
  const link = new URLSearchParams(search).get("link");
  return pathname === "/t.me/" && link ? link : `https:/${pathname}${search}`;
}

// What a link opens: {chat, payload, adds}; null where it opens nothing, which is said.
export async function openLink(url) {
  try {
    const destination = await ask(`/telegram/link?${new URLSearchParams({ url })}`);
    if (destination.reason) alertWith(destination.reason);
    const adds = destination.chat !== "private" && !destination.reason;
    return destination.chat ? { ...destination, adds } : null;
  } catch (error) {
    alertWith(`Not opened: ${error.message}`);
    return null;
  }
}
