// A fund: one officer assesses a levy, plans a project and asks for a payment, another approves it; everybody sees what came in and
// what went out, on the smallest phone and in both languages.
import { setTimeout as sleep } from "node:timers/promises";
import { ok } from "./world.mjs";

export async function funds({ demo, visitor, language }) {
  const title = `a fund in ${language}`;
  const small = { width: 320, height: 640 };
  const keepers = demo.officers.filter((officer) => officer.roles.includes("fund-officer"));
  const anybody = await visitor(`${title} (anybody)`, language, false, small);
  const first = await visitor(`${title} (first)`, language, true, { width: 360, height: 740 });
  await first.open("/funds");
  await first.follow('main a[href^="/funds/"]');
  const fund = new URL(first.page.url()).pathname;
  await first.open(`${fund}/desk`);
  await first.signInAsOfficer(keepers[0]);
  const waits = `main a[href^="${fund}/payments/"]`;
  for (let tries = 0; tries < 80 && (await first.page.locator(waits).count()) === 0; tries += 1) {
    await sleep(250);
    await first.open(`${fund}/desk`);
  }
  ok((await first.page.locator(waits).count()) === 1, `${title}: a payment waits, for the levy has come`);
  await first.follow(waits);
  const payment = new URL(first.page.url()).pathname;
  ok((await first.page.locator('input[name="do"][value="approve"]').count()) === 0, `${title}: nobody approves her own`);

  await first.open(`${fund}/desk`);
  const folded = first.page.locator("main details");
  await folded.last().locator("summary").click();
  await first.press(`main form[action="${fund}/levies"] button.b`);
  ok((await first.page.locator(".es a").count()) >= 2, `${title}: what is missing is said at its field`);
  await first.page.locator('input[name="levy"]').first().check({ force: true });
  await first.page.locator('select[name="contributor"]').selectOption({ index: 1 });
  await first.fill("year", "2024");
  await first.fill("base", "1,000");
  await first.press(`main form[action="${fund}/levies"] button.b`);
  ok((await first.page.locator('.es a[href="#base"]').count()) === 1, `${title}: 1,000 is no amount`);
  await first.fill("base", "300000");
  await first.press(`main form[action="${fund}/levies"] button.b`);
  ok((await first.page.locator("main").innerText()).includes("M3,000.00"), `${title}: a levy is assessed by its rate`);
  await inParts(first, fund, title);

  await first.page.locator("main details").first().locator("summary").click();
  await first.fill("name", "Lines to schools (example)");
  await first.fill("place", "Qacha’s Nek");
  await first.fill("budget", "50000");
  await first.press(`main form[action="${fund}/projects"] button.b`);
  const form = "main form:has(#purpose) button.b";
  await first.fill("purpose", "Survey");
  await first.fill("amount", "50000.01");
  await first.page.locator('select[name="bank"]').selectOption("fnb");
  await first.fill("number", "62000000001");
  await first.fill("holder", "Surveyors (example)");
  await first.press(form);
  ok((await first.page.locator('.es a[href="#amount"]').count()) === 1, `${title}: not more than the budget`);
  await first.fill("amount", "20000");
  await first.press(form);
  await first.follow(waits);
  await first.press(`main form:has(input[value="refuse"]) button`);
  ok((await first.page.locator('main dl .tag.no').count()) === 1, `${title}: she takes her own back`);

  const second = await visitor(`${title} (second)`, language, false, small);
  await second.open(payment);
  await second.signInAsOfficer(keepers[1]);
  await second.press(`main form:has(input[value="approve"]) button`);
  for (let tries = 0; tries < 120 && (await second.page.locator("main dl .tag.ok").count()) === 0; tries += 1) {
    await sleep(250);
    await second.open(payment);
  }
  ok((await second.page.locator("main dl .tag.ok").count()) === 1, `${title}: the bank has paid`);

  await anybody.open(fund);
  const seen = await anybody.page.locator("main dl").first().innerText();
  ok(["M125,000.00", "M45,000.00", "M80,000.00"].every((sum) => seen.includes(sum)), `${title}: everybody sees in, out and what is left`);
  const csv = await anybody.page.locator('main a[href*="movements.csv"]').getAttribute("href");
  const lines = (await (await anybody.page.context().request.get(demo.base_url + csv)).text()).trim().split("\n").slice(1);
  const sum = lines.map((line) => Number(line.split(",").at(-2).replace(".", ""))).reduce((one, other) => one + other, 0);
  ok(sum === 8_000_000, `${title}: the movements add up to it`);
  anybody.language = language === "en" ? "st" : "en";
  await anybody.open("/funds");
  await anybody.open(fund);
  await anybody.open(`${fund}?year=2024`);
  second.language = anybody.language;
  await second.open(`${fund}/desk`);
  await second.follow(`main a[href^="${fund}/projects/"]`);
  await second.open(payment);
  for (const one of [first, second, anybody]) await one.page.context().close();
}

/** The same year again, for who was licensed from 1 July of a leap year: by days, and the page says how. */
async function inParts(first, fund, title) {
  const day = async (name, ...parts) => {
    for (const [place, part] of ["day", "month", "year"].entries()) await first.page.locator(`[name="${name}-${part}"]`).fill(parts[place]);
  };
  const assess = () => first.press(`main form[action="${fund}/levies"] button.b`);
  await first.page.locator("main details").last().locator("summary").click();
  await first.page.locator('input[name="levy"]').first().check({ force: true });
  await first.page.locator('select[name="contributor"]').selectOption({ index: 1 });
  await first.fill("year", "2024");
  await first.fill("base", "300000");
  await day("from", "30", "2", "2024");
  await assess();
  ok((await first.page.locator('.es a[href^="#from"]').count()) === 1, `${title}: there is no 30 February`);
  await day("from", "1", "7", "2024");
  await day("until", "30", "6", "2024");
  await assess();
  ok((await first.page.locator('.es a[href^="#until"]').count()) === 1, `${title}: no licence ends before it begins`);
  await day("until", "", "", "");
  await assess();
  const text = await first.page.locator("main").innerText();
  ok(/M1,508\.20/.test(text) && text.includes("184 / 366"), `${title}: for part of a year it is by days, and says how`);
}
