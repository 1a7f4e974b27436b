// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../../database/database.ts';
import { rowsJson } from '../../database/row-parameters.ts';
import { exactlyOne } from '../../database/statement.ts';
import { MailProxyError } from '../../errors.ts';
import type { Reach } from '../../operations/principal.ts';
import type { ContentSealer } from '../message/content-sealer.ts';
import { type Page, type Paging, pageFrom } from '../paging.ts';
import type { CoreSchema } from '../schema.ts';
import {
  BETWEEN,
  type CapturedFilter,
  type CapturedRow,
  prepareCapturedStatements,
} from './captured-mail.statements.ts';
import type { CapturedSummary } from './captured-summary.ts';

/** A mail that a sandbox captured, without its content. */
export type CapturedMail = Omit<CapturedRow, 'summary' | 'recipients'> &
  CapturedSummary & { readonly recipients: readonly string[] };

/** What of a tenant is kept. */
export interface CapturedRoom {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** What sandboxes captured. A row outside the reach is as if it did not exist. */
export interface CapturedMailStore {
  /** @throws {MailProxyError} `not_found` */
  get(reach: Reach, pk: string): Promise<CapturedMail>;
  /** The newest first. */
  list(reach: Reach, filter: CapturedFilter, paging: Paging): Promise<Page<CapturedMail>>;
  /**
   * The mail itself, as it would have gone to the relay.
   *
   * @throws {MailProxyError} `not_found`, `sealed_with_unknown_key`
   */
  content(reach: Reach, pk: string): Promise<Uint8Array>;
  /** @throws {MailProxyError} `not_found` */
  remove(reach: Reach, pk: string): Promise<void>;
  /** Remove all that there is, or all of an account. @returns how many */
  clear(reach: Reach, account: string | null): Promise<number>;
  /** Remove the oldest of a tenant until no more is left than there may be. */
  trim(tenantId: string, room: CapturedRoom): Promise<void>;
  /** Remove what was captured before, up to a limit. @returns how many */
  removeOlder(before: number, limit: number): Promise<number>;
  /**
   * Remove what was captured of messages that are gone, or whose content is: an older version leaves it behind. Looks at
   * so many messages after one, in the order of their primary keys.
   *
   * @returns the last message looked at; null at the end
   */
  removeOfGone(after: string, limit: number): Promise<string | null>;
  /** Tenants of which something was captured. */
  tenants(): Promise<readonly string[]>;
}

/** Mails in one unit: each may be large. */
const PIECE = 100;

export function createCapturedMailStore(
  database: Database<CoreSchema>,
  contents: Pick<ContentSealer, 'openSummary' | 'openCaptured'>,
): CapturedMailStore {
  const statements = prepareCapturedStatements(database);
  const mailOf = ({ summary, recipients, ...row }: CapturedRow): CapturedMail => ({
    ...row,
    // Written by the capture, from the same type.
    ...(JSON.parse(contents.openSummary(row.pk, summary)) as CapturedSummary),
    recipients: recipients.split(BETWEEN),
  });
  const inPieces = async (piece: () => Promise<number>): Promise<number> => {
    for (let total = 0; ; ) {
      const count = await piece();
      total += count;
      if (count < PIECE) return total;
    }
  };
  const nothing = (): MailProxyError => new MailProxyError('not_found', { detail: 'there is no such mail' });

  return {
    async get({ tenantId: tenant }, pk) {
      const [row] = await database.read(statements.page({ tenant, pk }, 1));
      if (row === undefined) throw nothing();
      return mailOf(row);
    },

    async list({ tenantId: tenant }, { recipient, messageId, account, since }, { limit, after }) {
      const given = { tenant, recipient, message: messageId, account, since, after };
      const rows = await database.read(statements.page(given, limit + 1));
      return pageFrom(rows.map(mailOf), limit, ({ pk }) => pk);
    },

    async content({ tenantId: tenant }, pk) {
      const [row] = await database.read(statements.content.bind({ pk, tenant }));
      if (row === undefined) throw nothing();
      return contents.openCaptured(pk, row.bytes, row.sealed_as);
    },

    async remove({ tenantId: tenant }, pk) {
      await database.write([exactlyOne(statements.remove.bind({ pk, tenant }), 'not_found')]);
    },

    clear: ({ tenantId: tenant }, account) =>
      inPieces(async () => {
        const [{ changes }] = await database.write([statements.clear.bind({ tenant, account, rows: PIECE })]);
        return changes;
      }),

    async trim(tenant, { maxMessages: messages, maxBytes: bytes }) {
      await inPieces(async () => {
        const [{ changes }] = await database.write([statements.trim.bind({ tenant, messages, bytes, rows: PIECE })]);
        return changes;
      });
    },

    async removeOlder(before, limit) {
      const [{ changes }] = await database.write([statements.removeOlder.bind({ before, rows: limit })]);
      return changes;
    },

    async removeOfGone(after, limit) {
      const captors = await database.read(statements.captors.bind({ after, rows: limit }));
      const last = captors.at(-1)?.message_pk;
      if (last === undefined) return null;
      const gone = captors.filter(({ is_gone }) => is_gone === 1).map(({ message_pk }) => message_pk);
      for (let index = 0; index < gone.length; index += PIECE) {
        const piece = gone.slice(index, index + PIECE);
        await database.write([statements.removeOfGone.bind({ rows: rowsJson(piece.map((pk) => ({ pk }))) })]);
      }
      return captors.length < limit ? null : last;
    },

    async tenants() {
      return (await database.read(statements.tenants.bind({}))).map(({ tenant_id }) => tenant_id);
    },
  };
}
