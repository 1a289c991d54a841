// Published lists of names: one officer brings a file in the Security Council's form, another sees what it changes and puts it in force.
import { fileURLToPath } from "node:url";
import { ok } from "./world.mjs";

const UN = fileURLToPath(new URL("../../docs/guides/sanctions-un.xml", import.meta.url));
const CSV = fileURLToPath(new URL("../../docs/guides/sanctions.csv", import.meta.url));

const text = async (visitor) => visitor.page.locator("main").innerText();

/** A list that is missing is brought and is in force. */
export async function lists({ demo, visitor }) {
  const [first, second] = demo.officers.filter((one) => one.roles.includes("payments-officer"));
  const brings = await visitor("a list of names (who brings it)", "st", true, { width: 320, height: 640 });
  await brings.open("/treasury");
  await brings.signInAsOfficer(first);
  await brings.open("/treasury");
  ok((await brings.page.locator('.nb a[href="/screening/lists"]').count()) === 1, "lists: the treasury is told that one is missing");
  await brings.follow('.nb a[href="/screening/lists"]');
  await brings.follow('main a[href="/screening/lists/un"]');
  await brings.press();
  ok((await brings.page.locator('.es a[href="#file"]').count()) === 1, "lists: no file is a mistake that can be put right");
  await brings.page.locator('input[type="file"]').setInputFiles(CSV);
  await brings.press();
  ok((await brings.page.locator('.es a[href="#file"]').count()) === 1, "lists: a file of another form is refused");
  await brings.page.locator('input[type="file"]').setInputFiles(UN);
  await brings.press();
  const file = new URL(brings.page.url()).pathname;
  ok(file.startsWith("/screening/lists/files/"), "lists: what it changes is shown");
  ok((await brings.page.locator("main form[method=post] textarea").count()) === 0, "lists: who brought it does not decide");
  const decides = await visitor("a list of names (who decides)", "en", false, { width: 1280, height: 800 });
  await decides.open(file);
  await decides.signInAsOfficer(second);
  await decides.open(file);
  ok((await text(decides)).includes("EXAMPLE HOLDING OF NOWHERE"), "lists: another officer sees each name");
  await decides.press();
  ok((await decides.page.locator(".es a").count()) >= 1, "lists: nothing is decided by itself");
  await decides.page.locator('input[name="decision"][value="in_force"]').check({ force: true });
  await decides.press();
  ok(new URL(decides.page.url()).pathname === "/screening/lists", "lists: it is in force");
  ok((await decides.page.locator(".nb").count()) === 0, "lists: and nothing is out of date");
  await brings.page.context().close();
  await decides.page.context().close();
}
