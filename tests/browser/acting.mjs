// Acting for others through the pages: a parent asks for a copy of her child's birth certificate, a carer is told what she
// may not do and is herself again, the pensioner sees who acted for her and ends it, two officers register a mandate.
import { createPrivateKey, generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { ok } from "./world.mjs";

const text = (visitor) => visitor.page.locator("main").innerText();
const bar = (visitor) => visitor.page.locator("aside.act");
const choose = (visitor, name, value) => visitor.page.locator(`[name="${name}"][value="${value}"]`).first().check({ force: true });

async function day(visitor, name, date) {
  await visitor.fill(`${name}-day`, String(date.getDate()));
  await visitor.fill(`${name}-month`, String(date.getMonth() + 1));
  await visitor.fill(`${name}-year`, String(date.getFullYear()));
}

/** A token for a device, which signs for itself (RFC 7523). */
async function deviceToken(demo, id, key, kid) {
  const now = Math.floor(Date.now() / 1000);
  const part = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const head = `${part({ alg: "ES256", typ: "JWT", ...(kid && { kid }) })}.${part({ iss: id, sub: id, aud: demo.base_url, jti: randomUUID(), iat: now, exp: now + 60 })}`;
  const signature = sign("sha256", Buffer.from(head), { key, dsaEncoding: "ieee-p1363" }).toString("base64url");
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: `${head}.${signature}`,
  });
  return fetch(`${demo.base_url}/oauth2/token`, { method: "POST", body });
}

/** The demonstration's device gives notice; an officer of the co-operative registers one of its own, and reports it lost. */
async function devices({ demo, visitor, language, javaScript, title }) {
  const { client_id: id, kid, key_file: file } = demo.acting.device;
  const held = createPrivateKey({ key: readFileSync(file), format: "der", type: "pkcs8" });
  const { access_token: token } = await (await deviceToken(demo, id, held, kid)).json();
  const notice = () => fetch(`${demo.base_url}/api/civil/notices`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json", "idempotency-key": randomUUID() },
    body: JSON.stringify({ kind: "birth", fields: { born: new Date(Date.now() - 86_400_000).toISOString().slice(0, 10), sex: "female", district: "maseru", mother: "Somebody" } }),
  });
  const noticed = await notice();
  ok(noticed.status === 201, `${title}: a device gives notice of a birth (${noticed.status})`);

  const { officer } = demo.acting;
  const own = await visitor(`${title} (officer of a business)`, language, javaScript, { width: 320, height: 640 });
  await own.open("/acting");
  await own.signInAsPerson(demo.people.find((one) => one.id === officer.by.id));
  await choose(own, "for", officer.mandate);
  await own.press();
  await own.open("/devices/new");
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  for (const [field, value] of [["kind", "device"], ["scopes", "log.read"], ["proves", "key"]]) await choose(own, field, value);
  for (const [field, value] of [["name", "Scale 4"], ["purpose", "Weighing"], ["place", "Mokhotlong"], ["key", JSON.stringify(publicKey.export({ format: "jwk" }))]]) await own.fill(field, value);
  await day(own, "valid_to", new Date(Date.now() + 300 * 86_400_000));
  await own.press();
  const made = new URL(own.page.url()).pathname.split("/").pop();
  ok(made.startsWith("dev_") && (await deviceToken(demo, made, privateKey)).status === 200, `${title}: an officer registers a device of the business, and it gets a token`);
  await own.press('form[action$="/state"]:has(input[value="lost"]) button');
  const refused = await deviceToken(demo, made, privateKey);
  ok(refused.status === 401, `${title}: a lost device is refused at once`);
  await own.open("/devices");
  ok((await own.page.locator("main table tbody tr").count()) === 1, `${title}: the list shows the organisation's own`);
  await own.page.context().close();
}

export async function acting({ demo, visitor, language, javaScript }) {
  const title = `acting for others in ${language}`;
  const { guardian, carer } = demo.acting;
  const byId = (id) => demo.people.find((one) => one.id === id);
  const someone = async (name, person, path) => {
    const own = await visitor(`${title} (${name})`, language, javaScript, { width: 320, height: 640 });
    await own.open(path);
    await own.signInAsPerson(person);
    return own;
  };

  const parent = await someone("parent", byId(guardian.by.id), "/acting");
  await choose(parent, "for", guardian.for);
  await parent.press();
  ok((await bar(parent).count()) === 1, `${title}: the bar says for whom the parent acts`);
  await parent.open("/services/birth-certificate-copy/start");
  await parent.press();
  await parent.answerAll();
  await parent.press();
  ok(/\/pay\//.test(parent.page.url()) && (await bar(parent).count()) === 1, `${title}: the copy for the child is asked for, and the bar stands on every page`);
  await parent.pay(byId(guardian.by.id).phone.startsWith("+2665") ? "mpesa" : "ecocash", byId(guardian.by.id).phone);
  await parent.open("/my/cases");
  ok((await parent.page.locator("main table tbody tr").count()) === 1, `${title}: only the child's application is there`);
  await parent.open("/my/looks?all=1");
  ok((await parent.page.locator("main table tbody tr").count()) >= 3, `${title}: what was done for the child is told`);
  await parent.press("aside.act button");
  ok((await bar(parent).count()) === 0, `${title}: one button, and she acts for herself`);
  await parent.page.context().close();

  const helper = await someone("carer", byId(carer.by.id), "/acting");
  await choose(helper, "for", carer.mandate);
  await helper.press();
  await helper.open("/my/life");
  ok((await helper.page.locator("h1").count()) === 1 && (await helper.page.locator('form[action="/my/life"]').count()) === 0, `${title}: a carer cannot say that she lives`);
  await helper.open("/services/passport-renewal/start");
  if (await helper.page.locator("main form[method=post] button.b").count()) await helper.press();
  ok(!/\/my\/cases\//.test(helper.page.url()), `${title}: nor renew her passport`);
  await helper.open("/account/sessions");
  ok((await bar(helper).count()) === 1, `${title}: her own pages are hers, and say so`);

  const pensioner = await someone("pensioner", byId(carer.for), "/my/looks?all=1");
  const name = byId(carer.by.id).name;
  ok((await text(pensioner)).includes(name), `${title}: the pensioner sees who acted for her`);
  await pensioner.open("/account/mandates/new");
  await pensioner.press();
  ok((await pensioner.page.locator(".es").count()) === 1, `${title}: an empty form says what is missing`);
  await pensioner.open("/account/mandates");
  await pensioner.press('form[action="/account/mandates/end"] button');
  await helper.open("/services");
  ok((await bar(helper).locator("a").count()) === 1, `${title}: ended by her, it is over at the carer's next page`);
  await helper.page.context().close();
  await pensioner.page.context().close();
  await registered({ demo, visitor, language, javaScript, title });
  await devices({ demo, visitor, language, javaScript, title });
}

/** Two officers register a mandate on a chief's letter. */
async function registered({ demo, visitor, language, javaScript, title }) {
  const officers = demo.officers.filter((one) => one.roles.includes("identity-officer"));
  const at = async (officer) => {
    const own = await visitor(`${title} (${officer.login})`, language, javaScript, { width: 1280, height: 900 });
    await own.open("/identity/mandates");
    await own.signInAsOfficer(officer);
    return own;
  };
  const first = await at(officers[0]);
  await first.open("/identity/organisations");
  await first.open("/identity/mandates/new");
  const inAYear = new Date(Date.now() + 364 * 86_400_000);
  for (const [field, value] of [["kind", "carer"], ["scopes", "certificates"], ["evidence", "chief-letter"]]) await choose(first, field, value);
  await first.fill("represented", demo.people.find((one) => one.role.startsWith("pensioner")).id_number);
  await first.fill("representative", demo.people.find((one) => one.role.startsWith("no passport")).id_number);
  await first.fill("reference", "12/2026");
  await day(first, "valid_to", inAYear);
  await first.press();
  ok((await first.page.locator('form[action="/identity/mandates/approve"]').count()) === 0, `${title}: who registered it does not agree to it`);
  const second = await at(officers[1]);
  ok((await second.page.locator('form[action="/identity/mandates/approve"]').count()) === 1, `${title}: a second officer sees it`);
  await second.press('form[action="/identity/mandates/approve"] button');
  ok((await second.page.locator('form[action="/identity/mandates/approve"]').count()) === 0, `${title}: and agrees`);
  await first.page.context().close();
  await second.page.context().close();
}
