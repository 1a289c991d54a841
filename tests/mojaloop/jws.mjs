// FSPIOP signatures, as API Signature 1.1 writes them, on Node's own cryptography.
import { createPublicKey, createSign, createVerify } from "node:crypto";

const coded = (text) => Buffer.from(text).toString("base64url");

export const jwk = (privateKey) => createPublicKey(privateKey).export({ format: "jwk" });
export const publicPem = (privateKey) => createPublicKey(privateKey).export({ type: "spki", format: "pem" });

/** Adds FSPIOP-URI, FSPIOP-HTTP-Method and FSPIOP-Signature to a message's headers. */
export function sign(key, { method, path, headers, body }) {
  const of = (name) => Object.entries(headers).find(([own]) => own.toLowerCase() === name)?.[1];
  const header = { alg: "RS256", "FSPIOP-URI": path, "FSPIOP-HTTP-Method": method.toUpperCase(), "FSPIOP-Source": of("fspiop-source") };
  if (of("fspiop-destination")) header["FSPIOP-Destination"] = of("fspiop-destination");
  if (of("date")) header.Date = of("date");
  const protectedHeader = coded(JSON.stringify(header));
  const signature = createSign("RSA-SHA256").update(`${protectedHeader}.${coded(body)}`).sign(key, "base64url");
  const others = Object.fromEntries(Object.entries(headers).filter(([name]) => !/^fspiop-(uri|http-method|signature)$/i.test(name)));
  return { ...others, "fspiop-uri": path, "fspiop-http-method": method.toUpperCase(), "fspiop-signature": JSON.stringify({ signature, protectedHeader }) };
}

/** `VALID`, or what is wrong. */
export function check(headers, body, key) {
  try {
    const { signature, protectedHeader } = JSON.parse(headers["fspiop-signature"]);
    const input = `${protectedHeader}.${coded(JSON.stringify(body))}`;
    return createVerify("RSA-SHA256").update(input).verify(key, signature, "base64url") ? "VALID" : "INVALID";
  } catch (error) {
    return String(error);
  }
}

export function checkProtected(headers) {
  try {
    const header = JSON.parse(Buffer.from(JSON.parse(headers["fspiop-signature"]).protectedHeader, "base64url"));
    const pairs = [["FSPIOP-Source", "fspiop-source"], ["FSPIOP-URI", "fspiop-uri"], ["FSPIOP-HTTP-Method", "fspiop-http-method"]];
    for (const [signed, sent] of pairs) if (header[signed] !== headers[sent]) return `${signed} is ${header[signed]}, and ${headers[sent]} was sent`;
    return "VALID";
  } catch (error) {
    return String(error);
  }
}
