// The main job, from the catalogue to a document that anybody can check; then another program signs somebody in.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { acting } from "./acting.mjs";
import { agents } from "./agents.mjs";
import { association } from "./association.mjs";
import { bills, books } from "./bills.mjs";
import { card, fees, stopped } from "./card.mjs";
import { lists } from "./lists.mjs";
import { charges } from "./charges.mjs";
import { civil } from "./civil.mjs";
import { enrol } from "./enrol.mjs";
import { disputes } from "./disputes.mjs";
import { funds } from "./funds.mjs";
import { grants } from "./grants.mjs";
import { anyBank } from "./hub.mjs";
import { sandbox } from "./sandbox.mjs";
import { runsTheSwitch } from "./switch.mjs";
import { Visitor } from "./person.mjs";
import { killed } from "./killed.mjs";
import { openapi } from "./openapi.mjs";
import { relyingParty } from "./openid.mjs";
import { backIn, signin } from "./signin.mjs";
import { till } from "./till.mjs";
import { counter, treasury } from "./treasury.mjs";
import { browser, failures, messagesTo, ok, shots, start } from "./world.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const world = await start();
const { demo } = world;
const chrome = await browser();
const faults = new Map();
let pictures = 0;
let visits = 0;

/** Looks at a page as axe does, and takes its picture on a small phone and on a desk. */
function looker(name, javaScript) {
  const known = new Set();
  return async (page) => {
    const path = new URL(page.url()).pathname.replace(/hosted\/[0-9a-f]+/, "hosted").replace(/(case|task|pay|doc|req|vit|rec|enr|per|mdt|dev|run|lst|rem|mer|ass|agt|prj|fpm|exc|arr|scr)_[0-9a-z]+/g, "$1");
    const lang = await page.locator("html").getAttribute("lang");
    const place = `${name} ${path} ${lang}`;
    if (known.has(place)) return;
    known.add(place);
    if (javaScript) {
      await page.evaluate(axe);
      const found = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
      for (const fault of found.violations) {
        faults.set(`${fault.id} on ${path} (${lang})`, fault.nodes.slice(0, 2).map((node) => node.html).join(" | "));
      }
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
      if (wide) faults.set(`wider than the screen on ${path} (${lang})`, "");
    }
    pictures += 1;
    await page.screenshot({ path: join(shots, `${String(pictures).padStart(3, "0")}${path.replaceAll("/", "-")}-${lang}.png`), fullPage: true });
  };
}

/** Somebody at an address of her own: tries to sign in are counted by it. */
async function visitor(name, language, javaScript, viewport) {
  visits += 1;
  const extraHTTPHeaders = { "x-forwarded-for": `10.1.${visits >> 8}.${visits & 255}` };
  const context = await chrome.newContext({ javaScriptEnabled: javaScript, viewport, acceptDownloads: true, extraHTTPHeaders });
  return new Visitor(demo, await context.newPage(), language, looker(name, javaScript));
}

const officerOf = (role) => demo.officers.find((officer) => officer.roles.includes(role));

/** The whole way of one service. */
async function journey({ service, role, words, person, language, javaScript }) {
  const title = `${service} in ${language} ${javaScript ? "with" : "without"} JavaScript`;
  const resident = await visitor(title, language, javaScript, { width: 320, height: 640 });
  await resident.open("/");
  await resident.fill("q", words);
  await resident.press("main form[role=search] button");
  ok(await resident.page.locator(`a[href="/services/${service}"]`).count() === 1, `${title}: found in the catalogue`);
  await resident.follow(`a[href="/services/${service}"]`);
  await resident.follow(`a[href="/services/${service}/start"]`);
  await resident.signInAsPerson(person);
  ok(resident.page.url().includes(`/services/${service}/start`), `${title}: signing in leads back`);
  await resident.press();
  const data = await resident.page.locator("main").innerText();
  ok(data.includes(person.name.split(" ").pop()), `${title}: her own data is filled in`);
  ok((await resident.page.locator("main .src").count()) > 2, `${title}: each value says where it comes from`);
  await resident.answerAll();
  await resident.press();
  ok(/\/pay\//.test(resident.page.url()), `${title}: the fee is asked for`);
  const fee = new URL(resident.page.url()).pathname;
  const number = (await resident.page.locator("main").textContent()).match(/8\d{3}-\d{4}-\d{4}/)?.[0];
  const son = await visitor(title, language, javaScript, { width: 320, height: 640 });
  await son.open("/bill");
  await son.fill("number", number.replaceAll("-", " "));
  await son.press("main form button");
  const shown = await son.page.locator("main").innerText();
  ok(shown.includes(number) && /M\d/.test(shown) && !shown.includes(person.name.split(" ").pop()), `${title}: whoever has its number can pay it, and reads no more than how much`);
  await son.open(`/fee/${number}/abroad`);
  ok((await son.page.locator("main .card").count()) === 2, `${title}: also from abroad, by a partner with all its costs`);
  await son.page.context().close();
  await resident.pay(person.phone.startsWith("+2665") ? "mpesa" : "ecocash", person.phone);
  const proven = join(world.data, `${service}-${language}-receipt.json`);
  for (let tries = 0; tries < 20; tries += 1) {
    const answer = await resident.page.context().request.get(`${demo.base_url}${fee}/receipt.json`);
    writeFileSync(proven, await answer.body());
    if (answer.ok()) break;
    await sleep(250);
  }
  const paid = spawnSync(process.env.LETSEMA, ["verify", proven, "--key", demo.log.key, "--json"], { encoding: "utf8" });
  ok(paid.status === 0 && JSON.parse(paid.stdout).act.kind === "payments.request.paid", `${title}: the receipt of the fee proves itself`);
  writeFileSync(proven, readFileSync(proven, "utf8").replace(/amount_minor\\":\d/, 'amount_minor\\":9'));
  ok(spawnSync(process.env.LETSEMA, ["verify", proven, "--key", demo.log.key]).status === 1, `${title}: a changed receipt is refused`);
  await resident.open("/my/cases");
  const link = resident.page.locator('main table a[href*="/my/cases/"]').first();
  const [path, reference] = [await link.getAttribute("href"), await link.innerText()];
  await resident.until(path, "main");

  const officer = await visitor(`${title} (officer)`, language, javaScript, { width: 1280, height: 800 });
  await officer.open("/desk");
  await officer.signInAsOfficer(officerOf(role));
  await officer.until("/desk", `a:text-is("${reference}")`);
  await officer.follow(`a:text-is("${reference}")`);
  await officer.press('form[action$="/claim"] button');
  const evidence = await officer.page.locator("main").innerText();
  ok(evidence.includes(person.name.split(" ").pop()), `${title}: the officer sees the evidence`);
  const desk = new URL(officer.page.url()).pathname;
  await officer.page.locator('input[name="verdict"][value="ask"]').check({ force: true });
  await officer.fill("words", "Which phone number may we call?");
  await officer.press('main form[method=post]:has(input[name="verdict"]) button.b');
  await resident.until(path, 'a[href$="/answer"]');
  await resident.follow('a[href$="/answer"]');
  await resident.fill("answer", "The one you have.");
  await resident.press();
  await officer.open(desk);
  ok((await officer.page.locator("main").innerText()).includes("The one you have."), `${title}: one question asked back and answered`);
  await officer.page.locator('input[name="verdict"][value="approve"]').check({ force: true });
  await officer.press('main form[method=post]:has(input[name="verdict"]) button.b');

  await resident.until(path, 'a[href$=".pdf"]');
  const download = async (ending) => {
    const href = await resident.page.locator(`a[href$="${ending}"]`).first().getAttribute("href");
    const answer = await resident.page.context().request.get(demo.base_url + href);
    const file = join(world.data, `${reference}${ending}`);
    writeFileSync(file, await answer.body());
    return file;
  };
  const notices = await messagesTo(demo, person.phone);
  ok(notices.some((notice) => JSON.stringify(notice).includes(reference)), `${title}: an SMS tells of it`);
  const verify = (file) => spawnSync(process.env.LETSEMA, ["verify", file, "--key", demo.log.key, "--json"], { encoding: "utf8" });
  for (const ending of [".pdf", ".json"]) {
    const file = await download(ending);
    const answer = verify(file);
    ok(answer.status === 0 && JSON.parse(answer.stdout).valid, `${title}: letsema verify holds for the ${ending.slice(1)}`);
    const anybody = await visitor(`${title} (anybody)`, language, javaScript, { width: 320, height: 640 });
    await anybody.open("/verify");
    await anybody.page.locator('input[type="file"]').setInputFiles(file);
    await anybody.press('form[enctype="multipart/form-data"] button');
    ok((await anybody.page.locator("main").innerText()).includes(reference), `${title}: anybody checks the ${ending.slice(1)} at /verify`);
    await anybody.page.context().close();
  }
  const text = execFileSync("pdftotext", ["-layout", await download(".pdf"), "-"], { encoding: "utf8" });
  ok(text.includes(person.name.split(" ").pop()), `${title}: the PDF names her`);
  const json = await download(".json");
  const changed = readFileSync(json, "utf8").replaceAll(person.name.split(" ").pop(), "Somebody");
  writeFileSync(json, changed);
  ok(verify(json).status === 1, `${title}: a changed document is refused`);
  await resident.open("/my/looks");
  const looks = await resident.page.locator("main table tbody tr").count();
  ok(looks >= 3, `${title}: she sees who looked at her data (${looks} looks)`);
  await resident.page.context().close();
  await officer.page.context().close();
  return fee;
}

try {
  const person = (role) => demo.people.find((one) => one.role.startsWith(role));
  const both = person("passport expires in two months");
  const fee = await journey({ service: "passport-renewal", role: "passport-officer", words: "passport", person: both, language: "en", javaScript: true });
  await disputes({ demo, visitor, person: both, fee, language: "en" });
  await journey({ service: "driver-licence-renewal", role: "licence-officer", words: "laesense", person: person("licence expired"), language: "st", javaScript: true });
  await journey({ service: "birth-certificate-copy", role: "registration-officer", words: "birth", person: both, language: "en", javaScript: false });
  await journey({ service: "passport-renewal", role: "passport-officer", words: "phasepoto", person: person("passport expired"), language: "st", javaScript: false });
  await bills({ demo, visitor, language: "en", javaScript: true, part: "120" });
  await bills({ demo, visitor, language: "st", javaScript: true, part: "130" });
  await bills({ demo, visitor, language: "en", javaScript: false, part: "140" });
  await charges({ demo, visitor, language: "st", pays: false });
  await charges({ demo, visitor, language: "en", pays: true });
  await card({ demo, visitor, language: "en", javaScript: true, part: "200", voucher: 0 });
  await card({ demo, visitor, language: "st", javaScript: true, part: "210", voucher: 1 });
  await card({ demo, visitor, language: "en", javaScript: false, part: "220", voucher: 2 });
  await fees({ demo, visitor });
  await stopped({ demo, visitor, language: "en" });
  await lists({ demo, visitor });
  await till({ demo, visitor, owner: both, language: "en", javaScript: true });
  await till({ demo, visitor, owner: both, language: "st", javaScript: true });
  const society = { signatories: [both, person("licence expired"), person("passport expired")], outsider: person("passport still good") };
  await association({ demo, visitor, ...society, language: "en", javaScript: true });
  await association({ demo, visitor, ...society, language: "st", javaScript: true });
  await treasury({ demo, visitor, officerOf, language: "en", javaScript: true });
  await counter({ demo, visitor, officerOf, language: "st", javaScript: true });
  await agents({ demo, visitor, officerOf, language: "st" });
  await funds({ demo, visitor, language: "en" });
  await sandbox({ demo, visitor, language: "en", javaScript: true });
  await sandbox({ demo, visitor, language: "st", javaScript: false });
  books(world);
  await acting({ demo, visitor, language: "en", javaScript: true });
  await grants({ demo, visitor, pensioner: person("pensioner"), language: "st", javaScript: true });
  await anyBank({ demo, visitor, officerOf, language: "en", javaScript: true });
  await runsTheSwitch({ visitor, officerOf, language: "st", javaScript: false });
  const family = { mother: person("passport still good"), deceased: person("pensioner") };
  await civil({ demo, visitor, officerOf, language: "st", ...family });
  await enrol({ demo, visitor, language: "st", resident: person("no passport") });
  await signin({ demo, visitor, person: person("wallet never answers"), language: "st", javaScript: false });
  await backIn({ demo, visitor, person: person("wallet declines"), language: "en" });
  await killed(chrome, [], "SQLite");
  const postgres = process.env.LETSEMA_TEST_POSTGRES;
  if (postgres) {
    const schema = `kill_${process.pid}`;
    execFileSync("psql", ["-q", postgres, "-c", `CREATE SCHEMA ${schema}`]);
    await killed(chrome, ["--database", `${postgres}?options=-c%20search_path%3D${schema}`], "PostgreSQL");
  } else {
    console.log("# LETSEMA_TEST_POSTGRES is not set: kill -9 was tried on SQLite only");
  }
  await openapi(demo);
  await relyingParty(chrome, demo, person("two at once"));
} catch (error) {
  ok(false, `the way ended early: ${error.stack}`);
}
for (const [fault, where] of faults) console.log(`# ${fault}: ${where}`);
ok(faults.size === 0, `axe and the width of a small phone find nothing on ${pictures} pages`);
console.log(`# pictures are in ${shots}`);
await chrome.close();
await world.stop();
console.log("done");
process.exit(failures() ? 1 : 0);
