// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type KeyLimits, NO_LIMITS, refusalOf } from './key-limits.ts';
import type { Scope } from './scopes.ts';

/** Who calls. Only authentication makes one. */
export type Principal =
  /** The operator: every tenant, every operation. */
  | { readonly kind: 'admin'; readonly name: string /** @defaultValue none */; readonly limits?: KeyLimits }
  /** One tenant's key: its own resources only, and of those what its scopes open. */
  | { readonly kind: 'tenant'; readonly name: string; readonly tenantId: string; readonly limits: KeyLimits }
  /** May read metrics, nothing else. */
  | { readonly kind: 'metrics'; readonly name: string }
  /** No token was given. */
  | { readonly kind: 'anonymous'; readonly name: string };

/** A tenant that may do all that tenants may, for those who embed the engine. */
export function tenantPrincipal(tenantId: string, name = `tenant ${tenantId}`): Principal {
  return { kind: 'tenant', name, tenantId, limits: NO_LIMITS };
}

/** What the caller may grant to others at most. */
export function limitsOf(principal: Principal): KeyLimits {
  return 'limits' in principal && principal.limits !== undefined ? principal.limits : NO_LIMITS;
}

/** Whether it is a key that reaches sandboxes and their mail only. */
export function isTestKey(principal: Principal): boolean {
  return principal.kind === 'tenant' && principal.limits.mode === 'test';
}

/** Whether the scope is open to the caller, beside the one that its operation demands. */
export function hasScope(principal: Principal, scope: Scope): boolean {
  if (principal.kind === 'admin') return true;
  return principal.kind === 'tenant' && refusalOf(principal.limits, scope) === null;
}

declare const reach: unique symbol;

/**
 * Which tenants' rows a call may touch. Stores demand one, and only {@link execute} makes it, so that a query
 * without a tenant in it is a decision that can be found by its name.
 */
export type Reach = {
  readonly [reach]: true;
  readonly tenantId: string | null;
  /** Only accounts that are sandboxes, and what belongs to them. @defaultValue every account */
  readonly isSandbox?: true;
};

/** Rows of one tenant. */
export function reachOf(tenantId: string): Reach {
  // The brand exists in the type only.
  return { tenantId } as Reach;
}

/** What a tenant has in sandboxes: for test keys. */
export function reachOfSandboxes(tenantId: string): Reach {
  // The brand exists in the type only.
  return { tenantId, isSandbox: true } as Reach;
}

/** Rows of every tenant: for an admin who named none, and for the engine's own work. */
export function reachOfAll(): Reach {
  // The brand exists in the type only.
  return { tenantId: null } as Reach;
}
