// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../../clock.ts';
import type { MakePk } from '../../identity.ts';
import type { MessageStore } from '../message/message.store.ts';
import type { MessageEventStore } from '../message-event/message-event.store.ts';
import type { TenantStore } from '../tenant/tenant.store.ts';
import type { GivenUpStore } from './given-up.store.ts';
import type { ReplayStore } from './replay.store.ts';
import type { ReportCallStore } from './report-call.store.ts';
import type { ReportExceptionStore } from './report-exception.store.ts';
import type { SigningSecretStore } from './signing-secret.store.ts';

/** What the operations on reports use. */
export interface ReportServices {
  readonly tenants: Pick<TenantStore, 'get'>;
  readonly messages: Pick<MessageStore, 'find'>;
  readonly messageEvents: Pick<MessageEventStore, 'cursor' | 'enable' | 'listAfter'>;
  readonly reportExceptions: Pick<ReportExceptionStore, 'open'>;
  readonly reportCalls: Pick<ReportCallStore, 'list'>;
  readonly givenUp: Pick<GivenUpStore, 'list'>;
  readonly replays: ReplayStore;
  readonly signingSecrets: SigningSecretStore;
  readonly clock: Clock;
  readonly makePk: MakePk;
  /** Whether reports of the tenant go anywhere. */
  readonly isTold: (tenantId: string) => Promise<boolean>;
  /** Call the tenant now, whatever back-off and do-not-disturb say. */
  readonly syncNow: (tenantId: string) => void;
  /** There is something to tell. */
  readonly told: (tenantId: string) => void;
}
