// The way of a case in short steps, for tests that disturb it; and forms sent without a browser's own hands.
import { setTimeout as sleep } from "node:timers/promises";
import { Visitor } from "../browser/person.mjs";

export const person = (world, role) => {
  const found = world.demo.people.find((one) => one.role.startsWith(role));
  if (!found) throw new Error(`nobody is there for "${role}"`);
  return found;
};
export const officers = (world, role) => world.demo.officers.filter((one) => one.roles.includes(role));

class Tester extends Visitor {
  /** A form of the page as fields, to be sent by `post`. */
  async formOf(selector) {
    return this.page.locator(selector).first().evaluate((form) => ({
      action: form.getAttribute("action"), fields: Object.fromEntries(new FormData(form)),
    }));
  }
}

export async function visitor(world, chrome) {
  const context = await chrome.newContext({ javaScriptEnabled: false });
  return new Tester(world.demo, await context.newPage(), "en", async () => {});
}

export const textOf = (visitor) => visitor.page.locator("main").innerText();

/** Sends a form with this browser's cookies; answers status and where it leads. */
export async function post(visitor, form, headers = {}) {
  const cookie = (await visitor.page.context().cookies()).map((one) => `${one.name}=${one.value}`).join("; ");
  const base = visitor.demo.base_url;
  const answer = await fetch(base + form.action, {
    method: "POST", redirect: "manual", body: new URLSearchParams(form.fields),
    headers: { accept: "text/html", origin: base, cookie, ...headers },
  });
  return { status: answer.status, location: answer.headers.get("location"), text: await answer.text() };
}

/** Begins a passport renewal and goes as far as the choice of a wallet. */
export async function toThePayment(visitor, who) {
  await visitor.open("/services/passport-renewal/start");
  await visitor.signInAsPerson(who);
  await visitor.press();
  await visitor.answerAll();
  await visitor.press();
  return visitor.page.url();
}

export async function chooseWallet(visitor, who) {
  const wallet = who.phone.startsWith("+2665") ? "mpesa" : "ecocash";
  await visitor.page.locator(`input[name="wallet"][value="${wallet}"]`).check({ force: true });
  await visitor.page.locator('main form[method=post] input:not([type=hidden]):not([type=radio])').first().fill(who.phone);
  await visitor.press();
}

/** Her newest case: where it is and what it is called. */
export async function newest(visitor) {
  await visitor.open("/my/cases");
  const link = visitor.page.locator('main table a[href*="/my/cases/"]').first();
  return { path: await link.getAttribute("href"), reference: await link.innerText() };
}

/** An officer takes the case and grants it. */
export async function grant(officer, reference) {
  await officer.until("/desk", `a:text-is("${reference}")`);
  await officer.follow(`a:text-is("${reference}")`);
  if (await officer.page.locator('form[action$="/claim"] button').count()) await officer.press('form[action$="/claim"] button');
  await officer.page.locator('input[name="verdict"][value="approve"]').check({ force: true });
  await officer.press('main form[method=post]:has(input[name="verdict"]) button.b');
}

/** What the wallets took less what they gave back, in lisente. */
export async function taken(world) {
  let sum = 0;
  for (const wallet of world.demo.wallets) {
    const log = await (await fetch(`${wallet.url}/log.json`)).json();
    sum += log.taken_minor - log.returned_minor;
  }
  return sum;
}

export async function eventually(question, seconds = 40) {
  for (let tries = 0; tries < seconds * 4; tries += 1) {
    if (await question()) return true;
    await sleep(250);
  }
  return false;
}
