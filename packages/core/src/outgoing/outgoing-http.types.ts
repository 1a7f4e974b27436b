// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Where requests may go beyond the public internet. */
export interface OutgoingPolicy {
  /** Whether private, loopback and link-local addresses may be reached. @defaultValue false */
  readonly allowPrivateNetworks?: boolean;
  /** Names of hosts, or literal addresses, that may be reached wherever they are. @defaultValue none */
  readonly allowedHosts?: readonly string[];
}

/** One HTTP request on behalf of a tenant. */
export interface OutgoingRequest {
  /** @defaultValue `GET` */
  readonly method?: 'GET' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Headers that go to this origin only, never across a redirect to another one: credentials. */
  readonly credentials?: { readonly origin: string; readonly headers: Readonly<Record<string, string>> };
  /** Of the decoded body. */
  readonly maxBytes: number;
  /** From resolving to the last byte. */
  readonly timeoutMs: number;
  /** A redirect beyond it is an error; with 0 its answer is returned as it came. @defaultValue 0 */
  readonly maxRedirects?: number;
  /** The tenant's, over the instance's. */
  readonly policy?: OutgoingPolicy;
  readonly signal?: AbortSignal;
}

/** An answer whose body is read as it arrives. */
export interface OutgoingResponse {
  readonly status: number;
  /** By names in lower case; those that came several times are joined with commas. */
  readonly headers: Readonly<Record<string, string>>;
  /** Decoded. Read it to its end or leave the loop, which closes the connection. It throws what `request` throws. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** An answer with its whole body. */
export interface OutgoingAnswer extends Omit<OutgoingResponse, 'body'> {
  readonly body: Uint8Array;
}

/** What a call failed of. */
export type OutgoingFailureKind = 'timeout' | 'too_large' | 'connect' | 'dns' | 'redirects' | 'tls' | 'encoding';

/** The only way to ask an HTTP server that a tenant named. */
export interface OutgoingHttp extends AsyncDisposable {
  /**
   * Make one request.
   *
   * @throws {MailProxyError} `address_not_allowed`; `outgoing_failed`, with `kind` and `temporary` in its `extra`
   */
  request(request: OutgoingRequest): Promise<OutgoingResponse>;
  /** The same with the whole body. */
  fetchAll(request: OutgoingRequest): Promise<OutgoingAnswer>;
}

/** One address of a host. */
export interface ResolvedAddress {
  readonly address: string;
  readonly family: 4 | 6;
}

/** Ask for all addresses of a host. */
export type LookupAddresses = (host: string) => Promise<readonly ResolvedAddress[]>;
