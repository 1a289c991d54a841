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
  for (let tries = 0; tries < 40 && !(await officer.page.locator('main a[href^="/switch/windows/"]').count()); tries += 1) {
    await sleep(250);
    await officer.open("/switch");
  }
  ok((await rows.count()) === 4, `${title}: a bank, two wallets and the government`);
  ok((await officer.page.locator("main meter").count()) === 4, `${title}: each beside its cap`);
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
  const cells = await officer.page.locator("main table tbody tr").evaluateAll((all) => all.map((row) => [...row.cells].map((cell) => cell.innerText)));
  const sum = (place) => cells.reduce((whole, row) => whole + minor(row[place]), 0);
  ok(cells.length === 4 && sum(1) > 0 && sum(1) === sum(2), `${title}: what is paid is what is received, to the lisente`);
  const file = async (end) => (await officer.page.context().request.get(officer.demo.base_url + (await officer.page.locator(`main a[href$="${end}"]`).first().getAttribute("href")))).text();
  ok((await file("camt.053.xml")).includes("camt.053.001.08"), `${title}: a statement for each`);
  ok((await file("pacs.009.xml")).includes("pacs.009.001.08"), `${title}: orders to the settlement bank`);
  ok((await file(".csv")).split("\r\n").length === 6, `${title}: the settlement as a file`);
  await officer.follow('main a[href^="/switch/windows/"]');
  ok((await officer.page.locator("main table tbody tr").count()) >= 4, `${title}: from whom to whom`);
  await officer.page.context().close();
}
