// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { eventually, startDovecot, startSmtpSink, whyNoDovecot } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { isEnterprise, openGenro } from './genro-world.case.ts';
import { openImap } from './imap-world.case.ts';

const missing = whyNoDovecot() ?? ((await isEnterprise()) ? null : 'the enterprise package is not installed');
const needs = missing === null ? '' : ` (skipped: ${missing})`;

/** As a mail server writes it that returns the header of what it could not deliver. */
function notification(id: string, code: number, reason: string): string {
  return [
    'From: MAILER-DAEMON@mx.example.com',
    'To: bounces@localhost',
    'Subject: Delivery Status Notification (Failure)',
    `Message-ID: <dsn-${id}@mx.example.com>`,
    'Auto-Submitted: auto-replied',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type=delivery-status; boundary="=-b"',
    '',
    '--=-b',
    'Content-Type: text/plain; charset="utf-8"',
    'Content-Transfer-Encoding: 7bit',
    '',
    `Delivery to recipient@example.com failed: ${code} ${reason}`,
    '',
    '--=-b',
    'Content-Type: text/delivery-status; charset="utf-8"',
    'Content-Transfer-Encoding: 7bit',
    '',
    'Reporting-MTA: dns; mx.example.com',
    'Arrival-Date: Sat, 28 Nov 2026 03:00:00 +0000',
    '',
    'Final-Recipient: rfc822; recipient@example.com',
    'Action: failed',
    `Status: ${[...String(code)].join('.')}`,
    `Diagnostic-Code: smtp; ${code} ${reason}`,
    '',
    '--=-b',
    'Content-Type: message/rfc822-headers',
    '',
    'From: sender@test.com',
    'To: recipient@example.com',
    'Subject: Hello',
    `X-Genro-Mail-ID: ${id}`,
    '',
    '--=-b--',
    '',
  ].join('\r\n');
}

test.skipIf(missing !== null)(
  `bounces in the mailbox of the instance show on their messages, at the interval that was asked for${needs}`,
  async () => {
    await using world = await openGenro();
    await using sink = await startSmtpSink();
    // It does not tell of new mail, so that it has to be looked for.
    await using dovecot = await startDovecot({ capabilities: 'IMAP4rev1' });
    await using mailbox = await openImap(dovecot, 'bounces@localhost');
    await world.tenant('acme', [sink]);
    expect((await world.put('/instance', { bounce_enabled: true })).status).toBe(200);
    const settings = {
      ...{ bounce_enabled: true, bounce_imap_host: 'localhost', bounce_imap_port: dovecot.port },
      ...{ bounce_imap_user: 'bounces@localhost', bounce_imap_password: dovecot.password, bounce_imap_ssl: false },
      ...{ bounce_poll_interval: 2, bounce_colour: 'blue' },
    };
    expect(await world.put('/instance', settings)).toMatchObject({ status: 200, json: { ok: true } });
    expect(await world.post('/instance/reload-bounce')).toMatchObject({
      status: 200,
      json: { ok: true, enabled: true },
    });
    const { json: instance, text } = await world.get('/instance');
    const { bounce_imap_password: _, bounce_colour: __, ...shown } = settings;
    expect(instance).toMatchObject({ ok: true, edition: 'ee', ...shown });
    expect(text).not.toContain('"secret"');

    await world.add(
      'acme',
      ['hard', 'soft', 'other', 'fine'].map((id) => ({ id })),
    );
    await world.runNow();
    await eventually(async () => {
      expect(new Set(Object.values(await world.states('acme')))).toEqual(new Set(['sent']));
    });
    await mailbox.append('Subject: hello\r\n\r\nNot a bounce.\r\n');
    await mailbox.append(notification('hard', 550, '5.1.1 User unknown'));
    await mailbox.append(notification('soft', 452, '4.2.2 Mailbox full'));
    await mailbox.append(notification('other', 554, '5.7.1 Rejected'));
    await eventually(
      async () => {
        const { hard, soft, other, fine } = await world.records('acme');
        expect([hard.bounce_type, soft.bounce_type, other.bounce_type, fine.bounce_type]).toEqual([
          ...['hard', 'soft', 'hard', null],
        ]);
      },
      { timeoutMs: 8_000 },
    );
    const { hard } = await world.records('acme');
    expect(hard).toMatchObject({
      bounce_ts: expect.any(Number),
      bounce_code: expect.any(String),
      bounce_reason: expect.stringContaining('User unknown'),
      error: null,
    });
    // Whatever was taken in again would be by a later look.
    await world.add('acme', [{ id: 'later' }]);
    await sink.waitFor(5);
    await eventually(async () => expect(await world.states('acme')).toMatchObject({ later: 'sent' }));
    await mailbox.append(notification('later', 550, '5.1.1 User unknown'));
    await eventually(async () => expect((await world.records('acme'))['later'].bounce_ts).not.toBeNull(), {
      timeoutMs: 8_000,
    });
    expect((await world.records('acme'))['hard'].bounce_ts).toBe(hard.bounce_ts);
    expect(await mailbox.count()).toBe(5);

    // Nobody looks any more.
    expect((await world.put('/instance', { bounce_enabled: false })).status).toBe(200);
    expect(await world.post('/instance/reload-bounce')).toMatchObject({ status: 200, json: { enabled: false } });
    // The address was written to again, as nobody fills a list of those that failed.
    expect((await world.add('acme', [{ id: 'again' }])).json.queued).toBe(1);
  },
);

test.skipIf(missing !== null)(
  `an account for certified mail has its mailbox, in which everything stays, and flags its messages${needs}`,
  async () => {
    await using world = await openGenro();
    await using sink = await startSmtpSink();
    await using dovecot = await startDovecot();
    await using mailbox = await openImap(dovecot, 'pec@localhost');
    const pec = {
      ...{ is_pec_account: true, imap_host: 'localhost', imap_port: dovecot.port, imap_user: 'pec@localhost' },
      ...{ imap_password: dovecot.password, imap_ssl: false },
    };
    await world.tenant('acme', [sink], pec);
    await world.post('/account', {
      id: 'plain',
      tenant_id: 'acme',
      host: 'localhost',
      port: sink.port,
      use_tls: false,
    });
    const listed = async () => (await world.get('/accounts?tenant_id=acme')).json.accounts;
    const { imap_password: _, imap_ssl: __, ...shown } = pec;
    expect(await listed()).toMatchObject([
      { id: 'acme', ...shown },
      { id: 'plain', is_pec_account: false, imap_host: null },
    ]);
    // Said again, and said without it.
    const account = { id: 'acme', tenant_id: 'acme', host: 'localhost', port: sink.port, use_tls: false };
    expect((await world.post('/account', { ...account, ...pec })).status).toBe(200);
    expect((await world.post('/account', account)).status).toBe(200);
    expect((await listed())[0]).toMatchObject(shown);

    await world.add('acme', [{ id: 'm-1' }]);
    await world.add('plain', [{ id: 'm-2' }]);
    const flags = async () => {
      const records = await world.records('acme');
      return [records['m-1'].is_pec, records['m-2'].is_pec];
    };
    expect(await flags()).toEqual([true, false]);
    await world.runNow();
    await sink.waitFor(2);
    expect(sink.messages.map(({ raw }) => /^X-Genro-Mail-ID: (.*)\r$/m.exec(raw.toString())?.[1]).toSorted()).toEqual([
      ...['m-1', 'm-2'],
    ]);
    await mailbox.append(
      'X-Ricevuta: accettazione\r\nX-Riferimento-Message-ID: <x@y>\r\nSubject: ACCETTAZIONE: Hello\r\n\r\nok\r\n',
    );
    await mailbox.append('Subject: hello\r\n\r\nNo receipt.\r\n');
    expect(await mailbox.count()).toBe(2);
    await eventually(async () => expect(await flags()).toEqual([true, false]));
  },
);

test('the settings of the instance are taken where nobody reads mail', async () => {
  await using world = await openGenro({ GMP_EDITION: 'community' });
  expect(await world.put('/instance', { bounce_enabled: true, bounce_poll_interval: 2 })).toMatchObject({
    status: 200,
  });
  expect(await world.post('/instance/reload-bounce')).toMatchObject({
    status: 200,
    json: { ok: true, enabled: false },
  });
  expect((await world.get('/instance')).json).toMatchObject({ ok: true, edition: 'ce', bounce_enabled: false });
  expect(await world.post('/instance/upgrade-to-ee')).toMatchObject({
    status: 400,
    json: { detail: expect.any(String) },
  });
  await world.tenant('acme', [{ port: 1 }], { is_pec_account: true, imap_host: 'localhost', imap_port: 143 });
  expect((await world.put('/tenant/acme', { large_file_config: { enabled: false } })).status).toBe(200);
});

test('the log of commands tells what was done', async () => {
  await using world = await openGenro();
  await world.tenant('acme');
  await world.post('/commands/suspend?tenant_id=acme');
  await world.post('/commands/activate?tenant_id=acme');
  const { status, json } = await world.get('/command-log?tenant_id=acme');
  expect(status).toBe(200);
  expect(json).toMatchObject({
    ok: true,
    total: 2,
    commands: [
      { endpoint: 'tenants.activate', tenant_id: 'acme', payload: { tenant_id: 'acme' }, response_status: 200 },
      { endpoint: 'tenants.suspend' },
    ],
  });
  expect(json.commands[0].command_ts).toBeGreaterThan(1_700_000_000);
  expect((await world.get('/command-log?limit=1&offset=1')).json.commands).toHaveLength(1);
  // The first line is of the tenant that is there from the start.
  expect((await world.get('/command-log/export')).json.commands[1]).toEqual({
    endpoint: 'tenants.create',
    tenant_id: null,
    payload: expect.objectContaining({ id: 'acme' }),
    command_ts: expect.any(Number),
  });
  expect((await world.get('/command-log?since_ts=4000000000')).json.commands).toEqual([]);
});
