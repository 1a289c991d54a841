// Forms that are replayed, sent twice, sent too late, too large or full of garbage; in a language nobody speaks.
import { randomBytes } from "node:crypto";
import { ok } from "../browser/world.mjs";
import { person, post, textOf, visitor } from "./way.mjs";

/** Her session ends in the middle of a form: the answers wait for her, and for nobody else. */
export async function expiredSession(world, chrome) {
  const her = person(world, "two at once");
  const resident = await visitor(world, chrome);
  await resident.open("/services/passport-renewal/start");
  await resident.signInAsPerson(her);
  await resident.press();
  await resident.follow('main a.b[href*="/ask/"]');
  const page = new URL(resident.page.url()).pathname;
  // She signs in on another device and ends this session from there.
  const other = await visitor(world, chrome);
  await other.open("/account/sessions");
  await other.signInAsPerson(her);
  await other.press('form[action="/account/sessions/end-others"] button');
  await resident.page.locator('input[name="reason"][value="full"]').check({ force: true });
  await resident.press();
  const said = await textOf(resident);
  ok(said.includes("kept in this browser") && said.includes("signed out"), "an expired session in the middle of a form: she is told that her answers are kept");
  await resident.follow("main a.b");
  await resident.signInAsPerson(her);
  ok(new URL(resident.page.url()).pathname === page && (await textOf(resident)).includes("Your answers are still here"), "having signed in again she is where she was");
  await resident.press();
  await resident.open(page);
  ok(await resident.page.locator('input[name="reason"][value="full"]').isChecked(), "and one press sends what she had answered");
  // The same cookie in the hands of somebody else opens nothing.
  await resident.page.locator('input[name="reason"][value="damaged"]').check({ force: true });
  await other.page.goto(`${world.demo.base_url}/account/sessions?lang=en`);
  await other.press('form[action="/account/sessions/end-others"] button');
  await resident.press();
  await resident.follow("main a.b");
  await resident.signInAsPerson(person(world, "no passport and no licence"));
  ok(!(await resident.page.content()).includes("damaged"), "somebody else at the same browser does not see them");
  await resident.page.context().close();
  await other.page.context().close();
}

/** The same form twice at once, and again later; a form of another visitor; one changed on the way. */
export async function twice(world, chrome) {
  const resident = await visitor(world, chrome);
  await resident.open("/services/passport-renewal/start");
  await resident.signInAsPerson(person(world, "passport expires in two months"));
  await resident.press();
  await resident.answerAll();
  const form = await resident.formOf("main form[method=post]");
  const [one, two] = await Promise.all([post(resident, form), post(resident, form)]);
  ok(one.status === 303 && two.status === 303 && one.location === two.location && one.location.includes("/pay/"), "the same form twice at once: one request to pay, the same answer");
  const third = await post(resident, form);
  ok(third.location === one.location, "the same form again later: the first answer");
  const stranger = await visitor(world, chrome);
  await stranger.open("/");
  const replayed = await post(stranger, form);
  ok(replayed.status === 403 || replayed.location?.includes("/sign-in"), "somebody else's form is refused");
  const forged = await post(resident, { ...form, fields: { ...form.fields, _form: form.fields._form.replace(/^./, "A") } });
  ok(forged.status === 403 || forged.location === one.location, "a form with a changed token is refused");
  const elsewhere = await post(resident, form, { origin: "https://evil.example", "sec-fetch-site": "cross-site" });
  ok(elsewhere.status === 403, "a form sent from another site is refused");
  await resident.page.context().close();
  await stranger.page.context().close();
  return one.location;
}

/** Too large, too long, of the wrong kind, in no language, of no meaning: clear refusals and never a fault of ours. */
export async function garbage(world, chrome) {
  const base = world.demo.base_url;
  const page = { accept: "text/html", origin: base, "content-type": "application/x-www-form-urlencoded" };
  // Whoever answers before it has read everything closes the connection; a request that was on it just then is sent again
  // (RFC 9112 §9.5). A program that fell would not answer that either.
  const send = async (path, init, again = 3) => {
    try {
      const answer = await fetch(base + path, { redirect: "manual", ...init });
      return { status: answer.status, text: await answer.text(), type: answer.headers.get("content-type") ?? "" };
    } catch (error) {
      if (again && ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"].includes(error.cause?.code)) return send(path, init, again - 1);
      throw error;
    }
  };
  const large = await send("/oauth2/sign-in", { method: "POST", headers: page, body: `login=${"x".repeat(200_000)}` });
  ok(large.status === 413 && large.text.includes("<h1"), "a form that is too large: a page that says so (413)");
  const long = await send(`/services?q=${"x".repeat(20_000)}`, { headers: page });
  ok(long.status === 414, "an address that is too long (414)");
  const wrong = await send("/oauth2/sign-in", { method: "POST", headers: { ...page, "content-type": "text/xml" }, body: "<a/>" });
  ok(wrong.status === 415, "a form of another kind (415)");
  const tongue = await send("/?lang=xx", { headers: { ...page, "accept-language": "tlh;q=9,\u00ff,*;q=x" } });
  ok(tongue.status === 200 && /<html lang="en/.test(tongue.text), "a language that nobody speaks: the country's first");
  const sesotho = await send("/?lang=st", { headers: page });
  ok(/<html lang="st/.test(sesotho.text), "and the other where it is asked for");
  const resident = await visitor(world, chrome);
  await resident.open("/my/cases");
  await resident.signInAsPerson(person(world, "pensioner"));
  const cookie = (await resident.page.context().cookies()).map((one) => `${one.name}=${one.value}`).join("; ");
  const paths = ["/", "/services", "/services/x/start", "/my/cases/x/ask/y", "/my/cases/case_0/withdraw", "/pay/x", "/pay/req_0/wallet", "/desk/task_0", "/desk/documents/doc_0", "/verify",
    "/verify/x", "/registers/civil-person", "/registers/civil-person/import", "/payments/suspense/x/refund", "/payments/returns/x/again", "/operations/jobs", "/oauth2/token", "/oauth2/authorize", "/oauth2/sign-in/code",
    "/account/sessions/end", "/api/registers/civil-person/records", "/api/payments/callbacks/mpesa", "/api/payments/callbacks/x", "/api/verify/x", "/log/tile/0/x001", "/log/tile/9/999", "/sign-in/callback?code=x&state=y"];
  const faults = [];
  let tried = 0;
  for (const path of paths) {
    for (const [kind, body] of [["application/x-www-form-urlencoded", "_form=a.b.c&x[]=%ff%00&=&&="], ["application/json", "{\"a\":" + "[".repeat(2_000)], ["multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"../../e\"\r\n\r\n\u0000"],
      ["application/octet-stream", randomBytes(2_000)]]) {
      for (const method of ["POST", "PUT", "GET"]) {
        const init = { method, headers: { ...page, "content-type": kind, cookie, "idempotency-key": "\u0001x", "if-match": "***" } };
        delete init.headers["idempotency-key"];
        if (method !== "GET") init.body = body;
        const answer = await send(path, init);
        tried += 1;
        if (answer.status >= 500) faults.push(`${method} ${path} ${kind}: ${answer.status}`);
      }
    }
  }
  ok(faults.length === 0, `garbage to every kind of door, ${tried} times: never a fault of ours ${faults.slice(0, 3).join("; ")}`);
  ok((await send("/health", {})).status === 200, "and the program goes on");
  await resident.page.context().close();
}
