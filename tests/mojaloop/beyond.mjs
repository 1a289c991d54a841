// What the collections do not try: Mojaloop's own library (npm @mojaloop/sdk-standard-components) signs and checks against the switch, its
// interledger conditions are taken, and a program that is killed between prepare and fulfil loses nothing.
import { createPublicKey } from "node:crypto";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { publicPem } from "./jws.mjs";

const require = createRequire(import.meta.url);
const { Jws, Ilp } = require("@mojaloop/sdk-standard-components");
const silent = new Proxy({}, { get: (_, name) => (name === "child" || name === "push" ? () => silent : () => {}) });
const KIND = "application/vnd.interoperability.transfers+json;version=1.1";

/** A transfer whose condition Mojaloop's library made. */
function proposed(payerFsp, payeeFsp) {
  const [transferId, quoteId] = [crypto.randomUUID(), crypto.randomUUID()];
  const amount = { amount: "7.5", currency: "USD" };
  const person = (fspId) => ({ partyIdInfo: { partyIdType: "MSISDN", partyIdentifier: "26658001201", fspId } });
  const quote = { quoteId, transactionId: transferId, payer: person(payerFsp), payee: person(payeeFsp), amount, amountType: "SEND", transactionType: { scenario: "TRANSFER", initiator: "PAYER", initiatorType: "CONSUMER" } };
  const ilp = Ilp.ilpFactory(Ilp.ILP_VERSIONS.v1, { secret: "secret", logger: silent });
  const expiration = new Date(Date.now() + 60_000).toISOString();
  const answer = { transferAmount: amount, expiration };
  const { fulfilment, ilpPacket, condition } = ilp.getQuoteResponseIlp(quote, answer);
  return { fulfilment, body: { transferId, payerFsp, payeeFsp, amount, expiration, ilpPacket, condition } };
}

/** Sends what their signer signed. */
async function signed({ hub, institutions }, from, method, path, body, spoil) {
  const headers = { "content-type": KIND, date: new Date().toUTCString(), "fspiop-source": from };
  if (method === "POST") headers.accept = KIND;
  const options = { method, uri: `${hub.fspiop}${path}`, headers, body: { ...body } };
  const key = institutions.keys[from].export({ type: "pkcs8", format: "pem" });
  new Jws.signer({ logger: silent, signingKey: key }).sign(options);
  const text = typeof options.body === "string" ? options.body : JSON.stringify(options.body);
  const sent = { ...options.headers, authorization: `Bearer ${institutions.tokens[from]}` };
  return fetch(`${hub.fspiop}${path}`, { method, headers: sent, body: spoil ? text.replace("7.5", "9.5") : text });
}

export async function library(setting, ok) {
  const { hub, environment, institutions, base } = setting;
  const [payer, payee] = [environment.fromFspId, environment.NORESPONSE_SIMPAYEE_NAME];
  for (const name of [payer, payee]) {
    await hub.must("PUT", `/participants/${name}/access`, { token: institutions.tokens[name], jwsKey: createPublicKey(institutions.keys[name]).export({ format: "jwk" }), signs: true });
  }
  const { fulfilment, body } = proposed(payer, payee);
  institutions.inbox.messages.length = 0;
  const spoilt = await signed(setting, payer, "POST", "/transfers", body, true);
  ok(spoilt.status === 400 && (await spoilt.json()).errorInformation.errorCode === "3105", "a message changed after their signer signed it is refused");
  const taken = await signed(setting, payer, "POST", "/transfers", body);
  ok(taken.status === 202, "a transfer with their condition and their signature is taken");
  const asked = await institutions.told(payee, (message) => message.method === "post" && message.path === "/transfers");
  const theirs = new Jws.validator({ logger: silent, validationKeys: { [payer]: publicPem(institutions.keys[payer]) } });
  ok(holds(theirs, asked), "their validator takes what was handed on");
  const done = await signed(setting, payee, "PUT", `/transfers/${body.transferId}`, { transferState: "COMMITTED", fulfilment, completedTimestamp: new Date().toISOString() });
  ok(done.status === 200, "their fulfilment is taken");
  const told = await institutions.told(payer, (message) => message.path === `/transfers/${body.transferId}`);
  ok(told?.body.transferState === "COMMITTED", "and the payer hears it");
  await institutions.send(payer, "GET", `/transfers/${body.transferId}`, "transfers");
  const own = await institutions.told(payer, (message) => message.path === `/transfers/${body.transferId}`);
  const { keys } = await (await fetch(`${base}/oauth2/jwks`)).json();
  const pem = createPublicKey({ key: keys.find((key) => key.alg === "RS256"), format: "jwk" }).export({ type: "spki", format: "pem" });
  ok(holds(new Jws.validator({ logger: silent, validationKeys: { [hub.name]: pem } }), own), "their validator takes what the hub itself says");
}

function holds(validator, message) {
  try {
    validator.validate({ headers: message.headers, body: message.body });
    return true;
  } catch (error) {
    console.log(`#   ${error.message}`);
    return false;
  }
}

/** Killed after the payee was asked, and again after it agreed while the payer was away. */
export async function killed(setting, restart, ok) {
  const { hub, environment, institutions } = setting;
  const [payer, payee] = [environment.fromFspId, environment.NORESPONSE_SIMPAYEE_NAME];
  const position = async () => (await hub.must("GET", `/participants/${payer}/positions`)).find((one) => one.currency === "USD").value;
  const before = await position();
  const { fulfilment, body } = proposed(payer, payee);
  await signed(setting, payer, "POST", "/transfers", body);
  await institutions.told(payee, (message) => message.body?.transferId === body.transferId);
  await restart();
  ok((await position()) === before + 7.5, "killed after prepare: the money is still held");
  institutions.away = [payer];
  await signed(setting, payee, "PUT", `/transfers/${body.transferId}`, { transferState: "COMMITTED", fulfilment, completedTimestamp: new Date().toISOString() });
  await sleep(200);
  await restart();
  institutions.away = [];
  const told = await institutions.told(payer, (message) => message.path === `/transfers/${body.transferId}`, 40_000);
  ok(told?.body.transferState === "COMMITTED", "killed after fulfil, with the payer away: it hears the end all the same");
  ok((await position()) === before + 7.5, "and owes what it paid, once");
}
