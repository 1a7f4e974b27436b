// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type InputProblem, isMailProxyError, MailProxyError } from '../../errors.ts';
import type { Idempotency } from '../../operations/operation.ts';
import type { SubmissionServices } from './message-services.ts';
import type { MessageResult, MessageState } from './message-state.ts';
import { type Answered, DRAFT_END, FIELD_END, type Replacement } from './once.types.ts';
import type { Prepared, Refused } from './prepare-submission.ts';
import { requestHash } from './request-hash.ts';
import { type DraftName, isStored, nameOf, type Pending, type Submitted, submittedAs } from './submitted.ts';

type OnceServices = Pick<
  SubmissionServices,
  'once' | 'keysInFlight' | 'findTaken' | 'clock' | 'makePk' | 'idempotencyMs'
>;

/** A request that has a key. */
export interface KeyedRequest {
  /** Whose key: the tenant's, or empty for an operator who named none. */
  readonly scope: string;
  readonly idempotency: Idempotency;
  readonly operation: string;
  readonly input: unknown;
}

/** Of each message of a request: what is stored of it, or why it is refused. The same is read back with the answer. */
type PlannedItem =
  | { readonly draft: DraftName }
  | {
      readonly id: string | null;
      readonly refused: Pick<Refused['error'], 'code' | 'message' | 'problems' | 'extra'> & {
        readonly retryAfterMs: number | null;
      };
    };

/** Between a look at a message and its replacement it may move; more often than this somebody is at work on it. */
const MAX_TRIES = 3;

/**
 * Handle a request of a key once: answer as before where it was answered, else let `prepare` decide what is stored, and store
 * it with the answer in one unit. Where nothing is to be stored, the key stays free.
 *
 * @throws {MailProxyError} `idempotency_key_in_flight`, `idempotency_key_reused`, and what `prepare` throws
 */
export async function submitOnce(
  services: OnceServices,
  { scope, idempotency, operation, input }: KeyedRequest,
  prepare: () => Promise<readonly Prepared[]>,
): Promise<readonly Submitted[]> {
  const { key } = idempotency;
  using _flight = services.keysInFlight.enter(scope, key);
  const hash = await requestHash(operation, input);
  const answer = (known: Answered): readonly Submitted[] => {
    if (known.request_hash !== hash) throw new MailProxyError('idempotency_key_reused');
    idempotency.replayed();
    return answerOf(known);
  };
  const known = await services.once.find({ tenant_id: scope, key }, services.clock.now());
  if (known !== null) return answer(known);

  const prepared = await prepare();
  const pending = prepared.flatMap((each) => (each.ok ? [each.pending] : []));
  if (pending.length === 0) return prepared.flatMap((each) => (each.ok ? [] : [each]));
  const now = services.clock.now();
  const owner = services.makePk();
  const row = { tenant_id: scope, key, request_hash: hash, owner, created_at: now };
  for (let tries = 1; ; tries++) {
    const replacements = await findReplacements(services, pending);
    const plan = prepared.map((each): PlannedItem => plannedItem(each, replacements));
    try {
      const stored = await services.once.accept({
        ...row,
        plan: JSON.stringify(plan),
        expires_at: now + services.idempotencyMs,
        drafts: pending.map(({ draft }) => draft),
        replacements: [...replacements.values()],
      });
      if (stored.owner !== owner) return answer(stored);
      const submitted = answerOf(stored);
      for (const [index, each] of prepared.entries()) {
        if (each.ok && isStored(each.pending, submitted[index])) each.pending.room.keep();
      }
      return submitted;
    } catch (error) {
      if (!isMailProxyError(error, 'in_flight') || tries === MAX_TRIES) throw error;
    }
  }
}

/** Those that say so take the place of a message that waits. Who it is must be known before all is stored at once. */
async function findReplacements(
  { findTaken, makePk }: OnceServices,
  pending: readonly Pending[],
): Promise<ReadonlyMap<Pending, Replacement>> {
  const found = new Map<Pending, Replacement>();
  const targets = new Set<string>();
  for (const each of pending) {
    if (each.onConflict !== 'replace_if_pending') continue;
    const { id, tenant_id: tenantId } = each.draft.message;
    const taken = await findTaken(tenantId, id);
    if (taken === null || !taken.isReplaceable || targets.has(taken.pk)) continue;
    targets.add(taken.pk);
    found.set(each, { targetPk: taken.pk, draft: each.draft, eventPk: makePk() });
  }
  return found;
}

function plannedItem(prepared: Prepared, replacements: ReadonlyMap<Pending, Replacement>): PlannedItem {
  if (prepared.ok) return { draft: nameOf(prepared.pending, replacements.get(prepared.pending)?.targetPk) };
  const { code, message, problems, extra, retryAfterMs = null } = prepared.error;
  return { id: prepared.id, refused: { code, message, problems, extra, retryAfterMs } };
}

/** The first answer and every later one are made here, of the same. */
function answerOf({ plan, outcome }: Answered): readonly Submitted[] {
  // Written by this file, from the same type.
  const items = JSON.parse(plan) as readonly PlannedItem[];
  const outcomes = outcome.split(DRAFT_END);
  let next = 0;
  return items.map((item): Submitted => {
    if ('refused' in item) return refusedAgain(item);
    const [pk = '', state = '', result = '', accountId = ''] = (outcomes[next++] ?? '').split(FIELD_END);
    return submittedAs(item.draft, {
      pk,
      // The columns of a message, or of what is left of one.
      state: state as MessageState,
      result: result === '' ? null : (result as MessageResult),
      accountId: accountId === '' ? null : accountId,
    });
  });
}

function refusedAgain({ id, refused }: Extract<PlannedItem, { readonly refused: unknown }>): Submitted {
  const { code, message: detail, extra, retryAfterMs } = refused;
  const problems: readonly InputProblem[] = refused.problems;
  return {
    ok: false,
    id,
    error: new MailProxyError(code, {
      detail,
      problems,
      extra,
      ...(retryAfterMs === null ? {} : { retryAfterMs }),
    }),
  };
}
