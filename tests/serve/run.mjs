// From an empty machine to a document: what an operator does, in her order.
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { Visitor } from "../browser/person.mjs";
import { relyingParty } from "../browser/openid.mjs";
import { browser, failures, ok } from "../browser/world.mjs";
import { beside, configuration, end, field, folder, freePort, join, nationalId, program, root, run, secret, sleep, until } from "./installation.mjs";

const ports = {};
for (const name of ["program", "wallet", "sms", "smtp", "mails", "witness"]) ports[name] = await freePort();
const base = `https://localhost:${ports.program}`;
const secrets = Object.fromEntries(["wallet", "sms", "mail", "bank", "database"].map((name) => [name, secret(name)]));
const clientSecret = readFileSync(secrets.bank, "utf8").trim();

function database() {
  const url = process.env.LETSEMA_TEST_POSTGRES;
  if (!url) {
    console.log("# LETSEMA_TEST_POSTGRES is not set: the installation stands on SQLite");
    return { line: "", drop: () => {} };
  }
  const schema = `serve_${process.pid}`;
  spawnSync("psql", ["-q", url, "-c", `CREATE SCHEMA ${schema}`]);
  return {
    line: `database = "${url}?options=-c%20search_path%3D${schema}"\ndatabase_password_file = "${secrets.database}"`,
    drop: () => spawnSync("psql", ["-q", url, "-c", `SET client_min_messages=error; DROP SCHEMA ${schema} CASCADE`]),
  };
}
const store = database();
const settings = (witness) => `
base_url = "${base}"
listen = "127.0.0.1:${ports.program}"
data = "data"
pack = "${join(root, "packs/lesotho")}"
authority_files = ["ca.pem"]
${store.line}
[tls]
certificate_file = "ca-server.pem"
key_file = "ca-server.key"
[sms]
url = "http://127.0.0.1:${ports.sms}"
secret_file = "${secrets.sms}"
sender = "LETSEMA"
[mail]
relay = "localhost:${ports.smtp}"
from = "Letsema <no-reply@letsema.example>"
user = "letsema"
password_file = "${secrets.mail}"
[[wallets]]
id = "mpesa"
url = "http://127.0.0.1:${ports.wallet}"
secret_file = "${secrets.wallet}"
[[clients]]
id = "bank"
name = { en = "The bank", st = "Banka" }
secret_file = "${secrets.bank}"
redirect_uris = ["http://localhost:9092/callback"]
scopes = ["profile"]
${witness}`;

/** The configuration: faults first, then sound. */
function configure() {
  const bad = configuration(settings("").replace("sender = \"LETSEMA\"", "sendr = \"LETSEMA\"").replace("localhost:" + ports.smtp, "localhost"), "bad.toml");
  const refused = run("config", "check", "--config", bad);
  ok(refused.status === 1 && /line \d+: sendr is not a setting here/.test(refused.stderr) && /relay is a host and a port/.test(refused.stderr),
    "a wrong configuration: every fault with its line");
  const file = configuration(settings(""));
  const sound = run("config", "check", "--config", file);
  ok(sound.status === 0 && sound.stdout.includes("sound") && sound.stdout.includes("ecocash is not connected"), `letsema config check finds it sound, and says what is not connected ${sound.stderr}`);
  return file;
}

function officer(config, login, name, institution, ...roles) {
  const made = run("officer", "add", "--config", config, "--login", login, "--name", name, "--institution", institution, ...roles.flatMap((role) => ["--role", role]));
  if (made.status !== 0) console.log(`# ${made.stderr}`);
  return { login, password: field(made.stdout, "password"), totp: field(made.stdout, "authenticator"), status: made.status };
}

async function import_(visitor, register, text) {
  const file = join(folder, `${register}.csv`);
  writeFileSync(file, text);
  await visitor.open(`/registers/${register}/import`);
  await visitor.page.locator('input[type="file"]').setInputFiles(file);
  await visitor.press('form[enctype="multipart/form-data"] button');
  return visitor.page.locator("main").innerText();
}

/** The officer finds the document by its case and revokes it; the holder reads why. */
async function revoke(officerVisitor, reference, resident, path) {
  await officerVisitor.open(`/desk/documents?q=${reference}`);
  await officerVisitor.follow('main table a[href*="/desk/documents/doc_"]');
  await officerVisitor.press("main form[method=post] button");
  ok((await officerVisitor.page.locator('main [aria-invalid="true"], main .e').count()) > 0, "a document is not revoked without ground and reason");
  await officerVisitor.page.locator('input[name="ground"][value="mistake"]').check({ force: true });
  await officerVisitor.fill("reason", "It was issued by the wrong office.");
  await officerVisitor.press("main form[method=post] button");
  await resident.open(path);
  ok((await resident.page.locator("main").innerText()).includes("wrong office"), "its holder reads why");
}

const chrome = await browser();
let pictures = 0;
/** Pictures of every page, where somebody wants to look at them. */
const seen = async (page) => {
  if (!process.env.LETSEMA_SHOTS) return;
  pictures += 1;
  const name = new URL(page.url()).pathname.replace(/(case|task|pay|doc|req)_[0-9a-z]+/g, "$1").replaceAll("/", "-");
  await page.screenshot({ path: join(process.env.LETSEMA_SHOTS, `serve-${String(pictures).padStart(3, "0")}${name}.png`), fullPage: true });
};
let serving;
const serve = async (file) => {
  serving = beside(program, ["serve", "--config", file], { LETSEMA_LOG: "warn" });
  return until(async () => (await fetch(`${base}/health`)).ok);
};
const visitor = async (demo) => {
  const context = await chrome.newContext({ javaScriptEnabled: false, ignoreHTTPSErrors: true });
  return new Visitor(demo, await context.newPage(), "en", seen);
};

try {
  let config = configure();
  const registrar = officer(config, "mpho.registrar", "Mpho Sello", "ministry-home-affairs", "registrar", "registration-officer");
  const examiner = officer(config, "thabo.examiner", "Thabo Moea", "ministry-home-affairs", "passport-officer");
  ok(registrar.status === 0 && registrar.password?.length === 24 && examiner.totp?.length === 32, "the first officers are made from the command line");
  const again = officer(config, "MPHO.registrar", "Somebody Else", "ministry-home-affairs", "registrar");
  ok(again.status === 1, "a user name is given once");
  ok(officer(config, "x.y", "X Y", "ministry-home-affairs", "king").status === 1 && officer(config, "x.y", "X Y", "nowhere", "registrar").status === 1, "a role and an institution that the pack does not know are refused");

  beside("node", ["tests/serve/sms.mjs", String(ports.sms), secrets.sms, `${base}/api/messages/receipts`]);
  beside("node", ["tests/serve/smtp.mjs", String(ports.smtp), String(ports.mails), join(folder, "ca-server.pem"), join(folder, "ca-server.key"), "letsema", secrets.mail]);
  beside(program, ["wallet", "--listen", `127.0.0.1:${ports.wallet}`, "--callback", `${base}/api/payments/callbacks/mpesa`, "--authority", join(folder, "ca.pem")],
    { LETSEMA_WALLET_SECRET: readFileSync(secrets.wallet, "utf8").trim() });
  ok(await serve(config), `letsema serve answers over TLS with its own certificate ${serving.said}`);
  const key = (await (await fetch(`${base}/log/key`)).text()).trim();

  const signingKeys = async () => {
    const discovery = await (await fetch(`${base}/.well-known/openid-configuration`)).json();
    return (await (await fetch(discovery.jwks_uri)).json()).keys.map((one) => one.kid);
  };
  const before = await signingKeys();

  // A witness comes, and the program is started anew with it.
  const witness = beside(program, ["witness", "--listen", `127.0.0.1:${ports.witness}`, "--name", "witness.example/one", "--log", key, "--data", join(folder, "witness")]);
  const witnessKey = await until(() => /its key: (\S+)/.exec(witness.said)?.[1]);
  serving.kill("SIGTERM");
  ok((await serving.done) === 0, "told to end, it ends in order");
  config = configuration(settings(`[[witnesses]]\nurl = "http://127.0.0.1:${ports.witness}"\nkey = "${witnessKey}"`));
  const rotated = run("keys", "rotate", "--config", config);
  ok(rotated.status === 0 && (await serve(config)), "a new key signs ID tokens");
  const after = await signingKeys();
  ok(after.length === before.length + 1 && before.every((kid) => after.includes(kid)), "and those before it still count");

  const demo = { base_url: base, inbox_api: `http://127.0.0.1:${ports.sms}/`, log: { url: `${base}/log`, key },
    clients: [{ id: "bank", secret: clientSecret, redirect_uris: ["http://localhost:9092/callback"] }] };
  const desk = await visitor(demo);
  await desk.open("/registers/civil-person/import");
  await desk.signInAsOfficer(registrar);
  const number = nationalId("40286100371");
  const per = `per_${randomBytes(13).toString("hex").slice(0, 26)}`;
  const phone = "+26658001255";
  const people = await import_(desk, "civil-person", `national_id,person,given,family,born,sex,district,nationality,phone,email\n${number},${per},Lineo,Mohapi,1990-02-11,female,maseru,LSO,${phone},lineo@example.ls\n${nationalId("50286100371")},nonsense,Thabiso,Nkuebe,1980-13-01,male,maseru,LSO,,\n`);
  ok(people.includes("1") && people.includes("3"), "a registrar imports people; the wrong line is told and loses nothing else");
  const soon = new Date(Date.now() + 60 * 86_400_000).toISOString().slice(0, 10);
  await import_(desk, "passport", `number,person,kind,issued,expires,place\nRB123456,${per},ordinary,2017-01-20,${soon},Maseru\n`);
  ok(run("person", "add", "--config", config, "--number", nationalId("60286100371")).status === 1, "nobody gets a PIN who is not in the population");
  const made = run("person", "add", "--config", config, "--number", number);
  const person = { id: per, id_number: number, pin: field(made.stdout, "PIN"), phone, name: "Lineo Mohapi" };
  ok(made.status === 0 && /^\d{6}$/.test(person.pin), `a person of the population gets her PIN, while the program runs ${made.stderr}`);

  const resident = await visitor(demo);
  await resident.open("/services/passport-renewal/start");
  await resident.signInAsPerson(person);
  ok(resident.page.url().includes("/services/passport-renewal/start"), "she signs in with a code that came over the SMS gateway");
  await resident.press();
  await resident.answerAll();
  await resident.press();
  ok((await resident.page.locator('input[name="wallet"]').count()) === 1, "only the wallet that is connected is offered");
  await resident.pay("mpesa", phone);
  await resident.open("/my/cases");
  const link = resident.page.locator('main table a[href*="/my/cases/"]').first();
  const [path, reference] = [await link.getAttribute("href"), await link.innerText()];
  const officerVisitor = await visitor(demo);
  await officerVisitor.open("/desk");
  await officerVisitor.signInAsOfficer(examiner);
  await officerVisitor.until("/desk", `a:text-is("${reference}")`);
  await officerVisitor.follow(`a:text-is("${reference}")`);
  await officerVisitor.press('form[action$="/claim"] button');
  await officerVisitor.page.locator('input[name="verdict"][value="approve"]').check({ force: true });
  await officerVisitor.press('main form[method=post]:has(input[name="verdict"]) button.b');
  await resident.until(path, 'a[href$=".pdf"]');
  const href = await resident.page.locator('a[href$=".pdf"]').first().getAttribute("href");
  const file = join(folder, "document.pdf");
  writeFileSync(file, await (await resident.page.context().request.get(base + href)).body());
  const checked = run("verify", file, "--key", key);
  ok(checked.status === 0 && checked.stdout.includes("known as of"), "the document holds, checked offline, and says of which day that is known");
  const online = () => run("verify", file, "--key", key, "--online", "--authority", join(folder, "ca.pem"), "--json");
  ok(JSON.parse(online().stdout).status.state === "valid", "asked online, it holds now");
  await revoke(officerVisitor, reference, resident, path);
  const revoked = online();
  ok(revoked.status === 1 && JSON.parse(revoked.stdout).status.ground === "mistake" && run("verify", file, "--key", key).status === 0, "revoked, it holds no more online; offline nobody can know");
  const anybody = await visitor(demo);
  await anybody.open("/verify");
  await anybody.page.locator('input[type="file"]').setInputFiles(file);
  await anybody.press('form[enctype="multipart/form-data"] button');
  const said = await anybody.page.locator("main").innerText();
  ok(said.includes("revoked") && said.includes("should not have been issued") && !said.includes("wrong office"), "anybody who checks the file reads that it was revoked, and on which ground");
  const mails = await until(async () => {
    const all = await (await fetch(`http://127.0.0.1:${ports.mails}/`)).json();
    return all.some((mail) => mail.text.includes(reference)) && all;
  });
  ok(mails?.every((mail) => /Message-ID: <msg_/.test(mail.text) && mail.to.includes("lineo@example.ls") && /Auto-Submitted: auto-generated/.test(mail.text)), "mail went over the relay, with TLS and a password");
  ok(mails?.every((mail) => !/\b\d{6}\b/.test(mail.text.split("\n\n").slice(1).join())), "a code went by SMS alone");
  const told = await (await fetch(demo.inbox_api)).json();
  ok(told.forged.length > 0 && told.forged.every((status) => status === 401), "forged receipts of the SMS gateway are refused");
  const cosigned = await until(async () => (await (await fetch(`${base}/log/checkpoint`)).text()).includes("witness.example/one"), 100);
  ok(cosigned, "the witness cosigns the log");
  await relyingParty(chrome, demo, person);
  const inbox = await fetch(`${base}/inbox`);
  ok(inbox.status === 404, "there is no development inbox");
  ok(!serving.said.includes(phone) && !serving.said.includes("lineo@"), "no address stands in the log lines");
} catch (error) {
  ok(false, `the installation ended early: ${error.stack}\n# ${serving?.said}`);
}
await chrome.close();
await end();
store.drop();
console.log("done");
process.exit(failures() ? 1 : 0);
