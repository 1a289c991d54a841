// The OpenAPI document, judged by somebody else's validator; and the program judged by the document: each call that needs a
// token answers nothing without one.
import { Validator } from "@seriousme/openapi-schema-validator";
import { ok } from "./world.mjs";

export async function openapi(demo) {
  const document = await (await fetch(`${demo.base_url}/api/openapi.json`)).json();
  const found = await new Validator().validate(structuredClone(document));
  ok(found.valid, `openapi: the document is one of OpenAPI 3.1${found.valid ? "" : ` (${JSON.stringify(found.errors).slice(0, 500)})`}`);
  const wrong = [];
  let calls = 0;
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, call] of Object.entries(methods)) {
      calls += 1;
      if (!call.security.length) continue;
      const address = demo.base_url + path.replace("{*resource}", "transfers").replace("{hub}", "switch").replace(/\{[^}]*\}/g, "none");
      const answer = await fetch(address, { method: method.toUpperCase(), headers: { accept: "application/json" } });
      // What is asked for wrongly may be refused before who asks.
      if (![400, 401, 403].includes(answer.status)) wrong.push(`${method} ${path}: ${answer.status}`);
    }
  }
  ok(calls > 20 && !wrong.length, `openapi: ${calls} calls, and none that needs a token answers without (${wrong.join("; ")})`);
}
