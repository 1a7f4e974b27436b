// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { defineOperation } from '../../operations/operation.ts';
import type { Reach } from '../../operations/principal.ts';
import type { Page, Paging } from '../paging.ts';
import { type LaneOutput, type LaneState, lanePage, listLanesInput } from './lane.schema.ts';

/** Which lanes: all that is given has to match. */
export interface LaneFilter {
  /** Primary key of the account, or the client's id of it. */
  readonly account?: string | undefined;
  readonly state?: LaneState | undefined;
}

/** A page may be short of its limit and yet not be the last. */
export type ListLanes = (reach: Reach, filter: LaneFilter, paging: Paging) => Promise<Page<LaneOutput>>;

export interface LaneServices {
  readonly listLanes: ListLanes;
}

const listLanes = defineOperation({
  name: 'lanes.list',
  summary:
    'Show how each account sends: what waits in its lane and why; a page may be short, go on while next is given',
  http: { method: 'GET', path: '/v1/lanes' },
  access: 'tenant',
  scope: 'accounts:read',
  audit: false,
  input: listLanesInput,
  output: lanePage,
  async run(services: LaneServices, { account_id: account, state, limit, after }, { reach }) {
    const { items, next } = await services.listLanes(reach, { account, state }, { limit, after });
    return { items: [...items], next };
  },
});

export const laneOperations = [listLanes] as const;
