// Google's addresses and habits, laid over the provider: its paths, a refresh token only for
// access_type=offline with the user's consent, answers to a refresh without refresh_token, and scopes
// granted under their long names. What Google adds to the link it keeps no record of.

const LONG = { email: 'https://www.googleapis.com/auth/userinfo.email', profile: 'https://www.googleapis.com/auth/userinfo.profile' };

export const google = {
  settings: (log) => ({
    routes: { authorization: '/o/oauth2/v2/auth', token: '/token', userinfo: '/v1/userinfo', revocation: '/revoke' },
    rotateRefreshToken: false,
    issueRefreshToken: () => {
      const link = log.entries.findLast((entry) => entry.path === '/o/oauth2/v2/auth')?.query ?? {};
      return link.access_type === 'offline' && (link.prompt ?? '').split(' ').includes('consent');
    },
  }),

  answers: async (ctx, next) => {
    await next();
    if (ctx.path !== '/token' || !ctx.body?.access_token) return;
    if (ctx.oidc.params.grant_type === 'refresh_token') delete ctx.body.refresh_token;
    ctx.body.scope = (ctx.body.scope ?? '').split(' ').map((scope) => LONG[scope] ?? scope).join(' ');
  },
};
