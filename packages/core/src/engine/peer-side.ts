// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ConnectionBudget } from '../delivery/connection-budget.ts';
import type { Dispatcher } from '../delivery/dispatcher.ts';
import type { Preparer } from '../delivery/preparer.ts';
import type { Reporter } from '../reporting/reporter.ts';
import type { EventBell } from './event-stream.ts';
import type { Notice, NoticeListener } from './peer-notices.ts';
import type { Stores } from './stores.ts';

export interface PeerSideParts {
  readonly stores: Pick<Stores, 'accounts' | 'apiKeys' | 'dkimKeys'>;
  readonly dispatcher: Dispatcher;
  readonly preparer: Preparer;
  readonly budget: ConnectionBudget;
  readonly reporter: Reporter;
  readonly bell: EventBell;
  readonly suppression: { forget(tenantId?: string): void };
  readonly encryption: { reload(): Promise<unknown> };
  /** What is done after a change by this instance, too. */
  readonly accountChanged: (accountPk: string) => Promise<void>;
  readonly tenantChanged: (tenantId: string) => Promise<void>;
  readonly inBackground: (work: Promise<void>, complaint: string) => void;
}

/** What this instance does about what others tell: what it does about its own news, and forget what it remembers. */
export function hearPeers(parts: PeerSideParts): NoticeListener {
  const { stores, dispatcher, preparer, budget, reporter, bell, accountChanged, tenantChanged, inBackground } = parts;
  const reload = async (): Promise<void> => void (await parts.encryption.reload());
  return {
    onNotice(notice: Notice) {
      switch (notice.kind) {
        case 'lane':
          return dispatcher.heard(notice, notice.isImmediate);
        case 'preparing':
          return preparer.arrived();
        case 'events':
          return bell.ring(notice.tenantId);
        case 'account':
          stores.accounts.forget();
          return inBackground(accountChanged(notice.accountPk), 'an account changed elsewhere could not be looked at');
        case 'tenant':
          stores.apiKeys.forget();
          return inBackground(tenantChanged(notice.tenantId), 'a tenant changed elsewhere could not be looked at');
        case 'keys':
          stores.apiKeys.forget();
          return stores.dkimKeys.forget();
        case 'suppressions':
          return parts.suppression.forget(notice.tenantId);
        case 'encryptionKeys':
          return inBackground(reload(), 'the encryption keys could not be read anew');
        case 'accountPaused':
          return inBackground(dispatcher.accountPaused(notice.accountPk), 'a paused account could not be looked at');
        case 'accountStopped':
          return inBackground(dispatcher.accountStopped(notice.accountPk), 'a paused account could not be looked at');
        case 'accountResumed':
          return inBackground(dispatcher.accountResumed(notice.accountPk), 'a resumed account could not be looked at');
        case 'batchSuspended':
          return dispatcher.batchSuspended(notice);
        case 'connections':
          return inBackground(budget.heard(notice.accountPk, notice.isWanted), 'connections could not be divided');
        case 'instancePaused':
          return dispatcher.pausedChanged(notice.isPaused);
        default:
          return notice satisfies never;
      }
    },
    onGap() {
      stores.accounts.forget();
      stores.apiKeys.forget();
      stores.dkimKeys.forget();
      parts.suppression.forget();
      dispatcher.lookAround();
      preparer.arrived();
      reporter.wake();
    },
  };
}
