// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** An address to which mail failed was written to again; who wants it otherwise changes the tenant by our own calls. */
export const GENRO_SUPPRESSION = { hard: null, soft: null, complaint: null } as const;

/** RFC 8314, 7.3: submission with TLS from the first byte. */
const IMPLICIT_TLS_PORT = 465;

/** What `use_tls` of an account meant. */
export function genroTls(useTls: boolean, port: number | null): 'none' | 'implicit' | 'starttls' {
  if (!useTls) return 'none';
  return port === IMPLICIT_TLS_PORT ? 'implicit' : 'starttls';
}
