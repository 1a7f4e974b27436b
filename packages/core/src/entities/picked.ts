// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** The fields of these names. */
export function picked<Row, Name extends keyof Row>(row: Row, names: readonly Name[]): Pick<Row, Name> {
  // Object.fromEntries forgets which keys there are.
  return Object.fromEntries(names.map((name) => [name, row[name]])) as Pick<Row, Name>;
}
