// kill -9 at the n-th time that the disk is made to keep something, before or after it, while bills are made and paid. Whoever
// was answered was told the truth; whoever was not asks again under the same key and is never billed twice; no lisente is lost.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ok, startIn } from "../browser/world.mjs";
import { eventually, visitor } from "./way.mjs";

/** So many points; the slow tests take more. */
const POINTS = Number(process.env.LETSEMA_SYNC_POINTS ?? 6);

/** The library that kills, built beside the database. */
function library(folder) {
  const out = `${folder}.so`;
  const built = spawnSync("cc", ["-shared", "-fPIC", "-O2", "-o", out, join(import.meta.dirname, "nth_sync.c"), "-ldl"], { encoding: "utf8" });
  if (built.status !== 0) throw new Error(`cc: ${built.stderr}`);
  return out;
}

/** A key of the sandbox, as a developer takes it. */
async function keyOf(world, chrome) {
  const developer = await visitor(world, chrome);
  await developer.open("/sandbox");
  await developer.fill("name", "syncs");
  await developer.press();
  const key = await developer.page.locator("main code").first().innerText();
  await developer.page.context().close();
  return key;
}

/** Sends one bill; its number, or nothing if there was no answer. */
async function bill(world, key, reference) {
  const body = { reference, description: { en: "A fee", st: "Tefiso" }, amount_minor: 100, currency: "LSL", shares: [{ account: "income:sandbox-syncs", amount_minor: 100 }], expires_at: "2099-01-01T00:00:00Z" };
  try {
    const answer = await fetch(`${world.demo.base_url}/api/payments/bills`, {
      method: "POST", body: JSON.stringify({ bills: [body] }),
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json", "idempotency-key": reference },
    });
    return answer.ok ? (await answer.json()).bills[0].number : null;
  } catch { return null; }
}

/** Pays a bill as anybody does, by its page; whether that was answered. */
async function pay(world, number) {
  try {
    const page = await fetch(`${world.demo.base_url}/bill/${number}`, { headers: { accept: "text/html" } });
    const html = await page.text();
    const form = html.slice(html.indexOf(`action="/bill/${number}"`));
    const fields = Object.fromEntries([...form.slice(0, form.indexOf("</form>")).matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map((one) => [one[1], one[2]]));
    const cookie = page.headers.getSetCookie().map((one) => one.split(";")[0]).join("; ");
    const answer = await fetch(`${world.demo.base_url}/bill/${number}`, {
      method: "POST", redirect: "manual", body: new URLSearchParams({ ...fields, wallet: "mpesa", phone: "58001201" }),
      headers: { accept: "text/html", origin: world.demo.base_url, cookie },
    });
    return answer.status === 303;
  } catch { return false; }
}

/** What the wallet owes us by our books, and what is in suspense, from a copy that proves itself. */
function books(world) {
  const file = join(world.data, `copy-${Date.now()}`);
  const run = (...args) => spawnSync(process.env.LETSEMA, ["ledger", ...args], { encoding: "utf8" });
  const copied = run("copy", "--database", `sqlite:${join(world.data, "letsema.db")}`, file);
  const proven = run("verify", "--file", file);
  const stands = {};
  if (copied.status === 0) {
    for (const line of readFileSync(file, "utf8").split("\n").filter((text) => text.startsWith('{"account"'))) {
      const { account } = JSON.parse(line);
      stands[account.reference] = account.stands[0] - account.stands[1];
    }
  }
  rmSync(file, { force: true });
  return { sound: copied.status === 0 && proven.status === 0, stands, said: copied.stderr + proven.stdout };
}

/** What the wallets hold of ours, as they see it. */
async function held(world) {
  const logs = await Promise.all(world.demo.wallets.map(async (wallet) => (await fetch(`${wallet.url}/log.json`)).json()));
  return logs.reduce((sum, log) => sum + log.taken_minor - log.returned_minor - log.paid_out_minor, 0);
}

export async function nthSync(chrome) {
  const folder = mkdtempSync(join(tmpdir(), "letsema-sync-"));
  const when = `${folder}.when`;
  const world = await startIn(folder, { LETSEMA_QUIET: "1", LD_PRELOAD: library(folder), LETSEMA_NTH_SYNC: when }, "--keep-wallets");
  try {
    const key = await keyOf(world, chrome);
    const apart = (stands) => stands["suspense:LSL"] ?? 0;
    const before = apart(books(world).stands);
    const known = new Map();
    for (let point = 0; point < POINTS; point += 1) {
      const place = `${1 + ((point * 5) % 23)} ${point % 2 ? "after" : "before"}`;
      writeFileSync(when, place);
      const gone = new Promise((resolve) => { world.child.once("exit", (code, signal) => resolve(signal)); });
      let died = null;
      gone.then((signal) => { died = signal; });
      for (let turn = 0; !died && turn < 40; turn += 1) {
        const one = async (reference) => {
          const number = await bill(world, key, reference);
          known.set(reference, { number, paid: number !== null && await pay(world, number) });
        };
        await Promise.all([1, 2].map((lane) => one(`B-${point}-${turn}-${lane}`)));
        await sleep(60);
      }
      rmSync(when, { force: true });
      await Promise.race([gone, sleep(20_000)]);
      ok(died === "SIGKILL", `killed at a sync, ${place} it: it came so far`);
      if (!died) await world.kill();
      await world.again();
    }
    let kept = 0;
    for (const [reference, was] of known) {
      const number = await bill(world, key, reference);
      if (was.number === null || number === was.number) kept += 1;
      was.number = number;
    }
    ok(kept === known.size, `of ${known.size} bills each that was answered is there, and each that was not is made once`);
    const payments = [...known.values()];
    for (const [place, one] of payments.filter((each) => !each.paid).entries()) {
      // From one address so many bills are paid in a quarter of an hour; a program that starts again counts anew.
      if (place % 40 === 39) {
        await world.kill();
        await world.again();
      }
      await pay(world, one.number);
    }
    const states = () => Promise.all(payments.map(async (one) => (await (await fetch(`${world.demo.base_url}/api/payments/bills/${one.number}`, { headers: { authorization: `Bearer ${key}` } })).json())));
    const ended = await eventually(async () => (await states()).every((one) => one.state === "paid"), 60);
    ok(ended && (await states()).every((one) => one.paid_minor === 100), `every bill is paid in the end, and none twice`);
    const ours = (stands) => world.demo.wallets.reduce((sum, wallet) => sum + (stands[`wallet:${wallet.id}`] ?? 0), 0);
    const settled = async () => {
      const { sound, stands } = books(world);
      return sound && ours(stands) === await held(world) && apart(stands) === before;
    };
    const even = await eventually(settled, 60);
    const { said, stands } = books(world);
    ok(even, `the books are sound, and ours and the wallet's agree to the lisente: ${ours(stands)}${even ? "" : ` and ${await held(world)}; ${said}`}`);
  } catch (error) {
    ok(false, `killed at a sync: ended early: ${error.stack}\n# ${world.said.slice(-800)}`);
  }
  await world.stop();
  for (const end of [".so", ".when"]) rmSync(folder + end, { force: true });
}
