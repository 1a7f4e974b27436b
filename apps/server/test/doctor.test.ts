// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { systemClock } from '@mail-proxy/core';
import { createTestCertificate, type SmtpSink, startSmtpSink, tempDir } from '@mail-proxy/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkDomain, checkReverse } from '../src/cli/doctor/check-domain.ts';
import { type CheckedAccount, findingsOf, type Verification } from '../src/cli/doctor/check-relays.ts';
import { checkReach } from '../src/cli/doctor/check-server.ts';
import type { DnsResolver, RecordType } from '../src/cli/doctor/dns.ts';
import type { SigningKey } from '../src/cli/doctor/domain.ts';
import { run } from './run-command.case.ts';
import { ADMIN_TOKEN, type ServedApp, serveApp } from './served-app.case.ts';

const DAY_MS = 86_400_000;

/** Name servers of a small world: records by `TYPE name`. */
function zone(records: Readonly<Record<string, readonly unknown[]>>): DnsResolver {
  const find = async (key: string): Promise<readonly unknown[]> => {
    const found = records[key];
    if (found !== undefined) return found;
    throw Object.assign(new Error(`no ${key}`), { code: 'ENOTFOUND' });
  };
  return {
    resolve: (name: string, type: RecordType) => find(`${type} ${name.toLowerCase()}`),
    reverse: async (address) => (await find(`PTR ${address}`)).map(String),
  };
}

const KEY: SigningKey = {
  domain: 'shop.example',
  selector: 'mail',
  dns_name: 'mail._domainkey.shop.example',
  dns_value: 'v=DKIM1; k=rsa; p=AAAA',
};
const RELAYS = [{ host: 'relay.example', addresses: ['203.0.113.7'] }];
const GOOD = {
  'TXT shop.example': [['google-site-verification=x'], ['v=spf1 a:relay.', 'example -all']],
  'A relay.example': ['203.0.113.7'],
  'TXT mail._domainkey.shop.example': [['v=DKIM1; k=rsa; p=AA', 'AA']],
  'TXT _dmarc.shop.example': [['v=DMARC1; p=reject; rua=mailto:d@shop.example']],
  'MX shop.example': [{ exchange: 'mx.shop.example', priority: 10 }],
};

describe('the domain that mail is from', () => {
  async function statuses(
    records: Readonly<Record<string, readonly unknown[]>>,
    keys = [KEY],
    domain = 'shop.example',
  ) {
    const found = await checkDomain(zone(records), { domain, keys, relays: RELAYS });
    return found.map(
      ({ check, status, message, advice }) => `${check} ${status}: ${message}${advice === null ? '' : ` -> ${advice}`}`,
    );
  }
  const without = (...keys: readonly string[]) =>
    Object.fromEntries(Object.entries(GOOD).filter(([key]) => !keys.includes(key)));

  test('is well where SPF names the relay, the key is published, and there are a policy and an MX', async () => {
    expect(await statuses(GOOD)).toEqual([
      'domain.spf ok: SPF: names the relays relay.example',
      'domain.dkim ok: DKIM: mail is published as mail is signed with it',
      'domain.dmarc ok: DMARC: the policy is reject',
      'domain.mx ok: MX: mx.shop.example',
    ]);
  });

  test('has none of it: each is said with what to publish', async () => {
    const found = await statuses({}, [KEY]);
    expect(found).toEqual([
      expect.stringMatching(
        /^domain\.spf warning: SPF: there is no record -> Publish a TXT record at shop\.example: v=spf1/,
      ),
      expect.stringMatching(/^domain\.dkim problem: .* is not published.* -> Publish .* with: v=DKIM1; k=rsa; p=AAAA$/),
      expect.stringMatching(
        /^domain\.dmarc warning: .* -> Publish a TXT record at _dmarc\.shop\.example: v=DMARC1; p=none/,
      ),
      expect.stringMatching(/^domain\.mx warning: MX: none/),
    ]);
    expect((await statuses({}, []))[1]).toMatch(/^domain\.dkim warning: no DKIM key: .*dkim-keys create --domain shop/);
  });

  test.each([
    [
      'another address',
      [['v=spf1 ip4:198.51.100.1 -all']],
      /^domain\.spf warning: SPF: fail for 203\.0\.113\.7 .*add ip4:203/,
    ],
    ['two records', [['v=spf1 -all'], ['v=spf1 ~all']], /^domain\.spf problem: SPF: the record is broken/],
    ['a word that is none', [['v=spf1 ipv4:1.2.3.4 -all']], /^domain\.spf problem: SPF: the record is broken/],
  ])('has an SPF record of %s', async (_, record, wanted) => {
    expect((await statuses({ ...GOOD, 'TXT shop.example': record }))[0]).toMatch(wanted);
  });

  test.each([
    ['another key', [['v=DKIM1; p=BBBB']], /another key than mail is signed with/],
    ['a key that was revoked', [['v=DKIM1; p=']], /was revoked/],
    ['two keys', [['v=DKIM1; p=AAAA'], ['v=DKIM1; p=BBBB']], /has 2 records/],
  ])('has published %s', async (_, record, wanted) => {
    const found = await statuses({ ...GOOD, 'TXT mail._domainkey.shop.example': record });
    expect(found[1]).toMatch(/^domain\.dkim problem/);
    expect(found[1]).toMatch(wanted);
  });

  test.each([
    [
      'of the domain above it',
      'news.shop.example',
      {},
      /^domain\.dmarc ok: DMARC: the policy is reject \(of shop\.example\)/,
    ],
    [
      'nobody is told of',
      'shop.example',
      { 'TXT _dmarc.shop.example': [['v=DMARC1; p=none']] },
      /warning: .*nobody is told/,
    ],
    [
      'nobody understands',
      'shop.example',
      { 'TXT _dmarc.shop.example': [['v=DMARC1; p=always']] },
      /^domain\.dmarc problem: .*no policy that is understood/,
    ],
    [
      'that is there twice',
      'shop.example',
      { 'TXT _dmarc.shop.example': [['v=DMARC1; p=none'], ['v=DMARC1; p=reject']] },
      /^domain\.dmarc problem: .*2 records count as none/,
    ],
  ])('has a policy %s', async (_, domain, records, wanted) => {
    expect((await statuses({ ...GOOD, ...records }, [KEY], domain))[2]).toMatch(wanted);
  });

  test('takes no mail, or at its own address', async () => {
    expect((await statuses({ ...GOOD, 'MX shop.example': [{ exchange: '', priority: 0 }] }))[3]).toMatch(
      /takes no mail/,
    );
    const own = { ...without('MX shop.example'), 'A shop.example': ['198.51.100.9'] };
    expect((await statuses(own))[3]).toMatch(/^domain\.mx ok: .*its own address/);
  });

  test('is not judged where its name server cannot be had', async () => {
    const broken = (): Promise<never> => Promise.reject(Object.assign(new Error('x'), { code: 'ETIMEOUT' }));
    const found = await checkDomain(
      { resolve: broken, reverse: broken },
      { domain: 'a.example', keys: [KEY], relays: [] },
    );
    expect(found.map(({ status }) => status)).toEqual(['skipped', 'skipped', 'skipped', 'skipped']);
  });

  test('leaves by a relay whose address has a name that leads back, or not', async () => {
    const names = zone({
      'PTR 203.0.113.7': ['relay.example'],
      'A relay.example': ['203.0.113.7'],
      'PTR 203.0.113.8': ['pool-8.example'],
    });
    const [there] = await checkReverse(names, 'relay.example', '203.0.113.7');
    const [elsewhere] = await checkReverse(names, 'relay.example', '203.0.113.8');
    const [none] = await checkReverse(names, 'relay.example', '203.0.113.9');
    expect([there?.status, elsewhere?.status, none?.status]).toEqual(['ok', 'warning', 'warning']);
    expect(await checkReverse(names, 'localhost', '127.0.0.1')).toEqual([]);
  });
});

/** One server, a relay that lets in with a certificate that soon ends, and one that knows no password. */
let relay: SmtpSink;
let strict: SmtpSink;
/** A name server that knows no name at all. */
let names: Socket;
let app: ServedApp;
let env: Readonly<Record<string, string>>;

beforeAll(async () => {
  const { key, cert } = createTestCertificate({ validTo: new Date(Date.now() + 5 * DAY_MS) });
  relay = await startSmtpSink({ tls: { key, cert, mode: 'starttls' } });
  strict = await startSmtpSink({ users: { shop: 'right' } });
  names = createSocket('udp4');
  names.on('message', (query, { port }) => {
    const answer = Buffer.from(query);
    answer.writeUInt16BE(0x81_83, 2);
    names.send(answer, port, '127.0.0.1');
  });
  names.bind(0, '127.0.0.1');
  await once(names, 'listening');
  app = await serveApp();
  env = { GMP_URL: app.url, GMP_API_TOKEN: ADMIN_TOKEN };
  const account = (id: string, { port }: SmtpSink, more: object) =>
    app.call('POST', '/v1/accounts', { json: { id, host: '127.0.0.1', port, ...more } });
  await account('main', relay, { tls: 'starttls', tls_insecure: true });
  await account('wrong', strict, { tls: 'none', user: 'shop', password: 'wrong' });
  await app.engine.start();
});

afterAll(async () => {
  names.close();
  await app[Symbol.asyncDispose]();
  await relay[Symbol.asyncDispose]();
  await strict[Symbol.asyncDispose]();
});

/** Asks no name server but ours. */
const doctor = (...args: readonly string[]) => ['doctor', '--dns-server', `127.0.0.1:${names.address().port}`, ...args];

interface Report {
  readonly ok: boolean;
  readonly findings: readonly {
    readonly check: string;
    readonly about: string;
    readonly status: string;
    readonly message: string;
  }[];
}

async function examine(args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const { code, stdout, stderr } = await run(doctor('--json', ...args), { ...env, ...more });
  expect(stderr).toBe('');
  const report: Report = JSON.parse(stdout);
  const of = (check: string, about = ''): readonly string[] =>
    report.findings
      .filter((each) => each.check === check && each.about.includes(about))
      .map(({ status, message }) => `${status}: ${message}`);
  return { code, report, of };
}

describe('mail-proxy doctor', () => {
  test('looks at the server, its files, its relays, and the DNS of senders', async () => {
    using dir = tempDir();
    chmodSync(dir.path, 0o700);
    const { code, report, of } = await examine(['--from', 'Shop <a@shop.example>', '--data-dir', dir.path]);
    expect([code, report.ok]).toEqual([1, false]);
    expect(of('server.reachable')).toEqual([`ok: answers at ${app.url}`]);
    expect(of('server.clock')).toEqual(["ok: this machine's clock and the server's agree"]);
    expect(of('server.ready')[0]).toMatch(/^ok/);
    expect(of('server.instance')[0]).toMatch(/^ok: version .* sqlite; 0 messages wait/);
    expect(of('files.config')[0]).toMatch(/^ok/);
    expect(of('files.folder')[0]).toMatch(/^ok/);
    expect(of('relay.reachable', 'main')[0]).toMatch(/^ok: answers and lets in, TLSv1\.3/);
    expect(of('relay.certificate', 'main')).toEqual([
      'warning: the certificate of localhost (by localhost) is good for 5 days',
    ]);
    expect(of('relay.tls', 'main')).toEqual(['warning: its certificate is not checked']);
    expect(of('relay.reachable', 'wrong')[0]).toMatch(/^problem: auth: 535/);
    expect(of('domain.spf', 'shop.example')[0]).toMatch(/^warning: SPF: there is no record/);
    expect(of('domain.mx', 'shop.example')).toEqual(['warning: MX: none']);
  });

  test('does not try a relay that is paused: that would end the pause', async () => {
    const paused = await examine(['--account-id', 'main']);
    expect(paused.of('relay.reachable', 'wrong')).toEqual([]);
    await app.engine.submit([
      { account_id: 'wrong', from: 'a@shop.example', to: 'b@example.org', subject: 'Hi', text: 'Hi' },
    ]);
    let account = { paused_until: null };
    while (account.paused_until === null) account = (await app.call('GET', '/v1/accounts/wrong')).json;
    const { code, of } = await examine(['--account-id', 'wrong']);
    expect([code, of('relay.reachable')[0]]).toEqual([1, expect.stringMatching(/^problem: paused until .*: auth: /)]);
    expect((await app.call('GET', '/v1/accounts/wrong')).json.paused_until).toBe(account.paused_until);

    const moving = { account_id: 'wrong', tenant_id: 'default', reason: 'the provider moves' };
    await app.engine.execute('accounts.pause', moving);
    const byHand = await examine(['--account-id', 'wrong']);
    expect(byHand.of('relay.reachable')).toEqual(['warning: paused by hand: the provider moves']);
  });

  test('is a page for people, each finding with what to do', async () => {
    const { code, stdout } = await run(doctor('--account-id', 'main', '--from', 'a@shop.example'), env);
    expect(stdout).toMatch(/^server\n {2}ok {7}answers at http/);
    expect(stdout).toMatch(/\naccount default\/main \(127\.0\.0\.1:\d+\)\n {2}ok {7}answers and lets in/);
    expect(stdout).toMatch(/\n {2}warning {2}its certificate is not checked\n {11}-> Give its authority: mail-proxy /);
    expect(stdout).toMatch(/\n(all is well|\d .*)\n$/);
    expect(stdout).not.toContain('\u001b');
    const stern = await run(doctor('--account-id', 'main', '--strict', '--from', 'a@shop.example'), env);
    expect([code, stern.code]).toEqual([code, 1]);
  });

  test('says what a token does not open, and goes on without', async () => {
    const { code, of } = await examine([], { GMP_API_TOKEN: 'mp_none_that_is_known' });
    expect([code, of('server.instance')]).toEqual([1, ['problem: it does not know the token']]);
    expect(of('relay.reachable')).toEqual(['skipped: needs a token']);
  });

  test('looks at files and the database itself where no server runs, and changes nothing', async () => {
    using dir = tempDir();
    const nowhere = { GMP_URL: 'http://127.0.0.1:1', GMP_DATA_DIR: dir.file('data') };
    const fresh = await examine([], nowhere);
    expect([fresh.code, fresh.of('server.reachable')[0]]).toEqual([1, expect.stringContaining('does not answer')]);
    expect(fresh.of('files.folder')[0]).toMatch(/^skipped: .* the first start makes it/);
    mkdirSync(dir.file('data'), { mode: 0o755 });
    writeFileSync(dir.file('data/token'), 'mp_admin_0123456789abcdef', { mode: 0o644 });
    chmodSync(dir.file('data/token'), 0o644);
    const open = await examine([], { ...nowhere, GMP_API_TOKEN: 'x'.repeat(20) });
    expect(open.of('files.folder')[0]).toMatch(/^warning: .* is open to other users/);
    expect(open.of('files.secrets')[0]).toMatch(/^problem: other users can read .*token/);
    expect(open.of('files.room')[0]).toMatch(/GiB are free there/);
    const migrated = await run(['migrate'], nowhere);
    expect(migrated.code).toBe(0);
    const ready = await examine([], { ...nowhere, GMP_API_TOKEN: 'x'.repeat(20) });
    expect(ready.of('files.database')).toEqual(['ok: the database can be opened, and its schema is up to date']);
    const wrong = await examine([], { ...nowhere, GMP_PORT: 'many', GMP_API_TOKEN: 'x'.repeat(20) });
    expect(wrong.of('files.config')[0]).toMatch(/^problem: .*GMP_PORT/);
  });

  test('says why a server is not ready, and that others are none', async () => {
    const server = createServer((request, response) => {
      const isReady = request.url !== '/readyz';
      response.writeHead(isReady ? (request.url === '/livez' ? 200 : 404) : 503, {
        'content-type': 'application/json',
      });
      response.end(isReady ? '{}' : '{"ready":false,"reasons":["the disk is full"]}');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { of } = await examine([], { GMP_URL: `http://127.0.0.1:${Object(server.address()).port}` });
      expect(of('server.ready')).toEqual(['problem: not ready: the disk is full']);
      expect(of('server.instance')[0]).toMatch(/^problem: it does not tell what runs there/);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  test('counts the days of a certificate, and reads the time that a relay tells', () => {
    const now = Date.parse('2026-11-28T06:00:00Z');
    const account: CheckedAccount = {
      ...{ id: 'main', tenant_id: 'acme', host: 'smtp.example', port: 587, tls: 'starttls' },
      ...{ has_password: true, tls_insecure: false, pause_kind: null, paused_until: null, pause_reason: null },
    };
    const found = (days: number, greeting: string) => {
      const valid_to = new Date(now + days * DAY_MS).toISOString();
      const tried: Verification = {
        ...{ ok: true, stage: null, code: null, enhanced: null, reply: null, duration_ms: 5, capabilities: null },
        tls: { version: 'TLSv1.3', cipher: 'x' },
        certificate: { subject: 'smtp.example', issuer: 'CA', valid_from: valid_to, valid_to },
        transcript: [`+1ms S: 220 smtp.example ESMTP ${greeting}`],
      };
      return findingsOf(account, tried, now).map(({ check, status }) => `${check.slice('relay.'.length)} ${status}`);
    };
    expect(found(90, 'Exim 4.98 Sat, 28 Nov 2026 07:00:02 +0100')).toEqual([
      'reachable ok',
      'certificate ok',
      'clock ok',
    ]);
    expect(found(10, 'Exim 4.98 Sat, 28 Nov 2026 07:03:00 +0100').slice(1)).toEqual([
      'certificate warning',
      'clock warning',
    ]);
    expect([found(1, 'Postfix')[1], found(-1, 'Postfix')[1], found(90, 'Postfix').length]).toEqual([
      'certificate problem',
      'certificate problem',
      2,
    ]);
  });

  test('sees a server whose clock is wrong', async () => {
    const behind = { ...systemClock, now: () => Date.now() - 120_000 };
    const ahead = { ...systemClock, now: () => Date.now() + 120_000 };
    const [, slow] = (await checkReach(app.url, behind)).found;
    const [, fast] = (await checkReach(app.url, ahead)).found;
    expect([slow?.status, slow?.message]).toEqual([
      'warning',
      expect.stringContaining("2 min ahead of this machine's"),
    ]);
    expect([fast?.status, fast?.message]).toEqual(['warning', expect.stringContaining("2 min behind this machine's")]);
  });
});
