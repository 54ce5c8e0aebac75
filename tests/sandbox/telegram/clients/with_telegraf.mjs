// The story of `test_clients.py`, told by telegraf: node with_telegraf.mjs MODULES URL TOKEN.

import { createRequire } from "node:module";

const [modules, apiRoot, token] = process.argv.slice(2);
const { Telegraf, Markup } = createRequire(`${modules}/`)("telegraf");
const bot = new Telegraf(token, { telegram: { apiRoot } });

bot.start(async (ctx) => {
  await ctx.sendChatAction("typing");
  await ctx.replyWithHTML("<b>Welcome</b>", {
    ...Markup.inlineKeyboard([Markup.button.callback("More", "more")]),
    reply_parameters: { message_id: ctx.message.message_id },
  });
});

bot.action("more", async (ctx) => {
  const markdown = { parse_mode: "MarkdownV2" };
  await ctx.answerCbQuery("Here");
  await ctx.editMessageText("*More*\\.", markdown);
  try {
    await ctx.editMessageText("*More*\\.", markdown);
  } catch (error) {
    await ctx.reply(error.description.split(": specified")[0]);
  }
  const file = { source: Buffer.from("a,b"), filename: "may.csv" };
  await ctx.replyWithDocument(file, { caption: "May" });
  const deleted = await ctx.reply("gone");
  await ctx.deleteMessage(deleted.message_id);
  const chat = await ctx.getChat();
  const member = await ctx.getChatMember(ctx.from.id);
  await ctx.reply(`${chat.first_name}: ${member.status}`);
});

bot.command("stop", async (ctx) => {
  await ctx.reply("Stopping");
  setImmediate(() => bot.stop());
});

bot.on("text", (ctx) => ctx.reply(ctx.message.text, { entities: ctx.message.entities }));

console.log((await bot.telegram.getMe()).username);
await bot.telegram.setWebhook("http://127.0.0.1:9/hook", { secret_token: "s-1" });
await bot.telegram.deleteWebhook({ drop_pending_updates: true });
await bot.telegram.setMyCommands([{ command: "start", description: "Begin" }]);
await bot.launch(() => console.log("polling"));
