// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { buffer } from 'node:stream/consumers';
import { tenantPrincipal } from '@mail-proxy/core';
import { eventually, startSmtpSink, tempDir } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import {
  addAccount,
  type EngineWorld,
  eventsUntil,
  historyUntil,
  mail,
  messageOf,
  openWorld,
} from './engine-world.case.ts';

interface Captured {
  readonly pk: string;
  readonly message_id: string;
  readonly attempt: number;
  readonly recipients: readonly string[];
  readonly subject: string | null;
}

async function addSandbox({ engine }: EngineWorld, settings: object = {}): Promise<void> {
  await engine.execute('accounts.create', { id: 'box', type: 'sandbox', is_default: !('id' in settings), ...settings });
}

async function captured({ engine }: EngineWorld, filter: object = {}): Promise<readonly Captured[]> {
  const { items } = (await engine.execute('sandbox-messages.list', filter)) as { readonly items: readonly Captured[] };
  return items;
}

async function bytesOf(pieces: unknown): Promise<Buffer> {
  return buffer(pieces as AsyncIterable<Uint8Array>);
}

const at = (local: string): string => `${local}@simulate.invalid`;

describe('an account that is a sandbox', () => {
  test('is asked for no relay, and takes none', async () => {
    await using world = await openWorld({ start: false });
    const { engine } = world;
    expect(await engine.execute('accounts.create', { id: 'box', type: 'sandbox', limit_per_minute: 5 })).toMatchObject({
      ...{ type: 'sandbox', host: 'sandbox.invalid', port: 25, user: null, limit_per_minute: 5 },
    });
    const relay = { id: 'b2', type: 'sandbox', host: 'mail.example.org', port: 25, password: 'p' };
    await expect(engine.execute('accounts.create', relay)).rejects.toMatchObject({
      ...{ code: 'invalid_input', problems: [{ pointer: '/host' }, { pointer: '/port' }, { pointer: '/password' }] },
    });
    await expect(engine.execute('accounts.create', { id: 'b3' })).rejects.toMatchObject({
      ...{ code: 'invalid_input', problems: [{ pointer: '/host', message: 'required' }, { pointer: '/port' }] },
    });
    await expect(
      engine.execute('accounts.update', { account_id: 'box', host: 'mail.example.org' }),
    ).rejects.toMatchObject({
      problems: [{ pointer: '/host' }],
    });
    await expect(engine.execute('accounts.update', { account_id: 'box', type: 'smtp' })).rejects.toMatchObject({
      problems: [{ pointer: '/type' }],
    });
    expect(await engine.execute('accounts.update', { account_id: 'box', weight: 3 })).toMatchObject({ weight: 3 });
    expect(await engine.execute('accounts.verify', { account_id: 'box' })).toMatchObject({ ok: true });
  });

  test('beside the only relay leaves mail without an account to that relay', async () => {
    await using sink = await startSmtpSink();
    await using world = await openWorld();
    await addAccount(world, sink);
    await addSandbox(world, { is_default: false });
    await world.engine.submit([mail('m1')]);
    await historyUntil(world, 'm1', 'sent');
    expect([sink.messages.length, (await captured(world)).length]).toEqual([1, 0]);
  });

  test('takes no mail in the place of a relay that was deleted', async () => {
    await using world = await openWorld();
    await addAccount(world, { port: 1 });
    await addSandbox(world, { is_default: false });
    await world.engine.execute('accounts.delete', { account_id: 'main' });
    expect(await world.engine.submit([mail('m1')])).toMatchObject({
      accepted: 0,
      results: [{ status: 'rejected', code: 'no_default_account' }],
    });
    expect(await world.engine.submit([mail('m2', { account_id: 'box' })])).toMatchObject({ accepted: 1 });
    await historyUntil(world, 'm2', 'sent');
  });
});

describe('captured mail', () => {
  test('is what a relay would have got, and reads as what was written', async () => {
    await using world = await openWorld();
    await addSandbox(world);
    const html = '<p>Grüße <img src="cid:logo"></p>';
    await world.engine.submit([
      mail('m1', {
        ...{
          subject: 'Grüße aus Köln',
          text: 'Plain words.\n',
          html,
          to: ['one@example.org'],
          bcc: ['two@example.org'],
        },
        attachments: [{ filename: 'a.bin', storage_path: `base64:${Buffer.alloc(3_000, 7).toString('base64')}` }],
      }),
    ]);
    await historyUntil(world, 'm1', 'sent');
    const [item] = await captured(world);
    expect(item).toMatchObject({
      ...{
        message_id: 'm1',
        account_id: 'box',
        attempt: 1,
        mail_from: 'sender@example.com',
        subject: 'Grüße aus Köln',
      },
      ...{ recipients: ['one@example.org', 'two@example.org'], from: 'Sender <sender@example.com>' },
    });
    const { pk = '' } = item ?? {};
    expect(await world.engine.execute('sandbox-messages.get', { mail_id: pk })).toMatchObject({
      content: {
        headers: expect.arrayContaining([{ name: 'Subject', value: 'Grüße aus Köln' }]),
        text: expect.stringContaining('Plain words.'),
        html: expect.stringContaining('Grüße'),
        attachments: [{ position: 0, filename: 'a.bin', size_bytes: 3_000 }],
      },
    });
    const raw = await bytesOf(await world.engine.execute('sandbox-messages.download', { mail_id: pk }));
    expect(raw.toString()).toMatch(/^From: .*\r\n/m);
    expect(raw.toString()).not.toContain('two@example.org');
    const file = { mail_id: pk, position: 0 };
    const attachment = await bytesOf(await world.engine.execute('sandbox-messages.download-attachment', file));
    expect(attachment).toEqual(Buffer.alloc(3_000, 7));
    const none = world.engine.execute('sandbox-messages.download-attachment', { ...file, position: 1 });
    await expect(none).rejects.toMatchObject({ code: 'not_found' });
  });

  test('is found by recipient, message, account and time, page by page, and is removed', async () => {
    await using world = await openWorld();
    await addSandbox(world);
    await addSandbox(world, { id: 'box2' });
    for (const n of [1, 2, 3]) {
      const account_id = n === 3 ? 'box2' : 'box';
      await world.engine.submit([mail(`m${n}`, { account_id, to: [`r${n}@example.org`] })]);
      await historyUntil(world, `m${n}`, 'sent');
    }
    const ids = async (filter: object) => (await captured(world, filter)).map(({ message_id }) => message_id);
    expect(await ids({})).toEqual(['m3', 'm2', 'm1']);
    expect(await ids({ recipient: 'r2@example.org' })).toEqual(['m2']);
    expect(await ids({ message_id: (await messageOf(world, 'm1')).pk })).toEqual(['m1']);
    expect(await ids({ message_id: 'm3', account_id: 'box' })).toEqual([]);
    expect(await ids({ account_id: 'box2' })).toEqual(['m3']);
    expect(await ids({ since: '2100-01-01T00:00:00Z' })).toEqual([]);
    const page = (await world.engine.execute('sandbox-messages.list', { limit: 2 })) as { next: string };
    expect(await ids({ limit: 2, after: page.next })).toEqual(['m1']);
    const [newest] = await captured(world);
    await world.engine.execute('sandbox-messages.delete', { mail_id: newest?.pk });
    await expect(world.engine.execute('sandbox-messages.get', { mail_id: newest?.pk })).rejects.toMatchObject({
      code: 'not_found',
    });
    expect(await world.engine.execute('sandbox-messages.clear', { account_id: 'box2' })).toEqual({ removed: 0 });
    expect(await world.engine.execute('sandbox-messages.clear', {})).toEqual({ removed: 2 });
    expect(await captured(world)).toEqual([]);
  });

  test('of a tenant is nothing to another one', async () => {
    await using world = await openWorld();
    await addSandbox(world);
    await world.engine.execute('tenants.create', { id: 'other' });
    await world.engine.submit([mail('m1')]);
    await historyUntil(world, 'm1', 'sent');
    const [item] = await captured(world);
    const other = { principal: tenantPrincipal('other'), origin: 'test' };
    const reading = { mail_id: item?.pk };
    expect(await world.engine.execute('sandbox-messages.list', {}, other)).toEqual({ items: [], next: null });
    expect(await world.engine.execute('sandbox-messages.clear', {}, other)).toEqual({ removed: 0 });
    for (const [name, input] of [
      ['sandbox-messages.get', reading],
      ['sandbox-messages.download', reading],
      ['sandbox-messages.download-attachment', { ...reading, position: 0 }],
      ['sandbox-messages.delete', reading],
    ] as const) {
      await expect(world.engine.execute(name, input, other), name).rejects.toMatchObject({ code: 'not_found' });
    }
    expect(await captured(world)).toHaveLength(1);
  });

  test('goes with its message', async () => {
    await using world = await openWorld();
    await addSandbox(world);
    await world.engine.submit(['m1', 'm2', 'm3'].map((id) => mail(id)));
    await eventually(async () => expect(await captured(world)).toHaveLength(3));
    await world.engine.execute('messages.remove', { tenant_id: 'default', ids: ['m1'] });
    const left = async () => (await captured(world)).map(({ message_id }) => message_id).toSorted();
    expect(await left()).toEqual(['m2', 'm3']);
    await eventually(async () => {
      await world.engine.execute('messages.prune', { older_than_seconds: 0 });
      expect(await left()).toEqual([]);
    });
  });

  test('stays within its room, the oldest first, and does not outlive its time', async () => {
    using dir = tempDir();
    const settings = { database: dir.file('mail.db'), sandbox: { maxMessages: 3, maxBytes: 1_000_000, keep: 2 } };
    {
      await using world = await openWorld(settings);
      await addSandbox(world, { max_connections: 1 });
      const left = async () => (await captured(world)).map(({ message_id }) => message_id);
      for (const id of ['m1', 'm2', 'm3', 'm4', 'm5']) {
        await world.engine.submit([mail(id)]);
        await historyUntil(world, id, 'sent');
      }
      await eventually(async () => expect(await left()).toEqual(['m5', 'm4', 'm3']));
      for (const id of ['large-1', 'large-2']) {
        await world.engine.submit([mail(id, { text: 'a line of text\n'.repeat(40_000) })]);
        await historyUntil(world, id, 'sent');
      }
      await eventually(async () => expect(await left()).toEqual(['large-2']));
    }
    const later = { ...systemClock, now: () => Date.now() + 3 * 86_400_000 };
    await using world = await openWorld({ ...settings, clock: later });
    await eventually(async () => expect(await captured(world)).toEqual([]));
  });
});

describe('simulated outcomes', () => {
  test('each recipient has its own, with events as from a relay', async () => {
    await using world = await openWorld();
    await addSandbox(world);
    const to = [at('delivered'), at('hardbounce'), at('softbounce+2'), at('blocked+x'), 'real@example.org'];
    await world.engine.submit([mail('m1', { to })]);
    expect((await historyUntil(world, 'm1', 'partially_sent')).map(({ event }) => event)).toEqual([
      'deferred',
      'deferred',
      'partially_sent',
    ]);
    const message = await messageOf(world, 'm1');
    expect(message.recipients.map(({ state, code, attempts }) => [state, code, attempts])).toEqual([
      ['sent', 250, 1],
      ['failed', 550, 1],
      ['sent', 250, 3],
      ['failed', 550, 1],
      ['sent', 250, 1],
    ]);
    expect((await captured(world)).map(({ attempt, recipients }) => [attempt, recipients])).toEqual([
      [3, [at('softbounce+2')]],
      [1, [at('delivered'), 'real@example.org']],
    ]);
    expect(JSON.stringify(message)).toContain('a sandbox: nothing leaves this machine');
  });

  test('what is put off without end is given up as by the policy of its account', async () => {
    await using world = await openWorld();
    await addSandbox(world, { retry: { max_attempts: 2 } });
    await world.engine.submit([mail('m1', { to: [at('softbounce')] })]);
    expect(await historyUntil(world, 'm1', 'error')).toMatchObject([
      { event: 'deferred' },
      { event: 'error', attempt: 2 },
    ]);
    expect(await captured(world)).toEqual([]);
  });

  test('an address that does not exist comes onto the suppression list', async () => {
    await using world = await openWorld();
    await addSandbox(world);
    await world.engine.submit([mail('m1', { to: [at('hardbounce')] })]);
    await historyUntil(world, 'm1', 'error');
    expect(await world.engine.execute('suppressions.list', {})).toMatchObject({
      items: [{ address: at('hardbounce') }],
    });
    expect(await world.engine.submit([mail('m2', { to: [at('hardbounce')] })])).toMatchObject({
      results: [{ code: 'suppressed' }],
    });
  });

  test('in doubt: tried again under retry, kept for a decision under hold, and captured once', async () => {
    await using world = await openWorld();
    await addSandbox(world);
    await world.engine.submit([
      mail('m1', { to: [at('indoubt')], on_in_doubt: 'retry' }),
      mail('m2', { to: [at('indoubt')], on_in_doubt: 'hold' }),
    ]);
    expect(await historyUntil(world, 'm1', 'sent')).toMatchObject([
      { event: 'deferred', possible_duplicate: true },
      { event: 'sent', attempt: 2 },
    ]);
    await historyUntil(world, 'm2', 'in_doubt');
    expect((await captured(world)).map(({ message_id, attempt }) => [message_id, attempt])).toEqual([['m1', 2]]);
    await world.engine.execute('messages.confirm', { message_id: 'm2' });
    expect(await messageOf(world, 'm2')).toMatchObject({ result: 'sent' });
  });

  test('slow mail holds up its own account only', async () => {
    await using world = await openWorld();
    await addSandbox(world, { max_connections: 1 });
    await addSandbox(world, { id: 'box2' });
    await world.engine.submit([mail('slow', { account_id: 'box', to: [at('slow+3600')] })]);
    await world.engine.submit([mail('quick', { account_id: 'box2' })]);
    await historyUntil(world, 'quick', 'sent');
    expect(await messageOf(world, 'slow')).toMatchObject({ result: null });
    // Longer than a relay is waited for.
    const history = await eventsUntil(world, ({ id, event }) => id === 'slow' && event === 'deferred');
    expect(history.at(-1)).toMatchObject({ possible_duplicate: true });
  });

  test('limits, the size that is taken, and all or none hold as with a relay', async () => {
    await using world = await openWorld({ delivery: { sandboxMaxBytes: 20_000 } });
    await addSandbox(world, { limit_per_minute: 1, limit_behavior: 'reject', max_connections: 1 });
    await world.engine.submit([mail('large', { text: 'x'.repeat(30_000) })]);
    expect((await historyUntil(world, 'large', 'error')).at(-1)).toMatchObject({
      recipients: [{ code: 552, enhanced: '5.3.4' }],
    });
    await world.engine.submit([mail('m1')]);
    await historyUntil(world, 'm1', 'sent');
    await world.engine.submit([mail('m2')]);
    expect((await historyUntil(world, 'm2', 'error')).at(-1)).toMatchObject({ attempt: 1 });
    expect((await captured(world)).map(({ message_id }) => message_id)).toEqual(['m1']);
  });
});

test('captured mail is sealed where contents are', async () => {
  await using world = await openWorld({ contentEncryption: true });
  await addSandbox(world);
  await world.engine.submit([mail('m1', { subject: 'private matter', text: 'private words' })]);
  await historyUntil(world, 'm1', 'sent');
  const [item] = await captured(world);
  expect(item?.subject).toBe('private matter');
  expect(await world.engine.execute('sandbox-messages.get', { mail_id: item?.pk })).toMatchObject({
    content: { text: expect.stringContaining('private words') },
  });
  expect(await world.engine.execute('keys.status', {})).toMatchObject({
    columns: expect.arrayContaining([
      expect.objectContaining({ column: 'captured_mails.summary', key: expect.any(String), values: 1 }),
      expect.objectContaining({ column: 'captured_contents.bytes', key: expect.any(String), values: 1 }),
    ]),
  });
});
