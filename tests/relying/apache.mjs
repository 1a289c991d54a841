// Debian's libapache2-mod-auth-openidc guards a page: Apache sends the browser to us, redeems the code, asks userinfo and lets
// her in. Prints one line a check; run by `suite` where Apache and the module are installed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Browser, base, check, signedInBy } from './person.mjs';

const module_file = '/usr/lib/apache2/modules/mod_auth_openidc.so';
if (!existsSync(module_file)) { console.log('ok # skipped: libapache2-mod-auth-openidc is not installed'); process.exit(0); }

const folder = mkdtempSync(join(tmpdir(), 'letsema-apache-'));
chmodSync(folder, 0o755);
mkdirSync(join(folder, 'www/inside'), { recursive: true });
writeFileSync(join(folder, 'www/inside/index.html'), 'let in');
const modules = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'dir', 'headers', 'auth_openidc'];
writeFileSync(join(folder, 'apache.conf'), `
ServerRoot ${folder}
ServerName localhost
Listen 127.0.0.1:8097
PidFile ${folder}/pid
ErrorLog ${folder}/error.log
User www-data
Group www-data
${modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
DocumentRoot ${folder}/www
DirectoryIndex index.html
OIDCProviderMetadataURL ${base}/.well-known/openid-configuration
OIDCClientID apache
OIDCClientSecret "a secret for apache, long enough"
OIDCRedirectURI http://localhost:8097/inside/cb
OIDCCryptoPassphrase "only for this test"
OIDCScope "openid profile"
OIDCPKCEMethod S256
OIDCProviderTokenEndpointAuth client_secret_basic
OIDCCookieSameSite On
OIDCRemoteUserClaim sub
OIDCPassClaimsAs both
<Location /inside>
  AuthType openid-connect
  # Not by whether it looks like a script: this test's browser is one.
  OIDCUnAuthAction auth true
  Require valid-user
  Header always set X-Name "%{OIDC_CLAIM_name}e"
  Header always set X-Issuer "%{OIDC_CLAIM_iss}e"
</Location>
`);
const apache = spawn('/usr/sbin/apache2', ['-X', '-f', join(folder, 'apache.conf')], { stdio: 'ignore' });
process.on('exit', () => { apache.kill(); rmSync(folder, { recursive: true, force: true }); });

/** What Apache's own cookies are kept in: its site is another than ours. */
const cookies = new Map();
async function visit(url) {
  const answer = await fetch(url, { redirect: 'manual', headers: { accept: 'text/html', cookie: [...cookies].map(([n, v]) => `${n}=${v}`).join('; ') } });
  for (const line of answer.headers.getSetCookie()) {
    const [pair] = line.split(';');
    cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
  }
  return answer;
}

await check('mod_auth_openidc: a page behind it is opened by signing in', async () => {
  let first;
  for (let turn = 0; turn < 50 && !first; turn++) {
    first = await visit('http://localhost:8097/inside/').catch(() => null);
    if (!first) await new Promise((done) => setTimeout(done, 100));
  }
  const to = new URL(first.headers.get('location'));
  assert.equal(to.origin, base);
  assert.equal(to.searchParams.get('code_challenge_method'), 'S256');
  const back = await signedInBy(new Browser(), to);
  const redeemed = await visit(back);
  assert.equal(redeemed.status, 302, await redeemed.text());
  const inside = await visit('http://localhost:8097/inside/');
  assert.equal(await inside.text(), 'let in');
  assert.equal(inside.headers.get('x-name'), 'Lineo Mokhethi');
  assert.equal(inside.headers.get('x-issuer'), base);
});

await check('mod_auth_openidc: an answer of another issuer or another sign-in is not taken', async () => {
  const other = await visit('http://localhost:8097/inside/cb?code=x&state=y');
  assert.notEqual(other.status, 302);
});
apache.kill();
