// Banks and wallets of our own making on one port, each under its name: they answer as the toolkit's hub rules and simulators do,
// remember what they were told, and have the simulators' test interface (`/_api/NAME/requests/ID`, `/_backend/NAME/…`).
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { sign } from "./jws.mjs";

const WAIT = 5000;
/** The toolkit's own payee knows everybody. */
const ANYBODY = { displayName: "Any Body", firstName: "Any", middleName: "", lastName: "Body", dateOfBirth: "1990-01-01" };
const secret = (id) => createHash("sha256").update(`fulfilment of ${id}`).digest();
const condition = (id) => createHash("sha256").update(secret(id)).digest("base64url");
const kind = (resource) => `application/vnd.interoperability.${resource}+json;version=1.1`;

/** Somebody waits for a message, or it came already. */
class Box {
  messages = [];
  waiting = [];
  put(message) {
    this.messages.push(message);
    for (const wake of this.waiting.splice(0)) wake();
  }
  async take(fits, wait = WAIT) {
    const end = Date.now() + wait;
    for (;;) {
      const found = this.messages.findIndex(fits);
      if (found >= 0) return this.messages.splice(found, 1)[0];
      if (Date.now() >= end) return undefined;
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, Math.min(end - Date.now(), 500));
        this.waiting.push(() => (clearTimeout(timer), resolve()));
      });
    }
  }
}

export class Institutions {
  inbox = new Box(); // everything the toolkit's own institutions are told
  listeners = new Map();
  sockets = new Map();
  seen = new Map(); // `name/requests/id`
  away = [];
  people = new Map(); // `TYPE/ID[/SUB]`
  constructor(silent, own) {
    this.silent = silent;
    this.own = own; // those that the toolkit itself plays
    this.keys = {};
    this.tokens = {};
  }

  async listen(fspiop) {
    this.fspiop = fspiop;
    this.server = createServer((request, response) => {
      const chunks = [];
      request.on("data", (chunk) => chunks.push(chunk));
      request.on("end", () => this.take(request, response, Buffer.concat(chunks).toString()));
    });
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    this.base = `http://127.0.0.1:${this.server.address().port}`;
  }

  take(request, response, raw) {
    const [, name, ...rest] = request.url.split("?")[0].split("/");
    const body = raw ? JSON.parse(raw) : undefined;
    if (name.startsWith("_")) return this.test(name, rest, request, response, body);
    const path = `/${rest.join("/")}`;
    if (this.away.includes(name)) return response.writeHead(503).end();
    const message = { name, method: request.method.toLowerCase(), path, headers: request.headers, body, data: body, raw };
    response.writeHead(["POST", "GET", "DELETE"].includes(request.method) ? 202 : 200).end();
    this.remember(message);
    if (!this.silent.includes(name)) this.answer(message).catch((error) => console.log(`# ${name} could not answer: ${error}`));
  }

  remember(message) {
    const { name, method, path, body } = message;
    const what = ["post", "get"].includes(method) ? "requests" : "callbacks";
    const parts = path.split("/").slice(1);
    const isPerson = ["parties", "participants"].includes(parts[0]);
    const id = method === "post" ? (body.quoteId ?? body.transferId ?? body.bulkTransferId ?? body.transactionRequestId) : isPerson ? parts[2] : parts[1];
    const key = `${name}/${what}/${id}`;
    this.seen.set(key, message);
    this.sockets.get(key)?.forEach((box) => box.put(message));
    if (this.own.includes(name)) {
      this.inbox.put(message);
      for (const { method: wanted, path: at, fits, box } of this.listeners.values()) {
        if (wanted === method && at === path && (!fits || fits(message.headers, body))) box.put(message);
      }
    }
  }

  /** What a simulator was told: for whoever watches it. */
  watch(url) {
    const key = new URL(url).pathname.replace(/^\/_api\//, "");
    const box = new Box();
    this.sockets.set(key, [...(this.sockets.get(key) ?? []), box]);
    return box;
  }

  hear(name, method, path, fits) {
    this.listeners.set(name, { method: method.toLowerCase(), path, fits, box: new Box() });
  }

  heard(name, wait) {
    return this.listeners.get(name)?.box.take(() => true, wait ?? WAIT);
  }

  /** The next message to `name` that fits. */
  told(name, fits, wait) {
    return this.inbox.take((message) => message.name === name && fits(message), wait);
  }

  async send(name, method, path, resource, to, body) {
    const text = body === undefined ? "" : JSON.stringify(body);
    let headers = { "fspiop-source": name, date: new Date().toUTCString(), "content-type": kind(resource) };
    if (to) headers["fspiop-destination"] = to;
    if (method !== "PUT") headers.accept = kind(resource);
    if (text && this.keys[name]) headers = sign(this.keys[name], { method, path, headers, body: text });
    headers.authorization = `Bearer ${this.tokens[name]}`;
    const answer = await fetch(this.fspiop + path, { method, headers, body: text || undefined });
    if (!answer.ok) console.log(`# ${name} ${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }

  async answer({ name, method, path, headers, body }) {
    const to = headers["fspiop-source"];
    const put = (at, resource, what) => this.send(name, "PUT", at, resource, to, what);
    if (method === "get" && path.startsWith("/parties/")) {
      const found = this.people.get(path.replace("/parties/", "")) ?? (this.own.includes(name) ? ANYBODY : undefined);
      if (!found) return put(`${path}/error`, "parties", { errorInformation: { errorCode: "3200", errorDescription: "ID not found" } });
      return put(path, "parties", { party: party(path, name, found) });
    }
    if (method === "post" && path === "/quotes") return put(`/quotes/${body.quoteId}`, "quotes", quote(body));
    if (method === "post" && path === "/transfers") {
      const amount = this.own.includes(name) ? Number(body.amount.amount) : 0;
      if (amount === 102) return;
      // The toolkit's rules for its own payee: 101 asks to be told the end, 103 sends a fulfilment that does not fit.
      const fulfilment = (amount === 103 ? createHash("sha256").update("another").digest() : secret(this.of(body))).toString("base64url");
      const transferState = amount === 101 || amount === 103 ? "RESERVED" : "COMMITTED";
      return put(`/transfers/${body.transferId}`, "transfers", { transferState, fulfilment, completedTimestamp: new Date().toISOString() });
    }
  }

  /** What the condition of a transfer was made of: the transaction of its quote. */
  of(transfer) {
    return transfer.transferId;
  }

  test(name, [who, ...rest], request, response, body) {
    const json = (status, what) => response.writeHead(status, { "content-type": "application/json" }).end(what === undefined ? "" : JSON.stringify(what));
    if (name === "_api") {
      const found = this.seen.get(`${who}/${rest.join("/")}`);
      return found ? json(200, { headers: found.headers, data: found.body, path: found.path, method: found.method }) : json(404, {});
    }
    if (rest[0] === "repository" && request.method === "POST") {
      const sub = body.subIdValue ?? body.idSubValue;
      this.people.set([body.idType, body.idValue, sub].filter(Boolean).join("/"), body);
      return json(204);
    }
    if (rest[0] === "repository" && request.method === "DELETE") {
      this.people.delete(rest.slice(2).join("/"));
      return json(204);
    }
    if (rest[0] === "scenarios") return this.scenarios(who, body).then((result) => json(200, result), (error) => json(500, { error: String(error) }));
    return json(404, {});
  }

  /** A simulator pays somebody, step by step. */
  async scenarios(name, list) {
    const done = {};
    for (const { name: scenario, operation, body } of list) {
      done[scenario] = { result: operation === "postTransfers" ? await this.propose(name, body) : await this.pay(name, done, body) };
    }
    return done;
  }

  async exchange(name, method, path, resource, to, body, at) {
    const key = `${name}/callbacks/${at}`;
    this.seen.delete(key);
    await this.send(name, method, path, resource, to, body);
    for (let tries = 0; tries < 250; tries += 1) {
      const found = this.seen.get(key);
      if (found) return { body: found.body, headers: found.headers };
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`${name} was not answered at ${path}`);
  }

  async propose(name, body) {
    const { idType, idValue } = body.to;
    const look = await this.exchange(name, "GET", `/parties/${idType}/${idValue}`, "parties", undefined, undefined, idValue);
    const found = look.body.party;
    const [transactionId, quoteId] = [crypto.randomUUID(), crypto.randomUUID()];
    const fspId = found.partyIdInfo.fspId;
    const asked = {
      quoteId, transactionId, amountType: body.amountType, amount: { amount: body.amount, currency: body.currency },
      payer: { partyIdInfo: { partyIdType: body.from.idType, partyIdentifier: body.from.idValue, fspId: name } },
      payee: { partyIdInfo: { partyIdType: idType, partyIdentifier: idValue, fspId } },
      transactionType: { scenario: body.transactionType, initiator: "PAYER", initiatorType: body.initiatorType },
    };
    const quoteResponse = await this.exchange(name, "POST", "/quotes", "quotes", fspId, asked, quoteId);
    const { complexName, dateOfBirth } = found.personalInfo;
    const to = { idType, idValue, fspId, firstName: complexName.firstName, middleName: complexName.middleName, lastName: complexName.lastName, dateOfBirth };
    return { ...body, to, transferId: transactionId, quoteId, getPartiesResponse: look, quoteResponse, currentState: "WAITING_FOR_QUOTE_ACCEPTANCE" };
  }

  async pay(name, done) {
    const proposed = Object.values(done)[0].result;
    const { transferAmount, ilpPacket, condition: locked } = proposed.quoteResponse.body;
    const asked = {
      transferId: proposed.transferId, payerFsp: name, payeeFsp: proposed.to.fspId, amount: transferAmount, ilpPacket, condition: locked,
      expiration: new Date(Date.now() + 60_000).toISOString(),
    };
    const fulfil = await this.exchange(name, "POST", "/transfers", "transfers", proposed.to.fspId, asked, proposed.transferId);
    proposed.currentState = fulfil.body.transferState === "COMMITTED" ? "COMPLETED" : "ERROR_OCCURRED";
    return { ...proposed, fulfil };
  }

  close() {
    this.server.close();
    this.server.closeAllConnections();
  }
}

function party(path, fspId, found) {
  const [partyIdType, partyIdentifier, partySubIdOrType] = path.replace("/parties/", "").split("/");
  const partyIdInfo = { partyIdType, partyIdentifier, fspId };
  if (partySubIdOrType) partyIdInfo.partySubIdOrType = partySubIdOrType;
  const complexName = { firstName: found.firstName, middleName: found.middleName, lastName: found.lastName };
  return { partyIdInfo, name: found.displayName, personalInfo: { complexName, dateOfBirth: found.dateOfBirth } };
}

function quote({ transactionId, amount }) {
  const nothing = { amount: "0", currency: amount.currency };
  return {
    transferAmount: amount, payeeReceiveAmount: amount, payeeFspFee: nothing, payeeFspCommission: nothing,
    expiration: new Date(Date.now() + 600_000).toISOString(), ilpPacket: Buffer.from(`packet of ${transactionId}`).toString("base64url"), condition: condition(transactionId),
  };
}
