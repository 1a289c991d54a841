// GovStack's own scenarios for its payments block (bb-payments, test/openAPI) against the demonstration: as they are, and with what
// is another country's in their data put right by the gate. Which of them pass stands here, so that one that no longer does is seen.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gate } from "./gate.mjs";

/** How many scenarios of a feature pass: as they are, and corrected. The reasons for the others stand in docs/conformance.md. */
const EXPECTED = JSON.parse(readFileSync(join(import.meta.dirname, "expected.json"), "utf8"));
const WHOLE = 74;

let failed = 0;
const ok = (condition, name) => {
  console.log(`${condition ? "ok" : "not ok"} ${name}`);
  if (!condition) failed += 1;
};

const folder = mkdtempSync(join(tmpdir(), "letsema-govstack-payments-"));
cpSync(join(process.env.GOVSTACK_PAYMENTS, "test/openAPI"), join(folder, "tests"), { recursive: true, filter: (path) => !path.includes("node_modules") });
const cwd = join(folder, "tests");
spawnSync("npm", ["install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"], { cwd, stdio: "ignore" });

/** The program on a fresh folder behind the gate, and the scenarios against it. */
async function scenarios(corrects) {
  const data = join(folder, corrects ? "corrected" : "plain");
  const file = join(data, "demo.json");
  const child = spawn(process.env.LETSEMA, ["demo", "--data", data, "--port", "0", "--population", "200"], { cwd: join(import.meta.dirname, "../../.."), stdio: "ignore" });
  for (let tries = 0; !existsSync(file) && tries < 300; tries += 1) await sleep(100);
  const demo = JSON.parse(readFileSync(file, "utf8"));
  for (let tries = 0; tries < 100; tries += 1) {
    if (await fetch(`${demo.base_url}/health`).then((answer) => answer.ok, () => false)) break;
    await sleep(100);
  }
  const { id, secret } = demo.sources[0];
  const answer = await fetch(`${demo.base_url}/oauth2/token`, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}` },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  });
  const server = await gate(3333, demo.base_url, (await answer.json()).access_token, corrects);
  const out = join(folder, "report.json");
  const run = spawn("npx", ["cucumber-js", "--publish-quiet", "--format", `json:${out}`], { cwd, stdio: "ignore" });
  await new Promise((resolve) => run.once("exit", resolve));
  server.close();
  server.closeAllConnections();
  child.kill("SIGTERM");
  await new Promise((resolve) => child.once("exit", resolve));
  const passed = {};
  let whole = 0;
  for (const feature of JSON.parse(readFileSync(out, "utf8"))) {
    const name = feature.uri.split("/").pop().replace(".feature", "");
    for (const scenario of feature.elements) {
      whole += 1;
      const good = scenario.steps.every((step) => step.result.status === "passed");
      passed[name] = (passed[name] ?? 0) + Number(good);
      if (!good && process.env.TELL) {
        const bad = scenario.steps.find((step) => step.result.status !== "passed");
        console.log(`# ${name}: ${scenario.name}: ${bad.name}: ${(bad.result.error_message ?? "").split("\n")[0]}`);
      }
    }
  }
  return { passed, whole };
}

try {
  for (const [place, corrects] of [[0, false], [1, true]]) {
    const { passed, whole } = await scenarios(corrects);
    const how = corrects ? "corrected" : "as they are";
    console.log(`# ${how}: ${Object.entries(passed).map(([name, count]) => `${name} ${count}`).join(", ")}: ${Object.values(passed).reduce((sum, one) => sum + one, 0)} of ${whole}`);
    ok(whole === WHOLE, `${how}: all ${WHOLE} scenarios ran`);
    for (const [name, counts] of Object.entries(EXPECTED)) ok(passed[name] === counts[place], `${how}: ${name}: ${counts[place]} pass`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log("done");
process.exit(failed ? 1 : 0);
