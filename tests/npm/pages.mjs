// The provider's two pages: who are you, and may this application know. Plain forms, no script.

const escape = (text) => String(text).replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const page = (uid, title, inside) => `<!doctype html><html lang="en"><title>${escape(title)}</title>
<h1>${escape(title)}</h1><form method="post" action="/interaction/${uid}">${inside}
<button name="decision" value="allow">Continue</button>
<button name="decision" value="deny">Cancel</button></form></html>`;

async function grant(provider, { grantId, params, prompt: { details }, session }) {
  const stored = grantId ? await provider.Grant.find(grantId)
    : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  if (details.missingOIDCScope) stored.addOIDCScope(details.missingOIDCScope.join(' '));
  if (details.missingOIDCClaims) stored.addOIDCClaims(details.missingOIDCClaims);
  return stored.save();
}

export async function pages(provider, request, response, text) {
  const details = await provider.interactionDetails(request, response);
  const { uid, params, prompt } = details;
  if (request.method === 'GET') {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(prompt.name === 'login'
      ? page(uid, 'Sign in', `<input name="login" value="${escape(params.login_hint ?? '')}">`)
      : page(uid, `Allow ${params.client_id}`, ''));
    return;
  }
  const form = Object.fromEntries(new URLSearchParams(text));
  let result;
  if (form.decision === 'deny') {
    result = { error: 'access_denied', error_description: 'description-that-nobody-may-show' };
  } else if (prompt.name === 'login') {
    result = { login: { accountId: form.login } };
  } else {
    result = { consent: { grantId: await grant(provider, details) } };
  }
  await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: form.decision !== 'deny' });
}
