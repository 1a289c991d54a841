// The same provider under npm oauth4webapi, which checks each answer by itself: discovery, PAR, DPoP with its nonce, the
// answer's `iss`, introspection as a signed token (RFC 9701), revocation. Prints one line a check; run by `suite`.
import * as oauth from 'oauth4webapi';
import * as jose from 'jose';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Browser, base, check, redirect_uri, signedInBy } from './person.mjs';

const keys = JSON.parse(readFileSync(new URL('./keys.json', import.meta.url)));
const insecure = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(base);
const client = { client_id: 'lender', introspection_signed_response_alg: 'ES256' };
const key = await jose.importJWK(keys.sign, 'ES256');
const auth = oauth.PrivateKeyJwt({ key, kid: keys.sign.kid });
let as, tokens;
const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));

/** Once more when the provider wants its nonce. */
async function again(ask, read) {
  try { return await read(await ask()); } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return read(await ask());
  }
}

await check('oauth4webapi: discovery by both documents', async () => {
  as = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { ...insecure }));
  const other = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { ...insecure, algorithm: 'oauth2' }));
  assert.equal(other.issuer, as.issuer);
  assert.equal(as.registration_endpoint, undefined);
});

await check('oauth4webapi: a whole sign-in under FAPI 2.0', async () => {
  const verifier = oauth.generateRandomCodeVerifier();
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const parameters = new URLSearchParams({
    client_id: client.client_id, redirect_uri, response_type: 'code', scope: 'openid profile', state, nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
  });
  const pushed = await again(
    () => oauth.pushedAuthorizationRequest(as, client, auth, parameters, { DPoP, ...insecure }),
    (response) => oauth.processPushedAuthorizationResponse(as, client, response),
  );
  const url = new URL(as.authorization_endpoint);
  url.search = new URLSearchParams({ client_id: client.client_id, request_uri: pushed.request_uri });
  const back = await signedInBy(new Browser(), url);
  const answer = oauth.validateAuthResponse(as, client, back, state);
  tokens = await again(
    () => oauth.authorizationCodeGrantRequest(as, client, auth, answer, redirect_uri, verifier, { DPoP, ...insecure }),
    (response) => oauth.processAuthorizationCodeResponse(as, client, response, { expectedNonce: nonce, requireIdToken: true }),
  );
  const claims = oauth.getValidatedIdTokenClaims(tokens);
  const told = await again(
    () => oauth.userInfoRequest(as, client, tokens.access_token, { DPoP, ...insecure }),
    (response) => oauth.processUserInfoResponse(as, client, claims.sub, response),
  );
  assert.equal(told.name, 'Lineo Mokhethi');
});

await check('oauth4webapi: a signed introspection', async () => {
  const response = await oauth.introspectionRequest(as, client, auth, tokens.access_token, { requestJwtResponse: true, ...insecure });
  const seen = await oauth.processIntrospectionResponse(as, client, response);
  assert.equal(seen.active, true);
  assert.ok(seen.cnf.jkt);
});

await check('oauth4webapi: revocation', async () => {
  await oauth.processRevocationResponse(await oauth.revocationRequest(as, client, auth, tokens.access_token, insecure));
  const response = await oauth.introspectionRequest(as, client, auth, tokens.access_token, insecure);
  assert.equal((await oauth.processIntrospectionResponse(as, client, response)).active, false);
});
