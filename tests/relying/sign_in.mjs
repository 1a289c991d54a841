// Another's OpenID client (npm openid-client, OpenID-certified) signs Lineo in against the example provider.
// Prints one line a check; run by `suite`.
import * as oidc from 'openid-client';
import assert from 'node:assert/strict';
import { Browser, base, check, redirect_uri, signedInBy } from './person.mjs';

async function signIn(config, browser, scope, more = {}) {
  const verifier = oidc.randomPKCECodeVerifier();
  const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
  const code_challenge = await oidc.calculatePKCECodeChallenge(verifier);
  const url = oidc.buildAuthorizationUrl(config, { redirect_uri, scope, code_challenge, code_challenge_method: 'S256', state, nonce, ...more });
  const back = await signedInBy(browser, url);
  const tokens = await oidc.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true, ...(more.max_age && { maxAge: Number(more.max_age) }) });
  return { tokens, back };
}

const discover = (id, auth) => oidc.discovery(new URL(base), id, { id_token_signed_response_alg: 'ES256' }, auth, { execute: [oidc.allowInsecureRequests] });
const browser = new Browser();
let first;

await check('a client with a secret signs a person in', async () => {
  const config = await discover('bank', oidc.ClientSecretBasic('a secret for the demonstration'));
  const { tokens } = await signIn(config, browser, 'openid profile phone');
  const claims = tokens.claims();
  first = { config, tokens, claims };
  assert.equal(claims.iss, base);
  assert.deepEqual(claims.amr, ['pin', 'otp', 'mfa']);
  const told = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
  assert.equal(told.phone_number, '+26658001234');
  assert.equal(told.name, 'Lineo Mokhethi');
});

await check('once more without a question, with the secret in the body and max_age', async () => {
  const config = await discover('bank', oidc.ClientSecretPost('a secret for the demonstration'));
  const { tokens } = await signIn(config, browser, 'openid profile', { prompt: 'none', max_age: '600' });
  assert.equal(tokens.claims().sub, first.claims.sub);
});

await check('a public client signs in by PKCE alone, under the same pairwise name on the same host', async () => {
  const { tokens } = await signIn(await discover('app', oidc.None()), browser, 'openid');
  assert.equal(tokens.claims().sub, first.claims.sub);
  assert.equal(tokens.claims().name, undefined);
});

await check("the country's own client learns the true identifier", async () => {
  const { tokens } = await signIn(await discover('ministry', oidc.None()), browser, 'openid profile');
  assert.match(tokens.claims().sub, /^per_/);
});

await check('an error comes back as one', async () => {
  const config = await discover('bank', oidc.ClientSecretBasic('a secret for the demonstration'));
  await assert.rejects(signIn(config, new Browser(), 'openid', { prompt: 'none' }), error => error.error === 'login_required');
  const wrong = await discover('bank', oidc.ClientSecretBasic('wrong'));
  await assert.rejects(signIn(wrong, browser, 'openid'), error => error.status === 401);
});

await check('a token is taken back', async () => {
  await oidc.tokenRevocation(first.config, first.tokens.access_token);
  await assert.rejects(oidc.fetchUserInfo(first.config, first.tokens.access_token, first.claims.sub));
});

await check('the client signs the person out', async () => {
  const url = oidc.buildEndSessionUrl(first.config, { id_token_hint: first.tokens.id_token, post_logout_redirect_uri: 'http://localhost:3999/bye', state: 's' });
  const back = await browser.ask(url);
  assert.equal(back.href, 'http://localhost:3999/bye?state=s');
  await assert.rejects(signIn(first.config, browser, 'openid', { prompt: 'none' }), error => error.error === 'login_required');
});
