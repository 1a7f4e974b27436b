// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isIP } from 'node:net';
import * as v from 'valibot';

/** A scheme, a port, a network or a pattern would be a rule that silently allows nothing, or more than it says. */
export const hostNameOrAddress = v.pipe(
  v.string(),
  v.minLength(1, 'expected some text'),
  v.check(
    (host) => isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0 || /^[^\s/:*?@#\\[\]]+$/.test(host),
    'expected a name or an address, without scheme, port, mask or pattern',
  ),
);
