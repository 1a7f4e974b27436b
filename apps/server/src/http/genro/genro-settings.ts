// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { instanceInput } from './bounce-input.ts';
import { priority } from './priority.ts';

const clientSync = v.strictObject({
  /** Of tenants that name no endpoint of their own. */
  url: v.pipe(v.string(), v.url('expected an http or https URL')),
  user: v.optional(v.string()),
  password: v.optional(v.string()),
  token: v.optional(v.string()),
});
export type ClientSync = v.InferOutput<typeof clientSync>;

/** What the configuration says of the calls of genro-mail-proxy. */
export const genroSettings = v.strictObject({
  /** Of messages that name none, in calls that name none. */
  defaultPriority: v.optional(priority),
  clientSync: v.optional(clientSync),
  /** Whether anybody may read /metrics, as it was. */
  openMetrics: v.optional(v.boolean('expected true or false'), false),
  /** `admin`: in these calls, and nowhere else, a tenant's key may do all that the operator may, as it was. */
  tenantKeys: v.optional(v.picklist(['own', 'admin'], 'expected own or admin'), 'own'),
  /** The mailbox of bounces, as `PUT /instance` takes it; for the first start. */
  bounces: v.optional(instanceInput),
});
export type GenroSettings = v.InferOutput<typeof genroSettings>;
