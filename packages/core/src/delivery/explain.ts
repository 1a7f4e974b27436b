// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';
import { pauseReasonText } from '../entities/account/account-pause.store.ts';
import type { MessageRow } from '../entities/message/message.store.ts';
import type { WaitingFor } from '../entities/message/waiting-for.ts';
import { rfc3339 } from '../operations/fields.ts';
import type { Gate } from '../queue/lane-gates.ts';
import type { LaneKey } from '../queue/lanes.ts';
import type { ClaimWait } from './claim-line.ts';

export interface ExplainServices {
  readonly clock: Clock;
  /** By which the dispatcher opens and closes lanes too. */
  readonly readGates: (lane: LaneKey, now: number) => Promise<readonly Gate[]>;
  /** Messages of the lane that go first. */
  readonly position: (message: MessageRow) => Promise<number>;
  /** What this instance's dispatcher goes by besides; on another instance it may be something else. */
  readonly claimWaits: (accountPk: string, isImmediate: boolean) => readonly ClaimWait[];
  readonly isBatchSuspended: (tenantId: string, batchCode: string) => Promise<boolean>;
}

export type Explain = (message: MessageRow) => Promise<readonly WaitingFor[]>;

/**
 * Tell what a message waits for. Empty exactly for a message that is final: whatever is not finished waits at least
 * for its turn.
 */
export function createExplain(services: ExplainServices): Explain {
  return async (message) => {
    switch (message.state) {
      case 'final':
        return [];
      case 'preparing':
        return [
          ...(await closuresOf(services, message)),
          waiting({ kind: 'attachments', detail: 'its attachments are to be fetched or prepared first' }),
        ];
      case 'in_doubt':
        return [
          waiting({
            kind: 'in_doubt',
            detail: 'the relay may have taken it: confirm that it arrived, or retry it',
          }),
        ];
      case 'leased':
        return [waiting({ kind: 'sending', detail: 'claimed by a running instance' })];
      case 'suspended':
        return [
          batchSuspended(message.batch_code),
          ...dueLater(message, services),
          ...(await gatesOf(services, message)),
        ];
      case 'held':
        return [
          waiting({ kind: 'held', detail: 'held by hand, until it is released' }),
          ...dueLater(message, services),
          ...(await closuresOf(services, message)),
        ];
      case 'deferred':
        return [due(message), ...(await closuresOf(services, message))];
      case 'ready':
        return readyFor(services, message);
      default:
        return message.state satisfies never;
    }
  };
}

async function readyFor(services: ExplainServices, message: MessageRow): Promise<readonly WaitingFor[]> {
  const [closures, position] = await Promise.all([closuresOf(services, message), services.position(message)]);
  const turn = waiting({
    kind: 'turn',
    scope: 'lane',
    position,
    detail: `${position} messages of the account go first`,
  });
  const waits = services.claimWaits(message.account_pk, message.priority === 0);
  return [...closures, ...waits.map(waitingToBeClaimed), turn];
}

/** What keeps it from being claimed whatever its turn: its batch, and the gates of its lane. */
async function closuresOf(services: ExplainServices, message: MessageRow): Promise<readonly WaitingFor[]> {
  const { tenant_id: tenantId, batch_code: batchCode } = message;
  const [gates, isSuspended] = await Promise.all([
    gatesOf(services, message),
    batchCode === null ? false : services.isBatchSuspended(tenantId, batchCode),
  ]);
  return [...(isSuspended ? [batchSuspended(batchCode)] : []), ...gates];
}

async function gatesOf({ readGates, clock }: ExplainServices, message: MessageRow): Promise<readonly WaitingFor[]> {
  const lane = { accountPk: message.account_pk, tenantId: message.tenant_id };
  return (await readGates(lane, clock.now())).map(waitingForGate);
}

export function waitingForGate(gate: Gate): WaitingFor {
  const { kind, scope } = gate;
  const until = gate.until === null ? null : rfc3339(gate.until);
  switch (kind) {
    case 'instance_paused':
      return waiting({ kind, scope, until, detail: 'the operator stopped all sending' });
    case 'tenant_suspended':
      return waiting({ kind, scope, until, detail: 'the tenant is suspended' });
    case 'account_paused':
    case 'account_probe':
      return waiting({ kind, scope, until, detail: pauseReasonText(gate.reason) });
    case 'rate_limited':
      return waiting({
        kind: 'rate_limit',
        scope,
        until,
        detail: `the limit of ${gate.limit} in ${gate.windowMs / 1_000} seconds is reached`,
      });
    default:
      return gate satisfies never;
  }
}

export function waitingToBeClaimed(kind: ClaimWait): WaitingFor {
  switch (kind) {
    case 'server_busy':
      return waiting({ kind, scope: 'instance', detail: 'the server sends as much as it may at a time' });
    case 'host_failing':
      return waiting({ kind, scope: 'host', detail: 'the relay fails, so only a few messages at a time try it' });
    case 'slowed_down':
      return waiting({ kind, scope: 'account', detail: 'the relay said 421, so it gets less at a time for a while' });
    case 'account_busy':
      return waiting({ kind, scope: 'account', detail: 'the account sends as much as it may at a time' });
    default:
      return kind satisfies never;
  }
}

/** One that is due waits for its time no more. */
function dueLater(message: MessageRow, { clock }: ExplainServices): readonly WaitingFor[] {
  return message.eligible_at > clock.now() ? [due(message)] : [];
}

/** One whose attachments could not be fetched was not attempted, and yet is retried. */
function due({ attempts, eligible_at, last_error }: MessageRow): WaitingFor {
  const isRetry = attempts > 0 || last_error !== null;
  return waiting({
    kind: isRetry ? 'retry' : 'scheduled',
    until: rfc3339(eligible_at),
    detail: isRetry ? last_error : 'not to be sent before',
  });
}

function batchSuspended(batchCode: string | null): WaitingFor {
  return waiting({ kind: 'batch_suspended', scope: 'batch', detail: `the batch ${batchCode ?? ''} is suspended` });
}

function waiting(given: Pick<WaitingFor, 'kind'> & Partial<WaitingFor>): WaitingFor {
  const { kind, scope = 'message', until = null, position = null, detail = null } = given;
  return { kind, scope, until, position, detail };
}
