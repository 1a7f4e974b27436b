// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** A file as the templates of footers see it. */
export interface FooterFile {
  readonly filename: string;
  readonly url: string;
  /** Such as `52.4 MB`. */
  readonly size: string;
  readonly size_bytes: number;
  /** RFC 3339, in UTC. */
  readonly expires_at: string;
}

/** What is said in place of the files, for each form of the body. */
export interface Footer {
  readonly html: string;
  readonly text: string;
}

export type FooterForm = keyof Footer;
