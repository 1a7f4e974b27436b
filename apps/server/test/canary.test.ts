// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { coreOperations, exportDatabase } from '@mail-proxy/core';
import {
  createTestCertificate,
  eventually,
  spawnServer,
  startReportReceiver,
  startScriptedPeer,
  startSmtpSink,
  tempDir,
} from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { findMixins } from '../src/mixins.ts';
import { exampleOf } from '../src/openapi/examples.ts';
import { inputPlaces } from '../src/openapi/input-places.ts';
import { filesIn, Marks, secretPaths } from './canary-marks.case.ts';

type Json = Readonly<Record<string, unknown>>;

/** Secrets of which there is a working one below; all others are put into the example of their operation. */
const PLANTED = ['password', 'oauth', 'tls_client_key', 'client_auth', 'config', 'private_key', 'attachments.auth'];

/** The second line of a PEM is of the key and of nothing else. */
const middleOf = (pem: string): string => pem.split('\n')[1] ?? '';

/** A relay that repeats what it is told, and takes no login. */
const startEcho = () =>
  startScriptedPeer(async (client) => {
    await client.send('220 echo.test ESMTP\r\n');
    const hello = await client.line();
    await client.send(`250-echo.test heard ${hello}\r\n250 AUTH PLAIN LOGIN\r\n`);
    for (;;) {
      const line = await client.line();
      if (/^QUIT/i.test(line)) return client.send('221 bye\r\n');
      await client.send(
        `535 5.7.8 you said ${line}, that is ${Buffer.from(line.slice(11), 'base64').toString('latin1').replaceAll('\0', ' ')}\r\n`,
      );
    }
  });

test('the walk over the schemas finds the secrets that are known, and new ones by themselves', () => {
  const paths = coreOperations.flatMap((operation) =>
    secretPaths(operation).map((path) => `${operation.name} ${path}`),
  );
  expect(paths).toEqual(
    expect.arrayContaining([
      'tenants.create client_auth',
      'accounts.create password',
      'accounts.update oauth',
      'accounts.update tls_client_key',
      'storages.create config',
      'dkim-keys.create private_key',
      'messages.create attachments.auth',
      'messages.create-batch messages.attachments.auth',
    ]),
  );
});

describe('after everything was done, a secret is found', { timeout: 120_000 }, () => {
  test.each([
    ['', 'false'],
    [', nor what messages say where that is sealed too', 'true'],
  ])('in no file, log line, metric, answer, audit row or archive%s', async (_, contentEncryption) => {
    using dir = tempDir();
    const marks = new Marks();
    const content = new Marks();
    const adminToken = marks.plant('the admin token');
    const passwords = { good: marks.plant('a password'), bad: marks.plant('a password that is refused') };
    await using sink = await startSmtpSink({ users: { user: passwords.good } });
    await using echo = await startEcho();
    await using receiver = await startReportReceiver({
      answer: (_, n) => (n % 2 === 0 ? { status: 500, raw: 'no' } : {}),
    });
    const env = {
      GMP_DATA_DIR: dir.file('data'),
      GMP_CACHE_DISK_DIR: dir.file('cache'),
      GMP_CACHE_DISK_THRESHOLD_KB: '1',
      GMP_CONTENT_ENCRYPTION: contentEncryption,
      GMP_PORT: '0',
      GMP_LOG_LEVEL: 'debug',
      GMP_API_TOKEN: adminToken,
      GMP_METRICS_TOKEN: marks.plant('the metrics token'),
      GMP_OUTGOING_ALLOWED_HOSTS: '127.0.0.1',
      GMP_RETRY_BASE_MS: '50',
      GMP_ACCOUNT_PAUSE_MS: '50',
    };
    const answers: string[] = [];
    {
      await using server = await spawnServer({ env });
      const call = async (method: string, path: string, json?: unknown, token = adminToken): Promise<Json> => {
        const body = json === undefined ? null : JSON.stringify(json);
        const headers = {
          authorization: `Bearer ${token}`,
          ...(body === null ? {} : { 'content-type': 'application/json' }),
        };
        const response = await fetch(server.url + path, { method, headers, body });
        const text = await response.text();
        // What is made here is shown this once.
        if (!/"api_key":|"secret":"whsec_/.test(text))
          answers.push(`${response.status} ${JSON.stringify([...response.headers])} ${text}`);
        // Not lines of JSON: those are read as text, as everything is.
        const isJson = response.headers.get('content-type')?.endsWith('/json') === true;
        return isJson ? Object(JSON.parse(text)) : {};
      };
      const made = async (path: string, json: Json): Promise<Json> => {
        const answer = await call('POST', path, json);
        expect([path, answer['errors'] ?? answer['code'] ?? 'made']).toEqual([path, 'made']);
        return answer;
      };

      // Every secret of every entity, in use.
      const tenant = { tenant_id: 'acme' };
      await made('/v1/tenants', {
        id: 'acme',
        client_base_url: receiver.url,
        client_sync_path: '/sync',
        client_auth: { method: 'bearer', token: marks.plant('client_auth') },
      });
      const basic = { method: 'basic', user: 'u', password: marks.plant('client_auth, changed') };
      await call('PATCH', '/v1/tenants/acme', { client_auth: basic });
      const signing = Buffer.from(marks.plant('a signing secret')).toString('base64');
      await made('/v1/tenants/acme/signing-secrets', { secret: `whsec_${signing}` });
      const { cert, key } = createTestCertificate();
      marks.watch('tls_client_key', middleOf(key));
      const relay = { ...tenant, host: '127.0.0.1', tls: 'none' };
      await made('/v1/accounts', { ...relay, id: 'good', port: sink.port, user: 'user', password: passwords.good });
      await made('/v1/accounts', {
        ...relay,
        id: 'bad',
        port: echo.port,
        user: 'user',
        password: passwords.bad,
        auth_method: 'plain',
        tls_client_cert: cert,
        tls_client_key: key,
      });
      const oauth = {
        token_url: `${receiver.url}/token`,
        client_id: 'c',
        client_secret: marks.plant('client_secret'),
        refresh_token: marks.plant('refresh_token'),
      };
      await made('/v1/accounts', { ...relay, id: 'oauth', port: echo.port, user: 'user', oauth });
      await call('PATCH', '/v1/accounts/oauth?tenant_id=acme', {
        ...tenant,
        oauth: { access_token: marks.plant('access_token') },
      });
      for (const id of ['good', 'bad', 'oauth']) await call('POST', `/v1/accounts/${id}/verify`, tenant);
      const pem = generateKeyPairSync('rsa', { modulusLength: 2_048 })
        .privateKey.export({ type: 'pkcs8', format: 'pem' })
        .toString();
      marks.watch('private_key', middleOf(pem));
      await made('/v1/dkim-keys', { ...tenant, domain: 'example.com', selector: 's1', private_key: pem });
      await call('POST', '/v1/storages', {
        ...tenant,
        name: 'files',
        protocol: 's3',
        config: { key: marks.plant('config') },
      });
      // Of a mixin: not found where that is not installed.
      const mailbox = {
        ...tenant,
        host: '127.0.0.1',
        port: echo.port,
        tls: 'none',
        user: 'user',
        purposes: ['bounces'],
      };
      await call('POST', '/v1/mailboxes', { ...mailbox, password: marks.plant('a mailbox password') });
      const mailboxOauth = { ...oauth, client_secret: marks.plant('a mailbox client_secret') };
      await call('POST', '/v1/mailboxes', { ...mailbox, oauth: mailboxOauth });

      // Mail that is taken, mail that is not, and mail whose attachment has to be fetched with a token.
      const said = {
        subject: content.plant('a subject'),
        text: content.plant('a text'),
        html: `<p>${content.plant('an html')}</p>`,
      };
      const file = Buffer.from(`${content.plant('an attachment')} `.repeat(200)).toString('base64');
      const mail = {
        ...tenant,
        from: 'a@example.com',
        to: ['b@example.org'],
        ...said,
        attachments: [{ filename: 'f.txt', storage_path: `base64:${file}` }],
      };
      const fetched = { filename: 'g.txt', fetch_mode: 'http_url', storage_path: `${receiver.url}/g.txt` };
      const auth = { method: 'bearer', token: marks.plant('attachments.auth') };
      await made('/v1/messages', { ...mail, id: 'good', account_id: 'good' });
      await made('/v1/messages', { ...mail, id: 'bad', account_id: 'bad' });
      await made('/v1/messages', { ...mail, id: 'token', account_id: 'oauth' });
      await made('/v1/messages', { ...mail, id: 'fetched', account_id: 'good', attachments: [{ ...fetched, auth }] });
      await sink.waitFor(1);
      await receiver.waitForRequests(3);
      await eventually(async () => {
        const { pause_reason: reason } = await call('GET', '/v1/accounts/bad?tenant_id=acme');
        return JSON.stringify(reason).includes('you said');
      });

      // Every operation with every secret that it takes, right by its example, and wrong: both may be refused.
      for (const operation of coreOperations) {
        const { path, body } = inputPlaces(operation);
        if (body === null) continue;
        const example: Json = { ...exampleOf(operation.name), ...tenant };
        const url = path.reduce(
          (at, { name }) => at.replace(`{${name}}`, String(example[name] ?? 'good')),
          operation.http.path,
        );
        const fields = body.map(({ name }) => name);
        const input = Object.fromEntries(Object.entries(example).filter(([name]) => fields.includes(name)));
        for (const secret of secretPaths(operation)) {
          const mark = marks.plant(`${operation.name} ${secret}`);
          const at = secret.split('.');
          const put = (value: unknown): unknown =>
            at.slice(1).reduceRight<unknown>((inner, name) => [{ [name]: inner }], value);
          const first = at[0] ?? '';
          if (!PLANTED.includes(secret)) await call(operation.http.method, url, { ...input, [first]: put(mark) });
          for (const wrong of [[mark], { wrong: mark }, { method: mark, token: [mark] }, `${mark}\r\n${mark}`]) {
            await call(operation.http.method, url, { ...input, [first]: put(wrong) });
          }
        }
        await call(operation.http.method, url, {
          ...input,
          subject: { wrong: marks.plant('a field of another type') },
        });
      }
      const wrongToken = marks.plant('a wrong token');
      await call('GET', '/v1/instance', undefined, wrongToken);

      // All that can be read.
      for (const operation of coreOperations.filter(({ http }) => http.method === 'GET')) {
        for (const id of ['good', 'bad', 'acme', 'files', 'fetched']) {
          await call('GET', `${operation.http.path.replaceAll(/\{\w+\}/g, id)}?tenant_id=acme`);
          await call('GET', operation.http.path.replaceAll(/\{\w+\}/g, id));
        }
      }
      await call('GET', '/metrics');
      await call('GET', '/openapi.json');
      await call('GET', '/v1/command-log?limit=1000');

      const read = answers.join('\n');
      expect(read).toMatch(/gmp_sent_total|gmp_/);
      expect(read).toContain('accounts.create');
      expect(read).toContain('you said AUTH PLAIN [redacted]');
      const logged = server.stdout() + server.stderr();
      expect(logged).toContain('"level":"debug"');
      const keyText = readFileSync(dir.file('data', 'mail-proxy.db.key'), 'utf8').trim();
      marks.watch('the encryption key', keyText);
      // While it runs: the database, its WAL and its index.
      const files = filesIn(dir.path);
      expect(files.map(({ path }) => path)).toEqual(
        expect.arrayContaining([dir.file('data', 'mail-proxy.db-wal'), dir.file('data', 'mail-proxy.db-shm')]),
      );
      expectNone(marks, [
        ...files,
        { path: 'log', bytes: Buffer.from(logged) },
        { path: 'answers', bytes: Buffer.from(read) },
      ]);
      expect(content.foundIn(Buffer.from(logged))).toEqual([]);
      expect(
        content.foundIn(Buffer.from(answers.filter((answer) => /command_log|"operation"|gmp_/.test(answer)).join())),
      ).toEqual([]);
      if (contentEncryption === 'true') expect(files.flatMap(({ bytes }) => content.foundIn(bytes))).toEqual([]);
      server.kill();
      await server.exited;
      const end = server.stdout() + server.stderr();
      expect([marks.foundIn(Buffer.from(end)), content.foundIn(Buffer.from(end))]).toEqual([[], []]);
    }
    const { mixins } = await findMixins('auto');
    await exportDatabase({
      config: { database: dir.file('data', 'mail-proxy.db') },
      mixins,
      folder: dir.file('archive'),
    });
    const files = filesIn(dir.path);
    expect(files.some(({ path }) => path.startsWith(dir.file('archive')))).toBe(true);
    expectNone(marks, files);
    // The search finds what is there.
    const said = new Set(files.flatMap(({ bytes }) => content.foundIn(bytes)));
    expect(said.size).toBe(contentEncryption === 'true' ? 0 : content.size);
  });
});

/** Not one of them, but the key in its own file. */
function expectNone(marks: Marks, places: readonly { readonly path: string; readonly bytes: Buffer }[]): void {
  expect(marks.size).toBeGreaterThan(20);
  const found = places.flatMap(({ path, bytes }) => marks.foundIn(bytes).map((mark) => `${mark} in ${path}`));
  expect(found.filter((each) => !/^the encryption key in .*mail-proxy\.db\.key$/.test(each))).toEqual([]);
}
