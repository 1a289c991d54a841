// Whoever writes a program takes a key, sends a bill with it, pays it from a number that misbehaves, and is told of it: the
// call is checked with the Standard Webhooks' own library.
import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import { ok } from "./world.mjs";

const text = (visitor) => visitor.page.locator("main").innerText();

/** A program that listens, and is busy the first time. */
function program() {
  const heard = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece) => { body += piece; });
    request.on("end", () => {
      heard.push({ headers: request.headers, body });
      response.statusCode = heard.length === 1 ? 503 : 204;
      response.end();
    });
  });
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done({ server, heard, url: `http://127.0.0.1:${server.address().port}/told` })));
}

export async function sandbox({ demo, visitor, language, javaScript }) {
  const title = `the sandbox in ${language}`;
  const { server, heard, url } = await program();
  const developer = await visitor(title, language, javaScript, { width: 320, height: 640 });
  await developer.open("/sandbox");
  await developer.fill("name", "Mokhotlong!");
  await developer.fill("hook", url);
  await developer.press();
  ok((await developer.page.locator('.es a[href="#name"]').count()) === 1, `${title}: a name that cannot be one is said`);
  await developer.fill("name", `council-${language}`);
  await developer.fill("hook", "http://example.org/told");
  await developer.press();
  ok((await developer.page.locator('.es a[href="#hook"]').count()) === 1, `${title}: nobody is called without TLS`);
  await developer.fill("hook", url);
  await developer.press();
  const [key, secret] = await developer.page.locator("main code").allInnerTexts();
  ok(key.startsWith("letsema_") && secret.startsWith("whsec_"), `${title}: a key and a secret at once`);

  const bill = { reference: "TRY-1", description: { en: "A fee", st: "Tefiso" }, amount_minor: 5_000, currency: "LSL", shares: [{ account: `income:sandbox-council-${language}`, amount_minor: 5_000 }], expires_at: new Date(Date.now() + 30 * 86_400_000).toISOString() };
  const send = (bearer) => fetch(`${demo.base_url}/api/payments/bills`, { method: "POST", headers: { authorization: `Bearer ${bearer}`, "idempotency-key": "try-1", "content-type": "application/json" }, body: JSON.stringify({ bills: [bill] }) });
  const made = await send(key);
  const { bills } = await made.json();
  ok(made.ok && /^9\d{3}-\d{4}-\d{4}$/.test(bills?.[0]?.number), `${title}: a bill is made with it`);
  ok((await send("letsema_another")).status === 401, `${title}: and not with another`);

  await developer.open(`/bill/${bills[0].number}`);
  await developer.page.locator('input[name="wallet"][value="mpesa"]').check({ force: true });
  await developer.fill("phone", "58001204");
  await developer.press();
  for (let tries = 0; tries < 120 && heard.length < 2; tries += 1) await sleep(250);
  await sleep(1_000);
  ok(heard.length === 2, `${title}: told until it was taken, and then no more (${heard.length}), though the wallet said it twice`);
  const [first, second] = heard;
  const said = new Webhook(secret).verify(second.body, second.headers);
  ok(first.headers["webhook-id"] === second.headers["webhook-id"] && JSON.stringify(said).includes(bills[0].number), `${title}: the call holds under its secret, by their library`);
  let forged = "";
  try { new Webhook(secret).verify(second.body.replace("5000", "1"), second.headers); } catch (error) { forged = error.message; }
  ok(forged !== "", `${title}: and another amount does not`);
  await developer.open(`/bill/${bills[0].number}`);
  ok((await text(developer)).includes("M50.00"), `${title}: the bill says what was paid`);
  const link = await developer.page.locator('main table a[href*="/receipts/"]').getAttribute("href");
  const file = join(mkdtempSync(join(tmpdir(), "letsema-proof-")), "receipt.json");
  for (let tries = 0; tries < 60; tries += 1) {
    const proof = await fetch(demo.base_url + link);
    if (proof.ok) { writeFileSync(file, Buffer.from(await proof.arrayBuffer())); break; }
    await sleep(250);
  }
  const proven = spawnSync(process.env.LETSEMA, ["verify", file, "--key", demo.log.key], { encoding: "utf8" });
  ok(proven.status === 0, `${title}: whoever paid has the proof without signing in, and it holds ${proven.stderr}`);
  const owned = demo.bills.find((one) => one.payer).number;
  ok((await fetch(`${demo.base_url}/bill/${owned}/receipts/${link.split("/").pop()}`)).status === 404, `${title}: of a bill for one person nobody else has one`);
  server.close();
}
