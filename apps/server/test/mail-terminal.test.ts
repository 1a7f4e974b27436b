// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// What people see of the commands on mail: the real program at a terminal and in a pipe, beside a server.
import { eventually, type SmtpSink, startSmtpSink } from '@mail-proxy/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from './run-command.case.ts';
import { ADMIN_TOKEN, type ServedApp, serveApp } from './served-app.case.ts';
import { KEY, openTerminal, runPiped } from './terminal.case.ts';

const RED = '\u001b[31m';
const GREEN = '\u001b[32m';

let relay: SmtpSink;
let strict: SmtpSink;
let app: ServedApp;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  relay = await startSmtpSink();
  strict = await startSmtpSink({ users: { shop: 'right' } });
  app = await serveApp();
  env = { GMP_URL: app.url, GMP_API_TOKEN: ADMIN_TOKEN };
  const account = (id: string, { port }: SmtpSink, more: object) =>
    app.call('POST', '/v1/accounts', { json: { id, host: '127.0.0.1', port, tls: 'none', ...more } });
  await account('main', relay, { limit_per_hour: 1_000, is_default: true });
  await account('wrong', strict, { user: 'shop', password: 'wrong' });
  await app.engine.start();
});

afterAll(async () => {
  await app[Symbol.asyncDispose]();
  await relay[Symbol.asyncDispose]();
  await strict[Symbol.asyncDispose]();
});

describe('mail-proxy send and watch', () => {
  test('at a terminal ask for what is missing, and tell in colour what happens meanwhile', async () => {
    await using watching = openTerminal(['messages', 'watch', '--count', '1'], { env });
    await watching.waitFor('watching; Ctrl-C ends it');
    await eventually(async () => /^gmp_event_readers_waiting 1$/m.test((await app.engine.metricsText()).body));
    await using sending = openTerminal(['send', '--from', 'a@example.net', '--id', 'asked', '--wait'], { env });
    for (const [question, answer] of [
      ['to (several with commas', 'ann@example.org'],
      ['subject', 'Hello'],
      ['text, one line', 'Hi Ann'],
    ]) {
      await sending.waitFor(question ?? '');
      sending.write(`${answer}${KEY.enter}`);
    }
    expect(await sending.exitCode).toBe(0);
    expect(sending.text()).toContain('asked is sent');
    const [mail] = relay.messages;
    expect(mail?.raw.toString()).toContain('Hi Ann');
    expect(await watching.exitCode).toBe(0);
    expect(watching.text()).toMatch(/\d\d:\d\d:\d\d {2}sent +default\/asked {2}attempt 1 {2}ann@example\.org: 250/);
    expect(watching.raw()).toContain(`${GREEN}sent`);
  });

  test('in a pipe ask nothing: what the mail says is read, or the flags are named', async () => {
    const args = ['send', '--from', 'a@example.net', '--to', 'ben@example.org', '--wait'];
    const piped = await runPiped([...args, '--subject', 'Load'], { env, stdin: 'up 3 days\n' });
    expect([piped.code, piped.stdout]).toEqual([0, expect.stringMatching(/ is sent\n$/)]);
    expect(piped.stderr).not.toContain('\u001b');
    expect(relay.messages.at(-1)?.raw.toString()).toContain('up 3 days');
    const missing = await run(args, env);
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('missing: --subject')]);
  });

  test('messages show at a terminal has colours, and none with NO_COLOR', async () => {
    for (const [more, hasColors] of [
      [{}, true],
      [{ NO_COLOR: '1' }, false],
    ] as const) {
      await using shown = openTerminal(['messages', 'show', 'asked'], { env: { ...env, ...more } });
      expect(await shown.exitCode).toBe(0);
      expect(shown.text()).toMatch(/^asked {2}sent\n {2}Subject {5}Hello\n/);
      expect(shown.raw().includes(GREEN)).toBe(hasColors);
    }
  });
});

describe('mail-proxy top', () => {
  test('draws in place, sorts by the arrows, stands still, fits a smaller terminal, and ends with q', async () => {
    await using top = openTerminal(['top', '--interval', '0.2'], { env, columns: 110, rows: 20 });
    await top.waitFor(/^\d\d:\d\d:\d\d {2}a minute:/);
    await top.waitFor('default/main');
    expect(top.screen()).toMatch(/\/1000 h/);
    // Each press waits for what it does, so that none is taken for the beginning of another.
    const marked = /\u001b\[7m\s*(\S[^\u001b]*?)\s*\u001b\[27m/g;
    const sortedBy = (): string | undefined => [...top.raw().matchAll(marked)].at(-1)?.[1];
    expect(sortedBy()).toBe('ready');
    top.write(KEY.right);
    await eventually(async () => sortedBy() === 'run');
    top.write('p');
    await top.waitFor('paused; p goes on');
    const drawn = top.screen();
    await app.engine.submit([{ id: 'seen', from: 'a@example.net', to: 'b@example.org', subject: 'Hi', text: 'Hi' }]);
    await relay.waitFor(({ to }) => to.includes('b@example.org'));
    expect(top.screen()).toBe(drawn);
    top.write('p');
    await eventually(async () => !top.screen().includes('paused; p goes on'));
    top.resize(50, 12);
    await eventually(async () => !top.screen().includes('sent/m') || top.screen().includes('q quit'));
    await eventually(async () => top.screen().split('\n').length <= 12 && /^lane +state/m.test(top.screen()));
    top.write('q');
    expect(await top.exitCode).toBe(0);
    // The cursor is shown again.
    expect(top.raw().lastIndexOf('\u001b[?25h')).toBeGreaterThan(top.raw().lastIndexOf('\u001b[?25l'));
  });

  test('ends with Ctrl-C, too, and in a pipe is one picture', async () => {
    await using top = openTerminal(['top'], { env });
    await top.waitFor('default/main');
    top.write(KEY.ctrlC);
    expect(await top.exitCode).toBe(0);
    const piped = await runPiped(['top'], { env });
    expect([piped.code, piped.stderr]).toEqual([0, '']);
    expect(piped.stdout).toMatch(/\nlane +state +ready .*\ndefault\/main /);
    expect(piped.stdout).not.toContain('\u001b');
    const json = JSON.parse((await run(['top', '--json', '--account-id', 'main'], env)).stdout);
    expect(json).toMatchObject({ stats: { waiting: { total: 0 } }, lanes: [{ account_id: 'main' }] });
  });
});

describe('one picture, one try', () => {
  test('stats tells the figures of the minute, for a person and as JSON', async () => {
    const shown = await run(['stats', '--minutes', '5'], env);
    expect([shown.code, shown.stderr]).toEqual([0, '']);
    expect(shown.stdout).toMatch(/^all tenants {2}\d{4}-/);
    expect(shown.stdout).toMatch(/\n {2}sent +\d+ +\d+ {2}/);
    expect(shown.stdout).toMatch(/\n {2}waiting {3}(nothing|\d+:)/);
    const own = await run(['stats', '--tenant-id', 'default', '--json'], env);
    expect(JSON.parse(own.stdout)).toMatchObject({ waiting: { total: 0 }, report_lag_ms: expect.any(Number) });
    // The operation of the same name stays where the others are.
    expect((await run(['stats', 'get', '--json'], env)).code).toBe(0);
  });

  test('verify tells what a relay offers, or where it fails and what to do', async () => {
    const works = await run(['verify', 'main'], env);
    expect([works.code, works.stdout]).toEqual([0, expect.stringMatching(/^main {2}works {2}in .*\n {2}TLS +none/)]);
    await using fails = openTerminal(['verify', 'wrong', '--transcript'], { env });
    expect(await fails.exitCode).toBe(1);
    expect(fails.text()).toMatch(/^wrong {2}fails at auth {2}in \d+ m?s\n {2}535 /);
    expect(fails.text()).toMatch(/Check user and password: mail-proxy accounts update wrong/);
    expect(fails.text()).toContain('C: AUTH PLAIN [redacted]');
    expect(fails.raw()).toContain(RED);
    expect((await run(['verify', 'none'], env)).stderr).toContain('not_found');
  });

  test('run-now lets the server look for work', async () => {
    expect(await run(['run-now', '--tenant-id', 'default', '--json'], env)).toMatchObject({
      code: 0,
      stdout: '{\n  "ok": true\n}\n',
    });
    expect((await run(['run-now'], env)).code).toBe(0);
  });

  test('doctor fits a narrow terminal, with its words in colour', async () => {
    const args = ['doctor', '--account-id', 'main', '--from', 'a@shop.example', '--dns-server', '127.0.0.1:1'];
    await using doctor = openTerminal(args, { env, columns: 60, rows: 30 });
    expect([0, 1]).toContain(await doctor.exitCode);
    expect(doctor.text()).toMatch(/^server\n {2}ok {7}answers at/);
    expect(doctor.raw()).toContain(`${GREEN}ok`);
  });
});
