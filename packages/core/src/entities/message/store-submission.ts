// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isMailProxyError } from '../../errors.ts';
import type { SubmissionServices } from './message-services.ts';
import { refused } from './prepare-submission.ts';
import { nameOf, type Pending, type Submitted, submittedAs } from './submitted.ts';

type StoreServices = Pick<SubmissionServices, 'accept' | 'replace' | 'findTaken' | 'makePk'>;

/** A message may move while it is looked at; more often than this somebody is at work on it. */
const MAX_TRIES = 3;

/** Store a message; where its id is taken, do what the message says about that. Answers after the commit. */
export async function storeSubmission(services: StoreServices, pending: Pending): Promise<Submitted> {
  const { draft, onConflict } = pending;
  const { pk, id, tenant_id: tenantId } = draft.message;
  try {
    const state = await services.accept(draft);
    pending.room.keep();
    return submittedAs(nameOf(pending), { pk, state, result: null, accountId: pending.accountId });
  } catch (error) {
    if (!isMailProxyError(error, 'duplicate_id')) return refused(id, error);
    const taken = await services.findTaken(tenantId, id);
    // Not to be seen from here: of a transaction that somebody else has open.
    if (taken === null) return refused(id, error);
    if (onConflict === 'replace_if_pending' && taken.isReplaceable) return replace(services, pending, taken.pk);
    return submittedAs(nameOf(pending), taken);
  }
}

async function replace(services: StoreServices, pending: Pending, targetPk: string): Promise<Submitted> {
  const { draft } = pending;
  const { id, tenant_id: tenantId } = draft.message;
  for (let tries = 1; ; tries++) {
    try {
      const state = await services.replace({ targetPk, draft, eventPk: services.makePk() });
      return submittedAs(nameOf(pending, targetPk), { pk: targetPk, state, result: null, accountId: null });
    } catch (error) {
      if (!isMailProxyError(error, 'in_flight')) return refused(id, error);
      const taken = await services.findTaken(tenantId, id);
      if (taken === null) return refused(id, error);
      // It went back to its lane meanwhile, say.
      if (!taken.isReplaceable || tries === MAX_TRIES) return submittedAs(nameOf(pending), taken);
    }
  }
}
