// The whole flow by oauth4webapi, an OAuth library for browsers and servers that knows nothing of Usher: discovery, PKCE,
// code, token, seat call, refresh, seat call. Prints `ok:` or `FAILED:` lines.
import { execFileSync } from 'node:child_process'
import * as oauth from 'oauth4webapi'

const { BASE_URL, APP_ID, APP_SECRET, AUTHORIZE_CMD } = process.env
const REDIRECT_URI = 'http://localhost:3000/callback'
const SCOPE = 'app_engine:seat_activities:read offline_access'
const insecure = { [oauth.allowInsecureRequests]: true }
let failed = 0
const check = (name, right, seen) => {
  if (!right) failed++
  console.log(right ? `ok: oauth4webapi: ${name}` : `FAILED: oauth4webapi: ${name}\n   seen: ${JSON.stringify(seen)}`)
}
const seats = async token => {
  const answer = await fetch(`${BASE_URL}/open-apis/apaas/v1/seat_activities?seat_type=per_user&page_size=2`,
    { headers: { authorization: `Bearer ${token}` } })
  return answer.json()
}

const issuer = new URL(BASE_URL)
const discovered = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
const server = await oauth.processDiscoveryResponse(issuer, discovered)
check('discovers the server', server.token_endpoint?.startsWith(BASE_URL), server)
const client = { client_id: APP_ID }

for (const [kind, authentication] of [['Basic', oauth.ClientSecretBasic(APP_SECRET)], ['Post', oauth.ClientSecretPost(APP_SECRET)]]) {
  const verifier = oauth.generateRandomCodeVerifier(), state = oauth.generateRandomState()
  const url = new URL(server.authorization_endpoint)
  for (const [name, value] of Object.entries({ client_id: APP_ID, response_type: 'code', redirect_uri: REDIRECT_URI, scope: SCOPE,
    state, code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256' })) url.searchParams.set(name, value)
  const back = execFileSync('/bin/sh', ['-c', AUTHORIZE_CMD], { env: { ...process.env, AUTHORIZE_URL: url.href } }).toString().trim()
  const parameters = oauth.validateAuthResponse(server, client, new URL(back), state)
  const answer = await oauth.authorizationCodeGrantRequest(server, client, authentication, parameters, REDIRECT_URI, verifier, insecure)
  const first = await oauth.processAuthorizationCodeResponse(server, client, answer)
  check(`${kind}: the code gives a token`, first.access_token?.startsWith('u-') && first.refresh_token, Object.keys(first))
  check(`${kind}: the token reads the seats`, (await seats(first.access_token)).data?.items?.length === 2)
  const refreshed = await oauth.refreshTokenGrantRequest(server, client, authentication, first.refresh_token, insecure)
  const second = await oauth.processRefreshTokenResponse(server, client, refreshed)
  check(`${kind}: the refresh gives another pair`, second.access_token !== first.access_token && second.refresh_token !== first.refresh_token)
  check(`${kind}: the new token reads the seats`, (await seats(second.access_token)).code === 0)
  const again = await oauth.refreshTokenGrantRequest(server, client, authentication, first.refresh_token, insecure)
  const refusal = await oauth.processRefreshTokenResponse(server, client, again).then(() => null, error => error)
  check(`${kind}: a spent refresh token is refused`, refusal?.error === 'invalid_grant', refusal?.error)
}
process.exit(failed ? 1 : 0)
