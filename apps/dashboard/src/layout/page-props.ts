// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** What a page is given: the parts of its address that its pattern names. */
export interface PageProps {
  readonly params: Readonly<Record<string, string>>;
}
