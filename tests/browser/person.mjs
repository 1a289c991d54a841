// A person at a browser: she signs in, answers what she is asked, pays, waits. Every page she sees is kept for the
// caller to look at.
import { setTimeout as sleep } from "node:timers/promises";
import { code, messagesTo, totp } from "./world.mjs";

/** The window of the last code of each officer. */
const sent = new Map();

export class Visitor {
  constructor(demo, page, language, seen) {
    Object.assign(this, { demo, page, language, seen });
  }

  /** The time as the program has it. */
  now() {
    return Date.now() + (this.demo.clock_ms ?? 0);
  }

  async open(path) {
    const mark = path.includes("?") ? "&" : "?";
    await this.page.goto(`${this.demo.base_url}${path}${mark}lang=${this.language}`);
    await this.seen(this.page);
  }

  /** Presses the main button of the page's form. */
  async press(selector = "main form[method=post] button.b:not(.b2)") {
    await Promise.all([this.page.waitForLoadState("load"), this.page.locator(selector).first().click()]);
    await this.page.waitForLoadState("load");
    await this.seen(this.page);
  }

  async follow(selector) {
    await this.page.locator(selector).first().click();
    await this.page.waitForLoadState("load");
    await this.seen(this.page);
  }

  async fill(name, value) {
    await this.page.locator(`[name="${name}"]`).first().fill(value);
  }

  async signInAsPerson(person) {
    await this.page.locator('input[name="kind"][value="person"]').check({ force: true });
    await this.press();
    await this.fill("login", person.id_number);
    await this.press();
    const before = (await messagesTo(this.demo, person.phone)).length;
    await this.fill("secret", person.pin);
    await this.press();
    await this.fill("code", await code(this.demo, person.phone, before));
    await this.press();
  }

  async signInAsOfficer(officer) {
    await this.page.locator('input[name="kind"][value="officer"]').check({ force: true });
    await this.press();
    await this.fill("login", officer.login);
    await this.press();
    await this.fill("secret", officer.password);
    await this.press();
    await this.fill("code", totp(officer.totp, await this.freshWindow(officer.login)));
    await this.press();
  }

  /** A moment in a window of thirty seconds in which this officer has sent no code here: each is good once. */
  async freshWindow(login) {
    const key = `${this.demo.base_url} ${login}`;
    const window = () => Math.floor(this.now() / 30_000);
    while (window() === sent.get(key)) await sleep(500);
    sent.set(key, window());
    return this.now();
  }

  /** Answers every question until the check of all answers. `wanted` gives answers by field. */
  async answerAll(wanted = {}) {
    for (let pages = 0; pages < 30; pages += 1) {
      const path = new URL(this.page.url()).pathname;
      if (path.endsWith("/check")) return;
      if (path.endsWith("/data")) {
        await this.follow('main a.b[href*="/ask/"], main a.b[href$="/check"]');
        continue;
      }
      await this.answerPage(wanted);
      await this.press();
    }
    throw new Error(`the questions do not end: ${this.page.url()}`);
  }

  async answerPage(wanted) {
    const form = this.page.locator("main form[method=post]").first();
    const done = new Set();
    for (const input of await form.locator("input:not([type=hidden]), select, textarea").all()) {
      const name = await input.getAttribute("name");
      const kind = (await input.getAttribute("type")) ?? (await input.evaluate((it) => it.tagName.toLowerCase()));
      if (done.has(name)) continue;
      done.add(name);
      if (kind === "radio" || kind === "checkbox") {
        const value = wanted[name];
        await form.locator(value ? `[name="${name}"][value="${value}"]` : `[name="${name}"]`).first().check({ force: true });
      } else if (kind === "select") {
        await input.selectOption(wanted[name] ? { value: wanted[name] } : { index: 1 });
      } else if (name.endsWith("-day") || name.endsWith("-month") || name.endsWith("-year")) {
        await input.fill(wanted[name] ?? { day: "3", month: "5", year: "2026" }[name.split("-").pop()]);
      } else if (!(await input.inputValue())) {
        await input.fill(wanted[name] ?? (kind === "number" || (await input.getAttribute("inputmode")) === "numeric" ? "1" : "Maseru"));
      }
    }
  }

  /** Pays what is asked, with this wallet and number, and waits until it is paid. */
  async pay(wallet, phone) {
    await this.page.locator(`input[name="wallet"][value="${wallet}"]`).check({ force: true });
    const number = this.page.locator('main form[method=post] input[type="tel"], main form[method=post] input[name="phone"], main form[method=post] input[name="number"]').first();
    await number.fill(phone);
    await this.press();
    for (let tries = 0; tries < 60; tries += 1) {
      if (await this.page.locator('a[href*="/my/cases/"]').count()) {
        const path = new URL(this.page.url()).pathname;
        if (!path.endsWith("/wait")) return;
      }
      await sleep(300);
      await this.page.goto(this.page.url());
    }
    throw new Error(`not paid: ${this.page.url()}`);
  }

  async until(path, selector) {
    for (let tries = 0; tries < 60; tries += 1) {
      await this.page.goto(`${this.demo.base_url}${path}`);
      if (await this.page.locator(selector).count()) {
        await this.seen(this.page);
        return;
      }
      await sleep(250);
    }
    throw new Error(`${selector} did not come on ${path}`);
  }
}
