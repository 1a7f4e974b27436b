// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { defineMixin } from '@mail-proxy/core';

/** Keep mail to some domains back, and mark what goes out. */
export const hello = defineMixin({
  id: 'hello',
  contract: 1,
  setup({ log, config }) {
    const blocked = blockedDomains(config);
    return {
      hooks: {
        admitting(_message, { to }) {
          const address = to.find((each) => blocked.has(each.slice(each.lastIndexOf('@') + 1).toLowerCase()));
          if (address === undefined) return null; // no opinion: the next mixin is asked
          return { admit: false, reason: `we do not write to ${address}`, permanence: 'permanent' };
        },
        composing: (content, { tenantId }) => ({
          ...content,
          headers: [...content.headers, ['X-Hello', `from ${tenantId}`]],
        }),
        delivered({ messagePk, accepted }) {
          log.info({ messagePk, recipients: accepted.length }, 'hello has left');
        },
      },
    };
  },
});

function blockedDomains(config: unknown): ReadonlySet<string> {
  const list = typeof config === 'object' && config !== null && 'blocked' in config ? config.blocked : [];
  if (!Array.isArray(list)) throw new TypeError('hello: blocked must be a list of domains');
  return new Set(list.map((domain) => String(domain).toLowerCase()));
}
