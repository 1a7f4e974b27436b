// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFileSync } from 'node:fs';
import {
  type CombinedHooks,
  combineHooks,
  type MixinContext,
  silentLog,
  systemClock,
  systemRandom,
} from '@mail-proxy/core';
import { describe, expect, test } from 'vitest';
import { hello } from './hello.mixin.ts';

const message = { messagePk: 'pk', id: 'id', tenantId: 'acme', accountPk: 'account', attempt: 1 };

async function hooksWith(config: unknown): Promise<CombinedHooks> {
  // hello has no tables and never looks at the database, has no secrets and asks nobody.
  const database = {} as MixinContext['database'];
  const leases = { take: async () => true, release: async () => undefined };
  const sealer = {} as MixinContext['sealer'];
  const events = {} as MixinContext['events'];
  const macs = () => ({ sign: () => Buffer.of(), verify: () => false });
  const provided = (): undefined => undefined;
  const outgoing = {} as MixinContext['outgoing'];
  const suppressions = { suppress: async () => [], changed: () => undefined };
  const given = {
    database,
    sealer,
    sealsContents: false,
    outgoing,
    leases,
    events,
    suppressions,
    storages: { open: async () => null },
    macs,
    config,
    provided,
  };
  const sources = { clock: systemClock, random: systemRandom, makePk: () => 'pk', log: silentLog };
  const { hooks = {} } = await hello.setup({ ...given, ...sources });
  return combineHooks([{ mixin: hello.id, hooks }]);
}

describe('the hello mixin', () => {
  test('refuses a blocked domain for good and admits the others', async () => {
    const hooks = await hooksWith({ blocked: ['blocked.example'] });
    const from = 'me@example.com';
    expect(await hooks.admitting(message, { from, to: ['a@Blocked.Example'] })).toMatchObject({
      admit: false,
      permanence: 'permanent',
    });
    expect(await hooks.admitting(message, { from, to: ['a@notblocked.example'] })).toEqual({ admit: true });
  });

  test('marks each message with its tenant', async () => {
    const hooks = await hooksWith(undefined);
    const me = { name: '', address: 'me@example.com' };
    const texts = { subject: '', text: '', html: null, calendar: null };
    const content = { from: me, to: [me], cc: [], replyTo: [], ...texts, headers: [] };
    const files = { attachments: [], detached: [] };
    const marked = hooks.composing({ ...content, ...files, messageId: '<id@example.com>', date: 0 }, message);
    expect(marked.headers).toEqual([['X-Hello', 'from acme']]);
  });

  test('a configuration that is none stops the engine', async () => {
    await expect(hooksWith({ blocked: 'blocked.example' })).rejects.toThrow('blocked must be a list');
  });

  test('the guide shows it as it is', () => {
    const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
    const code = read('./hello.mixin.ts').replace(/^(\/\/ SPDX.*\n)+/, '');
    expect(read('../../docs/guide/mixins.md')).toContain(`\`\`\`ts\n${code}\`\`\``);
  });
});
