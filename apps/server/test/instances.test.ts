// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { findTarget } from '../src/cli/instance-target.ts';
import { openLogFile } from '../src/instances/log-file.ts';
import { runStateOf } from '../src/instances/run-file.ts';
import { run } from './run-command.case.ts';
import { KEY, openTerminal, runPiped } from './terminal.case.ts';

/** Everything below a folder, with the bits of who may read it. */
function modesIn(folder: string): Readonly<Record<string, string>> {
  const all = [folder, ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path))];
  return Object.fromEntries(all.map((path) => [path.slice(folder.length), (statSync(path).mode & 0o777).toString(8)]));
}

describe('a named instance', () => {
  test('is made, listed, chosen, asked for its state and its log, and stopped', async () => {
    using home = tempDir();
    const env = { HOME: home.path, GMP_EDITION: 'community' };
    const folder = home.file('.mail-proxy/prod');
    await using server = openTerminal(['serve', 'prod', '--port', '0'], { env });
    await server.waitFor(/listening on (http:\/\/\S+)/);
    const [, url = ''] = /listening on (http:\/\/\S+)/.exec(server.text()) ?? [];

    for (const [path, mode] of Object.entries(modesIn(folder))) {
      expect([path, mode]).toEqual([path, statSync(join(folder, path)).isDirectory() ? '700' : '600']);
    }
    expect(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))).toEqual({ port: 0 });

    const listed = await run(['list', '--json'], env);
    const shown = { name: 'prod', state: 'running', url, waiting: 0, paused: false, pid: server.pid, folder };
    expect(JSON.parse(listed.stdout).items).toEqual([expect.objectContaining({ current: false, ...shown })]);
    expect((await run(['use', 'prod/acme'], env)).stdout).toBe('prod/acme\n');
    expect((await run(['current', '--json'], env)).stdout).toBe('{"instance":"prod","tenant_id":"acme"}\n');
    expect(JSON.parse((await run(['status', '--json'], env)).stdout)).toMatchObject(shown);
    expect((await run(['list'], env)).stdout).toMatch(/^\* prod +running/m);

    // The context names server, token and tenant, and is shown to people only.
    expect((await runPiped(['tenants', 'create', '--id', 'acme', '--json'], { env })).stderr).toBe('');
    await using made = openTerminal(['accounts', 'create', '--id', 'main', '--host', '127.0.0.1', '--port', '1'], {
      env,
    });
    expect(await made.exitCode).toBe(0);
    expect(made.screen()).toMatch(/^prod\/acme http:\S+\n/);
    expect(JSON.parse((await run(['accounts', 'list', '--json'], env)).stdout).items).toMatchObject([
      { id: 'main', tenant_id: 'acme' },
    ]);
    const elsewhere = await run(['accounts', 'list'], { ...env, GMP_URL: url });
    expect([elsewhere.code, elsewhere.stderr]).toEqual([1, expect.stringContaining('unauthenticated')]);

    await using log = openTerminal(['logs', '--follow', '--lines', '1000'], { env });
    await log.waitFor(/info +started url=http/);
    const stopped = await runPiped(['stop', 'prod'], { env });
    expect(stopped).toEqual({
      code: 0,
      stdout: 'prod has stopped\n',
      stderr: expect.stringMatching(/^prod is stopping/),
    });
    await log.waitFor(/info +stopped/);
    log.write(KEY.ctrlC);
    expect([await log.exitCode, await server.exitCode]).toEqual([130, 0]);

    expect(await run(['stop', 'prod'], env)).toMatchObject({ code: 0, stdout: 'prod does not run\n' });
    const status = await run(['status'], env);
    expect([status.code, status.stderr]).toEqual([69, 'start it with: mail-proxy serve prod\n']);
    const unreachable = await run(['accounts', 'list'], env);
    expect([unreachable.code, unreachable.stderr]).toEqual([69, expect.stringContaining('mail-proxy serve prod')]);
    expect(JSON.parse((await run(['logs', '--json', '--lines', '1'], env)).stdout)).toMatchObject({ msg: 'stopped' });
  });

  test('that was killed does not run, and a process that has its id since is left alone', async () => {
    using home = tempDir();
    const env = { HOME: home.path };
    mkdirSync(home.file('.mail-proxy/old'), { recursive: true, mode: 0o700 });
    // This process has the id; it began at another time than the one that wrote this.
    const said = { pid: process.pid, process_mark: 'another', url: 'http://127.0.0.1:2', version: '0', started_at: '' };
    writeFileSync(home.file('.mail-proxy/old/server.json'), JSON.stringify(said));
    expect(await runStateOf(home.file('.mail-proxy/old'))).toEqual({ kind: 'stopped' });
    expect(await run(['stop', 'old'], env)).toMatchObject({ code: 0, stdout: 'old does not run\n' });
    expect(JSON.parse((await run(['list', '--json'], env)).stdout).items).toMatchObject([
      { name: 'old', state: 'stopped' },
    ]);
    // Nothing says when it began: nobody can tell.
    writeFileSync(home.file('.mail-proxy/old/server.json'), JSON.stringify({ ...said, process_mark: null }));
    expect(await run(['stop', 'old'], env)).toMatchObject({ code: 1, stderr: expect.stringContaining('by hand') });
  });

  test('lies where XDG_DATA_HOME says, and a name that is none, or nearly one, is told', async () => {
    using home = tempDir();
    const env = { HOME: home.path, XDG_DATA_HOME: home.file('data'), XDG_CONFIG_HOME: home.file('config') };
    mkdirSync(home.file('data/mail-proxy/prod'), { recursive: true });
    expect((await run(['use', 'prod'], env)).code).toBe(0);
    expect(existsSync(home.file('config/mail-proxy/contexts.json'))).toBe(true);
    expect(await run(['use', 'prd'], env)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('did you mean prod?'),
    });
    expect(await run(['status', '../prod'], env)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('a name has'),
    });
    expect(await run(['stop', 'pro'], env)).toMatchObject({ code: 2, stderr: expect.stringContaining('serve pro') });
    expect(await run(['logs', 'prod'], env)).toMatchObject({ code: 69, stderr: expect.stringContaining('no log') });
  });
});

describe('a file of contexts that is damaged', () => {
  const DAMAGED = ['{"current":', '{"current": 1}'];

  test.each(DAMAGED)('does not keep from a server that needs none of it: %s', async (text) => {
    using home = tempDir();
    const env = { HOME: home.path };
    mkdirSync(home.file('.config/mail-proxy'), { recursive: true });
    mkdirSync(home.file('.mail-proxy/prod'), { recursive: true });
    const file = home.file('.config/mail-proxy/contexts.json');
    writeFileSync(file, text, { mode: 0o600 });
    const folder = home.file('data');
    expect(await findTarget({ name: undefined, dataDir: folder }, env)).toMatchObject({ kind: 'here', folder });
    const named = { ...env, GMP_DATA_DIR: folder };
    expect(await findTarget({ name: undefined }, named)).toMatchObject({ kind: 'here', folder });
    const prod = { kind: 'here', name: 'prod', folder: home.file('.mail-proxy/prod') };
    expect(await findTarget({ name: 'prod' }, env)).toEqual(prod);

    expect(await run(['status'], env)).toMatchObject({
      code: 78,
      stderr: expect.stringMatching(/contexts\.json holds no .*; delete it and choose again with: mail-proxy use/),
    });
  });
});

describe('a server elsewhere', () => {
  test('has a name, and a token that goes to it alone and is read by this user alone', async () => {
    using home = tempDir();
    const env = { HOME: home.path };
    writeFileSync(home.file('token'), 'the-token\n', { mode: 0o600 });
    const use = ['use', 'office/acme', '--url', 'http://127.0.0.1:2/', '--token-file', home.file('token')];
    expect(await run(use, env)).toMatchObject({ code: 0, stdout: 'office/acme at http://127.0.0.1:2\n' });
    expect((await run(['token'], env)).stdout).toBe('the-token\n');
    expect((await run(['token'], { ...env, GMP_URL: 'http://127.0.0.1:3' })).code).toBe(78);
    expect(await run(['status'], env)).toMatchObject({ code: 69, stdout: expect.stringContaining('silent') });
    expect(await run(['stop'], env)).toMatchObject({ code: 2, stderr: expect.stringContaining('elsewhere') });
    const file = home.file('.config/mail-proxy/contexts.json');
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    expect((await run(['use', '--none'], env)).stdout).toContain('./data');
    expect((await run(['use', 'office'], env)).stdout).toBe('office at http://127.0.0.1:2\n');
    expect((await run(['use', 'office', '--forget'], env)).stdout).toContain('none');
    expect((await run(['use', 'office'], env)).code).toBe(2);
  });

  test('is given its token at the terminal, unseen', async () => {
    using home = tempDir();
    const env = { HOME: home.path };
    await using terminal = openTerminal(['use', 'office', '--url', 'http://127.0.0.1:2'], { env });
    await terminal.waitFor('the token of office');
    terminal.write(`a-secret-token${KEY.enter}`);
    expect(await terminal.exitCode).toBe(0);
    expect(terminal.raw()).not.toContain('a-secret-token');
    expect((await run(['token'], env)).stdout).toBe('a-secret-token\n');
  });
});

test('a log file is put aside when it is full, and the oldest goes', async () => {
  using dir = tempDir();
  using log = openLogFile(dir.file('server.log'), { maxBytes: 20, onFailure: expect.unreachable });
  for (let n = 10; n < 24; n += 1) log.write(`line ${n}.\n`);
  const names = readdirSync(dir.path).toSorted();
  expect(names).toEqual(['server.log', ...[1, 2, 3, 4, 5].map((n) => `server.log.${n}`)]);
  expect(names.map((name) => readFileSync(dir.file(name), 'utf8').split('\n')[0])).toEqual([
    'line 22.',
    'line 20.',
    'line 18.',
    'line 16.',
    'line 14.',
    'line 12.',
  ]);
});
