// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { GeneralSubtree, NameConstraints } from 'pkijs';

const RFC822_NAME = 1;

/**
 * Whether a CA may vouch for this address (RFC 5280, 4.2.1.10). PKI.js is content where one of several names of a certificate is
 * permitted, and does not look at addresses of the subject where there are other names.
 *
 * @param email in lower case
 */
export function mayName(constraints: NameConstraints | null, email: string): boolean {
  const permitted = addressesIn(constraints?.permittedSubtrees);
  const excluded = addressesIn(constraints?.excludedSubtrees);
  return (permitted.length === 0 || permitted.some(covers(email))) && !excluded.some(covers(email));
}

function addressesIn(subtrees: readonly GeneralSubtree[] | undefined): readonly string[] {
  return (subtrees ?? []).filter(({ base }) => base.type === RFC822_NAME).map(({ base }) => String(base.value));
}

/** A constraint is an address, a host, or a domain with a dot before it, which stands for all hosts below it. */
const covers =
  (email: string) =>
  (written: string): boolean => {
    const constraint = written.toLowerCase();
    if (constraint.includes('@')) return email === constraint;
    const host = email.slice(email.lastIndexOf('@') + 1);
    return constraint.startsWith('.') ? host.endsWith(constraint) : host === constraint;
  };
