// Paying by card and by voucher, signed in nowhere: the acquirer's page takes a test card, and nothing is paid before it says so;
// a voucher is spent once. Every rail of the demonstration has paid its fee.
import { setTimeout as sleep } from "node:timers/promises";
import { ok } from "./world.mjs";

const text = async (visitor) => visitor.page.locator("main").innerText();

/** Whether the bill comes to say so. */
async function until(visitor, path, is) {
  for (let tries = 0; tries < 80; tries += 1) {
    await visitor.page.goto(`${visitor.demo.base_url}${path}?lang=${visitor.language}`);
    if (await is()) {
      await visitor.seen(visitor.page);
      return true;
    }
    await sleep(250);
  }
  return false;
}

/** `part` is paid by card, and the next two vouchers are tried. */
export async function card({ demo, visitor, language, javaScript, part, voucher }) {
  const title = `a card in ${language} ${javaScript ? "with" : "without"} JavaScript`;
  const bill = `/bill/${demo.fees.bill}`;
  const she = await visitor(title, language, javaScript, { width: javaScript ? 320 : 1280, height: 800 });
  await she.open(bill);
  await she.follow(`main a[href="${bill}/card"]`);
  ok((await she.page.locator("main input:not([type=hidden])").count()) === 1, `${title}: no card is asked for, only how much`);
  await she.fill("amount", "1e3");
  await she.press();
  ok((await she.page.locator('.es a[href="#amount"]').count()) === 1, `${title}: an amount is not guessed at`);
  await she.fill("amount", part);
  await she.press();
  const acquirer = demo.acquirers[0].url;
  ok(she.page.url().startsWith(`${acquirer}/hosted/`), `${title}: the browser is at the acquirer`);
  ok((await she.page.locator('input[type="text"], input[type="tel"], input[type="number"], input:not([type])').count()) === 0, `${title}: its page has no field for a card`);
  await she.press("main form button.b");
  ok((await she.page.locator(".er").count()) === 1, `${title}: a test card must be chosen`);
  await she.page.locator('input[value="turns_back"]').check({ force: true });
  await she.press("main form button.b");
  ok(new URL(she.page.url()).pathname === bill, `${title}: turned back, she is at the bill`);
  const open = await until(she, bill, async () => (await she.page.locator(`main a[href="${bill}/card"]`).count()) === 1);
  ok(open, `${title}: and can pay another way`);
  await she.open(`${bill}/card`);
  await she.fill("amount", part);
  await she.press();
  const hosted = she.page.url();
  await she.page.goto(`${demo.base_url}${bill}?lang=${language}`);
  await she.seen(she.page);
  ok((await she.page.locator('main a[href^="/card/"]').count()) === 1, `${title}: come back without paying, the way on is there, and nothing is paid`);
  await she.follow('main a[href^="/card/"]');
  ok(she.page.url() === hosted, `${title}: it leads to the same session`);
  await she.page.locator('input[value="pays"]').check({ force: true });
  await she.press("main form button.b");
  const paid = await until(she, bill, async () => (await text(she)).includes(`M${part}.00`) && !(await she.page.locator(".nb").count()));
  ok(paid, `${title}: paid, with a receipt`);
  await she.page.goto(hosted);
  ok((await she.page.locator("main form").count()) === 0, `${title}: the session is over`);
  await she.seen(she.page);

  await she.open(bill);
  await she.follow(`main a[href="${bill}/voucher"]`);
  await she.fill("number", "1234 5678 9012 3456");
  await she.press();
  ok((await she.page.locator('.es a[href="#number"]').count()) === 1, `${title}: a mistyped voucher is found out`);
  ok((await she.page.locator('input[name="number"]').inputValue()) === "", `${title}: and what was typed is not shown again`);
  const number = demo.fees.vouchers[voucher];
  await she.fill("number", number.replace(/(\d{4})(?=\d)/g, "$1 "));
  await she.press();
  ok(new URL(she.page.url()).pathname === bill && (await text(she)).includes("M150.00"), `${title}: a voucher pays its part`);
  await she.open(`${bill}/voucher`);
  await she.fill("number", number);
  await she.press();
  ok((await she.page.locator(".es").count()) === 1, `${title}: and is spent once`);
  await she.page.context().close();
}

/** The fee of each rail is paid. */
export async function fees({ demo, visitor }) {
  const she = await visitor("a fee by each rail", "en", false, { width: 360, height: 740 });
  for (const { rail, number } of demo.fees.paid) {
    const paid = await until(she, `/bill/${number}`, async () => (await she.page.locator("main dl .tag.ok").count()) === 1);
    ok(paid, `a fee is paid by ${rail}`);
  }
  await she.page.context().close();
}

/** What a rule has stopped: two officers look, and clear it. */
export async function stopped({ demo, visitor, language }) {
  const title = `a payment that a rule has stopped in ${language}`;
  const sender = await visitor(title, language, true, { width: 320, height: 640 });
  await sender.open(`/remittance/${demo.fees.stopped.remittance}`);
  ok((await sender.page.locator(".nb.ok").count()) === 0, `${title}: its sender reads that it waits`);
  const treasury = demo.officers.filter((one) => one.roles.includes("payments-officer"));
  for (const [place, one] of treasury.slice(0, 2).entries()) {
    const officer = await visitor(`${title} (officer ${place})`, place === 0 ? language : language === "en" ? "st" : "en", true, { width: 320, height: 640 });
    await officer.open("/screening");
    await officer.signInAsOfficer(one);
    await officer.open("/screening");
    await officer.follow('main table a[href^="/screening/"]');
    ok((await text(officer)).includes("Mohlalafela Seqhoqho"), `${title}: an officer sees whom it is like`);
    await officer.press();
    ok((await officer.page.locator(".es a").count()) >= 1, `${title}: nothing is decided without a reason`);
    await officer.page.locator('input[name="decision"][value="clear"]').check({ force: true });
    await officer.fill("note", "Born in another year than who is on the list.");
    await officer.press();
    if (place === 0) {
      await officer.follow('main table a[href^="/screening/"]');
      ok((await officer.page.locator("main form[method=post]:has(textarea)").count()) === 0, `${title}: one officer alone does not clear a name of the list`);
    } else {
      ok((await officer.page.locator('main table a[href^="/screening/"]').count()) === 0, `${title}: two do`);
    }
    await officer.page.context().close();
  }
  const gone = await until(sender, `/remittance/${demo.fees.stopped.remittance}`, async () => (await sender.page.locator(".nb.ok").count()) === 1);
  ok(gone, `${title}: the partner is told, and the bill is paid`);
  await sender.page.context().close();
}
