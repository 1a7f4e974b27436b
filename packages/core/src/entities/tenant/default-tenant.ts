// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
/** Owns what an operator adds without naming a tenant. */
export const DEFAULT_TENANT = 'default';
