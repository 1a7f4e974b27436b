// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';

/**
 * What a tenant's key may be good for. Each operation for tenants names one; `messages:content` beside that opens what a
 * message says: its subject, its bodies, the transcript of its last attempt.
 */
export const SCOPES = [
  'messages:send',
  'messages:read',
  'messages:content',
  'messages:manage',
  'accounts:read',
  'accounts:write',
  'storages:read',
  'storages:write',
  'dkim-keys:read',
  'dkim-keys:write',
  'bounces:read',
  'bounces:write',
  'pec:read',
  'pec:write',
  'mailboxes:read',
  'mailboxes:write',
  'suppressions:read',
  'suppressions:write',
  'events:read',
  'events:write',
  'tenant:read',
  'tenant:write',
  'keys:read',
  'keys:write',
  'audit:read',
] as const;
export type Scope = (typeof SCOPES)[number];

type Wildcard = Scope extends `${infer Resource}:${string}` ? `${Resource}:*` : never;

/** What a key is given: a scope, all of a resource as `accounts:*`, or `admin` for everything of its tenant. */
export type ScopeGrant = Scope | Wildcard | 'admin';

const wildcards = [...new Set(SCOPES.map(wildcardOf))];

export const scopeGrant = v.picklist(
  [...SCOPES, ...wildcards, 'admin'] as const,
  `expected a scope: ${SCOPES.join(', ')}, one with * as accounts:*, or admin`,
);

/** Whether one of these grants covers the scope; null is all of them. */
export function grants(given: readonly ScopeGrant[] | null, scope: Scope): boolean {
  return given === null || given.includes(scope) || given.includes('admin') || given.includes(wildcardOf(scope));
}

/** The scopes that these grants open. */
export function scopesOf(given: readonly ScopeGrant[] | null): readonly Scope[] {
  return SCOPES.filter((scope) => grants(given, scope));
}

function wildcardOf(scope: Scope): Wildcard {
  // What stands before the colon of a scope is a resource.
  return `${scope.slice(0, scope.indexOf(':'))}:*` as Wildcard;
}
