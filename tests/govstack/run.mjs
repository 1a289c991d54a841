// GovStack's own scenarios for its identity block (bb-identity, test/openAPI) against the demonstration: as they are, and with
// what is wrong in their data put right by the gate. Which of them pass stands here, so that one that no longer does is seen.
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gate } from "./gate.mjs";

/** How many scenarios of a feature pass: as they are, and corrected. The reasons for the others stand in docs/conformance.md. */
const EXPECTED = { client_create: [11, 17], client_update: [0, 9] };
const WHOLE = 85;

let failed = 0;
const ok = (condition, name) => {
  console.log(`${condition ? "ok" : "not ok"} ${name}`);
  if (!condition) failed += 1;
};

const folder = mkdtempSync(join(tmpdir(), "letsema-govstack-"));
cpSync(join(process.env.GOVSTACK_IDENTITY, "test/openAPI"), join(folder, "tests"), { recursive: true, filter: (path) => !path.includes("node_modules") });
const cwd = join(folder, "tests");
spawnSync("npm", ["install", "--no-package-lock", "--no-audit", "--no-fund", "--silent"], { cwd, stdio: "ignore" });

/** The program on a fresh folder behind the gate, and the scenarios against it. */
async function scenarios(corrects) {
  const data = join(folder, corrects ? "corrected" : "plain");
  const file = join(data, "demo.json");
  const child = spawn(process.env.LETSEMA, ["demo", "--data", data, "--port", "0", "--population", "100"], { cwd: join(import.meta.dirname, "../.."), stdio: "ignore" });
  for (let tries = 0; !existsSync(file) && tries < 300; tries += 1) await sleep(100);
  await sleep(300);
  const demo = JSON.parse(readFileSync(file, "utf8"));
  const { id, secret } = demo.managers[0];
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
      passed[name] = (passed[name] ?? 0) + Number(scenario.steps.every((step) => step.result.status === "passed"));
    }
  }
  return { passed, whole };
}

try {
  for (const [place, corrects] of [[0, false], [1, true]]) {
    const { passed, whole } = await scenarios(corrects);
    const all = Object.values(passed).reduce((sum, one) => sum + one, 0);
    const how = corrects ? "with their data put right" : "as they are";
    console.log(`# ${all} of ${whole} scenarios pass ${how}: ${JSON.stringify(passed)}`);
    ok(whole === WHOLE, `there are ${WHOLE} scenarios`);
    for (const [name, counts] of Object.entries(EXPECTED)) ok(passed[name] >= counts[place], `${name} ${how}: ${passed[name]} pass`);
  }
} catch (error) {
  ok(false, `it ended early: ${error.stack}`);
}
rmSync(folder, { recursive: true, force: true });
console.log("done");
process.exit(failed ? 1 : 0);
