// An agent who has taken all that she may: her super-agent sees it first, gives her float for the cash in her drawer; her clerk ends
// the shift with what she counts. In the other language, and with a device that may take without a network.
import { generateKeyPairSync } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ok } from "./world.mjs";

export async function agents({ demo, visitor, officerOf, language }) {
  const title = `agents in ${language}`;
  const small = { width: 320, height: 640 };
  const runs = await visitor(title, language, true, small);
  await runs.open("/agents");
  await runs.signInAsOfficer(officerOf("agents-officer"));
  const bad = "main table tbody tr .tag.no";
  for (let tries = 0; tries < 80; tries += 1) {
    await runs.page.goto(`${demo.base_url}/agents?lang=${language}`);
    if (await runs.page.locator(bad).count()) break;
    await sleep(250);
  }
  await runs.seen(runs.page);
  ok((await runs.page.locator("main table tbody tr").first().locator(".tag.no").count()) === 1, `${title}: who has none left stands first`);
  await runs.follow("main table tbody tr a");
  const address = new URL(runs.page.url()).pathname;
  const move = `main form[action="${address}"] button.b`;
  await runs.fill("amount", "200");
  await runs.press(move);
  ok((await runs.page.locator('.es a[href="#way"]').count()) === 1, `${title}: which way is asked for`);
  await runs.page.locator('input[name="way"][value="give"]').check({ force: true });
  for (const wrong of ["1,000", "9999999"]) {
    await runs.fill("amount", wrong);
    await runs.press(move);
    ok((await runs.page.locator('.es a[href="#amount"]').count()) === 1, `${title}: ${wrong} is not moved`);
  }
  await runs.fill("amount", "200");
  await runs.press(move);
  ok((await runs.page.locator("main dl").innerText()).includes("M200.00"), `${title}: float is given for cash`);
  await runs.open("/agents");
  await runs.page.locator("main details summary").first().click();
  await runs.fill("place", "Agent Roma");
  await runs.press('main form[action="/agents"] button.b');
  ok((await runs.page.locator(".es a").count()) >= 1, `${title}: an agent's counter is named as it must be`);

  const clerk = await visitor(`${title} (clerk)`, language, true, small);
  await clerk.open("/agent");
  await clerk.signInAsOfficer(officerOf("agent-clerk"));
  ok((await clerk.page.locator("main dl").first().innerText()).includes("M450.00"), `${title}: the drawer has what was taken, less what was handed over`);
  await clerk.page.locator("main details summary").click();
  await clerk.fill("name", "Tablet");
  await clerk.fill("key", "{}");
  await clerk.fill("amount", "50");
  await clerk.press('main form[action="/agent/devices"] button.b');
  ok((await clerk.page.locator('.es a[href="#key"]').count()) === 1, `${title}: what is no key is refused`);
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await clerk.fill("key", JSON.stringify({ ...publicKey.export({ format: "jwk" }), alg: "ES256" }));
  await clerk.fill("amount", "50");
  await clerk.press('main form[action="/agent/devices"] button.b');
  ok((await clerk.page.locator("main table").first().innerText()).includes("M50.00"), `${title}: a device has an allowance`);
  await clerk.fill("cash", "449.50");
  await clerk.press('main form[action="/agent/shift"] button.b');
  ok((await clerk.page.locator("main .nb").innerText()).includes("M0.50"), `${title}: what is missing at the end of a shift is said`);
  clerk.language = language === "en" ? "st" : "en";
  await clerk.open("/agent");
  runs.language = clerk.language;
  await runs.open("/agents");
  await runs.open(address);
  await runs.page.context().close();
  await clerk.page.context().close();
}
