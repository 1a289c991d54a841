// The government as a member of the switch, with Mojaloop's own library (npm @mojaloop/sdk-standard-components) as a payer's institution: its
// client looks a bill up, asks for a quote and proposes the transfer, its signer signs, its validator checks what we signed, and its
// interledger code reads our packet and checks our fulfilment.
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";

const require = createRequire(import.meta.url);
const { Jws, Ilp, MojaloopRequests } = require("@mojaloop/sdk-standard-components");
const silent = new Proxy({}, { get: (_, name) => (name === "child" || name === "push" ? () => silent : () => {}) });
const NAME = "oraclebank";
const BUSINESS = ["BUSINESS", "LESOTHO"];

/** Their client as a bank that has joined, in these versions of the protocol. */
async function joined({ hub, institutions }, version) {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  institutions.own.push(NAME);
  institutions.silent.push(NAME);
  const token = await hub.join(NAME, institutions.base, { key: privateKey, currencies: ["LSL"] });
  const speaks = { contentVersion: version, acceptVersion: version };
  const client = new MojaloopRequests({
    logger: silent,
    peerEndpoint: hub.fspiop.replace("http://", ""),
    dfspId: NAME,
    tls: { enabled: false },
    jwsSign: true,
    jwsSigningKey: privateKey.export({ type: "pkcs8", format: "pem" }),
    resourceVersions: { parties: speaks, quotes: speaks, transfers: speaks },
    wso2: {},
  });
  return { client, own: { authorization: `Bearer ${token}` } };
}

const holds = (validator, message) => {
  try {
    validator.validate({ headers: message.headers, body: message.body });
    return true;
  } catch (error) {
    console.log(`#   ${error.message}`);
    return false;
  }
};

export async function member(setting, ok) {
  const { institutions, base, bills } = setting;
  const { client, own } = await joined(setting, "1.1");
  const bill = bills.find((one) => one.for.startsWith("STAND"));
  const told = (end, wait) => institutions.told(NAME, (message) => message.path.includes(end), wait);
  const { keys } = await (await fetch(`${base}/api/hubs/keys`)).json();
  const pem = createPublicKey({ key: keys[0], format: "jwk" }).export({ type: "spki", format: "pem" });
  const ours = new Jws.validator({ logger: silent, validationKeys: { [keys[0].kid]: pem } });
  const ilp = Ilp.ilpFactory(Ilp.ILP_VERSIONS.v1, { secret: "another", logger: silent });

  await client.getParties(...BUSINESS, bill.number, undefined, own);
  const found = await told(`/parties/BUSINESS/LESOTHO/${bill.number}`);
  const party = found?.body.party;
  ok(party?.partyIdInfo.fspId === keys[0].kid && !found.path.endsWith("/error"), "their client finds whose bill it is");
  ok(holds(ours, found), "their validator takes our answer to a look-up");

  const [quoteId, transactionId] = [crypto.randomUUID(), crypto.randomUUID()];
  const amount = { amount: "75", currency: "LSL" };
  const payer = { partyIdInfo: { partyIdType: "MSISDN", partyIdentifier: "26658001201", fspId: NAME } };
  const transactionType = { scenario: "PAYMENT", initiator: "PAYER", initiatorType: "CONSUMER" };
  const asked = { quoteId, transactionId, payer, payee: { partyIdInfo: party.partyIdInfo }, amount, amountType: "SEND", transactionType };
  await client.postQuotes(asked, party.partyIdInfo.fspId, own);
  const quoted = await told(`/quotes/${quoteId}`);
  ok(holds(ours, quoted), "their validator takes our quote");
  const { ilpPacket, condition, transferAmount } = quoted.body;
  const promised = ilp.getTransactionObject(ilpPacket);
  ok(promised.quoteId === quoteId && promised.payee.partyIdInfo.partySubIdOrType === bill.number, "their interledger code reads our packet");

  const transferId = transactionId;
  const expiration = new Date(Date.now() + 60_000).toISOString();
  const prepare = { transferId, payerFsp: NAME, payeeFsp: party.partyIdInfo.fspId, amount: transferAmount, ilpPacket, condition, expiration };
  ok(ilp.validateIlpAgainstTransferRequest(prepare), "and finds it to be what the transfer says");
  await client.postTransfers({ ...prepare, amount: { amount: "74", currency: "LSL" }, transferId: crypto.randomUUID() }, prepare.payeeFsp, own);
  const refused = await told("/error");
  ok(refused?.body.errorInformation.errorCode === "3100", "another amount than was quoted is refused");
  await client.postTransfers(prepare, prepare.payeeFsp, own);
  const done = await told(`/transfers/${transferId}`);
  ok(done?.body.transferState === "COMMITTED" && ilp.validateFulfil(done.body.fulfilment, condition), "their interledger code takes our fulfilment");
  let paid = false;
  for (let tries = 0; tries < 40 && !paid; tries += 1) {
    paid = /class="tag ok"/.test(await (await fetch(`${base}/bill/${bill.number}?lang=en`)).text());
    if (!paid) await sleep(100);
  }
  ok(paid, "and the bill is paid");
  await client.getParties(...BUSINESS, bill.number, undefined, own);
  const over = await told(`/parties/BUSINESS/LESOTHO/${bill.number}`);
  ok(over?.body.errorInformation?.errorCode === "3204", "a bill that is paid is found no more");
}
