// Lineo in a browser, more or less, and how a check is told. The example provider listens at `base`.
export const base = process.env.PROVIDER ?? 'http://localhost:8098';
export const redirect_uri = 'http://localhost:3999/cb';

/** A browser, more or less: cookies, forms with their token, redirects that stay on the site. */
export class Browser {
  cookies = new Map();
  page = '';
  async ask(url, fields) {
    const headers = { accept: 'text/html', cookie: [...this.cookies].map(([n, v]) => `${n}=${v}`).join('; ') };
    let init = { headers, redirect: 'manual' };
    if (fields) {
      const token = this.page.match(/name="_form" value="([^"]+)"/)?.[1] ?? '';
      const body = new URLSearchParams({ _form: token, ...fields });
      // The boxes that stand ticked go along, as in a browser.
      for (const input of this.page.match(/<input[^>]*type="checkbox"[^>]*>/g) ?? []) {
        if (/ checked/.test(input)) body.append('claim', input.match(/value="([^"]+)"/)[1]);
      }
      init = { ...init, method: 'POST', body, headers: { ...headers, origin: base } };
    }
    const answer = await fetch(new URL(url, base), init);
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = line.split(';')[0].split('=');
      if (line.includes('Max-Age=0')) this.cookies.delete(name); else this.cookies.set(name, value);
    }
    const to = answer.headers.get('location');
    if (!to) { this.page = await answer.text(); return null; }
    const next = new URL(to, base);
    return next.origin === base ? this.ask(next) : next;
  }
}

/** The codes in the inbox. */
async function codes() {
  const page = await (await fetch(`${base}/inbox`, { headers: { accept: 'text/html' } })).text();
  return [...page.matchAll(/(\d{6}) is your code/g)].map((found) => found[1]);
}

/** The code that arrives beside those that were there. */
async function newCode(before) {
  for (let turn = 0; turn < 50; turn++) {
    const all = await codes();
    if (all.length > before.length) return all.find((code) => !before.includes(code));
    await new Promise((done) => setTimeout(done, 100));
  }
  throw new Error('no code arrived');
}

/** Signs Lineo in where she is asked to, and agrees; gives the address at which the client gets its answer. */
export async function signedInBy(browser, url) {
  let back = await browser.ask(url);
  if (!back && browser.page.includes('Who is signing in?')) {
    await browser.ask('/oauth2/sign-in', { kind: 'person' });
    await browser.ask('/oauth2/sign-in/login', { login: '012 345 6789' });
    const before = await codes();
    await browser.ask('/oauth2/sign-in/secret', { secret: '471183' });
    back = await browser.ask('/oauth2/sign-in/code', { code: await newCode(before) });
  }
  return back ?? (await browser.ask('/oauth2/sign-in/consent', {}));
}

export async function check(name, work) {
  try { await work(); console.log(`ok ${name}`); } catch (error) { process.exitCode = 1; console.log(`not ok ${name}: ${error.stack}`); }
}
