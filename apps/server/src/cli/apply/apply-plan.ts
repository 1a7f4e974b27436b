// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { AnyOperation } from '@mail-proxy/core';
import * as v from 'valibot';
import { inputPlaces } from '../../openapi/input-places.ts';
import { CallFailed, type ServerSession } from '../server-session.ts';
import type { Change, Shown } from './plan.ts';
import type { Resource } from './resources.ts';

const AT_ONCE = 1_000;

const page = v.object({ items: v.array(v.record(v.string(), v.unknown())), next: v.nullable(v.string()) });

/** Read all things of a kind; null where the server does not know of such things. */
export async function listAll(server: ServerSession, { list }: Resource): Promise<readonly Shown[] | null> {
  const all: Shown[] = [];
  let after: string | undefined;
  try {
    do {
      const { items, next } = await server.get(page, list.http.path, { limit: AT_ONCE, after });
      all.push(...items);
      after = next ?? undefined;
    } while (after !== undefined);
  } catch (error) {
    if (error instanceof CallFailed && error.code === 'not_found') return null;
    throw error;
  }
  return all;
}

/** What came of a plan: the changes that were made, what they answered, and what the rest stopped for. */
export interface Applied {
  readonly done: number;
  /** Answers that hold what is shown only once, such as the first key of a tenant. */
  readonly shownOnce: readonly { readonly name: string; readonly field: string; readonly value: string }[];
  readonly failure: CallFailed | null;
}

/** Make one change after the other, and stop at the first that fails. */
export async function applyPlan(server: ServerSession, changes: readonly Change[]): Promise<Applied> {
  const shownOnce: { name: string; field: string; value: string }[] = [];
  let done = 0;
  for (const change of changes) {
    try {
      const answer = await make(server, change);
      const key = answer?.['api_key'];
      if (typeof key === 'string') shownOnce.push({ name: change.name, field: 'api_key', value: key });
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error;
      return { done, shownOnce, failure: error };
    }
    done += 1;
  }
  return { done, shownOnce, failure: null };
}

const answered = v.nullish(v.record(v.string(), v.unknown()));

function make(server: ServerSession, { action, resource, input, shown }: Change): Promise<Shown | null | undefined> {
  if (action === 'create')
    return server.call(answered, { method: 'POST', path: resource.create.http.path, body: input });
  const operation = action === 'update' ? resource.update : resource.remove;
  if (operation === null || shown === null) throw new TypeError(`there is nothing to ${action}`);
  const path = pathOf(operation, shown);
  if (action === 'delete') return server.call(answered, { method: 'DELETE', path });
  return server.call(answered, { method: 'PATCH', path, body: input });
}

/** By its primary key, which is nobody else's; a tenant has its id. */
function pathOf(operation: AnyOperation, shown: Shown): string {
  const reference = encodeURIComponent(String(shown['pk'] ?? shown['id']));
  return inputPlaces(operation).path.reduce(
    (path, { name }) => path.replace(`{${name}}`, reference),
    operation.http.path,
  );
}
