// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type CoreSchema, defineMixin, defineOperation, fields, MailProxyError, type Reach } from '@mail-proxy/core';
import * as v from 'valibot';

interface WaveTables {
  readonly wave_counts: { readonly message_pk: string; readonly count: number };
}

/** What of the core's services is used: they come with the mixin's own. */
interface WaveServices {
  readonly messages: { find(reach: Reach, id: string): Promise<{ readonly pk: string; readonly tenant_id: string }> };
}

/**
 * Recipients may wave back: an event in the history of the message, and in the tenant's reports, and a count, which who has
 * the link may look at.
 */
export const wave = defineMixin({
  id: 'wave',
  contract: 1,
  eventTypes: ['wave_received'],
  migrations: [
    {
      number: 1,
      name: 'counts',
      minReader: 1,
      up: (schema, t) => [
        schema
          .createTable('wave_counts')
          .addColumn('message_pk', t.pk, (c) => c.primaryKey().references('messages.pk').onDelete('cascade'))
          .addColumn('count', t.integer, (c) => c.notNull()),
      ],
    },
  ],
  setup({ database: anyTables, events, macs }) {
    const database = anyTables.withTables<CoreSchema & WaveTables>();
    const count = database.prepare<{ readonly pk: string }>((k, p) =>
      k
        .insertInto('wave_counts')
        .values({ message_pk: p.pk, count: 1 })
        .onConflict((c) => c.column('message_pk').doUpdateSet((eb) => ({ count: eb('wave_counts.count', '+', 1) }))),
    );
    const countOf = database.prepare<{ readonly pk: string }, { readonly count: number }>((k, p) =>
      k.selectFrom('wave_counts').select('count').where('message_pk', '=', p.pk),
    );
    const links = macs('link');
    const linkTo = (pk: string): string => `/waves/${pk}.${Buffer.from(links.sign(pk)).toString('base64url')}`;
    const receive = defineOperation({
      name: 'waves.receive',
      summary: 'Tell that a recipient waved back',
      http: { method: 'POST', path: '/v1/messages/{message_id}/waves' },
      access: 'tenant',
      scope: 'messages:manage',
      audit: true,
      input: v.strictObject({
        message_id: fields.clientId,
        tenant_id: v.optional(fields.tenantId),
        from: fields.line(320),
      }),
      output: v.object({ is_new: v.boolean(), link: v.string() }),
      async run({ messages }: WaveServices, { message_id, from }, { reach }) {
        const { pk, tenant_id: tenantId } = await messages.find(reach, message_id);
        // Who waves twice is told of once; the count goes up each time. Both in one unit.
        const event = events.append({ messagePk: pk, tenantId, type: 'wave_received', once: from, extra: { from } });
        await database.write([...event.statements, count.bind({ pk })]);
        return { is_new: await event.committed(), link: linkTo(pk) };
      },
    });
    return {
      operations: [receive],
      routes: [
        {
          path: '/waves/{token}',
          async handle(_request, { token = '' }) {
            const [pk = '', mac = ''] = token.split('.');
            // Before the database is asked.
            if (!links.verify(pk, Buffer.from(mac, 'base64url'))) throw new MailProxyError('not_found');
            const [row] = await database.read(countOf.bind({ pk }));
            return Response.json({ waves: row?.count ?? 0 });
          },
        },
      ],
    };
  },
});
