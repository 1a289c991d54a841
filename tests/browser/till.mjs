// A small shop's till: opened, a sale asked for, its code read by three decoders that are not ours, paid by a passer-by's phone,
// given back; and the code on the counter, where the buyer enters the price.
import emvqr from "@walletfactory/emvqr";
import qrcps from "emv-qrcps";
import sdk from "emvco-qr-sdk";
import { setTimeout as sleep } from "node:timers/promises";
import { ok } from "./world.mjs";

/** What each decoder makes of a code: amount, currency, name, and whether its checksum fits. */
function decoded(text) {
  const flat = (fields) => ({ amount: fields["54"], currency: fields["53"], name: fields["59"], merchant: fields["26"]?.["01"] });
  // emv-qrcps leaves out the leading zeros of a checksum, for which the specification wants four digits: here they are put back.
  const written = qrcps.Merchant.Parser.toEMVQR(text).generatePayload();
  const again = written.replace(/630[1-4]([0-9A-F]{1,4})$/, (_, checksum) => `6304${checksum.padStart(4, "0")}`);
  sdk.validateQRString(text);
  return { emvqr: flat(emvqr.decode(text)), sdk: flat(sdk.parseQR(text, { parseMode: sdk.QRParseMode.RAW_OBJECT })), again };
}

async function until(visitor, path, selector) {
  for (let tries = 0; tries < 80; tries += 1) {
    await visitor.page.goto(`${visitor.demo.base_url}${path}?lang=${visitor.language}`);
    if (await visitor.page.locator(selector).count()) break;
    await sleep(250);
  }
  await visitor.seen(visitor.page);
}

async function pays(buyer, amount) {
  if (amount) await buyer.fill("amount", amount);
  await buyer.page.locator('input[name="wallet"][value="mpesa"]').check({ force: true });
  await buyer.fill("phone", "58001201");
  await buyer.press();
}

export async function till({ demo, visitor, owner, language, javaScript }) {
  const title = `a till in ${language}`;
  const shop = await visitor(title, language, javaScript, { width: 320, height: 640 });
  await shop.open("/till");
  await shop.signInAsPerson(owner);
  await shop.fill("name", "Spaza ea Tšepo");
  await shop.fill("city", "Roma");
  await shop.page.locator('input[name="wallet"][value="mpesa"]').check({ force: true });
  await shop.fill("number", "58001201");
  await shop.press();
  const address = new URL(shop.page.url()).pathname;
  await shop.fill("amount", "12,50");
  await shop.press(`main form[action="${address}"] button.b`);
  ok((await shop.page.locator('.es a[href="#amount"]').count()) === 1, `${title}: a price with a comma is not guessed at`);
  await shop.fill("amount", "12.50");
  await shop.press(`main form[action="${address}"] button.b`);
  const sale = new URL(shop.page.url()).pathname;
  const text = (await shop.page.locator("main code").innerText()).trim();
  const { emvqr: one, sdk: two, again } = decoded(text);
  for (const [name, read] of [["@walletfactory/emvqr", one], ["emvco-qr-sdk", two]]) {
    ok(read.amount === "12.50" && read.currency === "426" && read.name === "Spaza ea Tšepo", `${title}: ${name} reads the code of the sale`);
  }
  ok(again === text, `${title}: emv-qrcps reads the code and writes the same`);

  const number = sale.split("/").pop();
  const buyer = await visitor(`${title} (buyer)`, language, javaScript, { width: 320, height: 640 });
  await buyer.open(`/bill/${number}`);
  await pays(buyer);
  await until(shop, sale, ".nb.ok");
  ok((await shop.page.locator(".nb.ok").count()) === 1, `${title}: the till says for sure that it is paid`);
  await shop.press(`main form[action="${sale}"] button`);

  await shop.open(`${address}/code`);
  const counter = decoded((await shop.page.locator("main code").first().innerText()).trim());
  ok(counter.emvqr.amount === undefined && counter.emvqr.merchant === one.merchant, `${title}: the code on the counter names the shop and no amount`);
  const passer = await visitor(`${title} (passer-by)`, language, javaScript, { width: 320, height: 640 });
  await passer.open(`/shop/${one.merchant}`);
  await pays(passer, "7");
  await until(passer, new URL(passer.page.url()).pathname, "main table .tag.ok");
  ok((await passer.page.locator("main").innerText()).includes("M7.00"), `${title}: whoever scans it enters the price and pays`);
  await shop.open(address);
  await shop.press(`main form[action="${address}/settle"] button`);
  ok(new URL(shop.page.url()).pathname === "/till", `${title}: what was sold goes to the shop's wallet`);
  await shop.page.context().close();
}
