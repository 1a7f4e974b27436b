// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { writeFileSync } from 'node:fs';
import { tempDir } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import type { LargeDatabase, LargeLinksTable } from '../src/large-attachments/large-attachments.table.ts';
import { eventsUntil, type Made } from './bounce-world.case.ts';
import {
  attachment,
  LARGE,
  linksIn,
  MB,
  openLargeWorld,
  REWRITE,
  SMALL,
  STORAGE,
} from './large-attachments-world.case.ts';

const DAY = 86_400_000;
const OWN_LINK = /^https:\/\/mail\.example\.com\/download\/[^/]+\/[^/]+$/;

/** @param skip why there is no database to test on; empty where there is one */
export function largeAttachmentsConformance(name: string, make: Made, skip = ''): void {
  describe.skipIf(skip !== '')(`large attachments on ${name}${skip === '' ? '' : ` (skipped: ${skip})`}`, () => {
    test('what is not larger than the limit goes as it is, and nobody is asked for it', async () => {
      await using world = await openLargeWorld(make);
      await world.configure({ ...REWRITE, max_size_mb: LARGE.byteLength / MB });
      const { event, mail } = await world.send('m1', { attachments: [attachment('a.bin', LARGE)] });
      expect([event, mail?.attachments.map(({ filename }) => filename)]).toEqual(['sent', ['a.bin']]);
      expect(mail?.text).not.toContain('http');
      expect([await world.events('m1'), await world.rows('large_files'), world.stores.puts]).toEqual([[], [], []]);
    });

    test('without settings, or with such as are not enabled, all goes as it is', async () => {
      await using world = await openLargeWorld(make);
      await world.configure({ ...REWRITE, enabled: false });
      for (const tenantId of ['acme', 'other']) {
        const { mail } = await world.send('m1', { attachments: [attachment('a.bin', LARGE)] }, tenantId);
        expect(mail?.attachments).toHaveLength(1);
      }
      expect(world.stores.puts).toEqual([]);
    });

    test('warn sends it as it is, and says so once in the history', async () => {
      await using world = await openLargeWorld(make);
      await world.configure({ enabled: true, max_size_mb: 0.01, action: 'warn' });
      const { event, mail } = await world.send('m1', {
        attachments: [attachment('a.bin', LARGE), attachment('b.txt', SMALL)],
      });
      expect([event, mail?.attachments.length]).toEqual(['sent', 2]);
      expect(await world.events('m1')).toMatchObject([
        {
          type: 'large_attachments_warned',
          reason: 'Large attachments: a.bin (0.1 MB)',
          extra: { files: 1, size_bytes: LARGE.byteLength },
        },
      ]);
    });

    test('reject fails the message, and its reason names file, size and limit', async () => {
      await using world = await openLargeWorld(make);
      await world.configure({ enabled: true, max_size_mb: 1, action: 'reject' });
      const attachments = [attachment('big.bin', Buffer.alloc(2 * MB)), attachment('b.txt', SMALL)];
      const { event, error, mail } = await world.send('m1', { attachments });
      expect([event, mail]).toEqual(['error', null]);
      expect(error).toContain('Attachment big.bin (2.0 MB) exceeds the limit (1.0 MB)');
      expect([await world.events('m1'), world.stores.puts]).toEqual([[], []]);
    });

    test('rewrite stores it and sends a link; what is small stays, and so does what the HTML shows', async () => {
      await using world = await openLargeWorld(make);
      await world.configure(REWRITE);
      const before = Date.now();
      const { event, mail } = await world.send('m1', {
        html: '<html><body><img src="cid:logo">Hi</body></html>',
        attachments: [
          attachment('b.txt', SMALL),
          attachment('plans (1).bin', LARGE, { mime_type: 'application/x-plans' }),
          attachment('logo.png', LARGE, { disposition: 'inline', content_id: 'logo' }),
        ],
      });
      expect(event).toBe('sent');
      expect(mail?.attachments.map(({ filename }) => filename).toSorted()).toEqual(['b.txt', 'logo.png']);
      const [url = ''] = linksIn(mail?.text);
      expect(url).toMatch(OWN_LINK);
      expect(linksIn(mail?.html)).toEqual([url]);
      expect(mail?.html).toMatch(/plans \(1\)\.bin<\/a> \(0\.1 MB\)[\s\S]*<\/body><\/html>\s*$/);
      expect(mail?.text).toMatch(/^Hello\.\n\n---\n/);

      const [file, ...others] = await world.rows('large_files');
      expect(others).toEqual([]);
      expect(file).toMatchObject({ tenant_id: 'acme', storage_url: STORAGE, state: 'stored' });
      const stored = world.stores.objects.get(`${STORAGE}/${file?.object_key}`);
      expect([stored?.mimeType, stored?.content.equals(LARGE)]).toEqual(['application/x-plans', true]);
      const [link] = await world.rows('large_links');
      expect(link).toMatchObject({
        ...{ message_id: 'm1', position: 1, file_pk: file?.pk, filename: 'plans (1).bin', url_kind: 'own' },
        ...{ mime_type: 'application/x-plans', size_bytes: LARGE.byteLength, downloads: 0, revoked_at: null },
      });
      expect(url).toContain(`/download/${keyInUrl(link)}-`);
      const expiresAt = link?.expires_at ?? 0;
      expect(expiresAt).toBeGreaterThanOrEqual(before + 30 * DAY);
      expect(expiresAt).toBeLessThanOrEqual(Date.now() + 30 * DAY);
      expect(await world.events('m1')).toMatchObject([
        {
          type: 'large_attachments_linked',
          reason: 'Sent as links: plans (1).bin (0.1 MB)',
          extra: { files: 1, size_bytes: LARGE.byteLength, expires_at: new Date(expiresAt).toISOString() },
        },
      ]);
    });

    test('no name of a file is markup in the mail', async () => {
      await using world = await openLargeWorld(make);
      await world.configure(REWRITE);
      const filename = `<img src=x onerror="alert('1')">&amp;.pdf`;
      const { mail } = await world.send('m1', { html: '<p>Hi', attachments: [attachment(filename, LARGE)] });
      expect(mail?.html).not.toContain('<img');
      expect(mail?.html).toContain('>&lt;img src=x onerror=&#34;alert(&#39;1&#39;)&#34;&gt;&amp;amp;.pdf</a>');
      const [url = ''] = linksIn(mail?.html);
      expect(url).toMatch(OWN_LINK);
      expect(mail?.text).toContain(`- ${filename} (`);
    });

    test('a footer says it in the words of the tenant, in the bodies that there are', async () => {
      await using world = await openLargeWorld(make);
      await world.configure({
        ...REWRITE,
        footer_html: '<p id=f>{% for file in files %}[{{ file.filename }}]{% endfor %}</p>',
        footer_text: 'Scarica {{ files.size }}: {{ files[0].url }}',
      });
      const attachments = [attachment('a&b.bin', LARGE), attachment('c.bin', Buffer.alloc(30_000))];
      const both = await world.send('m1', { html: '<p>Hi', attachments });
      expect(both.mail?.text).toMatch(/^Hello\.\n\nScarica 2: https:/);
      expect(both.mail?.html).toContain('<p>Hi<p id=f>[a&amp;b.bin][c.bin]</p>');
      const html = await world.send('m2', { text: undefined, html: '<p>Hi', attachments });
      expect(html.mail?.html).toContain('<p id=f>');
      expect(html.mail?.text).toBeUndefined();
      expect(await world.rows('large_files')).toHaveLength(2);
    });

    test('a retry sends the same link, and uploads nothing again', async () => {
      await using world = await openLargeWorld(make, {
        onMessage: (_message, attempt) => (attempt === 1 ? { code: 451, text: '4.3.0 later' } : null),
      });
      await world.configure(REWRITE);
      const { event, mail } = await world.send('m1', { attachments: [attachment('a.bin', LARGE)] });
      expect(event).toBe('sent');
      const links = await world.rows('large_links');
      expect(links).toHaveLength(1);
      expect(linksIn(mail?.text)[0]).toContain(`/download/${keyInUrl(links[0])}-`);
      expect(world.stores.puts).toHaveLength(1);
      expect(await world.events('m1')).toHaveLength(1);
    });

    test.each(['revoked', 'expired', 'forgotten'])(
      'a mail whose link is %s by then is not sent, and says so',
      async (end) => {
        await using world = await openLargeWorld(make, {
          onMessage: (_message, attempt) => (attempt === 1 ? { code: 550, text: '5.7.1 not now' } : null),
        });
        await world.configure(REWRITE);
        await world.send('m1', { attachments: [attachment('a.bin', LARGE)] });
        const [link] = await world.rows('large_links');
        const database: LargeDatabase = world.context.database.withTables();
        const own = (pk: string | undefined) => ({ pk: pk ?? '' });
        if (end === 'revoked') {
          await world.run('large-attachments.revoke', { tenant_id: 'acme', link_id: link?.pk });
        } else if (end === 'expired') {
          const expire = database.prepare<{ pk: string }>((k, p) =>
            k.updateTable('large_links').set({ expires_at: 1 }).where('pk', '=', p.pk),
          );
          await database.write([expire.bind(own(link?.pk))]);
        } else {
          const drop = database.prepare<{ pk: string }>((k, p) => k.deleteFrom('large_links').where('pk', '=', p.pk));
          await database.write([drop.bind(own(link?.pk))]);
        }
        await world.run('messages.retry', { tenant_id: 'acme', message_id: 'm1' });
        const said = `the link to a.bin is ${end === 'revoked' ? 'revoked' : 'expired'}`;
        const events = await eventsUntil(
          world.engine,
          'acme',
          (event) => event.event === 'sent' || ('error' in event && event.error?.includes('the link') === true),
        );
        expect(events.at(-1)).toMatchObject({ event: 'error', error: `admit: ${said}` });
      },
    );

    test('a message in the place of one whose link was revoked has a link of its own, and says so', async () => {
      await using world = await openLargeWorld(make, {
        config: { retry: { baseMs: 600_000, maxDelayMs: 600_000 } },
        onMessage: ({ raw }) => (raw.includes('wrong.bin') ? { code: 451, text: '4.3.0 later' } : null),
      });
      await world.configure(REWRITE);
      await world.submit('m1', { attachments: [attachment('wrong.bin', LARGE)] });
      await eventsUntil(world.engine, 'acme', (event) => event.event === 'deferred');
      const [link] = await world.rows('large_links');
      await world.run('large-attachments.revoke', { tenant_id: 'acme', link_id: link?.pk });
      const attachments = [attachment('right.bin', Buffer.alloc(30_000, 2))];
      const { event, mail } = await world.send('m1', { attachments, on_conflict: 'replace_if_pending' });
      expect([event, linksIn(mail?.text)]).toEqual(['sent', [expect.stringContaining('/right.bin')]]);
      expect(await world.rows('large_links')).toMatchObject([
        { filename: 'wrong.bin', revoked_at: expect.any(Number) },
        { filename: 'right.bin', revoked_at: null },
      ]);
      expect((await world.events('m1')).map(({ reason }) => reason)).toEqual([
        'Sent as links: wrong.bin (0.1 MB)',
        'Sent as links: right.bin (0.1 MB)',
      ]);
    });

    test('accounts for certified mail are left alone, and so is a message that came complete', async () => {
      await using world = await openLargeWorld(make);
      await world.configure(REWRITE);
      await world.run('accounts.update', { tenant_id: 'acme', account_id: 'relay', pec: true });
      const { mail } = await world.send('m1', { attachments: [attachment('a.bin', LARGE)] });
      expect(mail?.attachments).toHaveLength(1);
      await world.run('accounts.update', { tenant_id: 'acme', account_id: 'relay', pec: false });
      const head = 'From: shop@example.com\r\nTo: ann@example.org\r\nContent-Type: application/octet-stream\r\n\r\n';
      const raw = Buffer.from(`${head}${'x'.repeat(70)}\r\n`.padEnd(30_000, 'y\r\n'));
      await world.engine.submit([{ id: 'm2', account_id: 'relay', raw }], { tenantId: 'acme' });
      expect((await world.ended('m2')).event).toBe('sent');
      expect([world.stores.puts, await world.rows('large_links')]).toEqual([[], []]);
    });

    test('what is fetched is large once it is here', async () => {
      using dir = tempDir();
      await using world = await openLargeWorld(make, { config: { attachments: { roots: [dir.path] } } });
      await world.configure(REWRITE);
      writeFileSync(dir.file('large.bin'), LARGE);
      writeFileSync(dir.file('small.bin'), SMALL);
      const { event, mail } = await world.send('m1', {
        attachments: ['large.bin', 'small.bin'].map((filename) => ({ filename, storage_path: dir.file(filename) })),
      });
      expect([event, mail?.attachments.map(({ filename }) => filename)]).toEqual(['sent', ['small.bin']]);
      expect(linksIn(mail?.text)).toHaveLength(1);
    });

    test('without a base of its own a link is signed by the storage, and lives no longer than that signs for', async () => {
      await using world = await openLargeWorld(make);
      const { public_base_url: _, ...rest } = REWRITE;
      await world.configure({ ...rest, file_ttl_days: 30 });
      const now = Date.now();
      const first = await world.send('m1', { attachments: [attachment('a b.bin', LARGE)] });
      const [url = ''] = linksIn(first.mail?.text);
      expect(url).toMatch(/^https:\/\/storage\.example\/.*expires=604800&filename=a\+b\.bin$/);
      await world.configure({ ...rest, file_ttl_days: 3 });
      const second = await world.send('m2', { attachments: [attachment('a b.bin', LARGE)] });
      expect(linksIn(second.mail?.text)[0]).toContain(`expires=${3 * 86_400}`);
      const links = await world.rows('large_links');
      expect(links).toMatchObject([{ url_kind: 'presigned' }, { url_kind: 'presigned' }]);
      const days = links.map(({ expires_at }) => Math.round((expires_at - now) / DAY));
      expect(days).toEqual([7, 3]);
    });

    test("the tenant's base comes before the instance's", async () => {
      const mixinConfig = { publicUrl: 'https://links.example.net/mail/' };
      await using world = await openLargeWorld(make, { mixinConfig });
      const { public_base_url, ...rest } = { ...REWRITE, storage_url: 'file:///files' };
      await world.configure(rest);
      const first = await world.send('m1', { attachments: [attachment('a.bin', LARGE)] });
      expect(linksIn(first.mail?.text)[0]).toMatch(/^https:\/\/links\.example\.net\/mail\/download\//);
      await world.configure({ ...rest, public_base_url });
      const second = await world.send('m2', { attachments: [attachment('a.bin', LARGE)] });
      expect(linksIn(second.mail?.text)[0]).toMatch(OWN_LINK);
    });

    test('where contents are sealed, so is what is kept of the link', async () => {
      const kept = async (contentEncryption: boolean): Promise<string> => {
        await using world = await openLargeWorld(make, { config: { contentEncryption } });
        await world.configure(REWRITE);
        const { mail } = await world.send('m1', { attachments: [attachment('a.bin', LARGE)] });
        expect(linksIn(mail?.text)[0]).toMatch(OWN_LINK);
        const database = world.context.database.withTables<{ message_attachments: { detached: string | null } }>();
        const all = database.prepare((k) => k.selectFrom('message_attachments').select('detached'));
        return JSON.stringify(await database.read(all.bind({})));
      };
      expect(await kept(false)).toContain('/download/');
      const sealed = await kept(true);
      expect(sealed).toContain('sealed:');
      expect(sealed).not.toContain('/download/');
    });
  });
}

/** As links name it. */
function keyInUrl(link: LargeLinksTable | undefined): string {
  return link?.pk.replaceAll('-', '') ?? '';
}
