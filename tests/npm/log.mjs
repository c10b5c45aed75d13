// What arrived at the provider and what it gave away: the tests count code redemptions here, and
// learn every secret of a login, to search for it where it must not be.

const TOKENS = /^(access_token|refresh_token|id_token)$/;

function fields(text, type = '') {
  if (!type.startsWith('application/x-www-form-urlencoded')) return {};
  return Object.fromEntries(new URLSearchParams(text));
}

export class Log {
  entries = [];

  // Notes a request as it arrives, before anything can go wrong with it.
  begin(request, url, text) {
    const entry = {
      method: request.method,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      body: text,
      form: fields(text, request.headers['content-type']),
      authorization: request.headers.authorization ?? null,
      status: null,
      issued: {},
    };
    this.entries.push(entry);
    return entry;
  }

  // Notes the answer: its status, the code in a redirect or form_post page, the tokens in JSON.
  watch(entry, response) {
    const chunks = [];
    const { end, write } = response;
    response.write = (chunk, ...rest) => { chunks.push(Buffer.from(chunk)); return write.call(response, chunk, ...rest); };
    response.end = (chunk, ...rest) => {
      if (chunk && typeof chunk !== 'function') chunks.push(Buffer.from(chunk));
      this.note(entry, response, Buffer.concat(chunks).toString());
      return end.call(response, chunk, ...rest);
    };
  }

  note(entry, response, text) {
    entry.status = response.statusCode;
    const code = /[?&]code=([^&]+)/.exec(response.getHeader('location') ?? '')
      ?? /name="code" value="([^"]+)"/.exec(text);
    if (code) entry.issued.code = decodeURIComponent(code[1]);
    if (entry.path !== '/token') return;
    try {
      for (const [name, value] of Object.entries(JSON.parse(text))) {
        if (TOKENS.test(name)) entry.issued[name] = value;
        if (name === 'error') entry.error = value;
      }
    } catch { /* an answer that is not JSON issues nothing */ }
  }
}
