// A real OpenID provider for the test: node-oidc-provider on a free port of this machine, with its development pages,
// where any name signs in with any password.
//
//   node provider.mjs MODULES REDIRECT_URI CLIENT_ID CLIENT_SECRET
//
// MODULES is the folder with node_modules. Prints its issuer as the only line, then serves until it is stopped.
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

const [modules, redirectUri, clientId, clientSecret] = process.argv.slice(2);
const { default: Provider } = await import(pathToFileURL(`${modules}/node_modules/oidc-provider/lib/index.js`).href);

const server = createServer();
await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
const issuer = `http://127.0.0.1:${server.address().port}`;
const provider = new Provider(issuer, {
  clients: [{
    client_id: clientId,
    client_secret: clientSecret,
    redirect_uris: [redirectUri],
    response_types: ['code'],
    grant_types: ['authorization_code'],
  }],
  claims: { openid: ['sub'], email: ['email'], profile: ['preferred_username'] },
  conformIdTokenClaims: false,
  cookies: { keys: ['only for this test'] },
  features: { devInteractions: { enabled: true } },
  pkce: { methods: ['S256'], required: () => true },
  // Every account says it has the same address: whoever linked by address would mix all of them up.
  findAccount: (_, id) => ({
    accountId: id,
    claims: async () => ({ sub: id, preferred_username: id, email: 'shared@example.com' }),
  }),
});
server.on('request', provider.callback());
console.log(issuer);
