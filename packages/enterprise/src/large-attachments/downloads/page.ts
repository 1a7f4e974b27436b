// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isMailProxyError } from '@mail-proxy/core';

interface Page {
  readonly status: number;
  readonly title: string;
  readonly text: string;
}

const NOTHING: Page = {
  status: 404,
  title: 'There is nothing here',
  text: 'This link is not as it was sent. Open it from the mail again, or copy all of it.',
};
const GONE: Page = {
  status: 410,
  title: 'This file is not available any more',
  text: 'The link has ended. Ask whoever sent it for another one.',
};
const AWAY: Page = {
  status: 503,
  title: 'This file cannot be fetched right now',
  text: 'Try again in some minutes.',
};
const RETRY_AFTER_SECONDS = 60;

/** Whether whoever asks is a person with a browser. */
export function wantsPage({ headers }: Pick<Request, 'headers'>): boolean {
  return /\btext\/html\b/i.test(headers.get('accept') ?? '');
}

/** What a person is shown of a failure; null for what is a bug. */
export function failurePage(error: unknown): Response | null {
  if (isMailProxyError(error, 'not_found')) return render(NOTHING);
  if (isMailProxyError(error, 'gone')) return render(GONE);
  if (isMailProxyError(error, 'storage_unavailable') || isMailProxyError(error, 'database_unavailable')) {
    return render(AWAY);
  }
  return null;
}

function render({ status, title, text }: Page): Response {
  const html =
    '<!doctype html><html lang="en"><head><meta charset="utf-8">' +
    `<meta name="viewport" content="width=device-width"><title>${title}</title></head>` +
    `<body><h1>${title}</h1><p>${text}</p></body></html>\n`;
  return new Response(html, {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      ...(status === AWAY.status ? { 'retry-after': String(RETRY_AFTER_SECONDS) } : {}),
    },
  });
}
