// Makes the programs' keys and writes what the example provider has to know of them: keys.json, clients.json.
import * as jose from 'jose';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';

async function pair(alg) {
  const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
  const [open, secret] = [await jose.exportJWK(publicKey), await jose.exportJWK(privateKey)];
  const kid = await jose.calculateJwkThumbprint(open);
  return [{ ...open, kid, alg, use: alg.startsWith('ECDH') ? 'enc' : 'sig' }, { ...secret, kid }];
}

const [verify, sign] = await pair('ES256');
const [seal, open] = await pair('ECDH-ES+A256KW');
const redirect_uris = ['http://localhost:3999/cb'];
const lender = {
  client_id: 'lender', client_name: { en: 'The Lender', st: 'Mokalimi' }, profile: 'fapi2', token_endpoint_auth_method: 'private_key_jwt',
  jwks: { keys: [verify] }, redirect_uris, scope: 'profile offline_access payments.read',
  grant_types: ['authorization_code', 'refresh_token', 'client_credentials', 'urn:ietf:params:oauth:grant-type:device_code'],
};
const clients = [
  lender,
  { ...lender, client_id: 'signing-lender', require_signed_request_object: true },
  { ...lender, client_id: 'asker', profile: 'plain', scope: 'profile', grant_types: ['urn:openid:params:grant-type:ciba'] },
  {
    ...lender, client_id: 'sealed', profile: 'plain', scope: 'profile', jwks: { keys: [verify, seal] }, grant_types: ['authorization_code'],
    id_token_encrypted_response_alg: 'ECDH-ES+A256KW', userinfo_signed_response_alg: 'ES256', userinfo_encrypted_response_alg: 'ECDH-ES+A256KW',
  },
];
const digest = createHash('sha256').update('identity client 1:').update('a secret for apache, long enough').digest('base64url');
clients.push({
  client_id: 'apache', client_name: { en: 'The Intranet', st: 'Inthanete' }, token_endpoint_auth_method: 'client_secret_basic',
  client_secret_digest: digest, redirect_uris: ['http://localhost:8097/inside/cb'], scope: 'profile',
});
writeFileSync('clients.json', JSON.stringify(clients));
writeFileSync('keys.json', JSON.stringify({ sign, open }));
