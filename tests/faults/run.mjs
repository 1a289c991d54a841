// Every fault in its turn: those of forms and money on one program whose clock can be moved, those of the machine each on
// a program of its own.
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { browser, failures, ok, startIn } from "../browser/world.mjs";
import { expiredSession, garbage, twice } from "./forms.mjs";
import { databaseGone, diskFull } from "./machine.mjs";
import { nthSync } from "./sync.mjs";
import { callbacks, clockBack, twoOfficers, withdrawn } from "./money.mjs";

const chrome = await browser();
// libfaketime reads how far the clock is off from a file, at every look at the clock.
const library = ["x86_64-linux-gnu", "aarch64-linux-gnu"].map((kind) => `/usr/lib/${kind}/faketime/libfaketimeMT.so.1`).find(existsSync);
const folder = mkdtempSync(join(tmpdir(), "letsema-faults-"));
const clock = `${folder}.clock`;
writeFileSync(clock, "+0\n");
const movable = library ? { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: clock, FAKETIME_NO_CACHE: "1", FAKETIME_DONT_FAKE_MONOTONIC: "1" } : {};
if (!library) console.log("# libfaketime is not installed: the clock was not moved");
const world = await startIn(folder, { ...movable, LETSEMA_QUIET: "1" });
world.demo.clock_ms = 0;
const advance = library && ((seconds) => {
  world.demo.clock_ms += seconds * 1000;
  const off = world.demo.clock_ms / 1000;
  writeFileSync(clock, `${off < 0 ? "" : "+"}${off}\n`);
});
const trials = [expiredSession, twice, garbage, callbacks, twoOfficers, (...all) => withdrawn(...all, advance)];
if (advance) trials.push((...all) => clockBack(...all, advance));
for (const trial of trials) {
  try {
    await trial(world, chrome);
  } catch (error) {
    ok(false, `${trial.name}: ended early: ${error.stack}\n# ${world.said.slice(-800)}`);
  }
}
await world.stop();
await diskFull(chrome);
await databaseGone(chrome);
await nthSync(chrome);
await chrome.close();
console.log("done");
process.exit(failures() ? 1 : 0);
