// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';
import { defineOperation } from '@mail-proxy/core';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { renderReference } from '../src/docs/page.ts';
import { openApiDocument } from '../src/openapi/document.ts';
import { serveApp } from './served-app.case.ts';

describe('the reference', () => {
  test('is one page: no script, nothing loaded, from nowhere', async () => {
    await using app = await serveApp();
    const { text, headers } = await app.call('GET', '/docs', { token: null });
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(text).not.toMatch(/<(script|link|img|iframe|object|form)\b/i);
    expect(text).not.toMatch(/(src|srcset|action)=|url\(|@import/i);
    expect([...text.matchAll(/href="([^"]*)"/g)].every(([, to]) => /^(#|\/openapi\.json$)/.test(to ?? ''))).toBe(true);
  });

  test('allows by its policy the style inside it and nothing else', async () => {
    await using app = await serveApp();
    const { text, headers } = await app.call('GET', '/docs');
    const style = /<style>(.*)<\/style>/s.exec(text)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(headers.get('content-security-policy')).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
    expect(text).not.toMatch(/\sstyle=/);
  });

  test('shows every operation with its fields and a sample, each link leading somewhere', async () => {
    await using app = await serveApp();
    const { text } = await app.call('GET', '/docs');
    for (const { name } of app.engine.operations) expect(text).toContain(`<article id="${name}">`);
    expect(text).toContain('attachments[].</span>filename');
    expect(text).toContain('curl -X POST &quot;$URL/v1/messages&quot;');
    expect(text).toContain('-F file=@invoice.pdf');
    expect(text).toContain('--data-binary @mail.eml');
    expect(text).toContain('<code>client.messages.createBatch</code>');
    // Of the mixin of this test, which the client does not know.
    expect(text).not.toContain('client.odd');
    expect(text).toContain('Answer: 200, lines of JSON');
    expect(text).toContain('<h4>Query beside a complete message</h4>');
    expect(text).toContain('<code>Idempotency-Key</code>');
    expect(text).not.toContain('attachments[].</span>content<');
    const ids = new Set([...text.matchAll(/id="([^"]+)"/g)].map(([, id]) => id));
    for (const [, to] of text.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(to);
  });

  test('escapes what it is given', () => {
    const operation = defineOperation({
      name: 'evil.run',
      summary: '<script>alert(1)</script>',
      http: { method: 'GET', path: '/v1/evil' },
      access: 'public',
      audit: false,
      input: v.strictObject({ '<b>': v.optional(v.string()) }),
      output: v.null(),
      run: async (_services: object) => null,
    });
    const { html } = renderReference(openApiDocument([operation], { version: '1' }));
    expect(html).not.toMatch(/<script>|<b>/);
  });

  test('is where the root leads', async () => {
    await using app = await serveApp();
    const answer = await app.call('GET', '/');
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/docs']);
  });
});
