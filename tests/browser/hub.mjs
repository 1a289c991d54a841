// Any bank or wallet of the switch: what a payer types into her own app, a bill that was paid so, and money that an officer sends to a
// phone number at whichever institution keeps it.
import { setTimeout as sleep } from "node:timers/promises";
import { ok } from "./world.mjs";

/** Once for a demonstration, after the treasury's day and before the switch's window is closed. */
export async function anyBank({ demo, visitor, officerOf, language, javaScript }) {
  const title = `any bank in ${language} ${javaScript ? "with" : "without"} JavaScript`;
  const at = (reference) => demo.bills.find((bill) => bill.for.startsWith(reference)).number;
  const payer = await visitor(title, language, javaScript, { width: 320, height: 640 });
  await payer.open(`/bill/${at("STAND")}`);
  const way = payer.page.locator("main details", { hasText: "LESOTHO" });
  await way.locator("summary").click();
  ok((await way.innerText()).includes(at("STAND")), `${title}: the page says the business and the number`);
  await payer.seen(payer.page);
  const paid = async () => {
    await payer.open(`/bill/${at("STALL")}`);
    return (await payer.page.locator("main table .tag.ok").count()) === 1;
  };
  let done = false;
  for (let tries = 0; tries < 80 && !(done = await paid()); tries += 1) await sleep(250);
  ok(done, `${title}: a customer of a wallet has paid a bill through the switch, with its receipt`);

  const officer = await visitor(`${title} (treasury)`, language, javaScript, { width: 360, height: 740 });
  await officer.open("/treasury");
  await officer.signInAsOfficer(officerOf("payments-officer"));
  await officer.follow('main a[href^="/treasury/day/hub:"]');
  const day = await officer.page.locator("main").innerText();
  ok(day.includes("125.00"), `${title}: the treasury sees what the switch's members owe`);
  const suspense = 'main a[href^="/treasury/suspense/"]';
  await officer.open("/treasury/suspense");
  const waiting = await officer.page.locator(suspense).count();
  ok(waiting > 0, `${title}: money waits in suspense`);
  await officer.follow(suspense);
  await officer.page.locator('select[name="to"]').selectOption("hub:switch:MSISDN");
  await officer.fill("number", "123");
  await officer.press("main form:has(#number) button.b");
  ok((await officer.page.locator(".es, .nb.bad").count()) >= 1, `${title}: a number that cannot be is refused`);
  await officer.fill("number", "50000101");
  await officer.press("main form:has(#number) button.b");
  let sent = false;
  for (let tries = 0; tries < 120 && !sent; tries += 1) {
    await officer.open("/treasury/suspense");
    sent = (await officer.page.locator(suspense).count()) === waiting - 1;
    if (!sent) await sleep(250);
  }
  ok(sent, `${title}: it has gone to a phone number through the switch`);
  await payer.page.context().close();
  await officer.page.context().close();
}
