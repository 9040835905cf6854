// A real OpenID provider (the npm package oidc-provider) for test_account_sign_in_real.py: port, address to come back to.
import Provider from 'oidc-provider';

const [port, back] = process.argv.slice(2);
const provider = new Provider(`http://localhost:${port}`, {
  clients: [{
    client_id: 'rapport', client_secret: 'a-secret-of-the-centre-that-is-long', redirect_uris: [back],
    grant_types: ['authorization_code'], response_types: ['code'],
  }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'] },
  pkce: { required: () => true },
  // Whoever signs in as "x" has the address x@example.org, which is checked.
  findAccount: (_, id) => ({
    accountId: id, claims: () => ({ sub: id, email: `${id}@example.org`, email_verified: true }),
  }),
});
provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
