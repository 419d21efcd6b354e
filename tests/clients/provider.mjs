// A real identity provider (npm's oidc-provider) on loopback, for tests. Usage:
// node provider.mjs PORT JWK. PORT 0 lets the system choose; JWK is the public key of the client
// "smart", which proves itself by private_key_jwt (SMART Backend Services). Prints one line of JSON once it listens, and ends with its process.
//
// POST /token        the client credentials grant; `resource` chooses the token's kind, see below
// GET  /jwks         its public keys
// POST /test/rotate  new keys under new ids; the old ones are gone
// GET  /test/count   how often /jwks was asked for
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";

const AUDIENCE = "urn:intramural";
const kinds = {
  "urn:test:rs256": { alg: "RS256" },
  "urn:test:es256": { alg: "ES256" },
  "urn:test:elsewhere": { alg: "RS256", audience: "urn:elsewhere" },
  "urn:test:es384": { alg: "ES384" },
  "urn:test:short": { alg: "ES256", ttl: 1 },
};
const clients = [
  { id: "ward-software", roles: ["ward-clinician"] },
  { id: "kitchen", roles: ["cook"] },
  { id: "smart", roles: ["ward-clinician"], key: JSON.parse(process.argv[3]) },
];

function keys() {
  const made = [
    ["RS256", generateKeyPairSync("rsa", { modulusLength: 2048 })],
    ["ES256", generateKeyPairSync("ec", { namedCurve: "P-256" })],
    ["ES384", generateKeyPairSync("ec", { namedCurve: "P-384" })],
  ];
  return made.map(([alg, { privateKey }]) => ({
    ...privateKey.export({ format: "jwk" }),
    kid: randomUUID(),
    use: "sig",
    alg,
  }));
}

function provider(issuer) {
  return new Provider(issuer, {
    jwks: { keys: keys() },
    clients: clients.map(({ id, key }) => ({
      client_id: id,
      ...(key
        ? {
            token_endpoint_auth_method: "private_key_jwt",
            token_endpoint_auth_signing_alg: "ES384",
            jwks: { keys: [key] },
          }
        : { client_secret: "secret" }),
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
    })),
    clientAuthMethods: ["client_secret_basic", "private_key_jwt"],
    enabledJWA: { clientAuthSigningAlgValues: ["ES384"] },
    extraTokenClaims: (ctx, token) => ({
      roles: clients.find(({ id }) => id === token.clientId).roles,
    }),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (ctx, resource) => ({
          scope: "",
          audience: kinds[resource].audience ?? AUDIENCE,
          accessTokenFormat: "jwt",
          accessTokenTTL: kinds[resource].ttl ?? 600,
          jwt: { sign: { alg: kinds[resource].alg } },
        }),
      },
    },
  });
}

let handle;
let count = 0;
const server = createServer((request, response) => {
  if (request.url === "/test/rotate") {
    handle = provider(issuer).callback();
    response.end("{}");
  } else if (request.url === "/test/count") {
    response.end(JSON.stringify(count));
  } else {
    if (request.url === "/jwks") count += 1;
    handle(request, response);
  }
});
let issuer;
server.listen(Number(process.argv[2]), "127.0.0.1", () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  handle = provider(issuer).callback();
  console.log(JSON.stringify({ issuer }));
});
