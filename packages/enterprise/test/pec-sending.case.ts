// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createMailEngine, type MailEngine, type MessageInput, type RawMessageInput } from '@mail-proxy/core';
import { type SmtpSink, type SmtpSinkOptions, startSmtpSink } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { mixins } from '../src/index.ts';
import { eventsUntil, type Made } from './bounce-world.case.ts';

const FROM = 'studio@pec.example.it';
const ANN = 'ann@pec.example.org';
const BOB = 'bob@pec.example.org';

interface Recipient {
  readonly address: string;
  readonly state: string;
  readonly stage: string | null;
  readonly reply: string | null;
}

interface PecWorld extends AsyncDisposable {
  readonly engine: MailEngine;
  readonly sink: SmtpSink;
  addAccount(tenantId: string, id: string, fields?: object): Promise<void>;
  /** What of the message is refused, by its pointers; empty where it is taken. */
  refused(id: string, message?: Partial<MessageInput>, tenantId?: string): Promise<readonly string[]>;
  refusedRaw(raw: string, fields?: Partial<RawMessageInput>): Promise<readonly string[]>;
  /** Wait for its end. */
  recipientsOf(id: string, tenantId?: string): Promise<readonly Recipient[]>;
}

/** The mixins of the package; tenants `acme` and `other`, of which `acme` has an account `pec` for certified mail. */
async function openPecWorld(
  make: Made,
  { isStarted = true, ...options }: SmtpSinkOptions & { readonly isStarted?: boolean } = {},
): Promise<PecWorld> {
  const { database, drop } = await make();
  const sink = await startSmtpSink(options);
  const engine = await createMailEngine({
    config: {
      database,
      encryptionKey: Buffer.alloc(32, 7).toString('base64'),
      retry: { baseMs: 50, maxDelayMs: 200 },
    },
    mixins,
  });
  const addAccount = async (tenant_id: string, id: string, fields: object = {}): Promise<void> => {
    await engine.execute('accounts.create', {
      ...{ tenant_id, id, host: '127.0.0.1', port: sink.port, tls: 'none' },
      ...fields,
    });
  };
  for (const id of ['acme', 'other']) await engine.execute('tenants.create', { id });
  await addAccount('acme', 'pec', { pec: true });
  if (isStarted) await engine.start();
  const submit = async (message: MessageInput | RawMessageInput, tenantId: string): Promise<readonly string[]> => {
    const { results } = await engine.submit([message], { tenantId });
    const [result] = results;
    if (result?.status === 'rejected') expect(result.code).toBe('invalid_input');
    return (result?.problems ?? []).map(({ pointer }) => pointer);
  };
  return {
    engine,
    sink,
    addAccount,
    refused: (id, message = {}, tenantId = 'acme') =>
      submit({ id, account_id: 'pec', from: FROM, to: [ANN], subject: id, text: 'Salve.\n', ...message }, tenantId),
    refusedRaw: (raw, fields = {}) => submit({ account_id: 'pec', raw: Buffer.from(raw), ...fields }, 'acme'),
    async recipientsOf(id, tenantId = 'acme') {
      const ends = ['sent', 'partially_sent', 'error'];
      await eventsUntil(engine, tenantId, (event) => event.id === id && ends.includes(event.event));
      const message = await engine.execute('messages.get', { message_id: id, tenant_id: tenantId });
      // As the operation's own schema says.
      return (message as { readonly recipients: readonly Recipient[] }).recipients;
    },
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await sink.close();
      await drop();
    },
  };
}

const REFUSED: readonly (readonly [what: string, message: Partial<MessageInput>, pointers: readonly string[]])[] = [
  ['with a blind copy', { bcc: [BOB] }, ['bcc']],
  ['with a blind copy to one that it shows', { bcc: [ANN] }, ['bcc']],
  ['with another return path', { return_path: 'returns@pec.example.it' }, ['return_path']],
  ['with the null sender', { return_path: '<>' }, ['return_path']],
  ['only with copies', { to: [], cc: [ANN] }, ['to']],
  ['with a blind copy and another return path', { bcc: [BOB], return_path: BOB }, ['return_path', 'bcc']],
  [
    'whose size times recipients is too much',
    {
      to: Array.from({ length: 24 }, (_, number) => `r${number}@pec.example.org`),
      attachments: [{ filename: 'a.pdf', content: Buffer.alloc(1_048_576) }],
    },
    ['attachments'],
  ],
];

const REFUSED_RAW: readonly (readonly [what: string, head: string, fields: object, pointers: readonly string[]])[] = [
  ['with another Sender', `From: ${FROM}\nSender: ${BOB}\nTo: ${ANN}`, {}, ['sender']],
  ['with Bcc', `From: ${FROM}\nTo: ${ANN}\nBcc: ${BOB}`, {}, ['bcc']],
  ['for one that it does not show', `From: ${FROM}\nTo: ${ANN}`, { to: [ANN, BOB] }, ['to']],
  ['not for all that it shows', `From: ${FROM}\nTo: ${ANN}\nCc: ${BOB}`, { to: [ANN] }, ['to']],
  ['that shows nobody', `From: ${FROM}`, { to: [ANN] }, ['to', 'to']],
  ['whose To is no address', `From: ${FROM}\nTo: everybody`, { to: [ANN] }, ['to']],
];

/** @param skip why there is no database to test on; empty where there is one */
export function pecSendingConformance(name: string, make: Made, skip = ''): void {
  describe.skipIf(skip !== '')(`certified mail on ${name}${skip === '' ? '' : ` (skipped: ${skip})`}`, () => {
    test('is refused when it breaks a rule, which names the field, and nothing of it is stored', async () => {
      await using world = await openPecWorld(make, { isStarted: false });
      for (const [what, message, pointers] of REFUSED) {
        const expected = pointers.map((field) => `/messages/0/${field}`);
        expect([what, await world.refused('m1', message)]).toEqual([what, expected]);
      }
      for (const [what, head, fields, pointers] of REFUSED_RAW) {
        const expected = pointers.map((field) => `/messages/0/${field}`);
        expect([what, await world.refusedRaw(`${head}\n\nSalve.\n`, fields)]).toEqual([what, expected]);
      }
      expect(await world.engine.execute('messages.list', {})).toMatchObject({ items: [] });
    });

    test('that is complete counts as it is, and its size is told of raw', async () => {
      await using world = await openPecWorld(make, { isStarted: false });
      const to = Array.from({ length: 31 }, (_, number) => `r${number}@pec.example.org`);
      const line = `${'x'.repeat(62)}\r\n`;
      const head = (recipients: readonly string[]): string => `From: ${FROM}\r\nTo: ${recipients.join(', ')}\r\n\r\n`;
      expect(await world.refusedRaw(head(to) + line.repeat(16_384))).toEqual(['/messages/0/raw']);
      expect(await world.refusedRaw(head(to.slice(0, 29)) + line.repeat(16_384))).toEqual([]);
    });

    test('leaves from its author to all it shows in one transaction, whatever the tenant does about bounces', async () => {
      await using world = await openPecWorld(make);
      await world.addAccount('acme', 'plain');
      const bounces = { return_path_domain: 'bounce.example.com', per_recipient: true };
      await world.engine.execute('bounces.update-settings', { tenant_id: 'acme', ...bounces });
      const people = { to: [`Ann <${ANN.toUpperCase()}>`], cc: [`Team: ${BOB};`] };
      const more = { headers: { 'X-TipoRicevuta': 'breve' } };
      expect(await world.refused('m1', { ...people, ...more })).toEqual([]);
      expect((await world.recipientsOf('m1')).map(({ state }) => state)).toEqual(['sent', 'sent']);
      expect(world.sink.messages).toMatchObject([{ from: FROM, envelopeId: null }]);
      const [message] = world.sink.messages;
      expect(message?.to.map((address) => address.toLowerCase())).toEqual([ANN, BOB]);
      expect(message?.headers.get('x-tiporicevuta')).toEqual(['breve']);
      expect(await world.refused('m2', { ...people, account_id: 'plain' })).toEqual([]);
      await world.recipientsOf('m2');
      expect(world.sink.messages).toHaveLength(3);
      expect(world.sink.messages.every(({ from }, index) => (from === FROM) === (index === 0))).toBe(true);
    });

    test('that came complete leaves as its author wrote it', async () => {
      await using world = await openPecWorld(make);
      const mail = `From: ${FROM}\r\nTo: ${ANN},\r\n ${BOB}\r\nDate: now\r\nMessage-ID: <1@x>\r\n\r\nSalve.\r\n`;
      expect(await world.refusedRaw(mail, { id: 'm1' })).toEqual([]);
      await world.recipientsOf('m1');
      expect(world.sink.messages.map(({ raw }) => raw.toString())).toEqual([`X-Genro-Mail-ID: m1\r\n${mail}`]);
    });

    test('that was accepted before its account was for certified mail is looked at before it leaves', async () => {
      await using world = await openPecWorld(make, { isStarted: false });
      await world.addAccount('acme', 'late');
      const late = { account_id: 'late' };
      expect(await world.refused('m1', { ...late, bcc: [BOB] })).toEqual([]);
      expect(await world.refused('m2', { ...late, return_path: BOB })).toEqual([]);
      expect(await world.refused('m3', late)).toEqual([]);
      await world.engine.execute('accounts.update', { tenant_id: 'acme', account_id: 'late', pec: true });
      expect(await world.refused('m4', { ...late, bcc: [BOB] })).toEqual(['/messages/0/bcc']);
      await world.engine.start();
      const not = 'not to be sent as certified mail';
      const hidden = `${not}: to: expected only recipients of To and Cc, got ${BOB}`;
      const failed = { state: 'failed', stage: 'admit' };
      expect(await world.recipientsOf('m1')).toMatchObject([
        { ...failed, reply: hidden },
        { ...failed, reply: hidden },
      ]);
      const path = `${not}: return_path: expected the address of From, ${FROM}, got ${BOB}`;
      expect(await world.recipientsOf('m2')).toMatchObject([{ ...failed, reply: path }]);
      expect(await world.recipientsOf('m3')).toMatchObject([{ state: 'sent' }]);
      expect(world.sink.messages).toHaveLength(1);
    });

    test('that was sent to some before its account was for certified mail is not sent to the rest', async () => {
      await using world = await openPecWorld(make, {
        onRcpt: (address) => (address === BOB ? { code: 450, text: '4.2.1 busy' } : null),
      });
      await world.addAccount('acme', 'late');
      expect(await world.refused('m1', { account_id: 'late', to: [ANN, BOB] })).toEqual([]);
      await eventsUntil(world.engine, 'acme', ({ id, event }) => id === 'm1' && event === 'deferred');
      await world.engine.execute('accounts.update', { tenant_id: 'acme', account_id: 'late', pec: true });
      expect(await world.recipientsOf('m1')).toMatchObject([
        { address: ANN, state: 'sent' },
        { address: BOB, state: 'failed', stage: 'admit', reply: expect.stringContaining('1 of 2 are left') },
      ]);
    });

    test('of which a recipient is on the suppression list fails for all, as a provider would refuse it', async () => {
      await using world = await openPecWorld(make);
      await world.engine.execute('suppressions.add', { tenant_id: 'acme', address: BOB });
      expect(await world.refused('m1', { to: [ANN, BOB] })).toEqual([]);
      const recipients = await world.recipientsOf('m1');
      expect(recipients.toSorted((a, b) => (a.address < b.address ? -1 : 1))).toMatchObject([
        { address: ANN, state: 'failed', stage: 'admit', reply: expect.stringContaining('1 of 2 are left') },
        { address: BOB, state: 'failed', stage: 'suppressed' },
      ]);
      expect(world.sink.messages).toEqual([]);
    });

    test('of which the relay refuses a recipient for good goes to nobody, and only that address is dead', async () => {
      await using world = await openPecWorld(make, {
        onRcpt: (address) => (address === BOB ? { code: 550, text: '5.1.1 no such user' } : null),
      });
      expect(await world.refused('m1', { to: [ANN, BOB] })).toEqual([]);
      expect(await world.recipientsOf('m1')).toMatchObject([
        {
          state: 'failed',
          reply: expect.stringContaining(`all recipients are to get it or none, the relay refused ${BOB}`),
        },
        { state: 'failed', reply: 'no such user' },
      ]);
      expect(world.sink.messages).toEqual([]);
      expect(await world.engine.execute('suppressions.list', { tenant_id: 'acme' })).toMatchObject({
        items: [{ address: BOB }],
      });
    });

    test('of which the relay refuses a recipient for now waits, and goes to all at once', async () => {
      await using world = await openPecWorld(make, {
        onRcpt: (address, attempt) => (address === BOB && attempt === 1 ? { code: 450, text: '4.2.1 busy' } : null),
      });
      expect(await world.refused('m1', { to: [ANN, BOB] })).toEqual([]);
      expect(await world.recipientsOf('m1')).toMatchObject([{ state: 'sent' }, { state: 'sent' }]);
      expect(world.sink.messages.map(({ to }) => to)).toEqual([[ANN, BOB]]);
    });

    test("is that of one tenant's account, and not of another's that has the same id", async () => {
      await using world = await openPecWorld(make);
      await world.addAccount('other', 'pec');
      const blind = { bcc: [BOB] };
      expect(await world.refused('m1', blind, 'other')).toEqual([]);
      expect(await world.refused('m1', blind, 'acme')).toEqual(['/messages/0/bcc']);
      expect((await world.recipientsOf('m1', 'other')).map(({ state }) => state)).toEqual(['sent', 'sent']);
      const shown = await world.engine.execute('accounts.list', {});
      expect(shown).toMatchObject({
        items: [
          { tenant_id: 'acme', pec: true },
          { tenant_id: 'other', pec: false },
        ],
      });
    });

    test('stays that of an account that is changed, until the change says otherwise', async () => {
      await using world = await openPecWorld(make, { isStarted: false });
      const account = { tenant_id: 'acme', account_id: 'pec' };
      expect(await world.engine.execute('accounts.update', { ...account, port: 26 })).toMatchObject({ pec: true });
      expect(await world.refused('m1', { bcc: [BOB] })).toEqual(['/messages/0/bcc']);
      for (const cleared of [false, null]) {
        await world.engine.execute('accounts.update', { ...account, pec: true });
        expect(await world.engine.execute('accounts.update', { ...account, pec: cleared })).toMatchObject({
          pec: false,
        });
      }
      expect(await world.refused('m1', { bcc: [BOB] })).toEqual([]);
      await expect(world.engine.execute('accounts.update', { ...account, pec: 'yes' })).rejects.toMatchObject({
        code: 'invalid_input',
        problems: [{ pointer: '/pec' }],
      });
    });
  });
}
