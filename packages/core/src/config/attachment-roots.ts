// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isAbsolute, normalize } from 'node:path';

/** Stands for the tenant's id in a root. */
const PLACEHOLDER = '{tenant}';
/** An id of this form is one segment of a path, or part of one, and never `..`. */
const TENANT_ID = /^[A-Za-z0-9_-]+$/;

/** Say what is wrong with a folder of the configuration, or null. */
export function checkRoot(root: string): string | null {
  if (!isAbsolute(root) || root.includes('\0')) return 'expected an absolute path';
  if (root.split(/[\\/]/).includes('..')) return 'expected a path without .. in it';
  if (/[{}]/.test(root.replaceAll(PLACEHOLDER, ''))) return `expected no braces but those of ${PLACEHOLDER}`;
  return null;
}

/** The folders of the configuration as they are for one tenant: `{tenant}` keeps tenants apart. */
export function rootsOf(roots: readonly string[], tenantId: string): readonly string[] {
  if (!TENANT_ID.test(tenantId)) throw new TypeError('a tenant id has letters, digits, _ and - only');
  return roots.map((root) => normalize(root.replaceAll(PLACEHOLDER, tenantId)));
}
