// Something is wrong with a payment: its payer says so, the money is held, one officer answers for whoever has it and another
// decides; the payer reads what was decided and why.
import { ok } from "./world.mjs";

export async function disputes({ demo, visitor, person, fee, language }) {
  const title = `a dispute in ${language}`;
  const desk = { width: 1280, height: 900 };
  const she = await visitor(title, language, true, { width: 320, height: 640 });
  await she.open(`${fee}/dispute`);
  await she.signInAsPerson(person);
  await she.fill("words", "It took far too long.");
  await she.press();
  ok((await she.page.locator('.es a[href="#reason"]').count()) === 1, `${title}: what is wrong is asked for`);
  await she.page.locator('input[name="reason"][value="not_done"]').check({ force: true });
  await she.press();
  ok((await she.page.locator(".nb.wait, .nb").count()) === 1, `${title}: she reads by when it is dealt with`);

  const officer = await visitor(`${title} (officer)`, language, true, desk);
  await officer.open("/disputes");
  await officer.signInAsOfficer(demo.officers.find((one) => one.roles.includes("payments-officer")));
  await officer.open("/disputes");
  ok((await officer.page.locator("main .card").count()) >= 1, `${title}: it lies on the treasury's desk`);
  await officer.fill("words", "The document was issued in time.");
  await officer.press('main form[action$="/answer"] button');
  await officer.page.locator('input[name="verdict"][value="rejected"]').first().check({ force: true });
  await officer.fill("words", "It was done.");
  await officer.page.locator('main form[action$="/decide"] button').first().click();
  await officer.page.waitForLoadState("load");
  ok((await officer.page.locator("main h1").count()) === 1 && officer.page.url() !== `${demo.base_url}/disputes`, `${title}: whoever answered does not decide`);
  await she.open(`${fee}/dispute`);
  ok((await she.page.locator("main").innerText()).includes("The document was issued in time."), `${title}: she reads the answer`);
  await she.page.context().close();
  await officer.page.context().close();
}
