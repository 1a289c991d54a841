// Money that comes twice, late, falsely, or for a case that was taken back; officers who press at once; a clock that steps.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { spawnSync } from "node:child_process";
import { ok } from "../browser/world.mjs";
import { chooseWallet, eventually, grant, newest, officers, person, post, taken, textOf, toThePayment, visitor } from "./way.mjs";

const paidCase = async (her, path) => {
  await her.page.goto(her.demo.base_url + path);
  return (await textOf(her)).includes("Receipt");
};

/** A wallet that says everything twice, and one that is imitated first: the fee is taken once. */
export async function callbacks(world, chrome) {
  for (const [role, what] of [["wallet says everything twice", "twice"], ["wallet sends a forged answer first", "forged first"]]) {
    const her = await visitor(world, chrome);
    const before = await taken(world);
    await toThePayment(her, person(world, role));
    await chooseWallet(her, person(world, role));
    const { path } = await newest(her);
    const paid = await eventually(() => paidCase(her, path));
    ok(paid && (await taken(world)) - before === 13000, `a callback ${what}: paid, and the fee taken once`);
    await her.page.context().close();
  }
  const her = await visitor(world, chrome);
  await toThePayment(her, person(world, "wallet declines"));
  await chooseWallet(her, person(world, "wallet declines"));
  const { path } = await newest(her);
  const declined = await eventually(async () => { await her.open("/my/cases"); await her.page.goto(her.demo.base_url + path); return !(await textOf(her)).includes("Receipt") && (await her.page.locator('a[href*="/pay/"]').count()) > 0; });
  ok(declined, "a wallet that declines: nothing is paid, and she can pay again");
  await her.page.context().close();
}

/** Two officers press at once: one has the task, the other is told. */
export async function twoOfficers(world, chrome) {
  const her = await visitor(world, chrome);
  const who = person(world, "passport expired");
  await toThePayment(her, who);
  await chooseWallet(her, who);
  const { path, reference } = await newest(her);
  await eventually(() => paidCase(her, path));
  const [first, second] = await Promise.all(officers(world, "passport-officer").map(async (officer) => {
    const one = await visitor(world, chrome);
    await one.open("/desk");
    await one.signInAsOfficer(officer);
    await one.until("/desk", `a:text-is("${reference}")`);
    await one.follow(`a:text-is("${reference}")`);
    return one;
  }));
  const forms = await Promise.all([first, second].map((one) => one.formOf('form[action$="/claim"]')));
  const answers = await Promise.all([post(first, forms[0]), post(second, forms[1])]);
  const lost = answers.filter((one) => one.status === 409);
  ok(lost.length === 1 && /Another officer|Somebody else/.test(lost[0].text), "two officers on one task: one has it, the other is told");
  const owner = answers[0].status === 303 ? first : second;
  const desk = new URL(owner.page.url()).pathname;
  await owner.page.goto(world.demo.base_url + desk);
  await owner.page.locator('input[name="verdict"][value="approve"]').check({ force: true });
  const form = await owner.formOf('main form[method=post]:has(input[name="verdict"])');
  const [one, two] = await Promise.all([post(owner, form), post(owner, form)]);
  ok(one.status === 303 && two.status === 303, "and decides it once, though the form comes twice");
  await her.until(path, 'a[href$=".pdf"]');
  ok((await her.page.locator('a[href$=".pdf"]').count()) === 1, "one document comes of it");
  for (const one of [her, first, second]) await one.page.context().close();
}

/** She takes her case back after she has paid; and before a late wallet pays. */
export async function withdrawn(world, chrome, advance) {
  const before = await taken(world);
  const her = await visitor(world, chrome);
  const who = person(world, "passport expires in two months");
  // `twice` has left her with a case that waits for its fee.
  const { path } = await newest(her).catch(async () => { await her.signInAsPerson(who); return newest(her); });
  await her.page.goto(world.demo.base_url + path);
  await her.follow('main a[href*="/pay/"]');
  await chooseWallet(her, who);
  await eventually(() => paidCase(her, path));
  await her.follow(`a[href="${path}/withdraw"]`);
  ok((await textOf(her)).includes("M130.00"), "taking a paid case back: she reads first what goes back");
  await her.press("main form[method=post] button");
  const back = await eventually(async () => { await her.page.goto(world.demo.base_url + path); return /went back/.test(await textOf(her)); });
  ok(back && (await taken(world)) === before, "the fee goes back to her wallet");
  await her.page.context().close();

  const late = await visitor(world, chrome);
  const slow = person(world, "wallet pays when it is too late");
  await toThePayment(late, slow);
  await chooseWallet(late, slow);
  const second = await newest(late);
  await late.page.goto(`${world.demo.base_url}${second.path}/withdraw`);
  await late.press("main form[method=post] button");
  if (!advance) return ok(true, "# a late payment is tried only where the clock can be moved");
  advance(400);
  const returned = await eventually(async () => {
    const logs = await Promise.all(world.demo.wallets.map(async (wallet) => (await fetch(`${wallet.url}/log.json`)).json()));
    return logs.some((log) => JSON.stringify(log).includes(slow.phone.slice(-8)) || log.returned_minor > 0) && (await taken(world)) === before;
  }, 60);
  ok(returned, "a payment that comes after the case is withdrawn goes back by itself");
  await late.page.context().close();
}

/** The clock steps back an hour in the middle of a way: nobody is locked out, nothing is lost, the log stays one history. */
export async function clockBack(world, chrome, advance) {
  const her = await visitor(world, chrome);
  const who = person(world, "licence expired");
  await her.open("/services/driver-licence-renewal/start");
  await her.signInAsPerson(who);
  await her.press();
  advance(-3_600);
  await her.answerAll();
  await her.press();
  ok(her.page.url().includes("/pay/"), "the clock steps back an hour in the middle of a form: she goes on");
  await chooseWallet(her, who);
  const { path, reference } = await newest(her);
  ok(await eventually(() => paidCase(her, path)), "she pays, though the clock stepped back");
  const officer = await visitor(world, chrome);
  await officer.open("/desk");
  await officer.signInAsOfficer(officers(world, "licence-officer")[0]);
  await grant(officer, reference);
  await her.until(path, 'a[href$=".pdf"]');
  const href = await her.page.locator('a[href$=".json"]').first().getAttribute("href");
  const file = join(world.data, "clock.json");
  writeFileSync(file, await (await her.page.context().request.get(world.demo.base_url + href)).body());
  const verified = spawnSync(process.env.LETSEMA, ["verify", file, "--key", world.demo.log.key], { encoding: "utf8" });
  ok(verified.status === 0, "the document is issued and holds");
  const grown = spawnSync("go", ["run", "main.go", world.demo.log.url, world.demo.log.key, file], {
    cwd: join(import.meta.dirname, "../log"), encoding: "utf8",
    env: { ...process.env, GOPATH: "/usr/share/gocode", GO111MODULE: "off", GOCACHE: "/tmp/letsema-go" },
  });
  ok(grown.status === 0, "the log is one history all the same");
  for (const one of [her, officer]) await one.page.context().close();
}
