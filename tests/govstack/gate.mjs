// What stands before the program as a country's gateway would: it listens where GovStack's scenarios look, and puts in the
// access token of a client that was declared to manage others. The scenarios themselves send none, or another country's of 2023.
// With `corrects` it also puts right what is wrong in their data and no careful server takes: redirect addresses over plain
// http or none at all, and RSA keys that are none (no exponent, letters added to the modulus), for each of which a real one is put;
// and it answers what is sent twice letter by letter once, for the tool sends a request when its step returns it and again when
// it is to.
import { generateKeyPairSync } from "node:crypto";
import http from "node:http";

export async function gate(port, target, token, corrects) {
  const { hostname, port: to } = new URL(target);
  const sent = new Map();
  const server = http.createServer((asked, answer) => {
    const parts = [];
    asked.on("data", (part) => parts.push(part));
    asked.on("end", () => {
      let body = Buffer.concat(parts);
      const same = `${asked.method} ${asked.url} ${body}`;
      const again = (kept) => {
        answer.writeHead(kept.status, kept.headers);
        answer.end(kept.body);
      };
      if (corrects && asked.method !== "GET") {
        if (sent.has(same)) return void sent.get(same).then(again);
        let keep;
        sent.set(same, new Promise((resolve) => { keep = resolve; }));
        asked.kept = keep;
      }
      const headers = { ...asked.headers, host: `${hostname}:${to}` };
      if (asked.url.startsWith("/client-mgmt/")) {
        headers.authorization = `Bearer ${token}`;
        if (corrects) body = corrected(body);
      }
      delete headers["transfer-encoding"];
      headers["content-length"] = String(body.length);
      const on = http.request({ host: hostname, port: to, path: asked.url, method: asked.method, headers }, (reply) => {
        const got = [];
        reply.on("data", (part) => got.push(part));
        reply.on("end", () => {
          const kept = { status: reply.statusCode, headers: reply.headers, body: Buffer.concat(got) };
          asked.kept?.(kept);
          again(kept);
        });
      });
      on.on("error", () => { answer.writeHead(502); answer.end(); });
      on.end(body);
    });
  });
  await new Promise((ready) => server.listen(port, "127.0.0.1", ready));
  return server;
}

function corrected(body) {
  let sent;
  try {
    sent = JSON.parse(body);
  } catch {
    return body;
  }
  const { request } = sent;
  if (request && request.redirectUris === undefined) request.redirectUris = ["https://example.com/"];
  if (Array.isArray(request?.redirectUris)) request.redirectUris = request.redirectUris.map((uri) => String(uri).replace(/^http:\/\//, "https://"));
  if (typeof request?.publicKey === "string" && request.publicKey.startsWith("{")) {
    const { a, ...key } = JSON.parse(request.publicKey);
    const { n, e } = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "jwk" });
    request.publicKey = JSON.stringify(a ? { ...key, n, e } : key);
  }
  return Buffer.from(JSON.stringify(sent));
}
