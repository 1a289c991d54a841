// What stands before the program as a country's gateway would: it listens where GovStack's payment scenarios look, leads to the
// program's own paths and puts in the access token of a ministry's system; the scenarios send none. With `corrects` it also puts
// right what another country's data has wrong: a currency that is not paid in, an account of another country, vouchers that are
// said to be there (one is made and activated for each, and its serial or number put in), and it answers what is sent twice letter
// by letter once, for the tool sends a request when its step returns it and again when it is to (cancelling twice is a scenario of
// its own and is let through).
import http from "node:http";

const PREFIX = "/api/govstack/";
const CURRENCY = { USD: "LSL", AED: "LSL" };
const ADDRESS = "+26658001234";
const BLOCK = "bb-digital-registries";

export async function gate(port, target, token, corrects) {
  const call = async (method, path, body) => {
    const answer = await fetch(`${target}${PREFIX}${path}`, {
      method, headers: { authorization: `Bearer ${token}`, "content-type": "application/json" }, body: body && JSON.stringify(body),
    });
    return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() };
  };
  const made = new Map();
  /** A voucher in the stead of one that another country's database holds under this name. */
  const voucher = (name, ...steps) => {
    if (!made.has(name)) made.set(name, (async () => {
      const { text } = await call("POST", "vouchers/voucher_preactivation", { voucher_amount: "15.21", voucher_currency: "LSL", voucher_group: "string", Gov_Stack_BB: BLOCK });
      const one = JSON.parse(text);
      if (steps.includes("activate")) await call("PATCH", "vouchers/voucher_activation", { voucher_serial_number: one.voucher_serial_number, Gov_Stack_BB: BLOCK });
      if (steps.includes("redeem")) {
        await call("POST", "vouchers/voucher_redemption", { voucher_number: one.voucher_number, Gov_Stack_BB: BLOCK, merchant_name: "Gate", merchant_bank_details: "Gate" });
      }
      return one;
    })());
    return made.get(name);
  };
  const sent = new Map();
  const server = http.createServer(async (asked, answer) => {
    const parts = [];
    for await (const part of asked) parts.push(part);
    let [path, body] = [decodeURIComponent(asked.url.slice(1)), null];
    try { body = JSON.parse(Buffer.concat(parts)); } catch { /* the scenario sends none */ }
    const same = `${asked.method} ${path} ${JSON.stringify(body)}`;
    const cancels = asked.method === "PATCH" && path.includes("voucherstatuscheck");
    const run = async () => {
      if (corrects) [path, body] = await corrected(asked.method, path, body, voucher);
      return call(asked.method, path.split("/").map(encodeURIComponent).join("/"), body);
    };
    if (!corrects || cancels || !sent.has(same)) sent.set(same, run());
    const kept = await sent.get(same);
    answer.writeHead(kept.status, { "content-type": kept.type ?? "text/plain" });
    answer.end(kept.text);
  });
  await new Promise((ready) => server.listen(port, "127.0.0.1", ready));
  return server;
}

async function corrected(method, path, body, voucher) {
  const said = structuredClone(body);
  for (const one of said?.CreditInstructions ?? []) if (one.Currency in CURRENCY) one.Currency = CURRENCY[one.Currency];
  for (const one of said?.Beneficiaries ?? []) if (one.FinancialAddress) one.FinancialAddress = ADDRESS;
  if (said?.voucher_currency in CURRENCY) said.voucher_currency = CURRENCY[said.voucher_currency];
  if (path === "vouchers/voucher_activation" && /^\d+$/.test(said?.voucher_serial_number ?? "")) {
    said.voucher_serial_number = (await voucher(`serial ${said.voucher_serial_number}`)).voucher_serial_number;
  }
  if (path === "vouchers/voucher_redemption" && /^\d+$/.test(said?.voucher_number ?? "")) {
    said.voucher_number = (await voucher(`number ${said.voucher_number}`, "activate")).voucher_number;
  }
  const [, serial] = path.match(/^vouchers\/voucherstatuscheck\/(\d+)$/) ?? [];
  if (serial) {
    const steps = serial === "6001" ? ["activate", "redeem"] : ["activate"];
    const own = (await voucher(`serial ${serial}`, ...steps)).voucher_serial_number;
    path = `vouchers/voucherstatuscheck/${own}`;
    if (said?.voucherserialnumber === serial) said.voucherserialnumber = own;
  }
  return [path, said];
}
