// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import type { EngineConfig } from '../config/engine-config.ts';
import type { MakePk } from '../identity.ts';
import type { Log } from '../observability/log.ts';
import { type AuditEntry, type Caller, letIn, type Refusal } from '../operations/execute.ts';
import type { AnyOperation } from '../operations/operation.ts';
import { type Authenticate, createAuthenticate } from './authenticate.ts';
import { KeyUses } from './key-uses.ts';
import { RefusedCalls } from './refused-calls.ts';
import type { Stores } from './stores.ts';

export interface AccessSideParts {
  readonly config: Pick<EngineConfig, 'adminToken' | 'metricsToken' | 'limits'>;
  readonly stores: Pick<Stores, 'apiKeys' | 'commandLog'>;
  readonly clock: Clock;
  readonly makePk: MakePk;
  readonly log: Log;
  /** Whether this process hears which keys others revoke. */
  readonly isTold: () => boolean;
}

/** Who calls, whether they may, and what is written of it. */
export interface AccessSide {
  readonly authenticate: Authenticate;
  /** @throws {MailProxyError} `unauthenticated`, `forbidden` */
  readonly authorise: (operation: AnyOperation, caller: Caller) => void;
  readonly audit: (entry: AuditEntry) => Promise<void>;
  readonly onRefused: (refusal: Refusal) => void;
  /** Write down the refusals that are still being counted. */
  readonly writeRefused: () => Promise<void>;
  /** Write down all that is still in memory only. */
  readonly flush: () => Promise<void>;
}

export function createAccessSide({ config, stores, clock, makePk, log, isTold }: AccessSideParts): AccessSide {
  const append = (entries: readonly AuditEntry[]): Promise<void> =>
    stores.commandLog.append(entries.map((entry) => ({ ...entry, pk: makePk(), at: clock.now() })));
  const refused = new RefusedCalls({ clock, log, append });
  const uses = new KeyUses({ clock, log, markUsed: (used) => stores.apiKeys.markUsed(used) });
  const onRefused = (refusal: Refusal): void => refused.note(refusal);
  return {
    authenticate: createAuthenticate({
      adminToken: config.adminToken,
      metricsToken: config.metricsToken,
      wrongTokensPerMinute: config.limits.wrongTokensPerMinute,
      apiKeys: stores.apiKeys,
      isTold,
      clock,
      onRefused,
      onUsed: (id) => uses.note(id),
    }),
    authorise: (operation, caller) => letIn(operation, caller, onRefused),
    audit: (entry) => append([entry]),
    onRefused,
    writeRefused: () => refused.flush(),
    async flush() {
      await refused.flush();
      await uses.flush();
    },
  };
}
