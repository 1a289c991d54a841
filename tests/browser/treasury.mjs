// An officer of the treasury: reconciles a day with a charge nobody knows of, a line that is late and money that names nothing; and
// a clerk who takes cash for a bill.
import { setTimeout as sleep } from "node:timers/promises";
import { ok } from "./world.mjs";

const until = async (visitor, path, is) => {
  for (let tries = 0; tries < 80; tries += 1) {
    await visitor.open(path);
    if (await is()) return true;
    await sleep(250);
  }
  return false;
};

/** The whole day, once for a demonstration. */
export async function treasury({ demo, visitor, officerOf, language, javaScript }) {
  const title = `the treasury in ${language} ${javaScript ? "with" : "without"} JavaScript`;
  const officer = await visitor(title, language, javaScript, { width: 360, height: 740 });
  await officer.open("/treasury");
  await officer.signInAsOfficer(officerOf("payments-officer"));
  const exception = 'main a[href^="/treasury/exceptions/"]';
  const differs = await until(officer, "/treasury", async () => (await officer.page.locator(exception).count()) > 0);
  ok(differs, `${title}: the bank's day does not agree`);
  await officer.follow(`main a[href^="/treasury/day/bank:"]`);
  ok((await officer.page.locator("main table tbody tr").count()) === 1, `${title}: one movement is unknown here`);
  await officer.follow(exception);
  await officer.press('main form[action$="/take"] button');
  ok((await officer.page.locator('main form[action$="/take"]').count()) === 0, `${title}: the officer has taken it over`);
  await officer.press('main form:has(textarea[name="note"]) button.b');
  ok((await officer.page.locator(".es a").count()) >= 1, `${title}: nothing is explained without a reason`);
  await officer.page.locator('input[name="reason"][value="fee"]').check({ force: true });
  await officer.fill("note", "The bank's charge for the month");
  await officer.press('main form:has(textarea[name="note"]) button.b');
  ok(officer.page.url().includes("/treasury/day/"), `${title}: it is explained`);

  const suspense = 'main a[href^="/treasury/suspense/"]';
  const before = await until(officer, "/treasury/suspense", async () => (await officer.page.locator(suspense).count()) > 0);
  ok(before, `${title}: money that names nothing waits`);
  const waiting = await officer.page.locator(suspense).count();
  await fetch(`${demo.bank.url}/end-of-day`, { method: "POST" });
  const late = await until(officer, "/treasury/suspense", async () => (await officer.page.locator(suspense).count()) === waiting + 1);
  ok(late, `${title}: the late line is taken when its statement comes`);
  await officer.follow(suspense);
  await officer.fill("reference", "nothing-of-ours");
  await officer.press('main form:has(#reference) button.b');
  ok((await officer.page.locator('.es a[href="#reference"]').count()) === 1, `${title}: a reference nobody has is not guessed at`);
  await officer.page.locator('select[name="to"]').selectOption("bank:fnb");
  await officer.fill("number", "62000000001");
  await officer.fill("holder", "Thabo");
  await officer.press('main form:has(#number) button.b');
  ok((await officer.page.locator(suspense).count()) === waiting, `${title}: it is on its way back`);
  await officer.open("/treasury");
  await officer.press('main a[href^="/treasury/day/wallet:"]');
  await officer.press('main form[action$="/again"] button');
  const wallet = new URL(officer.page.url()).pathname;
  const agrees = await until(officer, wallet, async () => (await officer.page.locator("main dl .t-good, main dl .tag").count()) > 0);
  ok(agrees, `${title}: a wallet's day is fetched and weighed`);
  await officer.open("/treasury/counters");
  const counters = await officer.page.locator("main table tbody tr").count();
  await officer.press();
  ok((await officer.page.locator('.es a[href="#place"]').count()) === 1, `${title}: no counter without an office`);
  await officer.page.locator('select[name="place"]').selectOption({ index: 1 });
  await officer.press();
  ok((await officer.page.locator("main table tbody tr").count()) === counters + 1, `${title}: another office may take cash, once it has paid in`);
  await officer.open("/treasury/revenue");
  const csv = await officer.page.locator('main a[href^="/treasury/revenue.csv"]').getAttribute("href");
  const text = await (await officer.page.context().request.get(demo.base_url + csv)).text();
  ok(text.includes("income:ministry-transport") || text.includes("bills:"), `${title}: revenue can be taken away`);
  const accounts = await officer.page.locator('main a[href^="/treasury/income.csv"]').getAttribute("href");
  const table = await (await officer.page.context().request.get(demo.base_url + accounts)).text();
  ok(table.includes("income:ministry-transport,120.00,0.00,120.00"), `${title}: the accounts of income as the ledger has them`);
  const camt = await officer.page.context().request.get(`${demo.base_url}/treasury/account?reference=bank:cbl`);
  ok((await camt.text()).includes("camt.053.001.08"), `${title}: an account's day as camt.053`);
  // The same pages in the other language, on the smallest phone.
  officer.language = language === "en" ? "st" : "en";
  await officer.page.setViewportSize({ width: 320, height: 640 });
  for (const path of ["/treasury/suspense", "/treasury/payouts", "/treasury/revenue", wallet, "/treasury"]) await officer.open(path);
  await officer.follow(`main a[href^="/treasury/day/bank:"]`);
  await officer.follow(exception);
  await officer.page.context().close();
}

/** What is left of a bill is paid in cash. */
export async function counter({ demo, visitor, officerOf, language, javaScript }) {
  const title = `cash in ${language} ${javaScript ? "with" : "without"} JavaScript`;
  const clerk = await visitor(title, language, javaScript, { width: 360, height: 740 });
  await clerk.open("/cash");
  await clerk.signInAsOfficer(officerOf("post-office-clerk"));
  await clerk.fill("number", "9482-7735-0000");
  await clerk.press('main form button.b');
  ok((await clerk.page.locator('.es a[href="#number"]').count()) === 1, `${title}: a mistyped number is found out`);
  await clerk.open(`/cash?number=${demo.bills[1].number}`);
  await clerk.press('main form[method=post] button.b');
  ok(/\d{4}-\d{4}-\d{4}/.test(await clerk.page.locator("main").innerText()), `${title}: taken, with a receipt number`);
  await clerk.open(`/cash?number=${demo.bills[1].number}`);
  ok((await clerk.page.locator('.es a[href="#number"]').count()) === 1, `${title}: nothing is taken twice`);
  await clerk.page.context().close();
}
