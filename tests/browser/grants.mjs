// A pension through the pages: a payment that came back is repaired by its person and paid over a counter; next month's run is
// approved by a second officer and not by the first; a list with bad lines is brought as a file; and another account is chosen, and
// the change stopped, on a phone without internet.
import { setTimeout as sleep } from "node:timers/promises";
import { messagesTo, ok } from "./world.mjs";

const text = async (visitor) => visitor.page.locator("main").innerText();
const choose = (visitor, name, value) => visitor.page.locator(`[name="${name}"][value="${value}"]`).first().check({ force: true });

export async function grants({ demo, visitor, pensioner, language, javaScript }) {
  const title = `a pension in ${language} ${javaScript ? "with" : "without"} JavaScript`;
  const desk = { width: 1280, height: 900 };
  const officer = async (role, path) => {
    const own = await visitor(`${title} (${role})`, language, javaScript, desk);
    await own.open(path);
    await own.signInAsOfficer(demo.officers.find((one) => one.roles.includes(role)));
    return own;
  };
  const [now, next] = demo.grants.runs;
  const she = await visitor(title, language, javaScript, { width: 320, height: 640 });
  await she.open("/my/grants");
  await she.signInAsPerson(pensioner);
  for (let tries = 0; tries < 60 && !(await she.page.locator(".nb.no").count()); tries += 1) {
    await sleep(250);
    await she.page.goto(`${demo.base_url}/my/grants`);
  }
  await she.seen(she.page);
  ok((await she.page.locator(".nb.no").count()) === 1, `${title}: she sees that her payment came back`);

  const preparer = await officer("grants-officer", "/grants");
  await preparer.open("/grants");
  await preparer.follow(`a[href="/grants/programmes/${demo.grants.programme}"]`);
  await preparer.follow('a[href$="/failures"]');
  await preparer.follow('main table a[href^="/grants/payments/"]');
  ok((await text(preparer)).includes(pensioner.name.split(" ").pop()), `${title}: an officer finds whose it is`);
  const failed = new URL(preparer.page.url()).pathname;
  await preparer.open(`/grants/programmes/${demo.grants.programme}/list`);
  await preparer.fill("name", "Browser");
  await choose(preparer, "source", "file");
  const file = { name: "list.csv", mimeType: "text/csv", buffer: Buffer.from(`id_number,amount\n${pensioner.id_number},900.00\n123,900.00\n${pensioner.id_number},900.00\n`) };
  await preparer.page.locator('input[type="file"]').setInputFiles(file);
  await preparer.press();
  ok((await preparer.page.locator("main table tbody tr").count()) === 2, `${title}: two bad lines are told, one stands`);
  await preparer.open(`/grants/runs/${next}`);
  ok((await preparer.page.locator('form[action$="/approve"]').count()) === 0, `${title}: who prepared a run cannot approve it`);

  await she.follow('a[href="/my/grants/account"]');
  await choose(she, "way", "wallet:switch");
  await she.fill("address", "59999999");
  await she.press();
  let knows = "";
  for (let tries = 0; tries < 80 && !/hub|khokahano/.test(knows); tries += 1) {
    await sleep(250);
    await preparer.page.goto(`${demo.base_url}${failed}`);
    knows = await text(preparer);
  }
  ok(/hub|khokahano/.test(knows), `${title}: she names a number at any bank or wallet, and the switch knows nobody of it`);
  await she.open("/my/grants/account");
  await choose(she, "way", "post-office");
  await she.press();
  ok((await she.page.locator(".nb.wait").count()) === 1, `${title}: she chooses cash, and it lies ready at once`);
  const clerk = await officer("post-office-clerk", "/post-office");
  await clerk.open("/post-office");
  await clerk.page.locator('[name="place"]').selectOption(demo.grants.post_office);
  await clerk.fill("number", pensioner.id_number);
  await clerk.press();
  ok((await text(clerk)).includes(pensioner.name.split(" ").pop()), `${title}: the clerk sees whom she has before her`);
  await clerk.fill("document", "LS 0001");
  await clerk.press();
  ok((await clerk.page.locator(".nb.ok").count()) === 1, `${title}: she is given her money`);
  await she.open("/my/grants");
  ok((await she.page.locator("main table .tag.ok").count()) >= 1, `${title}: her page says that it is paid`);
  const told = await messagesTo(demo, pensioner.phone);
  ok(told.some((message) => JSON.stringify(message).includes("M900")), `${title}: an SMS tells of it`);

  await byPhone({ demo, visitor, pensioner, language, javaScript, title, she });

  const approver = await officer("grants-approver", "/grants");
  await approver.open(`/grants/runs/${next}`);
  await approver.press('form[action$="/approve"] button');
  ok((await approver.page.locator("details code").count()) === 1, `${title}: the second officer approves, and the batch is signed`);
  for (let tries = 0; tries < 60; tries += 1) {
    await approver.page.goto(`${demo.base_url}/grants/runs/${now}`);
    if ((await approver.page.locator(".tag.wait").count()) === 0) break;
    await sleep(250);
  }
  await approver.seen(approver.page);
  ok((await approver.page.locator("h2 .tag.ok").count()) === 1, `${title}: rows, tally and ledger agree`);
  ok((await approver.page.locator(".nb.no").count()) === 0, `${title}: and nothing waits`);
  for (const own of [she, preparer, clerk, approver]) await own.page.context().close();
}

/** The phone in the browser: dials *124#, goes to the grants, and types one answer after the other; gives the last screen. */
async function dials(phone, pensioner, ...typed) {
  await phone.open("/ussd");
  await phone.fill("phone", pensioner.phone);
  await phone.fill("dialled", "*124#");
  await phone.press();
  for (const one of ["00", "8", ...typed]) {
    await phone.fill("typed", one);
    await phone.press(".ph button");
  }
  return phone.page.locator(".ph pre").innerText();
}

async function byPhone({ demo, visitor, pensioner, language, javaScript, title, she }) {
  const phone = await visitor(`${title} (dialled)`, language, javaScript, { width: 320, height: 640 });
  const first = await dials(phone, pensioner);
  ok(/^2 /m.test(first) && !first.includes("M900"), `${title}: dialled, nothing is shown before the PIN`);
  const wrong = await dials(phone, pensioner, "1", "000000");
  ok(!wrong.includes("M900"), `${title}: nor with a wrong one`);
  const seen = await dials(phone, pensioner, "1", pensioner.pin);
  ok(seen.includes("M900.00") && /post|poso/i.test(seen), `${title}: by PIN she sees what she got and where it goes`);
  const asks = await dials(phone, pensioner, "2", "1", "1");
  ok(asks.includes(pensioner.phone), `${title}: she is shown the number before she agrees`);
  const waits = await dials(phone, pensioner, "2", "1", "1", pensioner.pin);
  ok(/20\d\d/.test(waits) && /M-Pesa|EcoCash/.test(waits), `${title}: she chooses this phone, and hears from when: ${waits}`);
  await she.open("/my/grants");
  ok((await she.page.locator('form[action="/my/grants/account/stop"]').count()) === 1, `${title}: the change waits on her page too`);
  await dials(phone, pensioner, "3", pensioner.pin);
  await she.open("/my/grants");
  ok((await she.page.locator('form[action="/my/grants/account/stop"]').count()) === 0, `${title}: dialled again, she stops it`);
  await phone.page.context().close();
}
