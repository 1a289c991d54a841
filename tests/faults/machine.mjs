// What fails beneath the program: the disk is full, the database is gone for a while.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ok, startIn } from "../browser/world.mjs";
import { chooseWallet, eventually, grant, newest, officers, person, post, textOf, toThePayment, visitor } from "./way.mjs";

const sizeOf = async (world) => Number((await (await fetch(`${world.demo.log.url}/checkpoint`)).text()).split("\n")[1]);

/** Something is broken while she sends a form; then it is mended, and she presses again. */
async function disturbed(world, chrome, name, breakIt, mendIt) {
  const her = await visitor(world, chrome);
  const who = person(world, "passport expired");
  await her.open("/services/passport-renewal/start");
  await her.signInAsPerson(who);
  await her.press();
  await her.answerAll();
  const size = await sizeOf(world);
  const form = await her.formOf("main form[method=post]");
  await breakIt();
  const refused = await post(her, form);
  ok(refused.status === 503 && refused.text.includes("<h1") && !/panic|SQL|sqlite|postgres/i.test(refused.text), `${name}: a page says that it is not possible now (${refused.status})`);
  const health = await fetch(`${world.demo.base_url}/health`).then((answer) => answer.status, () => 0);
  ok(health === 503 || health === 200, `${name}: the program is still there (${health})`);
  await mendIt();
  let again;
  await eventually(async () => { again = await post(her, form); return again.status === 303; });
  ok(again.status === 303 && again.location.includes("/pay/"), `${name}: mended, the same form does its work`);
  await her.page.goto(new URL(again.location, world.demo.base_url).href);
  await chooseWallet(her, who);
  const { path, reference } = await newest(her);
  ok(await eventually(async () => { await her.page.goto(world.demo.base_url + path); return (await textOf(her)).includes("Receipt"); }), `${name}: the way goes on, the fee is paid`);
  const officer = await visitor(world, chrome);
  await officer.open("/desk");
  await officer.signInAsOfficer(officers(world, "passport-officer")[0]);
  await grant(officer, reference);
  await her.until(path, 'a[href$=".pdf"]');
  const href = await her.page.locator('a[href$=".json"]').first().getAttribute("href");
  const file = join(tmpdir(), `letsema-fault-${process.pid}.json`);
  writeFileSync(file, await (await her.page.context().request.get(world.demo.base_url + href)).body());
  const grown = spawnSync("go", ["run", "main.go", world.demo.log.url, world.demo.log.key, file], {
    cwd: join(import.meta.dirname, "../log"), encoding: "utf8",
    env: { ...process.env, GOPATH: "/usr/share/gocode", GO111MODULE: "off", GOCACHE: "/tmp/letsema-go" },
  });
  const now = await sizeOf(world);
  const wrong = grown.stdout.split("\n").filter((line) => line.startsWith("not ok")).join("; ") + grown.stderr;
  ok(grown.status === 0 && now > size, `${name}: nothing is lost, and the log is one history, grown from ${size} to ${now} leaves ${wrong}`);
  rmSync(file, { force: true });
  for (const one of [her, officer]) await one.page.context().close();
}

/** The disk of the embedded database is full. */
export async function diskFull(chrome) {
  const disk = process.env.LETSEMA_SMALL_DISK;
  if (!disk) return console.log("# only root can mount a small disk: a full disk was not tried");
  const world = await startIn(mkdtempSync(join(disk, "letsema-")), { LETSEMA_QUIET: "1" });
  const filler = join(disk, "filler");
  const fill = () => {
    // The database's log of writes is given back first: in the room that it has already it would write on.
    const give = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1], timeout=10).execute('PRAGMA wal_checkpoint(TRUNCATE)').fetchone()[0])";
    for (let tries = 0; tries < 20; tries += 1) {
      if (spawnSync("python3", ["-c", give, join(world.data, "letsema.db")], { encoding: "utf8" }).stdout === "0\n") break;
    }
    for (let size = 1 << 22; size >= 4096; size /= 2) {
      for (;;) {
        const { bavail, bsize } = statfsSync(disk);
        if (bavail * bsize < size) break;
        try { writeFileSync(filler, Buffer.alloc(size), { flag: "a" }); } catch { break; }
      }
    }
  };
  try {
    await disturbed(world, chrome, "disk full", fill, () => rmSync(filler, { force: true }));
  } catch (error) {
    ok(false, `disk full: ended early: ${error.stack}\n# ${world.said.slice(-800)}`);
  }
  rmSync(filler, { force: true });
  await world.stop();
}

/** PostgreSQL is away for a while, as after a power cut. */
export async function databaseGone(chrome) {
  const postgres = (word) => {
    const done = spawnSync(join(import.meta.dirname, "../postgres"), [word], { encoding: "utf8" });
    if (done.status !== 0) throw new Error(`postgres ${word}: ${done.stderr}`);
  };
  const world = await startIn(mkdtempSync(join(tmpdir(), "letsema-")), { LETSEMA_QUIET: "1" }, "--database", process.env.LETSEMA_FAULTS_POSTGRES);
  try {
    await disturbed(world, chrome, "database gone", () => postgres("down"), () => postgres("up"));
  } catch (error) {
    ok(false, `database gone: ended early: ${error.stack}\n# ${world.said.slice(-800)}`);
  }
  await world.stop();
}
