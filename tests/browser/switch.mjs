// Whoever runs the switch: sees a day between a bank, two wallets and the government, changes a cap, closes the window and settles it to the lisente.
import { setTimeout as sleep } from "node:timers/promises";
import { ok } from "./world.mjs";

const minor = (text) => Math.round(Number(text.replace(/[^0-9.]/g, "") || "0") * 100);

export async function runsTheSwitch({ visitor, officerOf, language, javaScript }) {
  const title = `the switch in ${language} ${javaScript ? "with" : "without"} JavaScript`;
  const officer = await visitor(title, language, javaScript, { width: 360, height: 740 });
  await officer.open("/switch");
  await officer.signInAsOfficer(officerOf("switch-operator"));
  const rows = officer.page.locator("main table").first().locator("tbody tr");
  // A window with nothing in it has no link.
  for (let tries = 0; tries < 40 && !(await officer.page.locator('main a[href^="/switch/windows/"]').count()); tries += 1) {
    await sleep(250);
    await officer.open("/switch");
  }
  ok((await rows.count()) === 4, `${title}: a bank, two wallets and the government`);
  ok((await officer.page.locator("main meter").count()) > 0, `${title}: whoever owes, beside its cap`);
  ok(!/M\s?-\d/.test(await officer.page.locator("main").innerText()), `${title}: who is owed does not owe less than nothing`);
  await officer.follow('main table a[href="/switch/participants/ecocash"]');
  await officer.page.locator("main details").first().locator("summary").click();
  await officer.fill("cap", "12,000");
  await officer.press('main form[action$="/cap"] button.b');
  ok((await officer.page.locator('.es a[href="#cap"]').count()) === 1, `${title}: an amount with a comma is not guessed at`);
  await officer.fill("cap", "12000");
  await officer.press('main form[action$="/cap"] button.b');
  ok((await officer.page.locator(".es").count()) === 0, `${title}: a cap is set`);
  await officer.open("/switch");
  await officer.press('main form[action$="/close"] button.b');
  await officer.press('main form[action$="/settle"] button.b');
  ok(officer.page.url().includes("/switch/settlements/"), `${title}: the window is closed and settled`);
  const cells = await officer.page.locator("main table tbody tr").evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.textContent)));
  const [all, nets] = [cells.at(-1), cells.slice(0, -1)];
  const sum = (place) => nets.reduce((whole, row) => whole + minor(row[place]), 0);
  ok(nets.length === 4 && sum(1) > 0 && sum(1) === sum(2), `${title}: what is paid is what is received, to the lisente`);
  ok(minor(all[1]) === sum(1) && minor(all[2]) === sum(2) && (await officer.page.locator("main table .tag.ok").count()) === 1, `${title}: the page says so`);
  const links = async (end) => officer.page.locator(`main a[href$="${end}"]`).evaluateAll((all) => all.map((one) => one.getAttribute("href")));
  const file = async (path) => (await officer.page.context().request.get(officer.demo.base_url + path)).text();
  const statements = await Promise.all((await links("camt.053.xml")).map(file));
  const between = (text, from, to) => text.split(from)[1].split(to)[0];
  const booked = statements.map((text) => between(text, "<Ntry>", "</Ntry>"));
  const directed = booked.map((entry) => (entry.includes(">DBIT<") ? 1 : -1) * minor(between(between(entry, "<Amt", "/Amt>"), ">", "<")));
  ok(statements.length === 4 && directed.reduce((whole, one) => whole + one, 0) === 0, `${title}: a statement for each, and together they come to nothing`);
  const orders = await file((await links("pacs.009.xml"))[0]);
  const ordered = orders.split("<CdtTrfTxInf>").slice(1).map((part) => minor(between(between(part, "<IntrBkSttlmAmt", "/IntrBkSttlmAmt>"), ">", "<")));
  ok(ordered.length === 4 && ordered.reduce((whole, one) => whole + one, 0) === sum(1) + sum(2), `${title}: orders to the settlement bank, one for each`);
  ok((await file((await links(".csv"))[0])).split("\r\n").length === 6, `${title}: the settlement as a file`);
  await officer.follow('main a[href^="/switch/windows/"]');
  ok((await officer.page.locator("main table tbody tr").count()) >= 4, `${title}: from whom to whom`);
  for (const each of ["en", "st"]) await reads({ visitor, officer, language: each });
  await officer.page.context().close();
}

/** The same pages for the same officer as each language has them, once there is a settlement. */
async function reads({ visitor, officer, language }) {
  const title = `the switch in ${language} with JavaScript`;
  const reader = await visitor(title, language, true, { width: 320, height: 640 });
  await reader.page.context().addCookies(await officer.page.context().cookies());
  await reader.open("/switch/participants/mpesa");
  await reader.open("/switch");
  await reader.follow('main a[href^="/switch/settlements/"]');
  ok((await reader.page.locator("main table .tag.ok").count()) === 1, `${title}: the settlement adds up`);
  await reader.follow('main a[href^="/switch/windows/"]');
  ok((await reader.page.locator("main table tbody tr").count()) >= 4, `${title}: from whom to whom`);
  await reader.page.context().close();
}
