// One collection of the toolkit, replayed: each request with its scripts, its callback, its assertions.
import vm from "node:vm";
import { expect } from "chai";
import { check, checkProtected, sign } from "./jws.mjs";
import { deep, headers, text } from "./template.mjs";

const CALLBACK_WAIT = 5000;

/** Runs a script of the collection's with what the toolkit gives to scripts. */
async function script(lines, known, globals) {
  const source = text(lines.join("\n"), known);
  if (!source.trim()) return;
  const context = vm.createContext({ ...globals, expect, console: { log() {} }, setTimeout, Date, URL });
  await vm.runInContext(`(async () => {\n${source}\n})()`, context, { timeout: 60_000 });
}

/** The callback a request waits for: to whom, and at which path. */
function awaited(request) {
  const source = request.headers["FSPIOP-Source"];
  const { body, path, method } = request;
  const id = path === "/participants" ? body.requestId : (body?.quoteId ?? body?.transferId ?? body?.bulkTransferId);
  const at = (method === "post" && !path.match(/^\/participants\/./) ? `${path}/${id}` : path).replace(/\/+$/, "");
  return { source, fits: (message) => message.method === "put" && (message.path === at || message.path === `${at}/error`) };
}

export class Collection {
  /** `world`: environment, institutions, and the operator's token. */
  constructor(world) {
    Object.assign(this, world);
    this.passed = [];
    this.failed = [];
  }

  async run(name, collection) {
    for (const one of collection.test_cases) await this.one(`${name} / ${one.name.trim()}`, one);
  }

  async one(name, { requests }) {
    const environment = this.environment;
    const known = { inputs: environment, environment, prev: {}, requestVariables: {} };
    for (const declared of requests) {
      // The toolkit forgets a request's variables only when its case is over.
      const label = `${name} / ${declared.id ?? declared.description}`;
      try {
        await this.request(label, declared, known);
      } catch (error) {
        for (const { description } of declared.tests?.assertions ?? []) this.note(`${label} / ${description}`, error);
      }
    }
  }

  note(name, error) {
    if (error) this.failed.push({ name, why: String(error.message ?? error).split("\n")[0] });
    else this.passed.push(name);
  }

  async request(label, declared, known) {
    const { environment, institutions } = this;
    // What the toolkit makes up, it makes up once; what scripts set is put in after them.
    const plain = deep({ headers: declared.headers ?? {}, body: declared.body, path: this.path(declared), params: declared.params ?? {}, url: declared.url, queryParams: declared.queryParams }, {});
    let request = { ...deep(plain, known), method: declared.method };
    known.request = request;
    let key;
    const custom = {
      sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
      jws: { signRequest: (own) => { key = own; }, validateCallback: (head, body, own) => check(head, body, own), validateCallbackProtectedHeaders: (head) => checkProtected(head) },
    };
    const watched = {};
    const globals = {
      environment, requestVariables: known.requestVariables, custom, request: { ...request, headers: headers(request.headers) },
      pm: { environment: { set: (name, value) => { environment[name] = value; }, get: (name) => environment[name] } },
      websocket: { connect: async (url, name) => { watched[name] = institutions.watch(url); }, getMessage: async (name, wait) => watched[name]?.take(() => true, wait) },
      inboundEvent: { addListener: async (name, method, path, fits) => institutions.hear(name, method, path, fits), getMessage: async (name) => institutions.heard(name) },
      axios: { get: async (url) => this.get(url) },
    };
    await this.quietly(declared.scripts?.preRequest?.exec, known, globals);
    request = { ...deep(plain, known), method: declared.method };
    known.request = request;
    const callbackOf = declared.apiVersion?.asynchronous && !declared.ignoreCallbacks && ["post", "get", "delete"].includes(declared.method) ? awaited(request) : undefined;
    const sent = this.dressed(declared, request, key);
    institutions.inbox.messages.length = 0;
    const response = await this.send(declared, request, sent);
    let callback;
    if (callbackOf && response.status === 202) {
      const message = await institutions.told(callbackOf.source, callbackOf.fits, CALLBACK_WAIT);
      if (message) callback = { headers: headers(message.headers), body: message.body, path: message.path };
    }
    Object.assign(globals, { request: { ...request, headers: headers(request.headers) }, requestSent: { ...request, headers: headers(sent) }, response, callback });
    known.prev[declared.id] = { request, response, callback: callback && { ...callback, headers: callback.headers } };
    await this.quietly(declared.scripts?.postRequest?.exec, known, globals);
    for (const { description, exec } of declared.tests?.assertions ?? []) {
      try {
        await script(exec, known, globals);
        this.note(`${label} / ${description}`);
      } catch (error) {
        this.note(`${label} / ${description}`, error);
      }
    }
  }

  /** A script that breaks off is no assertion that fails. */
  async quietly(lines, known, globals) {
    try {
      await script(lines ?? [], known, globals);
    } catch (error) {
      if (process.env.LOUD) console.log(`# a script broke off: ${error.message}`);
    }
  }

  path(declared) {
    if (declared.path) return declared.path;
    return declared.operationPath.replace(/\{(\w+)\}/g, (whole, name) => declared.params?.[name] ?? whole);
  }

  /** What is really sent: the hub's gateway would know who asks; here the token says it. */
  dressed(declared, request, key) {
    let sent = { ...request.headers };
    if (declared.apiVersion?.type === "fspiop") {
      if (key && request.body !== undefined) sent = sign(key, { method: request.method, path: request.path, headers: sent, body: JSON.stringify(request.body) });
      sent.Authorization = `Bearer ${this.institutions.tokens[sent["FSPIOP-Source"]]}`;
    } else {
      sent.Authorization = `Bearer ${this.operator}`;
    }
    return sent;
  }

  async send({ method }, request, sent) {
    const query = request.queryParams && Object.keys(request.queryParams).length ? `?${new URLSearchParams(request.queryParams)}` : "";
    const hasBody = request.body !== undefined && !["get", "delete"].includes(method);
    if (hasBody && !Object.keys(sent).some((name) => name.toLowerCase() === "content-type")) sent["Content-Type"] = "application/json";
    const answer = await fetch(request.url + request.path + query, { method: method.toUpperCase(), headers: sent, body: hasBody ? JSON.stringify(request.body) : undefined });
    const raw = await answer.text();
    let body = raw;
    try {
      body = raw ? JSON.parse(raw) : undefined;
    } catch {
      // Not JSON; the assertions say what they think of it.
    }
    return { status: answer.status, statusText: answer.statusText, headers: headers(Object.fromEntries(answer.headers)), body };
  }

  async get(url) {
    const answer = await fetch(url, { headers: { authorization: `Bearer ${this.operator}` } });
    if (!answer.ok) throw new Error(`${answer.status} at ${url}`);
    return { status: answer.status, data: await answer.json() };
  }
}
