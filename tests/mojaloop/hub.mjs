// The demonstration's switch with the institutions that the collections expect: joined, with tokens, keys, caps, deposits, aliases.
import { randomBytes, randomUUID } from "node:crypto";
import { jwk } from "./jws.mjs";

export const CURRENCIES = ["USD", "BGN", "INR"];

export class Hub {
  constructor({ fspiop_url, admin_url, settlement_url, hub, operator_token }) {
    Object.assign(this, { fspiop: fspiop_url, admin: admin_url, settlement: settlement_url, name: hub, operator: operator_token });
  }

  async ask(method, url, body) {
    const headers = { authorization: `Bearer ${this.operator}`, "content-type": "application/json" };
    const answer = await fetch(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, body: text ? JSON.parse(text) : undefined };
  }

  async must(method, path, body) {
    const answer = await this.ask(method, this.admin + path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** A participant in every currency, with a cap and a deposit of `minor`-free whole units. */
  async join(name, base, { cap = 50_000, deposit = 50_000, key, currencies = CURRENCIES } = {}) {
    const token = randomBytes(24).toString("base64url");
    for (const currency of currencies) {
      await this.must("POST", "/participants", { name, currency });
      await this.must("PUT", `/participants/${name}/limits`, { currency, limit: { type: "NET_DEBIT_CAP", value: cap, alarmPercentage: 10 } });
    }
    await this.must("POST", `/participants/${name}/endpoints`, { type: "FSPIOP_CALLBACK_URL", value: `${base}/${name}` });
    await this.must("PUT", `/participants/${name}/access`, { token, jwsKey: key ? jwk(key) : null, signs: false });
    for (const account of await this.must("GET", `/participants/${name}/accounts`)) {
      if (account.ledgerAccountType === "SETTLEMENT") {
        await this.must("POST", `/participants/${name}/accounts/${account.id}`, {
          transferId: randomUUID(), externalReference: "opening", action: "recordFundsIn", reason: "opening", amount: { amount: String(deposit), currency: account.currency },
        });
      }
    }
    return token;
  }
}
