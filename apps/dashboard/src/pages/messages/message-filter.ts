// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
/** What can be looked for, as the address of the page keeps it. */
export const FILTERS = [
  'recipient',
  'domain',
  'subject',
  'standing',
  'batch_code',
  'account_id',
  'priority',
  'created_after',
  'created_before',
] as const;
export type FilterName = (typeof FILTERS)[number];

export const STANDINGS: readonly (readonly [value: string, label: string])[] = [
  ['', 'Any'],
  ['open', 'Not final'],
  ['state:preparing', 'Preparing'],
  ['state:ready', 'Ready'],
  ['state:leased', 'Sending'],
  ['state:deferred', 'Deferred'],
  ['state:suspended', 'Suspended'],
  ['state:held', 'Held'],
  ['state:in_doubt', 'In doubt'],
  ['result:sent', 'Sent'],
  ['result:partially_sent', 'Partially sent'],
  ['result:failed', 'Failed'],
  ['result:expired', 'Expired'],
  ['result:cancelled', 'Cancelled'],
];

type Query = Readonly<Record<string, string>>;

/** As the operation takes it. */
export function filterOf(query: Query): Record<string, string> {
  const filter: Record<string, string> = {};
  for (const name of FILTERS) {
    const value = query[name]?.trim() ?? '';
    if (value === '') continue;
    if (name === 'created_after' || name === 'created_before') filter[name] = new Date(value).toISOString();
    else if (name === 'standing') Object.assign(filter, ofStanding(value));
    else filter[name] = value;
  }
  return filter;
}

export function isFiltered(query: Query): boolean {
  return Object.keys(filterOf(query)).length > 0;
}

function ofStanding(standing: string): Record<string, string> {
  if (standing === 'open') return { open: 'true' };
  const [field = '', value = ''] = standing.split(':');
  return field === 'state' || field === 'result' ? { [field]: value } : {};
}
