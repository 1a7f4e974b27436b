// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { MailProxyError } from '../../errors.ts';
import { firstPkAt, timeOfPk } from '../../identity.ts';
import {
  clientId,
  content,
  dateTime,
  line,
  page,
  pageOf,
  queryBoolean,
  rfc3339,
  tenantId,
  timestamp,
} from '../../operations/fields.ts';
import { type Call, defineOperation } from '../../operations/operation.ts';
import { hasScope } from '../../operations/principal.ts';
import { queryPriority } from './message.schema.ts';
import type { MessageFilter } from './message-filter.ts';
import { include, listedMessage, toListed } from './message-included.ts';
import type { MessageServices } from './message-services.ts';
import { MESSAGE_RESULTS, MESSAGE_STATES } from './message-state.ts';
import { type SearchedPage, type Sought, searchMessages } from './search-messages.ts';

type ListServices = Pick<MessageServices, 'messages' | 'messageEvents' | 'limitGate'>;

const listInput = v.strictObject({
  tenant_id: v.optional(tenantId),
  state: v.optional(v.picklist(MESSAGE_STATES)),
  result: v.optional(v.picklist(MESSAGE_RESULTS)),
  batch_code: v.optional(line(64)),
  account_id: v.optional(clientId),
  /** 0 to 3, or its name. */
  priority: v.optional(queryPriority),
  /** Exact address. */
  recipient: v.optional(line(320)),
  /** What stands behind the @ of a recipient. */
  domain: v.optional(
    v.pipe(
      line(255),
      v.minLength(1, 'expected a domain'),
      v.transform((domain) => domain.toLowerCase()),
    ),
  ),
  /** Part of the subject in any case; for keys with messages:content. The newest messages are looked at, see `searched`. */
  subject: v.optional(content(v.pipe(line(200), v.minLength(1, 'expected some text')))),
  /** At this time or later. */
  created_after: v.optional(dateTime),
  created_before: v.optional(dateTime),
  /** Only what is not final. */
  open: v.optional(queryBoolean),
  include: v.optional(include, []),
  ...page,
});

type ListInput = v.InferOutput<typeof listInput>;

export const listMessages = defineOperation({
  name: 'messages.list',
  summary: 'List messages, newest first',
  http: { method: 'GET', path: '/v1/messages' },
  access: 'tenant',
  scope: 'messages:read',
  forTestKeys: true,
  audit: false,
  input: listInput,
  output: v.object({
    ...pageOf(listedMessage).entries,
    /** Where it was asked for. */
    count: v.optional(v.number()),
    /** Where a domain or a part of the subject was asked for: how far was looked. The page may be short; go on while `next` is given. */
    searched: v.optional(
      v.object({
        /** Messages, or recipients in the domain, that were looked at. */
        looked_at: v.number(),
        /** Of them, those whose subject is removed or encrypted. */
        unreadable: v.number(),
        /** All that is newer was looked at; null where everything was. */
        back_to: v.nullable(timestamp),
      }),
    ),
  }),
  async run(services: ListServices, input, call) {
    const { messages } = services;
    const { limit, include: included, after = null } = input;
    const sought = soughtBy(messages, input, call);
    const filter = filterOf(input);
    const [page, count] = await Promise.all([
      sought === null
        ? messages.list(call.reach, filter, { order: 'newest first', after, limit })
        : searchMessages(messages, { reach: call.reach, filter, sought }, { after, limit }),
      included.includes('count') ? messages.count(call.reach, countedBy(input, filter)) : undefined,
    ]);
    const rows = 'rows' in page ? page.rows : page;
    const items = await toListed(services, rows, { included, reach: call.reach, principal: call.principal });
    const next = 'rows' in page ? page.next : rows.length === limit ? (rows.at(-1)?.pk ?? null) : null;
    return {
      items,
      next,
      ...(count === undefined ? {} : { count }),
      ...('rows' in page ? { searched: searchedView(page) } : {}),
    };
  },
});

/** The clock steps, and a message has its key a moment before or after its time. */
const CLOCK_STEP_MS = 600_000;

function filterOf(input: ListInput): MessageFilter {
  const createdFrom = timeOf(input.created_after);
  const createdBefore = timeOf(input.created_before);
  return {
    state: input.state,
    result: input.result,
    batchCode: input.batch_code,
    account: input.account_id,
    priority: input.priority,
    recipient: input.recipient,
    createdFrom,
    createdBefore,
    // Keys are in the order of their times: so far is looked in the index, and no further.
    pkFrom: createdFrom === undefined ? undefined : firstPkAt(createdFrom - CLOCK_STEP_MS),
    pkBefore: createdBefore === undefined ? undefined : firstPkAt(createdBefore + CLOCK_STEP_MS),
    isOpen: input.open === true ? (true as const) : undefined,
  };
}

function timeOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Date.parse(text);
}

/** Null where indexes find all that is asked for. */
function soughtBy(
  { isSearchable }: Pick<ListServices['messages'], 'isSearchable'>,
  { domain, subject, include: included }: ListInput,
  { principal }: Pick<Call, 'principal'>,
): Sought | null {
  if (domain === undefined && subject === undefined) return null;
  if (subject !== undefined) {
    if (!hasScope(principal, 'messages:content')) {
      throw new MailProxyError('forbidden', { detail: 'to search subjects a key needs messages:content' });
    }
    if (!isSearchable) throw new MailProxyError('not_searchable');
    if (included.includes('count')) {
      throw new MailProxyError('not_searchable', { detail: 'how many subjects match is not counted' });
    }
  }
  return { domain: domain ?? null, subject: subject ?? null };
}

/** Of a domain all that there is, whatever the page shows. */
function countedBy({ domain }: ListInput, filter: MessageFilter): MessageFilter {
  if (domain === undefined) return filter;
  const { pkFrom = '', pkBefore = '~' } = filter;
  return { ...filter, domain: { name: domain, pkFrom, pkBefore } };
}

function searchedView({ lookedAt, unreadable, next }: SearchedPage) {
  return { looked_at: lookedAt, unreadable, back_to: next === null ? null : rfc3339(timeOfPk(next)) };
}
