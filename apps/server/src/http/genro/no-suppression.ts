// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** An address to which mail failed was written to again; who wants it otherwise changes the tenant by our own calls. */
export const NO_SUPPRESSION = { hard: null, soft: null, complaint: null } as const;
