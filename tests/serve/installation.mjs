// What the checks of a real installation share: its folder, its configuration, its processes, its command line.
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export const folder = process.env.LETSEMA_SERVE_FOLDER;
export const program = process.env.LETSEMA;
const root = join(import.meta.dirname, "../..");
const children = [];

/** A port that is free now. */
export const freePort = () => new Promise((found) => {
  const server = createServer().listen(0, "127.0.0.1", () => { const { port } = server.address(); server.close(() => found(port)); });
});

/** A secret in a file of its own; answers its path. */
export function secret(name, text = randomBytes(24).toString("hex")) {
  mkdirSync(join(folder, "secrets"), { recursive: true });
  const file = join(folder, "secrets", name);
  writeFileSync(file, `${text}\n`);
  chmodSync(file, 0o600);
  return file;
}

/** Runs a command of the program to its end. */
export const run = (...words) => spawnSync(program, words, { cwd: root, encoding: "utf8" });

/** Starts a process that runs beside; `said` is what it has written. */
export function beside(command, words, env = {}) {
  const child = spawn(command, words, { cwd: root, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  child.said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => { child.said += bytes; });
  child.done = new Promise((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal)));
  children.push(child);
  return child;
}

export async function until(question, tries = 150) {
  for (; tries > 0; tries -= 1) {
    try { const answer = await question(); if (answer) return answer; } catch { /* not yet */ }
    await sleep(100);
  }
  return null;
}

export async function end() {
  for (const child of children) if (child.exitCode === null) child.kill("SIGTERM");
  await Promise.all(children.map((child) => child.done));
}

/** A national identity number with its check digit (Damm). */
export function nationalId(serial) {
  const table = ["0317598642", "7092154863", "4206871359", "1750983426", "6123045978", "3674209581", "5869720134", "8945362017", "9438617205", "2581436790"];
  const check = (digits) => [...digits].reduce((interim, digit) => table[interim][digit], 0);
  return `${serial}${check(String(serial))}`;
}

/** Writes a configuration; answers its path. */
export function configuration(text, name = "letsema.toml") {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** Reads what `officer add` and `person add` say. */
export const field = (text, name) => new RegExp(`^${name}\\s+(.+)$`, "m").exec(text)?.[1].trim();
export { existsSync, join, root, sleep };
