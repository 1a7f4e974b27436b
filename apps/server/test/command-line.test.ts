// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { coreOperations } from '@mail-proxy/core';
import { startSmtpSink, tempDir } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { runCommandLine } from '../src/cli/run-command-line.ts';
import { VARIABLES } from '../src/env/variables.ts';
import { findMixins } from '../src/mixins.ts';
import { ADMIN_TOKEN, serveApp } from './served-app.case.ts';
import { runPiped } from './terminal.case.ts';

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

/** Run a command line in this process. */
async function run(args: readonly string[], { env = {}, stdin = '' }: RunOptions = {}): Promise<Run> {
  const written = { stdout: '', stderr: '' };
  const sink = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      written[name] += text;
    },
  });
  const streams = {
    stdout: sink('stdout'),
    stderr: sink('stderr'),
    async *stdin() {
      yield stdin;
    },
  };
  const code = await runCommandLine(args, {
    env,
    streams: { ...streams, stdin: streams.stdin() },
    serve: async () => 0,
  });
  return { code, ...written };
}

const reach = (url: string) => ({ GMP_URL: url, GMP_API_TOKEN: ADMIN_TOKEN });

describe('commands of operations', () => {
  test('that answer in lines write them as they come, and a refusal as any other', async () => {
    await using app = await serveApp();
    const env = reach(app.url);
    for (let n = 0; n < 3; n++) await app.call('PATCH', '/v1/tenants/default', { json: { name: `n${n}` } });
    const exported = await run(['command-log', 'export', '--operation', 'tenants.update'], { env });
    expect([exported.code, exported.stderr]).toEqual([0, '']);
    const lines = exported.stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).input.name)).toEqual(['n0', 'n1', 'n2']);
    const wrong = await run(['command-log', 'export', '--since', 'yesterday'], { env });
    expect([wrong.code === 0, wrong.stdout]).toEqual([false, '']);
    expect(wrong.stderr).toContain('/since');
  });

  test('of mixins are there where these are installed', async (context) => {
    const { mixins } = await findMixins('auto');
    if (mixins.length === 0) context.skip('the enterprise package is not installed');
    await using app = await serveApp({}, {}, mixins);
    const env = reach(app.url);
    const mail = 'From: a@example.com\r\nSubject: Out of office\r\n\r\nI am away.\r\n';
    const posted = await run(['bounces', 'receive', '--mail', '-', '--json'], { env, stdin: mail });
    expect([posted.code, posted.stderr]).toEqual([0, '']);
    expect(JSON.parse(posted.stdout)).toMatchObject({ events: [], unmatched: false });
    expect((await run(['bounces', 'list-unmatched'], { env })).code).toBe(0);
    const help = await run(['--help']);
    expect(help.stdout).toContain('bounces');
  });

  test('that answer with bytes write them as they are, to a file or a pipe', async (context) => {
    const { mixins } = await findMixins('auto');
    if (mixins.length === 0) context.skip('the enterprise package is not installed');
    await using app = await serveApp({}, {}, mixins);
    using dir = tempDir();
    const env = reach(app.url);
    // No bytes of UTF-8, and kept since it says that it is a receipt.
    const mail = Buffer.from('X-Ricevuta: accettazione\r\n\r\n\xff\x00\r\n', 'latin1');
    writeFileSync(dir.file('in.eml'), mail);
    const posted = await run(['pec', 'receive', '--mail', `@${dir.file('in.eml')}`, '--json'], { env });
    const { id } = JSON.parse(posted.stdout).receipt;
    const written = await run(['pec', 'download-receipt', id, '--out', dir.file('out.eml')], { env });
    expect(written).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(readFileSync(dir.file('out.eml')).equals(mail)).toBe(true);
    const answer = await fetch(`${app.url}/v1/pec/receipts/${id}/mail`, {
      headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
    });
    expect(answer.headers.get('content-type')).toBe('message/rfc822');
    expect(answer.headers.get('content-disposition')).toBe('attachment');
    expect(Buffer.from(await answer.arrayBuffer()).equals(mail)).toBe(true);
    const unknown = await run(['pec', 'download-receipt', 'none', '--out', dir.file('none.eml')], { env });
    expect(unknown.stderr).toContain('not_found');
    expect(existsSync(dir.file('none.eml'))).toBe(false);
    const nowhere = await run(['pec', 'download-receipt', id, '--out', dir.file('no/folder')], { env });
    expect(nowhere).toMatchObject({ code: 2, stderr: expect.stringContaining('--out cannot be written: ENOENT') });
    const piped = await run(['pec', 'download-receipt', id, '--out', '-'], { env });
    // The stream of these tests shows bytes as numbers.
    expect(piped.stdout).toBe(String(new Uint8Array(mail)));
  });

  test('send a complete mail as it is, from standard input or a file', async () => {
    await using app = await serveApp();
    const env = reach(app.url);
    const mail = 'From: a@example.com\r\nTo: b@example.org\r\nSubject: Hi\r\n\r\nHi.\r\n';
    using dir = tempDir();
    writeFileSync(dir.file('mail.eml'), mail);
    const account = ['--tenant-id', 'default', '--id', 'main', '--host', '127.0.0.1', '--port', '25'];
    await run(['accounts', 'create', ...account], { env });
    for (const [id, given] of Object.entries({ piped: '-', kept: `@${dir.file('mail.eml')}` })) {
      const sent = await run(['messages', 'create', '--mail', given, '--id', id, '--json'], { env, stdin: mail });
      expect([sent.code, sent.stderr]).toEqual([0, '']);
      expect(JSON.parse(sent.stdout)).toMatchObject({ id });
    }
    const wrong = await run(['messages', 'create', '--mail', 'mail.eml'], { env });
    expect(wrong.stderr).toContain('--mail takes @file');
  });

  test('send arguments, flags of every kind and lists, and print JSON for machines', async () => {
    await using app = await serveApp();
    const env = reach(app.url);
    const account = await run(
      ['accounts', 'create', '--id', 'main', '--host', '127.0.0.1', '--port', '25', '--is-default', '--json'],
      { env },
    );
    expect([account.code, account.stderr]).toEqual([0, '']);
    expect(JSON.parse(account.stdout)).toMatchObject({ id: 'main', port: 25, is_default: true });

    const create = ['messages', 'create', '--from', 'a@example.net', '--subject', 'Hi', '--text', 'yo', '--json'];
    const flags = ['--id', 'm/1', '--to', 'b@example.org', 'c@example.org', '--priority', 'high'];
    const headers = ['--headers', '{"X-One":"1"}'];
    expect((await run([...create, ...flags, ...headers], { env })).code).toBe(0);
    const shown = JSON.parse((await run(['messages', 'get', 'm/1', '--json'], { env })).stdout);
    expect(shown).toMatchObject({ id: 'm/1', priority: 1, recipients: [{}, {}] });
  });

  test('print tables and fields for people', async () => {
    await using app = await serveApp();
    const env = reach(app.url);
    await run(['tenants', 'create', '--id', 'acme', '--name', 'Acme'], { env });
    const list = await run(['tenants', 'list'], { env });
    expect(list.stdout).toMatch(/^id .*\n(.*\n)*acme +Acme/);
    const shown = await run(['tenants', 'get', 'acme'], { env });
    expect(shown.stdout).toMatch(/^name +Acme$/m);
    expect((await run(['tenants', 'delete', 'acme'], { env })).stdout).toBe('done\n');
    expect((await run(['accounts', 'list'], { env })).stdout).toBe('none\n');
  });

  test('print why a message waits, and what was said to its relay line by line', async () => {
    await using app = await serveApp();
    await using sink = await startSmtpSink();
    const env = reach(app.url);
    const relay = ['--host', sink.host, '--port', String(sink.port), '--tls', 'none'];
    await run(['accounts', 'create', '--id', 'main', ...relay], { env });
    const message = ['--from', 'a@example.net', '--to', 'b@example.org', '--subject', 'Hi', '--text', 'yo'];
    await run(['messages', 'create', '--id', 'one', ...message, '--batch-code', 'news'], { env });
    await run(['batches', 'suspend', 'news'], { env });
    const shown = await run(['messages', 'get', 'one'], { env });
    expect(shown.stdout).toMatch(/waiting_for\nkind +scope +detail *\nbatch_suspended +batch +the batch news is/);
    const verified = await run(['accounts', 'verify', 'main'], { env });
    expect(verified.stdout).toMatch(/^ok +true$/m);
    expect(verified.stdout).toMatch(/^transcript\n(.*\n)* {2}\+\d+ms C: EHLO /m);
  });

  test('cut the column that does not fit, and say what is hidden', async () => {
    await using app = await serveApp();
    const env = reach(app.url);
    const name = 'A name that is longer than a column may be';
    await run(['tenants', 'create', '--id', 'acme', '--name', name, '--client-base-url', 'https://acme.example'], {
      env,
    });
    const { stdout } = await run(['tenants', 'list'], { env });
    expect(stdout).toContain('A name that is longer than a column may…');
    expect(stdout).toMatch(/\d+ more columns with --json\n$/);
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test('say that a list goes on', async () => {
    await using app = await serveApp();
    const env = reach(app.url);
    await run(['tenants', 'create', '--id', 'acme'], { env });
    const { stderr } = await run(['tenants', 'list', '--limit', '1'], { env });
    expect(stderr).toBe('There is more: --after acme\n');
  });

  test('take the whole input from a file, from a pipe or as it stands, and flags over it', async () => {
    await using app = await serveApp();
    using dir = tempDir();
    const env = reach(app.url);
    writeFileSync(dir.file('a.json'), '{"id":"file","name":"from file"}');
    const create = (data: string, more: readonly string[] = [], stdin = '') =>
      run(['tenants', 'create', '--data', data, '--json', ...more], { env, stdin });
    expect(JSON.parse((await create(`@${dir.file('a.json')}`, ['--name', 'flag'])).stdout).name).toBe('flag');
    expect(JSON.parse((await create('-', [], '{"id":"pipe"}')).stdout).id).toBe('pipe');
    expect(JSON.parse((await create('{"id":"text"}')).stdout).id).toBe('text');
  });

  test('clear a field with --clear', async () => {
    await using app = await serveApp();
    const env = reach(app.url);
    await run(['tenants', 'create', '--id', 'acme', '--client-base-url', 'https://acme.example'], { env });
    const { stdout } = await run(['tenants', 'update', 'acme', '--clear', 'client-base-url', '--json'], { env });
    expect(JSON.parse(stdout).client_base_url).toBeNull();
  });

  test('reach what a mixin adds by its path', async () => {
    await using app = await serveApp();
    const { code, stdout } = await run(['call', 'post', '/v1/odd/one', '--data', '{"note":"x"}', '--json'], {
      env: reach(app.url),
    });
    expect([code, JSON.parse(stdout)]).toEqual([0, { thing_id: 'one', note: 'x' }]);
  });
});

describe('exit codes', () => {
  test('1 when the server refuses: what is wrong with each field, and what to do about a token', async () => {
    await using app = await serveApp();
    const refused = await run(['accounts', 'create', '--id', 'a', '--host', 'h', '--port', '99999'], {
      env: reach(app.url),
    });
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toMatch(/invalid_input.*\/port: expected a whole number/s);
    const unknown = await run(['instance', 'get', '--data-dir', '/nowhere'], { env: { GMP_URL: app.url } });
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringMatching(/GMP_API_TOKEN.*\/nowhere\/token/s)]);
  });

  test.each([
    ['an unknown command', ['accounts', 'destroy'], /unknown command/],
    ['an unknown flag', ['accounts', 'create', '--idd', 'x'], /Did you mean --id/],
    ['a missing argument', ['accounts', 'get'], /missing required argument 'account-id'/],
    ['missing fields', ['accounts', 'create', '--id', 'x'], /missing: --host, --port/],
    ['a number that is none', ['accounts', 'create', '--port', 'x'], /--port takes a number/],
    ['JSON that is none', ['messages', 'create', '--headers', '{'], /--headers takes JSON/],
    ['data that is no object', ['messages', 'create', '--data', '[]'], /takes a JSON object/],
    ['data that cannot be read', ['messages', 'create', '--data', '@/nowhere'], /ENOENT/],
  ])('2 for %s', async (_, args, message) => {
    const { code, stderr } = await run(args);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });

  test('69 when nobody answers, with how to start the server', async () => {
    const { code, stderr } = await run(['instance', 'get'], {
      env: { GMP_URL: 'http://127.0.0.1:2', GMP_API_TOKEN: 'x' },
    });
    expect([code, stderr]).toEqual([69, expect.stringContaining('mail-proxy serve')]);
  });

  test('70 when the server fails, with the id to look for', async () => {
    await using app = await serveApp();
    const { code, stderr } = await run(['call', 'POST', '/v1/odd/one/bug'], { env: reach(app.url) });
    expect([code, stderr]).toEqual([70, expect.stringMatching(/request id [\da-f-]{36}/)]);
  });

  test('78 when the file that should hold the token cannot be read', async () => {
    using dir = tempDir();
    const { code, stderr } = await run(['token'], { env: { GMP_API_TOKEN_FILE: dir.file('absent') } });
    expect([code, stderr]).toEqual([
      78,
      expect.stringContaining('GMP_API_TOKEN_FILE: the file cannot be read (ENOENT)'),
    ]);
  });

  test('78 when there is no token to print', async () => {
    using dir = tempDir();
    const { code, stderr } = await run(['token', '--data-dir', dir.path]);
    expect([code, stderr]).toEqual([78, expect.stringContaining(dir.file('token'))]);
  });
});

describe('help', () => {
  test('stands everywhere, with an example that names existing flags', async () => {
    for (const { name } of coreOperations) {
      const [resource = '', verb = ''] = name.split('.');
      const { code, stdout } = await run([resource, verb, '--help']);
      const example = /Example:\n {2}(.*)\n/.exec(stdout)?.[1] ?? '';
      expect([name, code, example]).toEqual([name, 0, expect.stringContaining(`mail-proxy ${resource} ${verb}`)]);
      const [, options = ''] = stdout.split('Options:');
      for (const [flag] of example.matchAll(/--[a-z-]+/g)) expect(options).toContain(`  ${flag} `);
    }
  });

  test('of serve names every variable, with its default in its own unit', async () => {
    const { stdout } = await run(['serve', '--help']);
    for (const { name } of VARIABLES) expect(stdout).toMatch(new RegExp(`^  ${name} .+ \\(.+\\)$`, 'm'));
    expect(stdout).toMatch(/^ {2}GMP_RETRY_MAX_AGE_SECONDS .+ \(345600\)$/m);
    expect(stdout).toMatch(/^ {2}GMP_EHLO_NAME .+ \(the machine's name\)$/m);
  });
});

describe('as a process at a pipe', () => {
  test('finds the token in the data folder, reads stdin and writes plain text', async () => {
    await using app = await serveApp();
    using dir = tempDir();
    writeFileSync(dir.file('token'), `${ADMIN_TOKEN}\n`, { mode: 0o600 });
    const env = { GMP_URL: app.url, GMP_DATA_DIR: dir.path };
    const created = await runPiped(['tenants', 'create', '--data', '-', '--json'], { env, stdin: '{"id":"acme"}' });
    expect([created.code, created.stderr, JSON.parse(created.stdout).id]).toEqual([0, '', 'acme']);
    const shown = await runPiped(['tenants', 'get', 'acme'], { env });
    expect(shown.stdout).not.toContain('\u001b');
    expect((await runPiped(['token'], { env })).stdout).toBe(`${ADMIN_TOKEN}\n`);
    expect((await run(['token'], { env: { GMP_API_TOKEN_FILE: dir.file('token') } })).stdout).toBe(`${ADMIN_TOKEN}\n`);
    expect(readFileSync(dir.file('token'), 'utf8')).toBe(`${ADMIN_TOKEN}\n`);
  });

  test('prints the OpenAPI document of the community edition', async () => {
    const { code, stdout } = await runPiped(['openapi', '--edition', 'community']);
    expect([code, JSON.parse(stdout).openapi]).toEqual([0, '3.1.0']);
  });

  test('names every problem of the configuration and ends with 78', async () => {
    const { code, stderr, stdout } = await runPiped(['serve'], { env: { GMP_PRT: '1', GMP_LOG_LEVEL: 'loud' } });
    expect([code, stdout]).toEqual([78, '']);
    expect(stderr).toMatch(/GMP_PRT.*GMP_PORT/);
    expect(stderr).toMatch(/GMP_LOG_LEVEL/);
  });
});
