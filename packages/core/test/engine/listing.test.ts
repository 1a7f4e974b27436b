// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { startSmtpSink } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { NO_LIMITS } from '../../src/operations/key-limits.ts';
import type { Principal } from '../../src/operations/principal.ts';
import { addAccount, type EngineWorld, mail, openWorld } from './engine-world.case.ts';

const LATER = { deferred_ts: 4_000_000_000 };

async function list({ engine }: EngineWorld, input: object, principal?: Principal) {
  const caller = principal === undefined ? undefined : { principal, origin: 'test' };
  return Object(await engine.execute('messages.list', input, caller));
}

test('a list says what messages say where it is asked to, to those who may read it', async () => {
  await using world = await openWorld({ start: false });
  await addAccount(world, { port: 1 });
  await world.engine.submit([
    {
      id: 'letter',
      from: '"Doe, Ann" <ann@example.org>',
      to: ['Bob <bob@example.org>', 'Team: c@example.org, d@example.org;'],
      cc: 'e@example.org',
      bcc: 'f@example.org',
      reply_to: 'g@example.org',
      subject: 'Hello',
      html: '<p>Hello</p>',
      headers: { 'X-Campaign': 'spring' },
      attachments: [{ filename: 'a.txt', storage_path: 'base64:aGVsbG8=' }],
    },
  ]);
  const [item] = (await list(world, { include: 'content' })).items;
  expect(item.content).toEqual({
    from: '"Doe, Ann" <ann@example.org>',
    to: ['Bob <bob@example.org>', 'Team: c@example.org, d@example.org;'],
    cc: ['e@example.org'],
    bcc: ['f@example.org'],
    reply_to: ['g@example.org'],
    return_path: 'ann@example.org',
    subject: 'Hello',
    text: null,
    html: '<p>Hello</p>',
    headers: { 'X-Campaign': 'spring' },
    attachments: [expect.objectContaining({ filename: 'a.txt', mime_type: 'text/plain', fetched: true, size: 5 })],
  });
  expect((await list(world, {})).items[0]).not.toHaveProperty('content');
  const reader: Principal = {
    kind: 'tenant',
    name: 'reader',
    tenantId: 'default',
    limits: { ...NO_LIMITS, scopes: ['messages:read'] },
  };
  expect((await list(world, { include: 'content' }, reader)).items[0].content).toBeNull();
});

test('a list tells how many match in all, and of the open ones alone', async () => {
  await using sink = await startSmtpSink();
  await using world = await openWorld();
  await addAccount(world, sink);
  await world.engine.submit([mail('sent'), mail('a', { ...LATER, batch_code: 'x' }), mail('b', LATER)]);
  await sink.waitFor(1);
  await expect.poll(async () => (await list(world, { open: true, limit: 1, include: 'count' })).count).toBe(2);
  expect(await list(world, { tenant_id: 'default', limit: 1, include: ['count', 'events'] })).toMatchObject({
    count: 3,
    items: [{ id: 'b', events: [] }],
  });
  expect(await list(world, { open: true, batch_code: 'x', include: 'count' })).toMatchObject({ count: 1, next: null });
  expect(await list(world, { tenant_id: 'other', include: 'count' })).toMatchObject({ count: 0, items: [] });
  const [, , first] = (await list(world, { include: 'events' })).items;
  expect(first.events).toMatchObject([{ type: 'sent', message_id: 'sent' }]);
});

test('a list tells until when a limit keeps back what is ready', async () => {
  await using sink = await startSmtpSink();
  await using world = await openWorld();
  await addAccount(world, sink, { limit_per_minute: 1 });
  await world.engine.submit([mail('a'), mail('b'), mail('c', LATER)]);
  await sink.waitFor(1);
  const ofTwo = async () => {
    const { items } = await list(world, { include: 'rate_limit' });
    return items.map((item: { state: string; rate_limited_until: string | null }) => [
      item.state,
      typeof item.rate_limited_until,
    ]);
  };
  await expect.poll(ofTwo, { timeout: 20_000 }).toEqual([
    ['deferred', 'object'],
    ['ready', 'string'],
    ['final', 'object'],
  ]);
});

test('a list is searched by domain, by time and by a part of the subject, page by page', async () => {
  await using world = await openWorld({ start: false });
  await addAccount(world, { port: 1 });
  await world.engine.execute('tenants.create', { id: 'globex' });
  await addAccount(world, { port: 1 }, { tenant_id: 'globex' });
  const to = (id: string, address: string, subject: string) => mail(id, { to: [address], subject });
  await world.engine.submit([
    to('a', 'ann@Example.ORG', 'Your INVOICE of May'),
    to('b', '"odd@home"@example.org', 'Hello'),
    to('c', 'ann@sub.example.org', 'Your invoice of June'),
    mail('d', { to: ['x@example.org', 'y@example.org'], subject: '\u00c9t\u00e9 100% _ok_' }),
    mail('e', { tenant_id: 'globex', to: ['z@example.org'], subject: 'Their invoice' }),
  ]);
  const found = async (input: object, principal?: Principal) => {
    const ids: string[] = [];
    for (let after: string | null = null; ; ) {
      const { items, next, searched } = await list(
        world,
        {
          ...input,
          limit: 2,
          ...(after === null ? {} : { after }),
        },
        principal,
      );
      ids.push(...items.map(({ id }: { id: string }) => id));
      if (next === null) return `${ids.join('')} ${searched?.back_to}`;
      after = next;
    }
  };
  expect(await found({ domain: 'example.org' })).toBe('edba null');
  expect(await found({ domain: 'EXAMPLE.org', tenant_id: 'default' })).toBe('dba null');
  expect(await found({ domain: 'org' })).toBe(' null');
  expect(await found({ subject: 'invoice' })).toBe('eca null');
  expect(await found({ subject: 'invoice', domain: 'example.org' })).toBe('ea null');
  expect(await found({ subject: '\u00e9T\u0065\u0301 100% _OK' })).toBe('d null');
  expect(await found({ subject: '%' })).toBe('d null');
  expect(await list(world, { subject: 'invoice', limit: 1 })).toMatchObject({
    searched: { looked_at: 1, unreadable: 0, back_to: expect.any(String) },
  });
  const now = new Date().toISOString();
  const earlier = new Date(Date.now() - 3_600_000).toISOString();
  expect(await found({ created_after: earlier, created_before: '2999-01-01T00:00:00Z' })).toBe('edcba undefined');
  expect(await found({ created_before: earlier })).toBe(' undefined');
  expect(await found({ created_after: '2999-01-01T00:00:00Z' })).toBe(' undefined');
  expect(await list(world, { created_before: now, domain: 'sub.example.org', include: 'count' })).toMatchObject({
    count: 1,
    items: [{ id: 'c' }],
  });

  const keyWith = (scopes: readonly ('messages:read' | 'messages:content')[]): Principal => ({
    kind: 'tenant',
    name: 'reader',
    tenantId: 'globex',
    limits: { ...NO_LIMITS, scopes },
  });
  expect(await found({ domain: 'example.org' }, keyWith(['messages:read']))).toBe('e null');
  expect(await found({ subject: 'invoice' }, keyWith(['messages:read', 'messages:content']))).toBe('e null');
  await expect(list(world, { subject: 'x' }, keyWith(['messages:read']))).rejects.toMatchObject({ code: 'forbidden' });
});

test('subjects of encrypted contents are not searched', async () => {
  await using world = await openWorld({ start: false, contentEncryption: true });
  await expect(list(world, { subject: 'x' })).rejects.toMatchObject({ code: 'not_searchable' });
});

test('what cannot be included is refused', async () => {
  await using world = await openWorld({ start: false });
  await expect(list(world, { include: 'secrets' })).rejects.toMatchObject({ code: 'invalid_input' });
});
