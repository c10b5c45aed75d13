// The OpenID provider that the black-box tests sign in with: npm `oidc-provider`, a certified
// implementation by others, with pages of its own that any user name passes.
//
// It owns: one HTTP server on 127.0.0.1, the users' pages, a protected resource (`/resource`), a place
// that takes and notes anything (`/collect`), and `/control/…`, by which a test reads what arrived and makes the server misbehave. Nothing here checks Celadon.
//
// Started with one JSON argument (see `settings`). Prints one line of JSON with its issuer once it
// listens, and ends when its standard input does, so that it never outlives its test.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

import { google } from './google.mjs';
import { Log } from './log.mjs';
import { Memory } from './memory.mjs';
import { pages } from './pages.mjs';

const modules = process.env.CELADON_NODE_MODULES;
const { Provider } = await import(pathToFileURL(`${modules}/oidc-provider/lib/index.js`));

const settings = {
  port: 0,
  // Seconds that tokens live.
  ttl: { AccessToken: 3600, IdToken: 3600, RefreshToken: 86400 },
  // `always`: every code yields a refresh token; `offline`: only scope offline_access with prompt=consent does.
  refresh_tokens: 'always',
  // Whether the identity's claims stand in the ID token too, not at the userinfo endpoint alone.
  claims_in_id_token: false,
  userinfo: true,
  // Whether every answer comes by form_post, whatever was asked for, as Apple's does for e-mail addresses.
  form_post: false,
  // Added to what every sign-in knows of the user.
  claims: {},
  // Google's addresses and habits, see google.mjs.
  google: false,
  clients: [],
  ...JSON.parse(process.argv[2] ?? '{}'),
};

const cookieKeys = [randomBytes(16).toString('hex')];
const log = new Log();
const faults = new Map();
let keys = [];
let provider;
let callback;
let issuer;

function rotateKeys() {
  const kid = randomBytes(6).toString('hex');
  const pair = (type, options) => generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' });
  keys = [
    { ...pair('rsa', { modulusLength: 2048 }), use: 'sig', alg: 'RS256', kid: `r-${kid}` },
    { ...pair('ec', { namedCurve: 'P-256' }), use: 'sig', alg: 'ES256', kid: `e-${kid}` },
  ];
}

async function findAccount(_ctx, id) {
  const local = id.split('@')[0];
  return {
    accountId: id,
    claims: async () => ({
      sub: id, email: `${local}@example.test`, email_verified: true, name: `Name of ${local}`, ...settings.claims,
    }),
  };
}

// The library reads its settings once, so a change makes a new instance over the same storage.
function rebuild() {
  const offline = settings.refresh_tokens === 'offline' ? {} : {
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
  };
  provider = new Provider(issuer, {
    ...offline,
    adapter: Memory,
    clients: settings.clients,
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', ...Object.keys(settings.claims)] },
    conformIdTokenClaims: !settings.claims_in_id_token,
    cookies: { keys: cookieKeys, names: { session: `_op${settings.port}`, interaction: `_op${settings.port}_i`, resume: `_op${settings.port}_r` } },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'none'],
    enabledJWA: { clientAuthSigningAlgValues: ['HS256', 'RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'] },
    features: {
      devInteractions: { enabled: false },
      revocation: { enabled: true },
      introspection: { enabled: true },
      userinfo: { enabled: settings.userinfo },
    },
    findAccount,
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    jwks: { keys },
    rotateRefreshToken: true,
    scopes: ['openid', 'offline_access', 'email', 'profile'],
    ttl: { AuthorizationCode: 60, Grant: 86400, Interaction: 600, Session: 86400, ...settings.ttl },
    ...(settings.google ? google.settings(log) : {}),
  });
  if (settings.google) provider.use(google.answers);
  provider.on('server_error', (_ctx, error) => process.stderr.write(`${error.stack}\n`));
  callback = provider.callback();
}

async function resource(request, response) {
  const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
  const found = await provider.AccessToken.find(token);
  response.setHeader('content-type', 'application/json');
  if (!found || found.isExpired) {
    response.writeHead(401, { 'www-authenticate': 'Bearer error="invalid_token"' }).end('{"error":"invalid_token"}');
    return;
  }
  response.end(JSON.stringify({ resource: 'a protected resource', owner: found.accountId }));
}

const control = {
  '/control/log': () => log.entries,
  '/control/fault': ({ path, ...fault }) => { faults.set(path, { times: Infinity, ...fault }); },
  '/control/heal': () => {
    for (const { release } of faults.values()) release?.();
    faults.clear();
  },
  '/control/rotate-keys': () => { rotateKeys(); rebuild(); },
  '/control/settings': (changes) => { Object.assign(settings, changes); rebuild(); },
  '/control/client': (client) => {
    settings.clients = [...settings.clients.filter((c) => c.client_id !== client.client_id), client];
    rebuild();
  },
  '/control/revoke': () => Memory.forget(['Grant', 'AccessToken', 'RefreshToken']),
};

// A fault: `status` (with `body`, `headers`) answers at once; `hang` never answers; `drop` closes the
// connection; `wait` holds a request until the server is healed and then serves it as usual;
// `after: true` lets the server do its work first and only then loses the answer.
async function misbehave(fault, request, response) {
  if (fault.hang) {
    await new Promise((release) => { fault.release = release; request.on('close', release); });
    response.destroy();
  } else if (fault.drop) {
    response.destroy();
  } else {
    response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers });
    response.end(fault.body ?? '{"error":"server_error"}');
  }
}

async function body(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function serve(request, response) {
  const url = new URL(request.url, issuer);
  const text = await body(request);
  if (url.pathname in control) {
    const answer = control[url.pathname](text ? JSON.parse(text) : {}) ?? {};
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answer));
    return;
  }
  if (settings.form_post && url.pathname === '/auth') request.url += '&response_mode=form_post';
  // The library takes a body that was read before from here.
  if (text) request.body = text;
  const entry = log.begin(request, url, text);
  const fault = faults.get(url.pathname);
  const failing = fault && fault.times-- > 0;
  if (failing && fault.wait) {
    await new Promise((release) => { fault.release = release; });
  } else if (failing && !fault.after) {
    await misbehave(fault, request, response);
    return;
  }
  if (failing && fault.after) response.end = () => response.destroy();
  log.watch(entry, response);
  if (url.pathname === '/resource') await resource(request, response);
  else if (url.pathname === '/collect') response.setHeader('content-type', 'application/json').end('{}');
  else if (url.pathname.startsWith('/interaction/')) await pages(provider, request, response, text);
  else await callback(request, response);
}

const server = createServer((request, response) => {
  serve(request, response).catch((error) => {
    process.stderr.write(`${error.stack}\n`);
    if (!response.headersSent) response.writeHead(500);
    response.end();
  });
});
server.keepAliveTimeout = 5000;
server.listen(settings.port, '127.0.0.1', () => {
  settings.port = server.address().port;
  issuer = `http://127.0.0.1:${settings.port}`;
  rotateKeys();
  rebuild();
  process.stdout.write(`${JSON.stringify({ issuer })}\n`);
});
process.stdin.resume().on('end', () => process.exit(0));
