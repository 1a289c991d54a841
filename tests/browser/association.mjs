// A burial society with two of three signatories: founded, joined with codes, paid in by a passer-by, and a funeral paid for when
// the second has agreed; a change of the rule ends what waits; one without a seat sees nothing, nor one who was taken off.
import { setTimeout as sleep } from "node:timers/promises";
import { messagesTo, ok } from "./world.mjs";

async function until(visitor, path, says) {
  for (let tries = 0; tries < 160; tries += 1) {
    await visitor.page.goto(`${visitor.demo.base_url}${path}?lang=${visitor.language}`);
    if ((await visitor.page.locator("main").innerText()).includes(says)) break;
    await sleep(250);
  }
  await visitor.seen(visitor.page);
}

async function proposes(visitor, address, amount) {
  await visitor.open(`${address}/propose`);
  await visitor.fill("amount", amount);
  await visitor.fill("purpose", "Lepato la ntate Thabo");
  await visitor.page.locator('input[name="wallet"][value="mpesa"]').check({ force: true });
  await visitor.fill("number", "58001201");
  await visitor.press();
}

/** What somebody was told in which these words stand. */
async function heard(demo, phone, words) {
  for (let tries = 0; tries < 40; tries += 1) {
    const found = (await messagesTo(demo, phone)).map((it) => it.text ?? it.body ?? "").find((text) => text.includes(words));
    if (found) return found;
    await sleep(250);
  }
  return undefined;
}

export async function association({ demo, visitor, signatories, outsider, language, javaScript }) {
  const title = `an association in ${language}`;
  const small = { width: 320, height: 640 };
  const people = [];
  for (const person of signatories) {
    const one = await visitor(`${title} (${people.length + 1})`, language, javaScript, small);
    await one.open("/association");
    await one.signInAsPerson(person);
    people.push(one);
  }
  const [founder, second, third] = people;
  const found = 'main form[action="/association"] button.b';
  await founder.fill("name", "Mokhatlo oa Lepato Mpolokeng");
  await founder.fill("place", "Roma");
  await founder.page.locator('[name="signatories"]').selectOption("3");
  await founder.page.locator('[name="needed"]').selectOption("4");
  await founder.press(found);
  ok((await founder.page.locator('.es a[href="#needed"]').count()) === 1, `${title}: four of three is refused at its field`);
  await founder.page.locator('[name="needed"]').selectOption("2");
  await founder.press(found);
  const address = new URL(founder.page.url()).pathname.replace("/signatories", "");

  for (const [place, one] of [[2, second], [3, third]]) {
    await founder.open(`${address}/signatories`);
    await founder.press(`main form[action="${address}/code/${place}"] button`);
    const code = (await founder.page.locator("main code").innerText()).trim();
    await one.fill("code", "ABCD-EFGH-IJKL-MNOP");
    await one.press('main form[action="/association/join"] button.b');
    ok((await one.page.locator('.es a[href="#code"]').count()) === 1, `${title}: a guessed code opens nothing`);
    await one.fill("code", code.toLowerCase());
    await one.press('main form[action="/association/join"] button.b');
    ok(new URL(one.page.url()).pathname === address, `${title}: signatory ${place} joins with the code`);
  }

  const giver = await visitor(`${title} (giver)`, language, javaScript, small);
  await giver.open(`${address}/pay`);
  await giver.fill("amount", "500");
  await giver.page.locator('input[name="wallet"][value="mpesa"]').check({ force: true });
  await giver.fill("phone", "58001201");
  await giver.press();
  ok(new URL(giver.page.url()).pathname.startsWith("/bill/"), `${title}: anybody pays in by the link`);
  await until(founder, address, "M500.00");
  await founder.fill("amount", "1,000");
  await founder.press(`main form[action="${address}/ask"] button.b`);
  ok((await founder.page.locator('.es a[href="#amount"]').count()) === 1, `${title}: an amount with a comma is not guessed at`);
  await founder.fill("amount", "1000");
  await founder.press(`main form[action="${address}/ask"] button.b`);
  ok(new URL(founder.page.url()).pathname.startsWith("/bill/"), `${title}: members are asked by a bill number`);

  await proposes(second, address, "500.01");
  ok((await second.page.locator('.es a[href="#amount"]').count()) === 1, `${title}: more than there is cannot be promised`);
  await proposes(second, address, "300");
  const waits = await heard(demo, signatories[2].phone, "M300.00");
  ok(waits?.includes("Mpolokeng") && !waits.includes("Thabo"), `${title}: who has not agreed hears of it by SMS, and not what it is for`);
  await third.open(`${address}/proposal/1`);
  ok((await third.page.locator("main").innerText()).includes("Lepato la ntate Thabo"), `${title}: every signatory reads what it is for`);
  await second.open(`${address}/proposal/1`);
  ok((await second.page.locator('main form[action$="/agree"]').count()) === 0, `${title}: who proposed has agreed and counts once`);
  await third.press('main form[action$="/agree"] button');
  await until(founder, address, "M200.00");
  await founder.open(`${address}/proposal/1`);
  await until(founder, `${address}/proposal/1`, language === "st" ? "E phethiloe" : "Done");
  ok((await founder.page.locator("main .tag.ok").count()) === 3, `${title}: with the second agreement the money goes out and arrives`);

  await proposes(third, address, "200");
  await founder.open(`${address}/signatories`);
  await founder.page.locator('input[name="change"][value="rule-3"]').check({ force: true });
  await founder.fill("purpose", "Kopano ea selemo");
  await founder.press();
  await second.open(`${address}/proposal/3`);
  await second.press('main form[action$="/agree"] button');
  await third.open(address);
  ok((await third.page.locator("main").innerText()).includes("M200.00"), `${title}: a change of the rule ends what waits and frees its money`);
  await proposes(third, address, "50");
  await founder.open(`${address}/proposal/4`);
  await founder.press('main form[action$="/refuse"] button');
  await until(third, `${address}/proposal/4`, language === "st" ? "E hanoe" : "Refused");
  ok((await third.page.locator('main form[action$="/agree"]').count()) === 0, `${title}: when too many refuse it ends`);

  await takenOff({ demo, people, signatories, address, title });

  const other = await visitor(`${title} (outsider)`, language, javaScript, small);
  await other.open("/association");
  await other.signInAsPerson(outsider);
  const answer = await other.page.goto(`${demo.base_url}${address}`);
  ok(answer.status() === 403 || answer.status() === 404, `${title}: one without a seat sees nothing`);
  for (const one of [...people, giver, other]) await one.page.context().close();
}

/** The rule goes down to two again, and then the other two take the third off, who has no voice in it and sees nothing after. */
async function takenOff({ demo, people: [founder, second, third], signatories, address, title }) {
  const changes = async (who, change, purpose) => {
    await who.open(`${address}/signatories`);
    await who.page.locator(`input[name="change"][value="${change}"]`).check({ force: true });
    await who.fill("purpose", purpose);
    await who.press();
  };
  const says = async (who, number, what) => {
    await who.open(`${address}/proposal/${number}`);
    await who.press(`main form[action$="/${what}"] button`);
  };
  await founder.open(`${address}/signatories`);
  ok((await founder.page.locator('input[value^="remove-"]').count()) === 0, `${title}: where all must agree nobody can be taken off`);
  await changes(founder, "rule-2", "Ba babeli ba lekane");
  await says(second, 5, "agree");
  await says(third, 5, "agree");
  await changes(founder, "remove-3", "O falletse");
  ok(await heard(demo, signatories[2].phone, "Mpolokeng"), `${title}: she hears of it by SMS`);
  await third.open(`${address}/proposal/6`);
  ok((await third.page.locator('main form[action$="/refuse"]').count()) === 0, `${title}: who is to be taken off has no voice in it`);
  await says(second, 6, "agree");
  await founder.open(`${address}/signatories`);
  ok((await founder.page.locator("main table tbody tr").count()) === 2, `${title}: the others take her off`);
  const answer = await third.page.goto(`${demo.base_url}${address}`);
  ok(answer.status() === 403 || answer.status() === 404, `${title}: who was taken off sees nothing more`);
}
