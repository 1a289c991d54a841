// What the checks share: the program started on a fresh folder, browsers, one-time codes, and how checks are counted.
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { chromium } from "playwright-core";

export const shots = process.env.LETSEMA_SHOTS ?? join(tmpdir(), "letsema-shots");
mkdirSync(shots, { recursive: true });

let failed = 0;
export function ok(condition, name) {
  console.log(`${condition ? "ok" : "not ok"} ${name}`);
  if (!condition) failed += 1;
}
export const failures = () => failed;

/** Starts the program on a folder; `again` starts it once more on the same folder and port after a kill. */
export const start = (...more) => startIn(mkdtempSync(join(tmpdir(), "letsema-browser-")), {}, ...more);

/** The same on this folder and in this environment. */
export async function startIn(data, env, ...more) {
  const file = join(data, "demo.json");
  const world = { data, demo: null, child: null, said: "" };
  const run = async (port) => {
    rmSync(file, { force: true });
    world.child = spawn(process.env.LETSEMA, ["demo", "--data", data, "--port", String(port), "--population", "500", ...more], {
      cwd: join(import.meta.dirname, "../.."),
      env: { ...process.env, ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    world.child.stderr.on("data", (bytes) => { world.said += bytes; process.stderr.write(env.LETSEMA_QUIET ? "" : bytes); });
    for (let tries = 0; !existsSync(file); tries += 1) {
      if (tries > 300 || world.child.exitCode !== null) throw new Error("the program did not start");
      await sleep(100);
    }
    await sleep(200);
    world.demo = JSON.parse(readFileSync(file, "utf8"));
  };
  await run(0);
  const ended = (child) => new Promise((resolve) => (child.exitCode === null && child.signalCode === null ? child.once("exit", resolve) : resolve()));
  world.kill = async () => {
    world.child.kill("SIGKILL");
    await ended(world.child);
  };
  world.again = () => run(new URL(world.demo.base_url).port);
  world.stop = async () => {
    world.child.kill("SIGTERM");
    await ended(world.child);
    rmSync(data, { recursive: true, force: true });
  };
  return world;
}

export function browser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

/** RFC 6238 with SHA-1, six digits, thirty seconds. */
export function totp(secret, at = Date.now()) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  let bits = "";
  for (const letter of secret.toUpperCase()) bits += letters.indexOf(letter).toString(2).padStart(5, "0");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30000)));
  const mac = createHmac("sha1", key).update(counter).digest();
  const place = mac[19] & 15;
  return String((mac.readUInt32BE(place) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** The newest one-time code sent to a telephone. */
export async function code(demo, phone, after = 0) {
  for (let tries = 0; tries < 60; tries += 1) {
    const answer = await fetch(`${demo.inbox_api}?to=${encodeURIComponent(phone)}`);
    const { messages } = await answer.json();
    // The newest first; what was there before is another code, or none.
    const fresh = messages.slice(0, Math.max(0, messages.length - after));
    const found = fresh.map((message) => /\b(\d{6})\b/.exec(message.text ?? message.body ?? "")).find(Boolean);
    if (found) return found[1];
    await sleep(100);
  }
  throw new Error(`no code came to ${phone}`);
}

export async function messagesTo(demo, phone) {
  const answer = await fetch(`${demo.inbox_api}?to=${encodeURIComponent(phone)}`);
  return (await answer.json()).messages;
}
