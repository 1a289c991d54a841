// Somebody else's OpenID Connect client (npm openid-client) signs a person in: discovery, PKCE, consent, ID token, userinfo.
import { createServer } from "node:http";
import * as client from "openid-client";
import { Visitor } from "./person.mjs";
import { ok } from "./world.mjs";

export async function relyingParty(chrome, demo, person) {
  const bank = demo.clients.find((one) => one.secret);
  const config = await client.discovery(new URL(demo.base_url), bank.id, bank.secret, undefined, { execute: [client.allowInsecureRequests] });
  ok(config.serverMetadata().issuer === demo.base_url, "openid-client: discovery");
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const redirect = bank.redirect_uris[0];
  const to = client.buildAuthorizationUrl(config, {
    redirect_uri: redirect, scope: "openid profile", state, nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
  });
  const context = await chrome.newContext({ javaScriptEnabled: false, ignoreHTTPSErrors: true });
  const page = await context.newPage();
  let back;
  // The bank's own server, to which the browser comes back.
  const bankServer = createServer((request, answer) => {
    if (request.url.startsWith("/callback")) back = new URL(request.url, redirect).href;
    answer.end("welcome");
  });
  await new Promise((listening) => bankServer.listen(new URL(redirect).port, listening));
  await page.goto(to.href);
  const visitor = new Visitor(demo, page, "en", async () => {});
  await visitor.signInAsPerson(person);
  if (!back) await visitor.press();
  ok(Boolean(back), "openid-client: back with a code");
  const tokens = await client.authorizationCodeGrant(config, new URL(back), { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce });
  const claims = tokens.claims();
  ok(claims.iss === demo.base_url && claims.aud === bank.id, "openid-client: the ID token verifies");
  ok(claims.sub !== person.id, "openid-client: another name for her than the country's own");
  const info = await client.fetchUserInfo(config, tokens.access_token, claims.sub);
  ok(info.name === person.name, "openid-client: userinfo");
  let refused = false;
  try {
    await client.authorizationCodeGrant(config, new URL(back), { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce });
  } catch { refused = true; }
  ok(refused, "openid-client: a code is good once");
  await context.close();
  bankServer.close();
}
