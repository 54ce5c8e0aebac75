// The story of `test_clients.py`, told by grammY: node with_grammy.mjs MODULES URL TOKEN.

import { createRequire } from "node:module";

const [modules, apiRoot, token] = process.argv.slice(2);
const { Bot, InlineKeyboard, InputFile } = createRequire(`${modules}/`)("grammy");
const bot = new Bot(token, { client: { apiRoot } });

bot.command("start", async (ctx) => {
  await ctx.replyWithChatAction("typing");
  await ctx.reply("<b>Welcome</b>", {
    parse_mode: "HTML",
    reply_markup: new InlineKeyboard().text("More", "more"),
    reply_parameters: { message_id: ctx.msg.message_id },
  });
});

bot.callbackQuery("more", async (ctx) => {
  const markdown = { parse_mode: "MarkdownV2" };
  await ctx.answerCallbackQuery("Here");
  await ctx.editMessageText("*More*\\.", markdown);
  try {
    await ctx.editMessageText("*More*\\.", markdown);
  } catch (error) {
    await ctx.reply(error.description.split(": specified")[0]);
  }
  await ctx.replyWithDocument(new InputFile(Buffer.from("a,b"), "may.csv"), { caption: "May" });
  const deleted = await ctx.reply("gone");
  await ctx.api.deleteMessage(ctx.chat.id, deleted.message_id);
  const chat = await ctx.getChat();
  const member = await ctx.getChatMember(ctx.from.id);
  await ctx.reply(`${chat.first_name}: ${member.status}`);
});

bot.command("stop", async (ctx) => {
  await ctx.reply("Stopping");
  setImmediate(() => bot.stop());
});

bot.on("message:text", (ctx) => ctx.reply(ctx.msg.text, { entities: ctx.msg.entities }));

console.log((await bot.api.getMe()).username);
await bot.api.setWebhook("http://127.0.0.1:9/hook", { secret_token: "s-1" });
await bot.api.deleteWebhook({ drop_pending_updates: true });
await bot.api.setMyCommands([{ command: "start", description: "Begin" }]);
await bot.start({ onStart: () => console.log("polling") });
