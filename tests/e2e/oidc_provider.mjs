// A real OpenID Connect provider for the tests (oidc-provider, certified): prints its issuer, serves until its
// input ends. Everybody may sign in with any password; "chief" is in the group vf-admins.
//   node oidc_provider.mjs REDIRECT_URI API_AUDIENCE
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

console.info = console.warn = console.log = console.error; // the issuer alone goes to stdout

const [redirectUri, audience] = process.argv.slice(2);
const server = createServer((request, response) => provider.callback()(request, response));
let provider;

server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  provider = new Provider(issuer, {
    clients: [
      {
        client_id: 'videoforge',
        client_secret: 'a client & its secret: +/=',
        redirect_uris: [redirectUri],
        response_types: ['code'],
        grant_types: ['authorization_code'],
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    cookies: { keys: ['for tests only'] },
    pkce: { required: () => true },
    conformIdTokenClaims: false, // profile and e-mail stand in the ID token
    claims: { openid: ['sub'], profile: ['preferred_username', 'groups'], email: ['email'] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: async () => ({
        sub: id,
        preferred_username: id,
        email: `${id}@example.org`,
        groups: id === 'chief' ? ['everybody', 'vf-admins'] : ['everybody'],
      }),
    }),
    features: {
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({ scope: '', audience, accessTokenFormat: 'jwt' }),
      },
    },
  });
  process.stdout.write(`${issuer}\n`);
});
process.stdin.on('end', () => process.exit(0)).resume();
