// The national ID through the pages: by the entry of her birth, a supervisor's eyes, a code by SMS, her own PIN, a card; a
// chief's word; a number given out in the stead of hers; a double noticed; a card lost.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { messagesTo, ok } from "./world.mjs";

const choose = (visitor, name, value) => visitor.page.locator(`[name="${name}"][value="${value}"]`).first().check({ force: true });
const text = async (visitor) => visitor.page.locator("main").innerText();

/** Judges everybody who may be the same. */
async function judge(supervisor, application, verdict) {
  await supervisor.open(application);
  for (let open = 0; open < 5; open += 1) {
    const waiting = supervisor.page.locator('tr:has(.wait) a[href*="/alike/"]').first();
    if (!(await waiting.count())) return;
    await waiting.click();
    await supervisor.page.waitForLoadState("load");
    await supervisor.seen(supervisor.page);
    await choose(supervisor, "verdict", verdict);
    await supervisor.press();
  }
}

/** A village without a network: a packet made, cut in the middle, sent on, and sent twice. */
function village({ demo, title }) {
  const { folder, device, operator } = demo.enrolment.field;
  const at = (name) => join(folder, name);
  const letsema = (...args) => spawnSync(process.env.LETSEMA, ["packet", ...args], { encoding: "utf8" });
  const templates = at("large");
  writeFileSync(templates, `finger: village-${process.pid}\n${"x".repeat(300_000)}`);
  const made = letsema("make", "--form", at("form.json"), "--templates", templates, "--device", device, "--device-key", at("device.key"), "--operator", operator,
    "--operator-key", at("operator.key"), "--centre-key", at("centre.json"), "--centre", demo.base_url, "--number", "1", "--out", at("one.packet"));
  ok(made.status === 0, `${title}: a packet is made without a network ${made.stderr}`);
  const send = (...more) => letsema("send", at("one.packet"), "--centre", demo.base_url, "--device", device, "--device-key", at("device.key"), ...more);
  ok(send("--cut-after", "150000").stderr.includes("cut at"), `${title}: the network goes away in the middle`);
  const whole = send();
  ok(/taken, application enr_/.test(whole.stdout), `${title}: it goes on and is taken ${whole.stderr}`);
  ok(send().stdout.includes(whole.stdout.match(/enr_[0-9a-z]+/)?.[0] ?? "nothing"), `${title}: sent twice it is taken once`);
}

export async function enrol({ demo, visitor, language, resident }) {
  const title = `the national ID in ${language}`;
  const officer = async (role) => {
    const own = await visitor(`${title} (${role})`, language, true, { width: 1280, height: 900 });
    await own.open(role === "card-officer" ? "/enrolment/cards" : "/enrolment");
    await own.signInAsOfficer(demo.officers.find((one) => one.roles.includes(role)));
    return own;
  };
  const operator = await officer("enrolment-officer");
  await operator.open("/enrolment");
  await operator.follow('a[href="/enrolment/new"]');
  await choose(operator, "evidence", "birth-entry");
  await operator.fill("paper", "B 0000 0000 1");
  await operator.press();
  ok((await operator.page.locator(".es").count()) === 1, `${title}: an entry that is not there is said`);
  await choose(operator, "evidence", "birth-entry");
  await operator.fill("paper", demo.enrolment.birth_entry);
  await operator.press();
  ok((await operator.page.locator('[name="family"]').inputValue()) === demo.enrolment.applicant.name.split(" ").pop(), `${title}: the birth entry fills in`);
  const phone = "+26658009911";
  await operator.fill("phone", phone);
  await operator.press();
  await operator.follow('a[href$="/biometrics"]');
  await operator.press('form[enctype="multipart/form-data"] button');
  ok((await operator.page.locator(".es").count()) === 1, `${title}: without a file it is said`);
  const templates = { name: "templates.cbeff", mimeType: "application/octet-stream", buffer: Buffer.from(`finger: ${process.pid}\ndouble: late\n`) };
  await operator.page.locator('input[type="file"]').setInputFiles(templates);
  await operator.press('form[enctype="multipart/form-data"] button');
  await operator.follow('a[href$="/exceptions"]');
  await choose(operator, "part", "left-hand");
  await choose(operator, "reason", "worn");
  await operator.fill("seen_by", "Mpho Sekhonyana");
  await operator.press();
  const application = new URL(operator.page.url()).pathname;
  await operator.press('form[action$="/submit"] button');
  ok((await operator.page.locator('form[action$="/decide"]').count()) === 0, `${title}: who took it does not decide it`);

  const supervisor = await officer("enrolment-supervisor");
  await judge(supervisor, demo.enrolment.double.application ? `/enrolment/${demo.enrolment.double.application}` : application, "same");
  ok((await supervisor.page.locator("main .tag.no").count()) > 0, `${title}: a double is refused`);
  await judge(supervisor, application, "different");
  for (let tries = 0; tries < 90; tries += 1) {
    await supervisor.page.goto(`${demo.base_url}${application}`);
    if ((await supervisor.page.locator(".st .done").count()) === 2) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  ok((await supervisor.page.locator(".st .done").count()) === 2, `${title}: the ABIS compared, late`);
  await supervisor.open(application);
  await choose(supervisor, "verdict", "approve");
  await supervisor.press('form[action$="/decide"] button.b');
  ok((await supervisor.page.locator(".es").count()) === 1, `${title}: an exception is agreed to first`);
  await choose(supervisor, "verdict", "approve");
  await choose(supervisor, "agreed", "yes");
  await supervisor.press('form[action$="/decide"] button.b');
  ok((await supervisor.page.locator('form[action$="/decide"]').count()) === 0, `${title}: approved`);

  let told = "";
  for (let tries = 0; tries < 60 && !told; tries += 1) {
    told = JSON.stringify(await messagesTo(demo, phone)).match(/\d{5} \d{5}/)?.[0] ?? "";
    if (!told) await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const number = JSON.stringify(await messagesTo(demo, phone)).match(/\d{3} \d{3} \d{3} \d{3}/)?.[0];
  const person = await visitor(`${title} (person)`, language, true, { width: 320, height: 640 });
  await person.open("/activate");
  await person.fill("number", number);
  await person.fill("code", told);
  await person.fill("pin", "123456");
  await person.fill("again", "123456");
  await person.press();
  ok((await person.page.locator(".es").count()) === 1, `${title}: a PIN that is guessed first is refused`);
  for (const [name, value] of Object.entries({ number, code: told, pin: "582914", again: "582914" })) await person.fill(name, value);
  await person.press();
  ok((await person.page.locator(".pan").count()) === 1, `${title}: her account is open`);
  await person.open("/my/number");
  await person.signInAsPerson({ id_number: number, pin: "582914", phone });
  await person.open("/my/number");
  await choose(person, "kind", "one-use");
  await person.press('form[action$="/make"] button.b');
  ok(/\d{4} \d{4} \d{4} \d{4}/.test(await text(person)), `${title}: a number in the stead of hers`);
  await person.open("/account/factors");

  const cards = await officer("card-officer");
  await cards.open("/enrolment/cards");
  await cards.fill("count", "500");
  await cards.press('form[action$="/print"] button.b');
  const waits = await text(cards);
  ok(/K \d{4} \d{4} \d/.test(waits), `${title}: cards are printed`);
  await cards.fill("count", "1");
  await cards.press('form[action$="/print"] button.b');
  ok((await cards.page.locator(".es").count()) === 1, `${title}: no more than there are blanks`);
  await cards.fill("number", waits.match(/K \d{4} \d{4} \d/)[0]);
  await cards.press('form[action$="/hand-over"] button[value="hand-over"]');

  const anybody = await visitor(`${title} (anybody)`, language, true, { width: 320, height: 640 });
  await anybody.open("/card");
  const own = demo.enrolment.card_numbers.find((one) => one.person === resident.id);
  await anybody.fill("number", own.number);
  await anybody.press();
  ok((await anybody.page.locator(".nb.ok").count()) === 1, `${title}: a card is good`);
  const holder = await visitor(`${title} (holder)`, language, true, { width: 320, height: 640 });
  await holder.open("/my/number");
  await holder.signInAsPerson(resident);
  await holder.open("/my/number");
  await holder.press('form[action$="/card-lost"] button');
  await anybody.open("/card");
  await anybody.fill("number", own.number);
  await anybody.press();
  ok((await anybody.page.locator(".nb.no").count()) === 1, `${title}: lost, it is worth nothing at once`);
  const listed = await (await fetch(`${demo.base_url}/api/identity/cards/revoked`)).json();
  ok(listed.cards.some((one) => one.number === own.number.replaceAll(" ", "")), `${title}: and stands in the public list`);

  village({ demo, title });
  await supervisor.open("/enrolment/packets");
  await operator.open("/enrolment/key");

  const chief = await visitor(`${title} (chief)`, language, true, { width: 320, height: 640 });
  await chief.open("/introductions");
  await chief.signInAsOfficer(demo.officers.find((one) => one.roles.includes("chief")));
  await chief.open("/introductions");
  await chief.open("/introductions/new");
  await operator.open("/enrolment/people");
  await operator.fill("number", resident.id_number);
  await operator.press();
  ok((await operator.page.locator('form[action$="/standing"]').count()) === 1, `${title}: a person stands at the desk`);
}
