// Civil registration through the pages: a nurse gives notice of a birth, an officer takes the declaration down, the
// registrar enters it, the mother sees her child. Then a death: the session ends and the payroll is told.
import { messagesTo, ok } from "./world.mjs";

const today = new Date();
const ago = (days) => new Date(today.getTime() - days * 86_400_000);

async function day(visitor, name, date) {
  await visitor.fill(`${name}-day`, String(date.getDate()));
  await visitor.fill(`${name}-month`, String(date.getMonth() + 1));
  await visitor.fill(`${name}-year`, String(date.getFullYear()));
}

const choose = (visitor, name, value) => visitor.page.locator(`[name="${name}"][value="${value}"]`).first().check({ force: true });
const select = (visitor, name, value) => visitor.page.locator(`select[name="${name}"]`).selectOption(value);

/** One organisation's program. */
async function verifier(demo, id) {
  const { secret } = demo.verifiers.find((one) => one.id === id);
  const basic = Buffer.from(`${id}:${secret}`).toString("base64");
  const answer = await fetch(`${demo.base_url}/oauth2/token`, {
    method: "POST",
    headers: { authorization: `Basic ${basic}`, "content-type": "application/x-www-form-urlencoded" },
    body: "grant_type=client_credentials&scope=verification",
  });
  const { access_token: token } = await answer.json();
  return async (method, path, body) => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const answer = await fetch(`${demo.base_url}${path}`, { method, headers, body });
    return answer.headers.get("content-type")?.includes("ndjson") ? answer.text() : answer.json();
  };
}

/** Enters an event that was taken down, as another officer. */
async function entered(registrar, event) {
  await registrar.open(event);
  for (let open = 0; open < 5; open += 1) {
    const waiting = registrar.page.locator('a[href*="/alike/"]:has(~ *), tr:has(.wait) a[href*="/alike/"]').first();
    if (!(await waiting.count())) break;
    await waiting.click();
    await registrar.page.waitForLoadState("load");
    await registrar.seen(registrar.page);
    await choose(registrar, "verdict", "different");
    await registrar.press();
  }
  await choose(registrar, "verdict", "validate");
  await registrar.press();
  await registrar.open(event);
  await registrar.press('form[action$="/register"] button');
}

/** A registrar enters a guardian and a household, and ends the guardianship. */
async function families({ registrar, title, child, other }) {
  await registrar.open("/civil/families");
  await registrar.fill("number", "123");
  await registrar.press();
  ok((await registrar.page.locator(".es").count()) === 1, `${title}: a number nobody has is said`);
  await registrar.fill("number", child.id_number);
  await registrar.press();
  const details = (action) => registrar.page.locator(`details:has(form[action$="/${action}"])`);
  const open = async (action) => { await details(action).locator("summary").click(); await registrar.seen(registrar.page); };
  await open("guardians");
  await registrar.fill("guardian", other.id_number);
  await details("guardians").locator('[name="order"]').fill("CIV/APN/17/2026");
  await registrar.press('form[action$="/guardians"] button');
  ok((await details("dismiss").count()) === 1, `${title}: a guardian is entered by a court's order`);
  await open("dismiss");
  await details("dismiss").locator('[name="order"]').fill("CIV/APN/18/2026");
  await registrar.press('form[action$="/dismiss"] button');
  ok((await details("dismiss").count()) === 0, `${title}: and dismissed`);
  await open("household");
  await registrar.fill("members", other.id_number);
  await registrar.press('form[action$="/household"] button');
  ok((await registrar.page.locator("main ul").first().innerText()).includes(other.name), `${title}: a household is entered`);
  await registrar.open("/civil/sealed");
  await registrar.press();
  ok((await registrar.page.locator(".es").count()) === 1, `${title}: a sealed entry is opened with its number and an order only`);
}

export async function civil({ demo, visitor, officerOf, language, mother, deceased }) {
  const title = `civil registration in ${language}`;
  const officer = async (name, role) => {
    const own = await visitor(`${title} (${name})`, language, true, { width: 1280, height: 900 });
    await own.open("/civil");
    await own.signInAsOfficer(typeof role === "string" ? officerOf(role) : role);
    return own;
  };
  const nurse = await officer("nurse", "health-worker");
  await nurse.open("/civil");
  await nurse.open("/civil/notify/birth");
  await day(nurse, "born", ago(3));
  await choose(nurse, "sex", "female");
  await nurse.press();
  ok(/B \d{4} \d{4} \d/.test(await nurse.page.locator("main").innerText()), `${title}: the family gets a number`);

  const clerk = await officer("clerk", demo.officers.find((one) => one.login === "lerato.molapo"));
  await clerk.open("/civil");
  await clerk.page.goto(`${demo.base_url}/civil?state=notified`);
  await clerk.follow('main table a[href^="/civil/events/"]');
  await clerk.follow('a[href$="/declare"]');
  await choose(clerk, "circumstance", "ordinary");
  await clerk.fill("mother_number", mother.id_number);
  await clerk.fill("given", "Khanya");
  await clerk.fill("family", mother.name.split(" ").pop());
  await select(clerk, "district", "maseru");
  await select(clerk, "evidence", "notice-of-birth");
  await clerk.fill("evidence_reference", "QMMH 17/2026");
  await clerk.press();
  ok((await clerk.page.locator(".es").count()) === 1, `${title}: what is missing is said`);
  await clerk.fill("informant", mother.name);
  await clerk.press();
  const event = new URL(clerk.page.url()).pathname;
  ok(/\/civil\/events\/vit_/.test(event), `${title}: the declaration is taken down`);

  const registrar = await officer("registrar", "registrar");
  await registrar.open("/civil/held");
  await entered(registrar, event);
  ok((await registrar.page.locator('a[href^="/civil/entries/birth/"]').count()) === 1, `${title}: the birth is entered`);
  await registrar.follow('a[href^="/civil/entries/birth/"]');
  let told = false;
  for (let turn = 0; turn < 60 && !told; turn += 1) {
    told = (await messagesTo(demo, mother.phone)).some((one) => one.purpose === "civil.entry" && /B \d{4} \d{4} \d/.test(one.body));
    if (!told) await new Promise((wait) => setTimeout(wait, 250));
  }
  ok(told, `${title}: the mother hears of it, with the entry's number`);
  await registrar.open("/civil/statistics");
  const parent = await visitor(`${title} (mother)`, language, true, { width: 320, height: 640 });
  await parent.open("/my/family");
  await parent.signInAsPerson(mother);
  await parent.open("/my/family");
  ok((await parent.page.locator("main").innerText()).includes("Khanya"), `${title}: the mother sees her child`);
  await parent.open("/my/life");
  await parent.press();
  await parent.open("/my/family");
  await parent.follow('a[href="/civil/notify/death"]');
  await day(parent, "died", ago(2));
  await choose(parent, "sex", "male");
  await parent.press();
  ok(/D \d{4} \d{4} \d/.test(await parent.page.locator("main").innerText()), `${title}: a person tells of a death herself`);
  await parent.open("/my/family");
  ok((await parent.page.locator("main table").count()) === 2, `${title}: and sees what becomes of it`);
  await families({ registrar, title, child: mother, other: deceased });

  const payroll = await verifier(demo, "payroll");
  const asked = { number: deceased.id_number, reference: "e1", compare: { family: deceased.name.split(" ").pop() } };
  const lines = [asked, { number: "123", reference: "e2" }, { number: mother.id_number, reference: "e3", compare: { given: "Nobody" } }];
  const answers = (await payroll("POST", "/api/verification/batches?purpose=payroll", lines.map((line) => JSON.stringify(line)).join("\n"))).trim().split("\n").map((line) => JSON.parse(line));
  ok(answers.map((one) => one.verdict).join(" ").trim() === "yes no no" && answers[3].totals.lines === 3, `${title}: a payroll is answered line by line`);
  // Each organisation of the pack asks what its licence lets it, and no more.
  const purposes = { payroll: "payroll", pension: "pension", bank: "account-opening", insurer: "policy", telecom: "sim-registration" };
  const hers = mother.name.split(" ").slice(0, -1).join(" ");
  for (const { id } of demo.verifiers) {
    const organisation = await verifier(demo, id);
    const check = (purpose, more) => organisation("POST", "/api/verification/checks", JSON.stringify({ number: mother.id_number, purpose, compare: { given: hers }, ...more }));
    const [right, wrong, beyond] = [await check(purposes[id]), await check("curiosity"), await check(purposes[id], { tell: ["district"] })];
    ok(right.verdict === "yes" && wrong.code === "identity.verification.purpose" && beyond.code === "identity.verification.licence", `${title}: ${id} asks under its licence, and not beyond`);
  }
  await payroll("POST", "/api/verification/watches", JSON.stringify({ people: [{ number: deceased.id_number, reference: "e1" }] }));
  const living = await visitor(`${title} (deceased)`, language, true, { width: 320, height: 640 });
  await living.open("/my/looks");
  await living.signInAsPerson(deceased);
  await living.open("/my/looks");

  await clerk.open("/civil/new/death");
  await choose(clerk, "circumstance", "ordinary");
  await clerk.fill("deceased_number", deceased.id_number);
  const [given, family] = [deceased.name.split(" ").slice(0, -1).join(" "), deceased.name.split(" ").pop()];
  await clerk.fill("given", given);
  await clerk.fill("family", family);
  await day(clerk, "died", ago(1));
  await choose(clerk, "sex", "female");
  await select(clerk, "district", "maseru");
  await select(clerk, "evidence", "medical-certificate");
  await clerk.fill("informant", "Thabo");
  await clerk.press();
  await entered(registrar, new URL(clerk.page.url()).pathname);
  ok((await registrar.page.locator('a[href^="/civil/entries/death/"]').count()) === 1, `${title}: the death is entered`);
  await living.page.goto(`${demo.base_url}/my/family`);
  ok(!(await living.page.locator("main").innerText()).includes(family) && /sign-in/.test(living.page.url()), `${title}: the session of the dead is over`);
  const { changes } = await payroll("GET", "/api/verification/changes");
  ok(changes.at(-1)?.what === "died" && changes.at(-1)?.reference === "e1", `${title}: the payroll is told`);
  await registrar.follow('a[href^="/civil/entries/death/"]');
  await registrar.page.locator("details:has(form[action$='/annul']) summary").click();
  await registrar.page.locator('form[action$="/annul"] input[name="order"]').fill("CIV/APN/12/2026");
  await registrar.press('form[action$="/annul"] button');
  const { changes: again } = await payroll("GET", `/api/verification/changes?after=${changes.at(-1)?.number ?? 0}`);
  ok(again.length === 1 && again[0].what === "reinstated", `${title}: a death taken back is told too`);
}
