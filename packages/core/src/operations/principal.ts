// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
/** Who calls. Only authentication makes one. */
export type Principal =
  /** The operator: every tenant, every operation. */
  | { readonly kind: 'admin'; readonly name: string }
  /** One tenant's key: its own resources only. */
  | { readonly kind: 'tenant'; readonly name: string; readonly tenantId: string }
  /** May read metrics, nothing else. */
  | { readonly kind: 'metrics'; readonly name: string }
  /** No token was given. */
  | { readonly kind: 'anonymous'; readonly name: string };

declare const reach: unique symbol;

/**
 * Which tenants' rows a call may touch. Stores demand one, and only {@link execute} makes it, so that a query
 * without a tenant in it is a decision that can be found by its name.
 */
export type Reach = { readonly [reach]: true; readonly tenantId: string | null };

/** Rows of one tenant. */
export function reachOf(tenantId: string): Reach {
  // The brand exists in the type only.
  return { tenantId } as Reach;
}

/** Rows of every tenant: for an admin who named none, and for the engine's own work. */
export function reachOfAll(): Reach {
  // The brand exists in the type only.
  return { tenantId: null } as Reach;
}
