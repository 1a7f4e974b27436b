// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash, hash, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { defineMixin, type Hooks, type MessageInput } from '@mail-proxy/core';
import {
  eventually,
  type ReportAnswer,
  type ReportRequest,
  type SinkMessage,
  startReportReceiver,
  startSmtpSink,
  tempDir,
} from '@mail-proxy/testkit';
import PostalMime from 'postal-mime';
import { describe, expect, test } from 'vitest';
import { addAccount, historyUntil, mail, messageOf, openWorld } from './engine-world.case.ts';

type Attachment = NonNullable<MessageInput['attachments']>[number];

/** A server of files: answers by path, and remembers who asked. */
function startFileServer(answer: (request: ReportRequest) => ReportAnswer | Promise<ReportAnswer>) {
  return startReportReceiver({ answer: (_body, _n, request) => answer(request) });
}

async function filesOf(message: SinkMessage | undefined): Promise<Readonly<Record<string, string>>> {
  const { attachments } = await PostalMime.parse(message?.raw ?? '');
  return Object.fromEntries(
    // As parsed by default.
    attachments.map(({ filename, content }) => [filename, Buffer.from(content as ArrayBuffer).toString()]),
  );
}

const withFiles = (id: string, ...attachments: readonly Attachment[]): MessageInput =>
  mail(id, { attachments: [...attachments] });

describe('an attachment', () => {
  test('comes from all five sources, each as it says or as its path tells', async () => {
    using dir = tempDir();
    mkdirSync(dir.file('default'));
    mkdirSync(dir.file('default/store'));
    writeFileSync(dir.file('default/a.txt'), 'a file');
    writeFileSync(dir.file('default/store/b.txt'), 'a stored file');
    await using server = await startFileServer(({ method, path, body }) => ({
      raw: `${method} ${path} ${body === undefined ? '' : JSON.stringify(body)}`,
    }));
    await using sink = await startSmtpSink();
    await using world = await openWorld({ attachments: { roots: [join(dir.path, '{tenant}')] } });
    await addAccount(world, sink);
    await world.engine.execute('tenants.update', {
      tenant_id: 'default',
      client_base_url: server.url,
      client_attachment_path: '/files',
    });
    const base_path = dir.file('default/store');
    await world.engine.execute('storages.create', { name: 'store', protocol: 'local', config: { base_path } });
    await world.engine.submit([
      withFiles(
        'm1',
        { filename: 'bytes.txt', storage_path: `base64:${Buffer.from('bytes').toString('base64')}` },
        { filename: 'url.txt', storage_path: `${server.url}/c.txt` },
        { filename: 'file.txt', storage_path: dir.file('default/a.txt') },
        { filename: 'stored.txt', storage_path: 'store:b.txt' },
        { filename: 'asked.txt', storage_path: 'doc=1' },
        { filename: 'colon.txt', storage_path: 'nostore:b.txt' },
        { filename: 'explicit.txt', storage_path: `[${server.url}/other]doc=2`, fetch_mode: 'endpoint' },
      ),
    ]);
    const [message] = await sink.waitFor(1);
    expect(await filesOf(message)).toEqual({
      'bytes.txt': 'bytes',
      'url.txt': 'GET /c.txt ',
      'file.txt': 'a file',
      'stored.txt': 'a stored file',
      'asked.txt': 'POST /files {"storage_path":"doc=1"}',
      'colon.txt': 'POST /files {"storage_path":"nostore:b.txt"}',
      'explicit.txt': 'POST /other {"storage_path":"doc=2"}',
    });
  });

  test('is asked for with the credentials of the tenant at its own server, with its own at another, and with none', async () => {
    await using own = await startFileServer(() => ({ raw: 'x' }));
    await using other = await startFileServer(() => ({ raw: 'x' }));
    await using sink = await startSmtpSink();
    await using world = await openWorld();
    await addAccount(world, sink);
    await world.engine.execute('tenants.update', {
      tenant_id: 'default',
      client_base_url: own.url,
      client_auth: { method: 'bearer', token: 'of-the-tenant' },
    });
    const auth = { method: 'basic', user: 'ann', password: 'secret-7b1e' } as const;
    await world.engine.submit([
      withFiles(
        'm1',
        { filename: '1', storage_path: 'asked' },
        { filename: '2', storage_path: `${own.url}/mine` },
        { filename: '3', storage_path: `${other.url}/bare` },
        { filename: '4', storage_path: `${other.url}/basic`, auth },
        { filename: '5', storage_path: `${own.url}/none`, auth: { method: 'none' } },
      ),
    ]);
    await sink.waitFor(1);
    const shown = (requests: readonly ReportRequest[]) =>
      Object.fromEntries(
        requests
          // The tenant's server is told of its mail, too.
          .filter(({ path }) => path !== '/mail-proxy/sync')
          .map(({ path, headers }) => [path, headers.authorization]),
      );
    expect(shown(own.requests)).toEqual({
      '/mail-proxy/attachments': 'Bearer of-the-tenant',
      '/mine': 'Bearer of-the-tenant',
      '/none': undefined,
    });
    expect(shown(other.requests)).toEqual({
      '/bare': undefined,
      '/basic': `Basic ${Buffer.from('ann:secret-7b1e').toString('base64')}`,
    });
    expect(world.logged.join('\n')).not.toContain('secret-7b1e');
  });

  test('whose server is busy is asked for again after the time that it names, and no connection is held meanwhile', async () => {
    let calls = 0;
    await using server = await startFileServer(() => {
      calls += 1;
      return calls === 1 ? { status: 503, headers: { 'retry-after': '2' } } : { raw: 'now' };
    });
    await using sink = await startSmtpSink();
    await using world = await openWorld({ retry: { baseMs: 50, maxDelayMs: 10_000 } });
    await addAccount(world, sink);
    await world.engine.submit([withFiles('m1', { filename: 'slow.txt', storage_path: `${server.url}/a?secret=1` })]);
    const [deferred] = await historyUntil(world, 'm1', 'deferred');
    expect(deferred).toMatchObject({
      deferred_reason: expect.stringMatching(/^fetch: attachment slow\.txt: (?!.*secret=1).*503/),
    });
    expect(sink.connections.total).toBe(0);
    const [message] = await sink.waitFor(1);
    expect(await filesOf(message)).toEqual({ 'slow.txt': 'now' });
    const [first = 0, second = 0] = server.requests.map(({ at }) => at);
    // A clock that follows a database's may be some milliseconds ahead.
    expect(second - first).toBeGreaterThan(1_900);
    await historyUntil(world, 'm1', 'sent');
    expect(await messageOf(world, 'm1')).toMatchObject({ result: 'sent', attempts: 1 });
  });

  test.each<readonly [what: string, attachment: (url: string) => Partial<Attachment>, reason: RegExp]>([
    ['that is not there', (url) => ({ storage_path: `${url}/404` }), /^fetch: attachment a\.txt: .*404/],
    ['that is gone', (url) => ({ storage_path: `${url}/410` }), /^fetch: attachment a\.txt: .*410/],
    [
      'with other bytes than was said',
      (url) => ({ storage_path: `${url}/200`, content_md5: '0'.repeat(32) }),
      /^fetch: attachment a\.txt: .*MD5/,
    ],
    [
      'that leads to the metadata of a cloud',
      (url) => ({ storage_path: `${url}/redirect` }),
      /^fetch: attachment a\.txt: .*169\.254\.169\.254/,
    ],
    ['that is too large', (url) => ({ storage_path: `${url}/large` }), /^fetch: attachment a\.txt: .*1000 bytes/],
  ])('%s fails its message, and the report names it', async (_what, attachment, reason) => {
    await using server = await startFileServer(({ path }) => {
      if (path === '/redirect') return { status: 302, headers: { location: 'http://169.254.169.254/latest/' } };
      if (path === '/large') return { raw: randomBytes(1_001) };
      return { status: Number(path.slice(1)), raw: 'x' };
    });
    await using sink = await startSmtpSink();
    await using world = await openWorld({ attachments: { maxBytes: 1_000 } });
    await addAccount(world, sink);
    await world.engine.submit([withFiles('m1', { filename: 'a.txt', storage_path: '', ...attachment(server.url) })]);
    const [failed] = await historyUntil(world, 'm1', 'error');
    expect(failed).toMatchObject({ event: 'error', error: expect.stringMatching(reason) });
    expect(await messageOf(world, 'm1')).toMatchObject({
      state: 'final',
      result: 'failed',
      attempts: 0,
      recipients: [{ state: 'failed', stage: 'fetch', attempts: 0 }],
    });
    expect(sink.connections.total).toBe(0);
    expect(server.requests).toHaveLength(1);
  });

  test('is the same in all attempts to send, and is fetched once', async () => {
    let version = 0;
    await using server = await startFileServer(() => {
      version += 1;
      return { raw: `version ${version}` };
    });
    await using sink = await startSmtpSink({
      onMessage: (_, attempt) => (attempt === 1 ? { code: 451, text: 'try again' } : null),
    });
    await using world = await openWorld();
    await addAccount(world, sink);
    await world.engine.submit([withFiles('m1', { filename: 'a.txt', storage_path: `${server.url}/a` })]);
    await historyUntil(world, 'm1', 'sent');
    expect(await filesOf(sink.messages.at(-1))).toEqual({ 'a.txt': 'version 1' });
    expect(server.requests).toHaveLength(1);
  });

  test('that is large goes whole in each attempt and to each recipient, and bytes of the program around stay its own', async () => {
    await using sink = await startSmtpSink({
      onMessage: (_, attempt) => (attempt === 1 ? { code: 451, text: 'try again' } : null),
    });
    // A return path of its own for each recipient, so that each has a transaction of its own.
    const enveloping: Hooks['enveloping'] = () => ({ returnPath: (to) => `${to.replace('@', '=')}@example.com` });
    const mixin = defineMixin({ id: 'apart', contract: 1, setup: () => ({ hooks: { enveloping } }) });
    await using world = await openWorld({ mixins: [mixin] });
    await addAccount(world, sink);
    const [given, encoded] = [randomBytes(150_000), randomBytes(150_000)];
    const copy = Buffer.from(given);
    await world.engine.submit([
      mail('m1', {
        to: ['one@example.org', 'two@example.org'],
        attachments: [
          { filename: 'given.bin', content: given },
          { filename: 'again.bin', content: given },
          { filename: 'encoded.bin', storage_path: `base64:${encoded.toString('base64')}` },
        ],
      }),
    ]);
    await historyUntil(world, 'm1', 'sent');
    expect(given.equals(copy)).toBe(true);
    expect(sink.messages.flatMap(({ to }) => to).toSorted()).toEqual(['one@example.org', 'two@example.org']);
    for (const { raw } of sink.messages) {
      const { attachments } = await PostalMime.parse(raw);
      // As parsed by default.
      const files = attachments.map(({ content }) => hash('sha256', Buffer.from(content as ArrayBuffer)));
      expect(files).toEqual([given, given, encoded].map((bytes) => hash('sha256', bytes)));
    }
  });

  test('that came is kept while another of its message is waited for', async () => {
    let calls = 0;
    await using server = await startFileServer(({ path }) => {
      if (path === '/good') return { raw: 'good' };
      calls += 1;
      return calls === 1 ? { status: 500 } : { raw: 'later' };
    });
    await using sink = await startSmtpSink();
    await using world = await openWorld();
    await addAccount(world, sink);
    await world.engine.submit([
      withFiles(
        'm1',
        { filename: 'good.txt', storage_path: `${server.url}/good` },
        { filename: 'late.txt', storage_path: `${server.url}/late` },
      ),
    ]);
    await historyUntil(world, 'm1', 'deferred');
    expect((await messageOf(world, 'm1')).attachments[0]).toEqual({
      filename: 'good.txt',
      mime_type: 'text/plain',
      disposition: 'attachment',
      fetch_mode: 'http_url',
      fetched: true,
      size: 4,
      detached_by: null,
    });
    const [message] = await sink.waitFor(1);
    expect(await filesOf(message)).toEqual({ 'good.txt': 'good', 'late.txt': 'later' });
    expect(server.requests.map(({ path }) => path).toSorted()).toEqual(['/good', '/late', '/late']);
  });

  test('that names its hash is fetched once for all messages, and a marker in its name is removed', async () => {
    const bytes = 'a logo';
    await using server = await startFileServer(() => ({ raw: bytes }));
    await using sink = await startSmtpSink();
    await using world = await openWorld();
    await addAccount(world, sink);
    const md5 = createHash('md5').update(bytes).digest('hex');
    const storage_path = `${server.url}/logo`;
    await world.engine.submit([withFiles('m1', { filename: `logo_{MD5:${md5}}.png`, storage_path })]);
    await sink.waitFor(1);
    await world.engine.submit([
      withFiles('m2', { filename: 'logo.png', storage_path, content_md5: md5.toUpperCase() }),
      withFiles('m3', { filename: 'logo.png', storage_path, content_sha256: hash('sha256', bytes) }),
    ]);
    await sink.waitFor(3);
    for (const message of sink.messages) expect(await filesOf(message)).toEqual({ 'logo.png': bytes });
    expect(server.requests).toHaveLength(1);
    const { body } = await world.engine.metricsText();
    expect(body).toMatch(/gmp_attachment_cache_lookups_total\{result="memory"\} 1/);
    expect(body).toMatch(/gmp_attachment_fetches_total\{mode="http_url",result="fetched"\} 1/);
  });

  test('of one tenant is not found by another that knows its hash', async () => {
    const bytes = 'of the first';
    await using server = await startFileServer(({ path }) => ({ raw: path === '/first' ? bytes : 'of the second' }));
    await using sink = await startSmtpSink();
    await using world = await openWorld();
    await addAccount(world, sink);
    await world.engine.execute('tenants.create', { id: 'second' });
    await addAccount(world, sink, { tenant_id: 'second' });
    const content_sha256 = hash('sha256', bytes);
    await world.engine.submit([
      withFiles('m1', { filename: 'a', storage_path: `${server.url}/first`, content_sha256 }),
    ]);
    await sink.waitFor(1);
    const stolen = withFiles('m2', { filename: 'a', storage_path: `${server.url}/second`, content_sha256 });
    await world.engine.submit([stolen], { tenantId: 'second' });
    await eventually(async () => {
      const found = await world.engine.execute('messages.get', { message_id: 'm2', tenant_id: 'second' });
      expect(found).toMatchObject({ result: 'failed', last_error: expect.stringContaining('SHA-256') });
    });
    expect(sink.messages).toHaveLength(1);
  });

  test('given as bytes or as a file, also a large one, arrives as it is', async () => {
    await using sink = await startSmtpSink();
    await using world = await openWorld();
    await addAccount(world, sink);
    const large = randomBytes(3_000_000);
    await world.engine.submit([
      withFiles(
        'm1',
        { filename: 'small', content: new Uint8Array([1, 2, 3]) },
        { filename: 'large', content: new Blob([large]), content_sha256: hash('sha256', large) },
      ),
    ]);
    const [message] = await sink.waitFor(1);
    const { attachments } = await PostalMime.parse(message?.raw ?? '');
    // As parsed by default.
    expect(attachments.map(({ content }) => hash('sha256', new Uint8Array(content as ArrayBuffer)))).toEqual([
      hash('sha256', new Uint8Array([1, 2, 3])),
      hash('sha256', large),
    ]);
  });
});

describe('a server of attachments that hangs', () => {
  test('delays no other tenant, and no message without attachments', async () => {
    await using hanging = await startFileServer(() => ({ hang: true }));
    await using good = await startFileServer(() => ({ raw: 'good' }));
    await using sink = await startSmtpSink();
    await using world = await openWorld({ attachments: { concurrency: 4 } });
    await addAccount(world, sink);
    await world.engine.execute('tenants.create', { id: 'other' });
    await addAccount(world, sink, { tenant_id: 'other' });
    const stuck = Array.from({ length: 20 }, (_, index) =>
      withFiles(`stuck-${index}`, { filename: 'a', storage_path: `${hanging.url}/a` }),
    );
    await world.engine.submit(stuck);
    await hanging.waitForRequests(2);
    await world.engine.submit([mail('plain')]);
    const others = Array.from({ length: 5 }, (_, index) =>
      withFiles(`good-${index}`, { filename: 'a', storage_path: `${good.url}/a` }),
    );
    await world.engine.submit(others, { tenantId: 'other' });
    await sink.waitFor(6);
    expect((await messageOf(world, 'stuck-0')).waiting_for.map(({ kind }) => kind)).toEqual(['attachments']);
  });

  test('is let go of when the message is cancelled', async () => {
    await using hanging = await startFileServer(() => ({ hang: true }));
    await using sink = await startSmtpSink();
    await using world = await openWorld();
    await addAccount(world, sink);
    await world.engine.submit([withFiles('m1', { filename: 'a', storage_path: `${hanging.url}/a` })]);
    await hanging.waitForRequests(1);
    await world.engine.execute('messages.cancel', { message_id: 'm1' });
    await eventually(async () => {
      expect((await world.engine.metricsText()).body).toMatch(/^gmp_messages_fetching 0$/m);
    });
    expect(await messageOf(world, 'm1')).toMatchObject({ state: 'final', result: 'cancelled' });
  });

  test('does not hold up the end, and the message goes on with the next start', async () => {
    let isHanging = true;
    await using server = await startFileServer(() => (isHanging ? { hang: true } : { raw: 'at last' }));
    await using sink = await startSmtpSink();
    await using first = await openWorld();
    await addAccount(first, sink);
    await first.engine.submit([withFiles('m1', { filename: 'a', storage_path: `${server.url}/a` })]);
    await server.waitForRequests(1);
    await first.engine.stop();
    await first.engine[Symbol.asyncDispose]();
    isHanging = false;
    await using second = await openWorld({ database: first.database });
    const [message] = await sink.waitFor(1);
    expect(await filesOf(message)).toEqual({ a: 'at last' });
    await historyUntil(second, 'm1', 'sent');
    expect(await messageOf(second, 'm1')).toMatchObject({ attempts: 1 });
  });

  test('fails the message for now once its time is over, for one attachment and for all', async () => {
    await using hanging = await startFileServer(() => ({ hang: true }));
    await using sink = await startSmtpSink();
    for (const [attachments, reason] of [
      [{ timeoutMs: 100 }, /^fetch: attachment a: it did not/],
      [{ messageTimeoutMs: 100 }, /longer than 0\.1 s together/],
    ] as const) {
      await using world = await openWorld({ attachments });
      await addAccount(world, sink);
      await world.engine.submit([withFiles('m1', { filename: 'a', storage_path: `${hanging.url}/a` })]);
      const [deferred] = await historyUntil(world, 'm1', 'deferred');
      expect(deferred).toMatchObject({ deferred_reason: expect.stringMatching(reason) });
    }
  });
});

describe('a storage of a mixin', () => {
  const clouds = defineMixin({
    id: 'clouds',
    contract: 1,
    setup: () => ({
      storages: [
        {
          protocol: 'cloud',
          check: (config) =>
            JSON.stringify(config) === '{"bucket":"b"}' ? [] : [{ pointer: '/bucket', message: 'expected b' }],
          async open(_config, path, { tenantId }) {
            return {
              sizeBytes: null,
              body: Readable.from([Buffer.from(`${path} of ${tenantId}`)]),
            };
          },
        },
        { protocol: 'broken', check: () => [], open: () => Promise.reject(new Error('a bug of the mixin')) },
      ],
    }),
  });

  test('gives the bytes, and a bug of it puts the message off', async () => {
    await using sink = await startSmtpSink();
    await using world = await openWorld({ mixins: [clouds] });
    await addAccount(world, sink);
    const create = (name: string, protocol: string, config: object) =>
      world.engine.execute('storages.create', { name, protocol, config });
    await expect(create('c', 'cloud', {})).rejects.toMatchObject({ problems: [{ pointer: '/config/bucket' }] });
    await create('c', 'cloud', { bucket: 'b' });
    await create('x', 'broken', {});
    await world.engine.submit([
      withFiles('m1', { filename: 'a', storage_path: 'c:2026/a.txt' }),
      withFiles('m2', { filename: 'b', storage_path: 'x:b.txt' }),
    ]);
    const [message] = await sink.waitFor(1);
    expect(await filesOf(message)).toEqual({ a: '2026/a.txt of default' });
    const [deferred] = await historyUntil(world, 'm2', 'deferred');
    expect(deferred).toMatchObject({ deferred_reason: 'fetch: internal error: a bug of the mixin' });
  });
});

describe('what can be known at once', () => {
  test.each<readonly [pointer: string, attachment: Record<string, unknown>]>([
    ['fetch_mode', { storage_path: 'x', fetch_mode: 'ftp' }],
    ['storage_path', { storage_path: 'base64:???' }],
    ['storage_path', { storage_path: '???', fetch_mode: 'base64' }],
    ['storage_path', { storage_path: 'nothere:a.txt', fetch_mode: 'storage' }],
    ['storage_path', { storage_path: 'asked' }],
    ['storage_path', { storage_path: '/etc/passwd' }],
    ['storage_path', { storage_path: 'http://169.254.169.254/' }],
    ['storage_path', { storage_path: 'ftp://x/', fetch_mode: 'http_url' }],
    ['storage_path', {}],
    ['storage_path', { storage_path: `base64:${'A'.repeat(2_000)}` }],
    ['content_md5', { storage_path: 'base64:aGk=', content_md5: 'abc' }],
    ['content_md5', { storage_path: 'base64:aGk=', content_md5: '0'.repeat(32) }],
    ['content_sha256', { storage_path: 'base64:aGk=', content_sha256: '../'.repeat(20) }],
    ['auth', { storage_path: 'base64:aGk=', auth: { method: 'bearer', token: 'x' } }],
    ['content', { content: 'text' }],
  ])('%s of %j is refused, and nothing is queued', async (field, attachment) => {
    await using world = await openWorld({ start: false, attachments: { maxBytes: 1_000 } });
    await addAccount(world, { port: 25 });
    // As a client may send it.
    const broken = withFiles('m2', { filename: 'a.txt', ...attachment } as Attachment);
    await expect(world.engine.submit([mail('m1'), broken])).rejects.toMatchObject({
      code: 'invalid_input',
      problems: [{ pointer: expect.stringMatching(new RegExp(`^/messages/1/attachments/0/${field}`)) }],
    });
    expect(await world.engine.execute('messages.list', {})).toMatchObject({ items: [] });
  });

  test('a private address is open to the tenant that the operator opens it for', async () => {
    await using server = await startFileServer(() => ({ raw: 'inside' }));
    await using sink = await startSmtpSink();
    await using world = await openWorld({ outgoing: {} });
    await addAccount(world, sink);
    const inside = withFiles('m1', { filename: 'a', storage_path: `${server.url}/a` });
    await expect(world.engine.submit([inside])).rejects.toMatchObject({ code: 'invalid_input' });
    await world.engine.execute('tenants.update', { tenant_id: 'default', allow_private_networks: true });
    await world.engine.submit([inside]);
    const [message] = await sink.waitFor(1);
    expect(await filesOf(message)).toEqual({ a: 'inside' });
  });
});
