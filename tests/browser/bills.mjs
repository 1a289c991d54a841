// A bill, by whoever holds its number and is signed in nowhere: a licence in parts from a phone at home, and a brother's
// examination fee by his sister in Johannesburg, who sees every fee before.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { messagesTo, ok } from "./world.mjs";

const text = async (visitor) => visitor.page.locator("main").innerText();

async function until(visitor, path, selector) {
  for (let tries = 0; tries < 80; tries += 1) {
    await visitor.page.goto(`${visitor.demo.base_url}${path}?lang=${visitor.language}`);
    if (await visitor.page.locator(selector).count()) break;
    await sleep(250);
  }
  await visitor.seen(visitor.page);
}

/** `part` is paid of the licence; the examination fee is paid once, by whichever run comes first. */
export async function bills({ demo, visitor, language, javaScript, part }) {
  const title = `a bill in ${language} ${javaScript ? "with" : "without"} JavaScript`;
  const at = (reference) => demo.bills.find((bill) => bill.for.startsWith(reference)).number;
  const licence = at("TRADE");
  const shop = await visitor(title, language, javaScript, { width: 320, height: 640 });
  await shop.open("/bill");
  await shop.fill("number", "9482 7735 6042");
  await shop.press("main form button.b");
  ok((await shop.page.locator(".es").count()) === 1, `${title}: a mistyped number is found before it is looked up`);
  await shop.fill("number", licence.replaceAll("-", " "));
  await shop.press("main form button.b");
  ok(shop.page.url().includes(`/bill/${licence}`), `${title}: the number is typed with spaces`);
  ok((await shop.page.locator("main svg[role=img]").count()) === 1, `${title}: it can be scanned`);
  await shop.fill("amount", "1,000");
  await shop.page.locator('input[name="wallet"][value="mpesa"]').check({ force: true });
  await shop.fill("phone", "58001201");
  await shop.press();
  ok((await shop.page.locator('.es a[href="#amount"]').count()) === 1, `${title}: an amount with a comma is not guessed at`);
  await shop.fill("amount", part);
  await shop.press();
  // Parts that others paid stand there too: this one is through when nothing waits.
  for (let tries = 0; tries < 80; tries += 1) {
    await until(shop, `/bill/${licence}`, "main table .tag.ok");
    if ((await text(shop)).includes(`M${part}.00`) && !(await shop.page.locator(".nb.wait").count())) break;
    await sleep(250);
  }
  ok((await text(shop)).includes(`M${part}.00`), `${title}: a part of it is paid, with its receipt`);

  // The same licence on a phone without internet: the number is dialled behind the code.
  const phone = await visitor(`${title} (dialled)`, language, javaScript, { width: 320, height: 640 });
  await phone.open("/ussd");
  await phone.fill("phone", "+26658001201");
  await phone.fill("dialled", `*124*${licence.replaceAll("-", "")}#`);
  await phone.press();
  for (const typed of ["2", "3.50", "1"]) {
    await phone.fill("typed", typed);
    await phone.press(".ph button");
  }
  ok(/M-Pesa.*3\.50|3\.50.*M-Pesa/s.test(await phone.page.locator(".ph pre").innerText()), `${title}: dialled, the wallet of the phone asks`);
  for (let tries = 0; tries < 80; tries += 1) {
    await shop.page.goto(`${demo.base_url}/bill/${licence}?lang=${language}`);
    if ((await shop.page.locator("main table").innerText()).includes("M3.50") && !(await shop.page.locator(".nb.wait").count())) break;
    await sleep(250);
  }
  ok((await text(shop)).includes("M3.50"), `${title}: and a part is paid by USSD`);

  const owner = demo.people.find((one) => one.id === demo.bills.find((bill) => bill.for.startsWith("TRADE")).payer);
  let told = [];
  for (let tries = 0; tries < 40 && !told.length; tries += 1) {
    told = (await messagesTo(demo, owner.phone)).filter((message) => JSON.stringify(message).includes(`M${part}.00`));
    await sleep(100);
  }
  ok(told.length > 0, `${title}: whose licence it is hears by SMS, with the receipt`);

  const exam = at("EXAM");
  const sister = await visitor(title, language, javaScript, { width: 320, height: 640 });
  await sister.open(`/bill/${exam}`);
  if (await sister.page.locator(".tag.ok").count()) return;
  await sister.page.locator("main details").evaluate((details) => { details.open = true; }).catch(() => {});
  await sister.open(`/bill/${exam}/abroad`);
  ok((await sister.page.locator("main .card").count()) === 2, `${title}: each partner with all its costs`);
  await sister.follow('main a[href$="partner=pula"]');
  const costs = await text(sister);
  ok(["M500.00", "10.00", "510.00", "1.000000"].every((one) => costs.includes(one)), `${title}: rate, fee and total before any name is given`);
  await sister.fill("sender", "Puleng Mokoena");
  await sister.fill("phone", "82 000 1201");
  await sister.press();
  await until(sister, new URL(sister.page.url()).pathname, ".nb.ok");
  ok((await sister.page.locator(".nb.ok").count()) === 1, `${title}: her brother's examination fee is paid from Johannesburg`);
  await sister.open(`/bill/${exam}`);
  ok((await sister.page.locator("main .tag.ok").count()) >= 1, `${title}: the bill says so too`);
}

/** The books, from outside while the program runs. */
export function books(world) {
  const url = `sqlite:${join(world.data, "letsema.db")}`;
  const replayed = spawnSync(process.env.LETSEMA, ["ledger", "verify", "--database", url, "--json"], { encoding: "utf8" });
  const said = replayed.status === 0 ? JSON.parse(replayed.stdout) : { findings: [replayed.stderr] };
  ok(replayed.status === 0 && said.transfers > 5 && said.findings.length === 0, `letsema ledger verify: ${said.transfers} transfers in ${said.batches} batches are sound`);
  const file = join(world.data, "ledger.copy");
  const run = (...args) => spawnSync(process.env.LETSEMA, ["ledger", ...args], { encoding: "utf8" });
  const copied = run("copy", "--database", url, file);
  const proven = run("verify", "--file", file, "--json");
  const held = proven.status === 0 ? JSON.parse(proven.stdout) : { transfers: -1 };
  ok(copied.status === 0 && held.transfers >= said.transfers && held.findings.length === 0, `a copy of the ledger proves itself without the database: ${held.transfers} transfers`);
}
