// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Where the token for XOAUTH2 comes from. */
export type OAuthSettings =
  /** A token that somebody else renews by changing the account. */
  | { readonly accessToken: string }
  /** Asked for at the token endpoint: by refresh token where there is one, else by client credentials (RFC 6749). */
  | {
      readonly tokenUrl: string;
      readonly clientId: string;
      readonly clientSecret: string;
      readonly refreshToken?: string;
      readonly scope?: string;
    };
