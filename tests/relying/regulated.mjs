// A regulated program built on npm openid-client: pushed and signed requests (PAR, JAR), signed answers (JARM), tokens
// bound to its key (DPoP), its own key as proof (private_key_jwt), sealed answers (JWE, read by npm jose).
// Prints one line a check; run by `suite`, with the program's keys in keys.json.
import * as oidc from 'openid-client';
import * as jose from 'jose';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Browser, base, check, redirect_uri, signedInBy } from './person.mjs';

const keys = JSON.parse(readFileSync(new URL('./keys.json', import.meta.url)));
const key = await jose.importJWK(keys.sign, 'ES256');
const signing = { key, kid: keys.sign.kid };
const execute = [oidc.allowInsecureRequests];
const discover = (id, metadata, auth, more = []) => oidc.discovery(new URL(base), id, { id_token_signed_response_alg: 'ES256', ...metadata }, auth, { execute: [...execute, ...more] });
const browser = new Browser();

async function flow(config, { jar = false, scope = 'openid profile', DPoP } = {}) {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier();
  const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
  let parameters = new URLSearchParams({
    redirect_uri, scope, state, nonce, code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier), code_challenge_method: 'S256',
  });
  if (jar) parameters = (await oidc.buildAuthorizationUrlWithJAR(config, parameters, signing)).searchParams;
  const url = await oidc.buildAuthorizationUrlWithPAR(config, parameters, { DPoP });
  assert.ok(url.searchParams.get('request_uri').startsWith('urn:ietf:params:oauth:request_uri:'));
  const back = await signedInBy(browser, url);
  const tokens = await oidc.authorizationCodeGrant(config, back, { pkceCodeVerifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true }, undefined, { DPoP });
  return { tokens, back };
}

await check('openid-client: PAR, private_key_jwt, DPoP', async () => {
  const config = await discover('lender', {}, oidc.PrivateKeyJwt(signing));
  const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair('ES256'));
  const { tokens } = await flow(config, { scope: 'openid profile offline_access', DPoP });
  assert.equal(tokens.token_type, 'dpop');
  const told = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP });
  assert.equal(told.name, 'Lineo Mokhethi');
  const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
  assert.notEqual(renewed.access_token, tokens.access_token);
  const seen = await oidc.tokenIntrospection(config, renewed.access_token);
  assert.equal(seen.active, true);
  const thief = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair('ES256'));
  await assert.rejects(oidc.fetchUserInfo(config, renewed.access_token, tokens.claims().sub, { DPoP: thief }));
});

await check('openid-client: JAR, JARM', async () => {
  const config = await discover('signing-lender', { authorization_signed_response_alg: 'ES256' }, oidc.PrivateKeyJwt(signing), [oidc.useJwtResponseMode]);
  const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair('EdDSA'));
  const { back } = await flow(config, { jar: true, DPoP });
  assert.ok(back.searchParams.get('response') && !back.searchParams.get('code'));
});

await check('openid-client: an unsigned request of a program that must sign is refused', async () => {
  const config = await discover('signing-lender', {}, oidc.PrivateKeyJwt(signing));
  await assert.rejects(oidc.buildAuthorizationUrlWithPAR(config, { redirect_uri, scope: 'openid', code_challenge: 'x', code_challenge_method: 'S256' }));
});

await check('openid-client: client credentials bound to a key', async () => {
  const config = await discover('lender', {}, oidc.PrivateKeyJwt(signing));
  const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair('ES256'));
  const tokens = await oidc.clientCredentialsGrant(config, { scope: 'payments.read' }, { DPoP });
  assert.equal(tokens.scope, 'payments.read');
});

await check('openid-client: device authorization', async () => {
  const config = await discover('lender', {}, oidc.PrivateKeyJwt(signing));
  const begun = await oidc.initiateDeviceAuthorization(config, { scope: 'openid profile' });
  await browser.ask('/sign-in');
  await browser.ask(begun.verification_uri_complete);
  await browser.ask('/device', { user_code: begun.user_code });
  await browser.ask('/device/answer', { user_code: begun.user_code, answer: 'yes' });
  const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair('ES256'));
  const tokens = await oidc.pollDeviceAuthorizationGrant(config, begun, undefined, { DPoP });
  assert.ok(tokens.claims().sub);
});

await check('openid-client: CIBA by poll', async () => {
  const config = await discover('asker', {}, oidc.PrivateKeyJwt(signing));
  const begun = await oidc.initiateBackchannelAuthentication(config, { scope: 'openid profile', login_hint: '0123456789', binding_message: 'Loan 7' });
  await browser.ask('/account/approvals');
  const link = browser.page.match(/href="(\/account\/approvals\/one[^"]+)"/)[1].replaceAll('&amp;', '&');
  await browser.ask(link);
  assert.ok(browser.page.includes('Loan 7'));
  const id = browser.page.match(/name="id" value="([^"]+)"/)[1];
  await browser.ask('/account/approvals/answer', { id, answer: 'yes' });
  const tokens = await oidc.pollBackchannelAuthenticationGrant(config, begun);
  assert.ok(tokens.claims().sub);
});

await check('jose: ID token and userinfo, signed and sealed', async () => {
  const opens = await jose.importJWK(keys.open, 'ECDH-ES+A256KW');
  const config = await discover('sealed', { userinfo_signed_response_alg: 'ES256' }, oidc.PrivateKeyJwt(signing), []);
  oidc.enableDecryptingResponses(config, ['A256GCM'], { key: opens, alg: 'ECDH-ES+A256KW', kid: keys.open.kid });
  const verifier = oidc.randomPKCECodeVerifier();
  const url = oidc.buildAuthorizationUrl(config, { redirect_uri, scope: 'openid profile', code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' });
  const tokens = await oidc.authorizationCodeGrant(config, await signedInBy(browser, url), { pkceCodeVerifier: verifier });
  const told = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  assert.equal(told.name, 'Lineo Mokhethi');
});
