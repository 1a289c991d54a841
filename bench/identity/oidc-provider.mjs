// npm oidc-provider as its documentation sets it up: ES256, a client with a secret, JWT access tokens, rotating refresh
// tokens, its own development pages for signing in (any name is let in, no password is hashed) and its store in memory.
//   node oidc-provider.mjs PORT CLIENT SECRET REDIRECT
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { generateKeyPairSync } from "node:crypto";

const [port, clientId, secret, redirect] = process.argv.slice(2);
// The packages lie where the run put them, not beside this file.
const entry = createRequire(`${process.env.BENCH_MODULES}/`).resolve("oidc-provider");
const { Provider } = await import(pathToFileURL(entry).href);
const issuer = `http://localhost:${port}`;
const jwk = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" });
const provider = new Provider(issuer, {
  jwks: { keys: [{ ...jwk, use: "sig", alg: "ES256", kid: "1" }] },
  clients: [{
    client_id: clientId, client_secret: secret, redirect_uris: [redirect],
    grant_types: ["authorization_code", "refresh_token", "client_credentials"], id_token_signed_response_alg: "ES256",
  }],
  scopes: ["openid", "offline_access", "profile", "phone"],
  claims: { openid: ["sub"], profile: ["name", "given_name", "family_name", "birthdate"], phone: ["phone_number"] },
  features: {
    clientCredentials: { enabled: true }, introspection: { enabled: true }, devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true, defaultResource: (context) => (context.oidc?.params?.grant_type === "client_credentials" ? "urn:bench:api" : undefined),
      getResourceServerInfo: () => ({ scope: "profile", audience: "urn:bench:api", accessTokenFormat: "jwt", jwt: { sign: { alg: "ES256" } } }),
    },
  },
  rotateRefreshToken: true,
  findAccount: (_, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: "Lineo Mokhethi", given_name: "Lineo", family_name: "Mokhethi", birthdate: "1990-01-01", phone_number: "+26658001234" }),
  }),
});
provider.listen(Number(port), "127.0.0.1");
