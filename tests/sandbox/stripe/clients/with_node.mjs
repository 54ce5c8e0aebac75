// Calls of Stripe's library for Node: node with_node.mjs MODULES PORT KEY. Prints JSON.

import { createRequire } from "node:module";

const [modules, port, key] = process.argv.slice(2);
const Stripe = createRequire(`${modules}/`)("stripe");
const stripe = new Stripe(key, { host: "127.0.0.1", port, protocol: "http", telemetry: false });

async function refusal(call) {
  try {
    await call();
    return null;
  } catch ({ statusCode, message }) {
    return { status: statusCode, message };
  }
}

const customer = await stripe.customers.create({ name: "Acme", metadata: { a: "b" } });
const card = await stripe.paymentMethods.attach("pm_card_visa", { customer: customer.id });
const charge = {
  amount: 500,
  currency: "eur",
  automatic_payment_methods: { enabled: true },
  confirm: true,
  customer: customer.id,
  payment_method: card.id,
  return_url: "https://example.com/back",
  expand: ["latest_charge.balance_transaction"],
};
const once = { idempotencyKey: "charge-1" };
const intent = await stripe.paymentIntents.create(charge, once);
const again = await stripe.paymentIntents.create(charge, once);
const listed = [];
for await (const each of stripe.events.list({ limit: 2 })) listed.push(each.type);
const facts = {
  status: intent.status,
  fee: intent.latest_charge.balance_transaction.fee,
  same: again.id === intent.id,
  plain: (await stripe.paymentIntents.retrieve(intent.id)).latest_charge,
  charge: intent.latest_charge.id,
  events: listed.length,
  unknown: await refusal(() => stripe.coupons.create({ percent_off: 10 })),
  parameter: await refusal(() => stripe.customers.create({ phone: "1" })),
  account: await refusal(() => stripe.events.list({}, { stripeAccount: "acct_1" })),
  v2: await refusal(() => stripe.v2.core.accounts.list()),
  conflict: await refusal(() => stripe.paymentIntents.create({ ...charge, amount: 600 }, once)),
};
console.log(JSON.stringify(facts));
