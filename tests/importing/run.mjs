// Files of our own making, in the forms that MOSIP's ID repository and OpenCRVS document, through the command line.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

let failed = 0;
const ok = (condition, name) => {
  console.log(`${condition ? "ok" : "not ok"} ${name}`);
  if (!condition) failed += 1;
};

const folder = mkdtempSync(join(tmpdir(), "letsema-import-"));
mkdirSync(join(folder, "data"));
const config = join(folder, "letsema.toml");
const pack = join(import.meta.dirname, "../../packs/lesotho");
writeFileSync(config, `base_url = "http://localhost:8099"\nlisten = "127.0.0.1:8099"\ndata = "data"\npack = "${pack}"\n`);

const run = (...more) => {
  const said = spawnSync(process.env.LETSEMA, ["import", ...more, "--config", config], { encoding: "utf8" });
  const line = said.stdout.split("\n").find((text) => text.startsWith("{"));
  return { ...said, totals: line ? JSON.parse(line) : null, told: said.stderr.split("\n").filter((text) => text.includes(": line ")) };
};
const file = (name, lines) => {
  const path = join(folder, name);
  writeFileSync(path, lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n") + "\n");
  return path;
};

// Names far enough apart that nobody is like another.
const syllables = ["ba", "le", "ko", "mo", "pu", "si", "ta", "ne", "lu", "hla", "re", "khe"];
const name = (number) => [0, 1, 2].map((place) => syllables[Math.floor(number / 12 ** place) % 12]).join("").replace(/^./, (letter) => letter.toUpperCase());
const identity = (number) => ({
  IDSchemaVersion: 0.1,
  UIN: String(1_000_000_000 + number),
  fullName: [{ language: "eng", value: `${name(number)} ${name(number * 7 + 3)}` }],
  dateOfBirth: `${1950 + (number % 60)}/${String(1 + (number % 12)).padStart(2, "0")}/${String(1 + (number % 28)).padStart(2, "0")}`,
  gender: [{ language: "eng", value: number % 2 ? "Female" : "Male" }],
  region: [{ language: "eng", value: "Leribe" }],
  VID: [String(4_000_000_000 + number)],
});

try {
  const many = Array.from({ length: 1_000 }, (_, number) => ({ response: { status: "ACTIVATED", identity: identity(number) } }));
  const bad = ["{broken", { identity: { UIN: "7" } }, { response: { status: "BLOCKED", identity: identity(5_000) } }, `"${"x".repeat(1_100_000)}"`, { identity: { ...identity(5_001), dateOfBirth: "24/01/1998" } }];
  const mosip = file("mosip.jsonl", [...many.slice(0, 500), ...bad, ...many.slice(500)]);
  const dry = run("mosip", mosip, "--dry-run");
  ok(dry.status === 0 && dry.totals.new >= 950 && dry.totals.wrong === 5, `a rehearsal says what would come in (${JSON.stringify(dry.totals)})`);
  const rejected = join(folder, "rejected.jsonl");
  const began = Date.now();
  const first = run("mosip", mosip, "--rejected", rejected);
  const seconds = (Date.now() - began) / 1000;
  ok(first.totals.new + first.totals.held === 1_000, `a thousand identities are in or held (${JSON.stringify(first.totals)}, ${seconds.toFixed(1)} s)`);
  ok(first.told.length === 5 && first.told.every((text) => /line 50[1-5]: \S/.test(text)), "each bad line is told by its number and why");
  ok(readFileSync(rejected, "utf8").startsWith("{broken\n"), "and kept as it was");
  const again = run("mosip", mosip);
  ok(again.totals.new === 0 && again.totals.known === 1_000, `the same file again adds nothing (${JSON.stringify(again.totals)})`);

  const csv = file("mosip.csv", ["UIN,firstName,lastName,dateOfBirth,gender,region,VID", "2000000001,Zandile,\"Qhobela, the younger\",1991-04-04,FLE,Mokhotlong,4900000001", "2000000002,Zandile,,1991-04-04,FLE,,", "2000000003,too,few"]);
  const cells = run("mosip", csv);
  ok(cells.totals.new === 1 && cells.totals.wrong === 2, `a CSV file, with a comma in a cell (${JSON.stringify(cells.totals)})`);

  const birth = (number) => ({ id: `e${number}`, type: "birth", trackingId: "B77FF6", actions: [
    { type: "DECLARE", status: "Accepted", declaration: { "child.name": { firstname: name(number * 11 + 5), surname: name(number * 7 + 3) }, "child.dob": "2024-02-02", "child.gender": "female", "mother.name": { firstname: "A", surname: "B" }, "mother.nid": String(1_000_000_000 + number) } },
    { type: "REGISTER", status: "Accepted", registrationNumber: `2024B${number}`, createdAt: "2024-02-20T10:00:00.000Z" } ] });
  const declared = { ...birth(99), actions: birth(99).actions.slice(0, 1) };
  const crvs = file("opencrvs.jsonl", [birth(1), declared, { event: "death", registration_number: "2025D1", registered_on: "2025-01-12", given: name(3), family: name(24), sex: "female", born: "1953-04-04", occurred_on: "2025-01-10", district: "Leribe", nid: "1000000003" }]);
  const events = run("opencrvs", crvs);
  ok(events.totals.new === 2 && events.told.length === 1 && events.told[0].includes("line 2"), `a birth and a death come in, a declaration does not (${JSON.stringify(events.totals)})`);
  ok(run("opencrvs", crvs).totals.known === 2, "and again adds nothing");
  const changed = file("changed.jsonl", [{ response: { status: "ACTIVATED", identity: { ...identity(0), email: "other@example.org" } } }]);
  const differs = run("mosip", changed);
  ok(differs.totals.differ === 1 && differs.told.length === 1, "what says something else now is told and left");

  // Broken off in the middle, and run again.
  const more = file("more.jsonl", Array.from({ length: 20_000 }, (_, number) => ({ identity: identity(10_000 + number * 13) })));
  const child = spawn(process.env.LETSEMA, ["import", "mosip", more, "--config", config], { stdio: "ignore" });
  await sleep(900);
  child.kill("SIGKILL");
  await new Promise((resolve) => (child.exitCode === null && child.signalCode === null ? child.once("exit", resolve) : resolve()));
  const rest = run("mosip", more);
  const whole = rest.totals.new + rest.totals.held + rest.totals.known;
  ok(whole === 20_000 && rest.totals.wrong === 0 && rest.totals.known > 0 && rest.totals.new > 0, `killed in the middle, it goes on (${JSON.stringify(rest.totals)})`);
  ok(run("mosip", join(folder, "nowhere.jsonl")).status === 1, "a file that is not there is an error");
} catch (error) {
  ok(false, `it ended early: ${error.stack}`);
}
rmSync(folder, { recursive: true, force: true });
console.log("done");
process.exit(failed ? 1 : 0);
