// kill -9 at every turn of the main job: each time the program is started again and the way goes on; no payment is lost
// or taken twice, and the log stays one history.
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Visitor } from "./person.mjs";
import { ok, start } from "./world.mjs";

export async function killed(chrome, settings, name) {
  const world = await start("--keep-wallets", ...settings);
  const turn = async (pause = 0) => {
    await sleep(pause);
    await world.kill();
    await sleep(100);
    await world.again();
  };
  const visitor = async () => {
    const context = await chrome.newContext({ javaScriptEnabled: false });
    return new Visitor(world.demo, await context.newPage(), "en", async () => {});
  };
  const checkpoint = async () => (await fetch(`${world.demo.log.url}/checkpoint`)).text();
  try {
    const person = world.demo.people[0];
    const officerEntry = world.demo.officers.find((officer) => officer.roles.includes("passport-officer"));
    const resident = await visitor();
    await resident.open("/services/passport-renewal/start");
    await resident.signInAsPerson(person);
    await resident.press();
    await turn();
    await resident.page.reload();
    ok(new URL(resident.page.url()).pathname.endsWith("/data"), `kill -9 on ${name}: she is still signed in, and her draft is there`);
    await resident.answerAll();
    const size = Number((await checkpoint()).split("\n")[1]);
    await resident.press();
    const pay = resident.page.url();
    await turn();
    await resident.page.goto(pay);
    await resident.page.locator(`input[name="wallet"][value="${person.phone.startsWith("+2665") ? "mpesa" : "ecocash"}"]`).check({ force: true });
    await resident.page.locator('main form[method=post] input:not([type=hidden]):not([type=radio])').first().fill(person.phone);
    await resident.press();
    // The wallet has been asked; it answers while the program is away.
    await turn(150);
    await resident.open("/my/cases");
    const link = resident.page.locator('main table a[href*="/my/cases/"]').first();
    const [path, reference] = [await link.getAttribute("href"), await link.innerText()];
    let paid = false;
    for (let tries = 0; tries < 160 && !paid; tries += 1) {
      await resident.page.goto(world.demo.base_url + path);
      paid = (await resident.page.locator("main").innerText()).includes("Receipt");
      if (!paid) await sleep(250);
    }
    ok(paid, `kill -9 on ${name}: the payment arrives all the same`);
    const officer = await visitor();
    await officer.open("/desk");
    await officer.signInAsOfficer(officerEntry);
    await officer.until("/desk", `a:text-is("${reference}")`);
    await officer.follow(`a:text-is("${reference}")`);
    await officer.press('form[action$="/claim"] button');
    await turn();
    await officer.page.reload();
    await officer.page.locator('input[name="verdict"][value="approve"]').check({ force: true });
    await officer.press('main form[method=post]:has(input[name="verdict"]) button.b');
    await turn();
    await resident.until(path, 'a[href$=".pdf"]');
    const href = await resident.page.locator('a[href$=".json"]').first().getAttribute("href");
    const file = join(world.data, "document.json");
    writeFileSync(file, await (await resident.page.context().request.get(world.demo.base_url + href)).body());
    const verified = spawnSync(process.env.LETSEMA, ["verify", file, "--key", world.demo.log.key, "--json"], { encoding: "utf8" });
    ok(verified.status === 0, `kill -9 on ${name}: the document is issued once and holds`);
    const documents = await resident.page.locator('a[href$=".pdf"]').count();
    ok(documents === 1, `kill -9 on ${name}: one document, not two`);
    // Her fee, and the one that the demonstration itself pays by wallet.
    const due = 13000 + 15000;
    let taken = 0;
    for (let tries = 0; tries < 80 && taken < due; tries += 1) {
      if (tries) await sleep(250);
      taken = 0;
      for (const wallet of world.demo.wallets) {
        const log = await (await fetch(`${wallet.url}/log.json`)).json();
        taken += log.taken_minor - log.returned_minor;
      }
    }
    ok(taken === due, `kill -9 on ${name}: the wallets took each fee once (${taken} lisente)`);
    const now = Number((await checkpoint()).split("\n")[1]);
    ok(now > size, `kill -9 on ${name}: the log grew from ${size} to ${now} leaves`);
    const grown = spawnSync("go", ["run", "main.go", world.demo.log.url, world.demo.log.key, file], {
      cwd: join(import.meta.dirname, "../log"), encoding: "utf8",
      env: { ...process.env, GOPATH: "/usr/share/gocode", GO111MODULE: "off", GOCACHE: "/tmp/letsema-go" },
    });
    ok(grown.status === 0, `kill -9 on ${name}: Go's tlog verifies the whole log and the document's receipt`);
  } catch (error) {
    ok(false, `kill -9 on ${name}: ended early: ${error.stack}`);
  }
  const known = JSON.parse(readFileSync(join(world.data, "wallets.json"), "utf8"));
  await world.stop();
  for (const wallet of known) spawnSync("pkill", ["-f", `wallet --listen ${wallet.address}`]);
}
