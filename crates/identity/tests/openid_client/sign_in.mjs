// Another's OpenID client (npm openid-client, OpenID-certified) signs Lineo in against the example provider:
// `cargo run -p identity --example provider &`, then `npm ci && npm test` here. Ends with "N passed, N failed".
import * as oidc from 'openid-client';
import assert from 'node:assert/strict';

const base = process.argv[2] ?? 'http://localhost:8098';
const redirect_uri = 'http://localhost:3999/cb';
let passed = 0, failed = 0;

/** A browser, more or less: cookies, forms with their token, redirects that stay on the site. */
class Browser {
  cookies = new Map();
  page = '';
  async ask(url, fields) {
    const headers = { accept: 'text/html', cookie: [...this.cookies].map(([n, v]) => `${n}=${v}`).join('; ') };
    let init = { headers, redirect: 'manual' };
    if (fields) {
      const token = this.page.match(/name="_form" value="([^"]+)"/)?.[1] ?? '';
      init = { ...init, method: 'POST', body: new URLSearchParams({ _form: token, ...fields }), headers: { ...headers, origin: base } };
    }
    const answer = await fetch(new URL(url, base), init);
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split('=');
      if (line.includes('Max-Age=0')) this.cookies.delete(name); else this.cookies.set(name, value);
    }
    const to = answer.headers.get('location');
    if (!to) { this.page = await answer.text(); return null; }
    const next = new URL(to, base);
    return next.origin === base ? this.ask(next) : next;
  }
}

async function code() {
  for (let turn = 0; turn < 50; turn++) {
    const page = await (await fetch(`${base}/inbox`, { headers: { accept: 'text/html' } })).text();
    const found = page.match(/(\d{6}) is your code/);
    if (found) return found[1];
    await new Promise(done => setTimeout(done, 100));
  }
  throw new Error('no code arrived');
}

async function signIn(config, browser, scope, more = {}) {
  const verifier = oidc.randomPKCECodeVerifier();
  const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
  const code_challenge = await oidc.calculatePKCECodeChallenge(verifier);
  const url = oidc.buildAuthorizationUrl(config, { redirect_uri, scope, code_challenge, code_challenge_method: 'S256', state, nonce, ...more });
  let back = await browser.ask(url);
  if (browser.page.includes('Who is signing in?') && !back) {
    await browser.ask('/oauth2/sign-in', { kind: 'person' });
    await browser.ask('/oauth2/sign-in/login', { login: '012 345 6789' });
    await browser.ask('/oauth2/sign-in/secret', { secret: '471183' });
    back = await browser.ask('/oauth2/sign-in/code', { code: await code() });
  }
  if (!back) back = await browser.ask('/oauth2/sign-in/consent', {});
  const tokens = await oidc.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true, ...(more.max_age && { maxAge: Number(more.max_age) }) });
  return { tokens, back };
}

async function check(name, work) {
  try { await work(); passed++; console.log(`ok   ${name}`); } catch (error) { failed++; console.log(`FAIL ${name}: ${error.stack}`); }
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
  assert.equal(claims.name, 'Lineo Mokhethi');
  assert.deepEqual(claims.amr, ['pin', 'otp', 'mfa']);
  const told = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
  assert.equal(told.phone_number, '+26658001234');
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

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
