// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type CoreSchema, createMailEngine, defineExtension, defineMixin, type Mixin } from '@mail-proxy/core';
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';

interface Tables {
  readonly motto_texts: { readonly pk: string; readonly text: string };
}

/** Gives tenants and accounts a motto, in a table of its own. */
const motto = (id = 'motto'): Mixin =>
  defineMixin({
    id,
    contract: 1,
    migrations: [
      {
        number: 1,
        name: 'texts',
        minReader: 1,
        up: (schema, t) => [
          schema
            .createTable('motto_texts')
            .addColumn('pk', t.pk, (c) => c.primaryKey())
            .addColumn('text', t.text, (c) => c.notNull()),
        ],
      },
    ],
    setup({ database: anyTables }) {
      const database = anyTables.withTables<CoreSchema & Tables>();
      const put = database.prepare<{ pk: string; text: string }>((k, p) =>
        k
          .insertInto('motto_texts')
          .values({ pk: p.pk, text: p.text })
          .onConflict((c) => c.column('pk').doUpdateSet({ text: p.text })),
      );
      const remove = database.prepare<{ pk: string }>((k, p) => k.deleteFrom('motto_texts').where('pk', '=', p.pk));
      const all = database.prepare<object, { pk: string; text: string }>((k) =>
        k.selectFrom('motto_texts').selectAll(),
      );
      const extension = defineExtension({
        schema: v.pipe(v.string(), v.maxLength(10, 'expected at most 10 characters')),
        async load(pks) {
          const rows = await database.read(all.bind({}));
          return new Map(rows.filter(({ pk }) => pks.includes(pk)).map(({ pk, text }) => [pk, text]));
        },
        save: (pk, text) => [text === null ? remove.bind({ pk }) : put.bind({ pk, text })],
      });
      return { extensions: { tenant: { motto: extension }, account: { motto: extension } } };
    },
  });

const config = { database: ':memory:' };

describe('a field of a mixin', () => {
  test("of a tenant is taken, shown, kept, changed and cleared by the core's own operations", async () => {
    await using engine = await createMailEngine({ config, mixins: [motto()] });
    expect(await engine.execute('tenants.create', { id: 'acme', motto: 'onward' })).toMatchObject({ motto: 'onward' });
    expect(await engine.execute('tenants.list', {})).toMatchObject({
      items: [
        { id: 'acme', motto: 'onward' },
        { id: 'default', motto: null },
      ],
    });
    const tenant = { tenant_id: 'acme' };
    expect(await engine.execute('tenants.update', { ...tenant, name: 'Acme' })).toMatchObject({ motto: 'onward' });
    expect(await engine.execute('tenants.update', { ...tenant, motto: 'upward' })).toMatchObject({ name: 'Acme' });
    expect(await engine.execute('tenants.get', tenant)).toMatchObject({ motto: 'upward' });
    expect(await engine.execute('tenants.update', { ...tenant, motto: null })).toMatchObject({ motto: null });
  });

  test('of an account, too', async () => {
    await using engine = await createMailEngine({ config, mixins: [motto()] });
    const relay = { id: 'main', host: '127.0.0.1', port: 25 };
    expect(await engine.execute('accounts.create', { ...relay, motto: 'fast' })).toMatchObject({ motto: 'fast' });
    const account = { account_id: 'main' };
    expect(await engine.execute('accounts.update', { ...account, motto: 'faster' })).toMatchObject({ motto: 'faster' });
    expect(await engine.execute('accounts.list', {})).toMatchObject({ items: [{ id: 'main', motto: 'faster' }] });
  });

  test('is held against its schema, and with a row that is refused nothing is written', async () => {
    await using engine = await createMailEngine({ config, mixins: [motto()] });
    await expect(engine.execute('tenants.create', { id: 'acme', motto: 'far too long' })).rejects.toMatchObject({
      problems: [{ pointer: '/motto', message: 'expected at most 10 characters' }],
    });
    await expect(engine.execute('tenants.create', { id: 'default', motto: 'stolen' })).rejects.toMatchObject({
      code: 'duplicate_id',
    });
    expect(await engine.execute('tenants.get', { tenant_id: 'default' })).toMatchObject({ motto: null });
  });

  test('that is there already stops the engine', async () => {
    const name = defineMixin({
      id: 'name',
      contract: 1,
      setup: () => ({
        extensions: {
          tenant: { name: defineExtension({ schema: v.string(), load: async () => new Map(), save: () => [] }) },
        },
      }),
    });
    await expect(createMailEngine({ config, mixins: [name] })).rejects.toThrow('name of a mixin is there already');
  });
});

test('without the mixin, a field of the enterprise edition is refused as that, and another as unknown', async () => {
  await using engine = await createMailEngine({ config });
  await expect(engine.execute('tenants.create', { id: 'acme', bounces: {} })).rejects.toMatchObject({
    code: 'enterprise_required',
    problems: [{ pointer: '/bounces' }],
  });
  const relay = { id: 'main', host: '127.0.0.1', port: 25 };
  await expect(engine.execute('accounts.create', { ...relay, pec: true })).rejects.toMatchObject({
    code: 'enterprise_required',
    problems: [{ pointer: '/pec' }],
  });
  await expect(engine.execute('tenants.create', { id: 'acme', motto: 'x' })).rejects.toMatchObject({
    code: 'invalid_input',
  });
});
