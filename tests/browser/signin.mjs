// How somebody signs in and gets back in: printed codes, an authenticator app, the menu on any phone, a lost PIN by code and
// at a service point, a browser that was not hers. Every page is looked at.
import { setTimeout as sleep } from "node:timers/promises";
import { messagesTo, ok, totp } from "./world.mjs";

const small = { width: 320, height: 640 };
const desk = { width: 1280, height: 800 };
const printed = /\b[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}\b/;

/** From the question for a PIN to the page of the second step, after choosing another way. */
async function toWay(visitor, person, way) {
  await visitor.open("/sign-in?next=/my");
  await visitor.page.locator('input[name="kind"][value="person"]').check({ force: true });
  await visitor.press();
  await visitor.fill("login", person.id_number);
  await visitor.press();
  await visitor.fill("secret", person.pin);
  await visitor.press();
  await visitor.follow('a[href="/oauth2/sign-in/way"]');
  await visitor.page.locator(`input[name="way"][value="${way}"]`).check({ force: true });
  await visitor.press();
}

const text = (visitor) => visitor.page.locator("main").innerText();
const signedIn = (visitor) => visitor.page.locator('header a[href="/sign-out"]').count();

/** The phone in the browser: dials, and types one answer after the other; gives the last screen. */
async function dial(visitor, person, ...typed) {
  await visitor.open("/ussd");
  await visitor.fill("phone", person.phone);
  await visitor.press();
  for (const one of typed) {
    await visitor.fill("typed", one);
    await visitor.press(".ph button");
  }
  return visitor.page.locator(".ph pre").innerText();
}

export async function signin({ demo, visitor, person, language, javaScript }) {
  const title = `signing in, in ${language} ${javaScript ? "with" : "without"} JavaScript`;
  const home = await visitor(title, language, javaScript, small);
  await home.open("/account/sign-in");
  await home.signInAsPerson(person);
  await home.open("/account/recovery-codes");
  await home.press();
  const codes = (await home.page.locator(".wal code").allInnerTexts()).filter((one) => printed.test(one));
  ok(codes.length === 10, `${title}: ten printed codes on a card`);
  await home.open("/account/authenticators/add");
  const secret = (await home.page.locator("main code").first().innerText()).replace(/\s/g, "");
  ok(await home.page.locator("main svg[role=img]").count() === 1, `${title}: a QR code for the app`);
  await home.fill("name", "Nokia");
  await home.fill("code", totp(secret, home.now()));
  await home.press();
  ok((await text(home)).includes("Nokia"), `${title}: the app is added with its code`);
  for (const path of ["/account/second-step", "/account/secret", "/account/sessions", "/account/recovery"]) await home.open(path);

  const away = await visitor(`${title} (away)`, language, javaScript, small);
  await toWay(away, person, "printed");
  await away.fill("code", codes[0]);
  await away.press();
  ok(await signedIn(away), `${title}: a printed code signs in`);
  const dialled = await visitor(`${title} (dialled)`, language, javaScript, small);
  await toWay(dialled, person, "ussd");
  const phone = await visitor(`${title} (phone)`, language, javaScript, small);
  const screen = await dial(phone, person, "1");
  const code = /\d{6}/.exec(screen)?.[0] ?? "";
  await dialled.fill("code", code);
  await dialled.press();
  ok(await signedIn(dialled), `${title}: a code that was dialled for signs in`);
  ok(/\S/.test(await dial(phone, person, "3", person.pin)), `${title}: proof of life by PIN on the phone`);
  ok(!printed.test(await dial(phone, person, "5", "0")), `${title}: the menu goes back`);

  // A browser that was not hers: three are listed, one is ended and the account with it.
  await home.open("/account/sessions");
  ok(await home.page.locator('a[href^="/account/browsers?id="]').count() >= 3, `${title}: her browsers stand on a list`);
  const told = (await messagesTo(demo, person.phone)).map((message) => message.body ?? message.text ?? "").join("\n");
  ok(/Firefox|Chrome/.test(told), `${title}: a new browser is told of`);
  await home.follow('tr:not(:has(.tag)) a[href^="/account/browsers?id="]');
  await home.press('form[action="/account/browsers/not-me"] button');
  await home.open("/my");
  ok(!(await signedIn(home)), `${title}: this was not me signs everything out`);

  // Back in by a printed code and a message, after the minute that a demonstration waits.
  const lost = await visitor(`${title} (lost)`, language, javaScript, small);
  await lost.open("/recover");
  const before = (await messagesTo(demo, person.phone)).length;
  await lost.fill("login", person.id_number);
  await lost.press();
  await lost.fill("printed", codes[1]);
  for (let tries = 0; (await messagesTo(demo, person.phone)).length === before && tries < 60; tries += 1) await sleep(100);
  const message = (await messagesTo(demo, person.phone)).map((one) => /^\d{6}/.exec(one.body ?? one.text ?? "")?.[0]).find(Boolean);
  await lost.fill("code", message);
  await lost.press();
  const activation = printed.exec(await text(lost))?.[0];
  ok(Boolean(activation), `${title}: both codes give a code for a new PIN`);
  await lost.open("/recover/stop");
  const pin = person.pin === "806195" ? "806159" : "806195";
  const set = async () => {
    await lost.open("/recover/activate");
    await lost.fill("login", person.id_number);
    await lost.fill("code", activation);
    await lost.fill("secret", pin);
    await lost.fill("secret_again", pin);
    await lost.press();
    return lost.page.locator(".pan").count();
  };
  ok(!(await set()), `${title}: it waits`);
  await sleep(61_000);
  ok(await set(), `${title}: she sets her new PIN herself`);
  const anew = await visitor(`${title} (anew)`, language, javaScript, small);
  await anew.open("/my/life");
  await anew.signInAsPerson({ ...person, pin });
  ok(await signedIn(anew), `${title}: the new PIN signs in`);
  await anew.press();
  const refused = await text(anew);
  ok(/\S/.test(refused) && (await anew.page.locator(".nb.ok").count()) === 0, `${title}: known less surely, she cannot prove that she lives`);
  for (const one of [home, away, dialled, phone, lost, anew]) await one.page.context().close();
}

/** Two officers let somebody back in. */
export async function backIn({ demo, visitor, person, language }) {
  const title = `back in at a service point, in ${language}`;
  const officers = demo.officers.filter((officer) => officer.roles.includes("identity-officer"));
  const one = await visitor(`${title} (one)`, language, true, desk);
  await one.open("/recovery");
  await one.signInAsOfficer(officers[0]);
  await one.follow('a[href="/recovery/new"]');
  await one.fill("number", person.id_number);
  for (const seen of ["card", "likeness"]) await one.page.locator(`input[name="evidence"][value="${seen}"]`).check({ force: true });
  await one.press();
  ok(await one.page.locator(".pan").count() === 1, `${title}: one officer proposes`);
  await one.open("/recovery");
  ok(await one.page.locator('form[action="/recovery/agree"]').count() === 0, `${title}: and does not agree to her own`);
  const two = await visitor(`${title} (two)`, language, true, desk);
  await two.open("/recovery");
  await two.signInAsOfficer(officers[1]);
  await two.press('form[action="/recovery/agree"] button');
  ok(printed.test(await text(two)), `${title}: another agrees, and hands over the code`);
  await two.open("/account/secret");
  for (const each of [one, two]) await each.page.context().close();
}
