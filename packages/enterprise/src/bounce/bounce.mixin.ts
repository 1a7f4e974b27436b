// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type CoreSchema, defineMixin, type Mixin } from '@mail-proxy/core';
import { mailReadersOf } from '../imap/mail-readers.ts';
import { bounceMigrations } from './bounce.migrations.ts';
import { type BounceServices, bounceOperations } from './bounce.operations.ts';
import type { BounceSchema } from './bounce.table.ts';
import { bounceHooks } from './bounce-hooks.ts';
import { bounceReader } from './bounce-reader.ts';
import { pruneUnmatched } from './prune-unmatched.ts';
import { readReturnedMail } from './reading/read-returned-mail.ts';
import type { ReadReturnedMail } from './reading/returned-mail.types.ts';
import type { ReceiveParts } from './receive-bounce.ts';
import { createReturnPaths } from './return-path.ts';
import { createSentMailStore } from './sent-mail.store.ts';
import { createBounceSettingsStore } from './settings.store.ts';
import { tenantBounces } from './tenant-bounces.ts';
import { createUnmatchedStore } from './unmatched.store.ts';

/**
 * Bounces and complaints: envelopes that bring them back to their message, a way in for mail that came back, and events in
 * the history of the message that it is about.
 */
export const bounceMixin = (read: ReadReturnedMail): Mixin =>
  defineMixin({
    id: 'bounce',
    contract: 1,
    migrations: bounceMigrations,
    setup(context) {
      const { database: anyTables, clock, makePk, events, macs, suppressions, leases, log } = context;
      const database = anyTables.withTables<CoreSchema & BounceSchema>();
      const settings = createBounceSettingsStore(database, clock);
      const unmatched = createUnmatchedStore(database, { clock, makePk });
      const paths = createReturnPaths(macs('return-path'));
      const receiving: ReceiveParts = {
        read,
        paths,
        sent: createSentMailStore(database),
        events,
        settings,
        unmatched,
        suppressions,
        clock,
      };
      const services: Pick<BounceServices, 'bounces'> = { bounces: { database, receiving, settings, unmatched } };
      mailReadersOf(context)?.onMail('bounces', bounceReader(receiving));
      return {
        extensions: { tenant: { bounces: tenantBounces(settings) } },
        operations: bounceOperations,
        services,
        hooks: bounceHooks(settings, paths),
        run: (signal) => pruneUnmatched({ unmatched, leases, clock, log }, signal),
      };
    },
  });

export const bounce = bounceMixin(readReturnedMail);
