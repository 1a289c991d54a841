// Mojaloop's golden-path collections against the demonstration's switch; what they expect of banks and wallets we play ourselves.
// Which assertions fail stands in `known.json` with the reason, and no other may.
import { spawn } from "node:child_process";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { killed, library } from "./beyond.mjs";
import { Collection } from "./collection.mjs";
import { CURRENCIES, Hub } from "./hub.mjs";
import { Institutions } from "./institutions.mjs";
import { publicPem } from "./jws.mjs";
import { member } from "./member.mjs";

const GOLDEN = process.env.MOJALOOP_GOLDEN;
const only = process.argv[2];
const known = JSON.parse(readFileSync(join(import.meta.dirname, "known.json"), "utf8"));
let failed = 0;
const ok = (condition, name) => {
  console.log(`${condition ? "ok" : "not ok"} ${name}`);
  if (!condition) failed += 1;
};

const folder = mkdtempSync(join(tmpdir(), "letsema-mojaloop-"));
const start = (port) => spawn(process.env.LETSEMA, ["demo", "--data", folder, "--port", String(port), "--population", "100"], { cwd: join(import.meta.dirname, "../.."), stdio: process.env.LOUD ? "inherit" : "ignore" });
let child = start(0);

/** kill -9, and the same once more on the same port. */
async function restart(port) {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
  rmSync(join(folder, "demo.json"));
  child = start(port);
  for (let tries = 0; !existsSync(join(folder, "demo.json")) && tries < 600; tries += 1) await sleep(100);
  await sleep(300);
}

async function world() {
  const file = join(folder, "demo.json");
  for (let tries = 0; !existsSync(file) && tries < 600; tries += 1) await sleep(100);
  await sleep(300);
  const demo = JSON.parse(readFileSync(file, "utf8"));
  const hub = new Hub(demo.switch);
  const environment = { ...JSON.parse(readFileSync(join(GOLDEN, "environments/hub.json"), "utf8")).inputValues };
  const own = [environment.fromFspId, environment.NORESPONSE_SIMPAYEE_NAME, environment.ttkpayeefspName];
  const institutions = new Institutions([environment.fromFspId, environment.NORESPONSE_SIMPAYEE_NAME], own);
  await institutions.listen(hub.fspiop);
  Object.assign(environment, places(environment, hub, institutions), { API_TYPE: "fspiop" });
  // The file names 1.0 here and 1.1 there; everybody speaks 1.1.
  for (const [name, value] of Object.entries(environment)) {
    if (/^expected\w+Version$/.test(name)) environment[name] = "1.1";
    if (/^(accept|content)/i.test(name)) environment[name] = value.replace(/version=1\.0$/, "version=1.1");
  }
  const keys = { [environment.fromFspId]: createPrivateKey(environment.TTKFSP_JWS_KEY), testfsp1: createPrivateKey(environment.SIM1_JWS_KEY) };
  for (const currency of CURRENCIES) await hub.must("POST", `/participants/${hub.name}/accounts`, { currency, type: "HUB_RECONCILIATION" });
  for (const name of [environment.fromFspId, environment.payeefsp, "payerfsp", "testfsp1", "testfsp2", environment.NORESPONSE_SIMPAYEE_NAME, environment.ttkpayeefspName]) {
    const key = keys[name] ?? generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    institutions.keys[name] = key;
    institutions.tokens[name] = await hub.join(name, institutions.base, { key });
  }
  for (const [name, pem] of [["payeefsp", "SIMPAYEE_JWS_PUB_KEY"], ["testfsp1", "TESTFSP1_JWS_PUB_KEY"], ["testfsp2", "TESTFSP2_JWS_PUB_KEY"]]) environment[pem] = publicPem(institutions.keys[name]);
  for (const [name, number] of [["testfsp1", environment.testfsp1MSISDN], ["testfsp2", environment.testfsp2MSISDN], ["payerfsp", environment.SIMPAYER_MSISDN], ["payeefsp", environment.SIMPAYEE_MSISDN], ["ttkpayeefsp", environment.ttkpayeefspIdentifier1]]) {
    await institutions.send(name, "POST", `/participants/MSISDN/${number}`, "participants", undefined, { fspId: name });
  }
  return { base: demo.base_url, bills: demo.bills, hub, environment, institutions, operator: hub.operator };
}

/** Where everything is: one program instead of a dozen. */
function places(environment, hub, { base }) {
  const found = {};
  for (const name of Object.keys(environment)) {
    if (name.startsWith("HOST_")) found[name] = hub.fspiop;
    const simulator = name.match(/^([A-Z0-9]+)_(BACKEND_TESTAPI|SDK_TESTAPI|SDK_TESTAPI_WS)_URL$/);
    if (!simulator) continue;
    const who = simulator[1].toLowerCase();
    found[name] = simulator[2] === "BACKEND_TESTAPI" ? `${base}/_backend/${who}` : `${simulator[2].endsWith("WS") ? base.replace("http", "ws") : base}/_api/${who}`;
  }
  return { ...found, HOST_CENTRAL_LEDGER: hub.admin, HOST_CENTRAL_SETTLEMENT: hub.settlement, CALLBACK_ENDPOINT_BASE_URL: `${base}/${environment.fromFspId}` };
}

function collections(at) {
  return readdirSync(at, { withFileTypes: true }).sort((one, two) => (one.name < two.name ? -1 : 1)).flatMap((entry) => {
    const path = join(at, entry.name);
    if (entry.isDirectory()) return collections(path);
    return entry.name.endsWith(".json") && entry.name !== "master.json" ? [path] : [];
  });
}

try {
  const setting = await world();
  const root = join(GOLDEN, "collections/hub/golden_path");
  let [passed, cases, whole] = [0, 0, 0];
  for (const path of collections(root)) {
    const name = relative(root, path).replace(".json", "");
    if (only && !name.includes(only)) continue;
    const collection = JSON.parse(readFileSync(path, "utf8"));
    const replay = new Collection(setting);
    await replay.run(name, collection);
    const expected = known[name] ?? {};
    const unknown = replay.failed.filter((one) => !expected[one.name.slice(name.length + 3)]);
    const healed = Object.keys(expected).filter((one) => !replay.failed.some((own) => own.name === `${name} / ${one}`));
    for (const one of unknown) console.log(`#   ${one.name}: ${one.why}`);
    for (const one of healed) console.log(`#   passes now, and known.json says it fails: ${one}`);
    const all = replay.passed.length + replay.failed.length;
    ok(unknown.length === 0 && healed.length === 0, `${name}: ${replay.passed.length} of ${all} assertions, ${Object.keys(expected).length} known to fail`);
    passed += replay.passed.length;
    whole += all;
    cases += collection.test_cases.length;
  }
  console.log(`# ${passed} of ${whole} assertions of ${cases} cases pass`);
  if (!only || only === "beyond") {
    await library(setting, ok);
    await member(setting, ok);
    await killed(setting, () => restart(new URL(setting.base).port), ok);
  }
  setting.institutions.close();
} catch (error) {
  ok(false, `it ended early: ${error.stack}`);
}
child.kill("SIGTERM");
await new Promise((resolve) => child.once("exit", resolve));
rmSync(folder, { recursive: true, force: true });
console.log("done");
process.exit(failed ? 1 : 0);
