// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { tempDir } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { runCommandLine } from '../src/cli/run-command-line.ts';
import { ADMIN_TOKEN, type ServedApp, serveApp } from './served-app.case.ts';

const JSON_BODY = { 'content-type': 'application/json' };

/** Run a command of suppression lists. */
async function run(app: Pick<ServedApp, 'url'>, args: readonly string[], stdin: readonly string[] = []) {
  const written = { stdout: '', stderr: '' };
  const sink = (name: keyof typeof written) => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const code = await runCommandLine(['suppressions', ...args], {
    env: { GMP_URL: app.url, GMP_API_TOKEN: ADMIN_TOKEN },
    streams: {
      stdout: sink('stdout'),
      stderr: sink('stderr'),
      stdin: (async function* () {
        yield* stdin;
      })(),
    },
    serve: async () => 0,
  });
  return { code, ...written };
}

async function listed(app: ServedApp): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return (await app.call('GET', '/v1/suppressions?limit=1000')).json.items;
}

const addressesOf = async (app: ServedApp) => (await listed(app)).map(({ address }) => address);

describe('suppressions import', () => {
  test('of a CSV with names of columns: what is wrong is told by its line, the rest is stored', async () => {
    using dir = tempDir();
    await using app = await serveApp();
    const file = dir.file('list.csv');
    writeFileSync(
      file,
      '\ufeffcreated,Email,note,reason,expires_at\r\n' +
        '"2020-01-01\n00:00", Ann@Example.org ,"asked, twice",unsubscribe,2999-01-01T00:00:00Z\r\n' +
        '2020-01-01,bob@example.org\r\n' +
        '\r\n' +
        '2020-01-01,nobody,,,\r\n' +
        '2020-01-01,@gone.example,"said ""no""",complaint\r\n' +
        '2020-01-01,,,,\r\n' +
        '2020-01-01,eve@example.org,,dislike,1999-01-01T00:00:00Z\r\n',
    );
    const { code, stdout, stderr } = await run(app, ['import', file]);
    expect([code, stdout]).toEqual([1, '3 added, 0 replaced, 0 kept, 3 rejected\n']);
    expect(stderr.split('\n').filter((line) => line.startsWith('line'))).toEqual([
      'line 6: address: there is no @',
      'line 8: address: required',
      expect.stringMatching(/^line 9: reason: expected hard_bounce or /),
    ]);
    expect(await listed(app)).toMatchObject([
      {
        address: 'ann@example.org',
        reason: 'unsubscribe',
        note: 'asked, twice',
        expires_at: '2999-01-01T00:00:00.000Z',
      },
      { address: 'bob@example.org', reason: 'import', note: null, expires_at: null },
      { address: '@gone.example', reason: 'complaint', note: 'said "no"', expires_at: null },
    ]);
  });

  test('of a CSV without names takes the first column, and --reason stands over what the rows say', async () => {
    using dir = tempDir();
    await using app = await serveApp();
    await app.call('POST', '/v1/tenants', { json: { id: 'acme' } });
    const file = dir.file('list.csv');
    writeFileSync(file, 'ann@example.org\nbob@example.org,complaint,n\n');
    const args = ['import', file, '--reason', 'hard_bounce', '--tenant-id', 'acme', '--json'];
    expect(JSON.parse((await run(app, args)).stdout)).toEqual({ added: 2, replaced: 0, kept: 0, rejected: 0 });
    expect(await listed(app)).toMatchObject([
      { tenant_id: 'acme', address: 'ann@example.org', reason: 'hard_bounce' },
      { tenant_id: 'acme', address: 'bob@example.org', reason: 'hard_bounce', note: 'n' },
    ]);
  });

  test('of lines of JSON from standard input, which come in pieces', async () => {
    await using app = await serveApp();
    await app.call('POST', '/v1/suppressions', { json: { address: 'old@example.org' } });
    const { code, stdout, stderr } = await run(
      app,
      ['import', '-', '--format', 'ndjson', '--keep-existing'],
      [
        '{"address":"a@exam',
        'ple.org","pk":"x","stopped":3,"note":null}\n\n{"address":',
        '7}\n[]\nno\n{"address":"old@example.org"}',
      ],
    );
    expect([code, stdout]).toEqual([1, '1 added, 0 replaced, 1 kept, 3 rejected\n']);
    expect(stderr).toBe('line 3: address: expected text\nline 4: address: required\nline 5: expected a JSON object\n');
    expect(await addressesOf(app)).toEqual(['old@example.org', 'a@example.org']);
  });

  test('of what was exported gives the same list, in both forms', async () => {
    using dir = tempDir();
    await using app = await serveApp();
    await app.call('POST', '/v1/tenants', { json: { id: 'acme' } });
    const entries = [
      { address: 'zoë@bücher.example', note: 'a, "b"', reason: 'complaint', expires_at: '2999-01-01T00:00:00.000Z' },
      { address: '"odd, one"@example.org', note: '=1+1' },
      { address: '@gone.example' },
    ];
    await app.call('POST', '/v1/suppressions/import', { json: { entries } });
    const plain = async (tenant: string) =>
      (await listed(app))
        .filter(({ tenant_id }) => tenant_id === tenant)
        .map(({ address, reason, note, expires_at }) => ({ address, reason, note, expires_at }));
    const before = await plain('default');
    expect(before).toHaveLength(3);
    for (const format of ['csv', 'ndjson']) {
      const exported = await run(app, ['export', '--format', format, '--tenant-id', 'default']);
      expect([exported.code, exported.stderr]).toEqual([0, '']);
      const file = dir.file(`list.${format}`);
      writeFileSync(file, exported.stdout);
      for (const { address } of before) {
        await app.call('DELETE', `/v1/suppressions/${encodeURIComponent(String(address))}`);
      }
      expect(await run(app, ['import', file])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^3 added/) });
      expect((await plain('default')).toSorted(byAddress)).toEqual(before.toSorted(byAddress));
    }
    const one = await run(app, ['export', '--format', 'csv', '--domain', 'gone.example', '--tenant-id', 'default']);
    expect(one.stdout.split('\n')).toEqual([
      'address,reason,note,expires_at,tenant_id,created_at,stopped,last_stopped_at',
      expect.stringMatching(/^@gone\.example,import,,,default,\d{4}-\S+Z,0,$/),
      '',
    ]);
  });

  test('of what an operator exported of all tenants takes the rows of its tenant, and names those of others', async () => {
    using dir = tempDir();
    await using app = await serveApp();
    await app.call('POST', '/v1/tenants', { json: { id: 'acme' } });
    for (const [address, tenant_id] of [
      ['ann@example.org', 'acme'],
      ['bob@example.org', 'default'],
      ['eve@example.org', 'acme'],
    ]) {
      await app.call('POST', '/v1/suppressions', { json: { address, tenant_id } });
    }
    const owners = async () => (await listed(app)).map(({ tenant_id, address }) => [tenant_id, address]);
    const before = await owners();
    for (const [format, header] of [
      ['csv', 1],
      ['ndjson', 0],
    ] as const) {
      const file = dir.file(`list.${format}`);
      writeFileSync(file, (await run(app, ['export', '--format', format])).stdout);
      const ofKey = await run(app, ['import', file]);
      expect([ofKey.code, ofKey.stdout]).toEqual([1, '0 added, 1 replaced, 0 kept, 2 rejected\n']);
      expect(ofKey.stderr).toContain(
        [1, 3].map((row) => `line ${row + header}: tenant_id: expected default, whose list this is\n`).join(''),
      );
      const named = await run(app, ['import', file, '--tenant-id', 'acme']);
      expect([named.code, named.stdout]).toEqual([1, '0 added, 2 replaced, 0 kept, 1 rejected\n']);
      expect(named.stderr).toContain(`line ${2 + header}: tenant_id: expected acme, whose list this is\n`);
      expect(await owners()).toEqual(before);
    }
  });

  test('of a pipe reads it once, and a folder is none', async () => {
    using dir = tempDir();
    await using app = await serveApp();
    const pipe = dir.file('list.csv');
    execFileSync('mkfifo', [pipe]);
    const [{ code, stdout }] = await Promise.all([
      run(app, ['import', pipe]),
      writeFile(pipe, 'address\nann@example.org\n'),
    ]);
    expect([code, stdout]).toEqual([0, '1 added, 0 replaced, 0 kept, 0 rejected\n']);
    expect(await addressesOf(app)).toEqual(['ann@example.org']);
    const folder = await run(app, ['import', dir.path, '--format', 'csv']);
    expect(folder).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be read') });
  });

  test.each([
    ['without an answer', null, 69],
    ['with 503', 503, 70],
  ] as const)('that ends %s says which lines may be stored', async (_, status, exit) => {
    using dir = tempDir();
    await using app = await serveApp();
    // What goes through it is done; then nobody is told of the second.
    let calls = 0;
    const between = createServer(async (request, response) => {
      const answer = await app.call('POST', request.url ?? '', { body: await text(request), headers: JSON_BODY });
      calls += 1;
      if (calls === 1) response.setHeader('content-type', 'application/json').end(answer.text);
      else if (status === null) response.destroy();
      else response.writeHead(status).end('gateway');
    });
    await once(between.listen(0, '127.0.0.1'), 'listening');
    await using _ended = { [Symbol.asyncDispose]: async () => void between.close() };
    const { port } = between.address() as AddressInfo;
    const file = dir.file('list.csv');
    writeFileSync(file, `address\n${Array.from({ length: 2_500 }, (_, index) => `a${index}@example.org\n`).join('')}`);
    const { code, stderr } = await run({ url: `http://127.0.0.1:${port}` }, ['import', file]);
    expect(code).toBe(exit);
    expect(stderr).toContain(
      'Stored up to line 1001; lines 1002 to 2001 may be stored or not, nothing after them; the same import may be run again\n',
    );
    expect((await run(app, ['export'])).stdout.trimEnd().split('\n')).toHaveLength(2_000);
  });

  test('of many rows goes in pieces, shows how far it is, and can be run again', async () => {
    using dir = tempDir();
    await using app = await serveApp();
    const file = dir.file('many.jsonl');
    const lines = Array.from({ length: 2_500 }, (_, index) => `{"address":"a${index}@example.org"}\n`);
    writeFileSync(file, lines.join(''));
    const first = await run(app, ['import', file]);
    expect([first.code, first.stdout]).toEqual([0, '2500 added, 0 replaced, 0 kept, 0 rejected\n']);
    expect(first.stderr).toMatch(/^importing \d+\/2501 rows \(suppressions\)\n/);
    expect(first.stderr).toContain('importing 2501/2501 rows (suppressions)\n');
    const again = await run(app, ['import', file]);
    expect([again.code, again.stdout]).toEqual([0, '0 added, 2500 replaced, 0 kept, 0 rejected\n']);
    const logged = (await app.call('GET', '/v1/command-log?operation=suppressions.import')).json.items;
    expect(logged).toHaveLength(6);
    expect(logged[0].input).toEqual({ entries: '[content]', on_existing: 'replace' });
  });

  test('that the server refuses says what was stored', async () => {
    using dir = tempDir();
    await using app = await serveApp();
    const file = dir.file('list.csv');
    writeFileSync(file, 'ann@example.org\n');
    const refused = await run(app, ['import', file, '--tenant-id', 'nobody']);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('(not_found)');
    expect(refused.stderr).toContain('Nothing was stored\n');
    // Nobody listens there any more.
    const ended = createServer();
    await once(ended.listen(0, '127.0.0.1'), 'listening');
    const { port } = ended.address() as AddressInfo;
    await once(ended.close(), 'close');
    const unheard = await run({ url: `http://127.0.0.1:${port}` }, ['import', file]);
    expect(unheard).toMatchObject({ code: 69, stderr: expect.stringContaining('Nothing was stored\n') });
  });

  test('of a file that breaks off says up to which line it is stored', async () => {
    using dir = tempDir();
    await using app = await serveApp();
    const file = dir.file('list.csv');
    writeFileSync(file, `address\n${'a@example.org\n'.repeat(1_500)}"b@example.org\n`);
    const { code, stderr } = await run(app, ['import', file]);
    expect(code).toBe(2);
    expect(stderr).toContain('Stored up to line 1001, nothing after it; the same import may be run again\n');
    expect(await addressesOf(app)).toEqual(['a@example.org']);
  });

  test('of a file that is none says why', async () => {
    using dir = tempDir();
    await using app = await serveApp();
    const wrong: readonly (readonly [name: string, content: string | null, complaint: string])[] = [
      ['list.csv', 'name,age\nann,7\n', 'names no column of addresses'],
      ['quote.csv', 'address\n"ann@example.org\n', 'is no CSV'],
      ['list.txt', 'ann@example.org\n', '--format'],
      ['absent.csv', null, 'cannot be read'],
    ];
    for (const [name, content, complaint] of wrong) {
      const file = dir.file(name);
      if (content !== null) writeFileSync(file, content);
      const { code, stderr } = await run(app, ['import', file]);
      expect([name, code]).toEqual([name, 2]);
      expect(stderr).toContain(complaint);
    }
    expect(await listed(app)).toEqual([]);
  });
});

function byAddress(a: { readonly address: unknown }, b: { readonly address: unknown }): number {
  return String(a.address) < String(b.address) ? -1 : 1;
}
