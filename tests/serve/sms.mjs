// An SMS gateway to try the program with: a process of its own that takes signed messages and tells what became of them.
// Numbers ending in 91 do not exist; 92 is busy once; 93 never reaches the phone. Before each true receipt comes a forged one.
import { createHmac, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";

const [port, secretFile, receipts] = process.argv.slice(2);
const secret = readFileSync(secretFile, "utf8").trim();
const taken = new Map();
const busy = new Set();
const forged = [];
const sign = (time, body, key = secret) => createHmac("sha256", key).update(`${time}.${body}`).digest("hex");

async function tell(id, state, key) {
  const body = JSON.stringify({ id, state });
  const time = String(Math.floor(Date.now() / 1000));
  const headers = { "content-type": "application/json", "x-letsema-timestamp": time, "x-letsema-signature": sign(time, body, key) };
  for (let tries = 0; tries < 50; tries += 1) {
    try {
      const answer = await fetch(receipts, { method: "POST", headers, body });
      if (answer.status !== 404 && answer.status < 500) return answer.status;
    } catch { /* the program is away: again */ }
    await new Promise((later) => setTimeout(later, 200));
  }
  return 0;
}

createServer(async (request, answer) => {
  const say = (status, value) => answer.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
  const url = new URL(request.url, "http://x");
  if (request.method === "GET") {
    const to = url.searchParams.get("to");
    const messages = [...taken.values()].filter((message) => !to || message.to === to).reverse();
    return say(200, { messages, forged });
  }
  let body = "";
  for await (const part of request) body += part;
  const given = Buffer.from(String(request.headers["x-letsema-signature"]));
  const wanted = Buffer.from(sign(request.headers["x-letsema-timestamp"], body));
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return say(401, {});
  const message = JSON.parse(body);
  if (message.to.endsWith("91")) return say(422, {});
  if (message.to.endsWith("92") && !busy.has(message.id)) { busy.add(message.id); return say(503, {}); }
  const known = taken.has(message.id);
  taken.set(message.id, message);
  say(202, { reference: `gateway-${message.id.slice(-6)}` });
  if (known) return;
  setTimeout(async () => {
    forged.push(await tell(message.id, "failed", "another secret, long enough"));
    await tell(message.id, message.to.endsWith("93") ? "failed" : "delivered");
  }, 300);
}).listen(Number(port), "127.0.0.1");
