import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';

const style = `
:root { color-scheme: light dark; }
body { margin: 10vh auto; max-width: 34rem; padding: 0 1.5rem; font: 1rem/1.5 system-ui, sans-serif; color: #1b1f24; background: #fff; }
h1 { font-size: 1.5rem; line-height: 1.25; }
button, input { font: inherit; padding: 0.5rem 1rem; border-radius: 0.375rem; border: 1px solid #59636e; }
button { background: #0b57d0; border-color: #0b57d0; color: #fff; cursor: pointer; }
button.quiet { background: none; color: inherit; border-color: #59636e; }
input { background: none; color: inherit; width: 100%; box-sizing: border-box; margin: 0.25rem 0 0.75rem; }
form { margin: 1rem 0; }
a { color: #0b57d0; }
bdi { font-weight: 600; overflow-wrap: anywhere; }
@media (prefers-color-scheme: dark) {
  body { color: #f0f3f6; background: #0d1117; }
  a { color: #8ab4f8; }
}`;

const styleHash = createHash('sha256').update(style).digest('base64');

/** HTML whose text is escaped. Only `html` makes one. */
export type Html = { readonly html: string };

const escaped = (text: string) => text.replaceAll(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
const rendered = (value: string | Html | readonly Html[]): string => {
  if (typeof value === 'string') return escaped(value);
  return 'html' in value ? value.html : value.map(({ html: text }) => text).join('');
};

/** A piece of a page: what is put in is text, unless it is such a piece itself. */
export const html = (parts: TemplateStringsArray, ...values: readonly (string | Html | readonly Html[])[]): Html => ({
  html: parts.reduce((text, part, index) => `${text}${rendered(values[index - 1]!)}${part}`),
});

export type Page = {
  title: string;
  body: Html;
  status?: number;
  /** Where a form may lead beside Tenure itself: browsers follow redirects of forms there only. */
  leadsTo?: string | undefined;
};

/** Sends a page that loads and runs nothing, is kept nowhere and framed by nobody. */
export const sendPage = (reply: FastifyReply, { title, body, status = 200, leadsTo }: Page): string => {
  const action = leadsTo === undefined ? "'self'" : `'self' ${new URL(leadsTo).origin}`;
  reply
    .status(status)
    .header('content-type', 'text/html; charset=utf-8')
    .header(
      'content-security-policy',
      `default-src 'none'; style-src 'sha256-${styleHash}'; form-action ${action}; frame-ancestors 'none'; base-uri 'none'`,
    )
    .header('cache-control', 'no-store')
    .header('x-content-type-options', 'nosniff')
    // Browsers say where a form was sent from only where they may say so to our own site.
    .header('referrer-policy', 'same-origin');
  const whole = html`<h1>${title}</h1>
    ${body}`;
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escaped(title)} – Tenure</title><meta name="viewport" content="width=device-width, initial-scale=1"><style>${style}</style></head><body><main>${whole.html}</main></body></html>`;
};

/** A form with one button. */
export const buttonForm = (
  action: string,
  label: string,
  fields: Readonly<Record<string, string>> = {},
  quiet = false,
): Html => {
  const hidden = Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
  );
  return html`<form method="post" action="${action}">
    ${hidden}<button ${{ html: quiet ? 'class="quiet"' : '' }}>${label}</button>
  </form>`;
};
