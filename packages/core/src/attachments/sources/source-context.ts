// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../../clock.ts';
import type { OutgoingHttp, OutgoingPolicy } from '../../outgoing/outgoing-http.types.ts';

/** Of each attachment. */
export interface AttachmentLimits {
  readonly maxBytes: number;
  /** From the first question to the last byte. */
  readonly timeoutMs: number;
}

/** What a tenant's attachments are fetched with. */
export interface AttachmentTenant {
  readonly clientBaseUrl: string | null;
  /** @defaultValue `/mail-proxy/attachments` where it is null */
  readonly clientAttachmentPath: string | null;
  /** Headers for the origin of `clientBaseUrl`, and for no other. */
  readonly clientAuth: Readonly<Record<string, string>>;
  /** Where its requests may go, over what the instance allows. */
  readonly policy?: OutgoingPolicy;
}

/** What sources that ask a server need. */
export interface ServerContext {
  readonly http: Pick<OutgoingHttp, 'request'>;
  readonly clock: Pick<Clock, 'now'>;
  readonly limits: AttachmentLimits;
  readonly tenant: AttachmentTenant;
  /** The attachment's own: headers for the origin that it names, `none`; null leaves it to the tenant. */
  readonly auth: AttachmentAuth;
  readonly signal: AbortSignal;
}

export type AttachmentAuth = Readonly<Record<string, string>> | 'none' | null;
