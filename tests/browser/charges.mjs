// What a wallet charges: seen with the sum before the choice, asked for on the phone, and borne by whoever the pack says; the same
// on a phone without internet.
import { setTimeout as sleep } from "node:timers/promises";
import { ok } from "./world.mjs";

export async function charges({ demo, visitor, language, pays }) {
  const title = `a charge in ${language}`;
  const number = demo.bills.find((bill) => bill.for.startsWith("VENDOR")).number;
  const phone = await visitor(`${title} (dialled)`, language, true, { width: 320, height: 640 });
  await phone.open("/ussd");
  await phone.fill("phone", "+26662001201");
  await phone.fill("dialled", `*124*${number.replaceAll("-", "")}#`);
  await phone.press();
  await phone.fill("typed", "1");
  await phone.press(".ph button");
  const screen = await phone.page.locator(".ph pre").innerText();
  ok(/120\.00.*1\.90.*121\.90/s.test(screen), `${title}: dialled, the charge and the sum are said before she agrees`);

  const shop = await visitor(title, language, true, { width: 320, height: 640 });
  await shop.open(`/bill/${number}`);
  const said = await shop.page.locator("main form").first().innerText();
  ok(/M120\.00.*M1\.90.*M121\.90/s.test(said), `${title}: the page says what EcoCash charges, and the sum`);
  ok((said.match(/M1\.90/g) ?? []).length === 1, `${title}: what M-Pesa charges, the office bears`);
  if (!pays) return;
  await shop.page.locator('input[name="wallet"][value="ecocash"]').check({ force: true });
  await shop.fill("phone", "62001201");
  await shop.press();
  for (let tries = 0; tries < 80; tries += 1) {
    await shop.page.goto(`${demo.base_url}/bill/${number}?lang=${language}`);
    if (await shop.page.locator("main table .tag.ok").count()) break;
    await sleep(250);
  }
  await shop.seen(shop.page);
  ok((await shop.page.locator("main table .tag.ok").count()) === 1, `${title}: the sum pays it`);
}
