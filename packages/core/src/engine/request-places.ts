// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '../errors.ts';
import type { RefusedFor } from '../observability/load-metrics.ts';
import type { Principal } from '../operations/principal.ts';

/** A request that is being handled, until it is disposed of. */
export interface RequestPlace extends Disposable {
  /**
   * It is known whose it is.
   *
   * @throws {MailProxyError} `rate_limited` while the tenant has as many under way as one may
   */
  belongsTo(principal: Principal): void;
  /**
   * More of it is held in memory.
   *
   * @param bytes - those that come to the ones before
   * @throws {MailProxyError} `overloaded`, `rate_limited`
   */
  add(bytes: number): void;
}

export interface RequestPlacesParts {
  readonly maxRequests: number;
  readonly maxBytes: number;
  readonly onRefused: (reason: RefusedFor) => void;
}

interface Held {
  requests: number;
  bytes: number;
}

/** Of what there is, a tenant may have so much. */
const OWN_SHARE = 0.5;
/** What is refused costs next to nothing, so who comes again soon does no harm. */
const RETRY_AFTER_MS = 2_000;

/**
 * What is being handled at one moment, in requests and in bytes. What comes beyond is refused at once: a server that takes
 * all and answers late helps nobody, and its memory ends.
 */
export class RequestPlaces {
  readonly #p: RequestPlacesParts;
  readonly #all: Held = { requests: 0, bytes: 0 };
  readonly #byTenant = new Map<string, Held>();

  constructor(parts: RequestPlacesParts) {
    this.#p = parts;
  }

  /** Requests under way. */
  get size(): number {
    return this.#all.requests;
  }

  /** @throws {MailProxyError} `overloaded` */
  take(): RequestPlace {
    if (this.#all.requests >= this.#p.maxRequests) throw this.#refused('requests');
    this.#all.requests += 1;
    const own: Held = { requests: 1, bytes: 0 };
    let tenantId: string | null = null;
    let isHeld = true;
    return {
      belongsTo: (principal) => {
        if (principal.kind !== 'tenant' || tenantId !== null) return;
        const held = this.#byTenant.get(principal.tenantId) ?? { requests: 0, bytes: 0 };
        if (held.requests >= Math.ceil(this.#p.maxRequests * OWN_SHARE)) throw this.#refused('tenant');
        tenantId = principal.tenantId;
        held.requests += 1;
        this.#byTenant.set(tenantId, held);
      },
      add: (bytes) => {
        this.#expectRoom(own, tenantId, bytes);
        own.bytes += bytes;
        this.#all.bytes += bytes;
        const held = tenantId === null ? undefined : this.#byTenant.get(tenantId);
        if (held !== undefined) held.bytes += bytes;
      },
      [Symbol.dispose]: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#all.requests -= 1;
        this.#all.bytes -= own.bytes;
        if (tenantId !== null) this.#leave(tenantId, own);
      },
    };
  }

  /** What is alone has room, however large it is. */
  #expectRoom(own: Held, tenantId: string | null, bytes: number): void {
    const { maxBytes } = this.#p;
    const isBeyond = (held: Held, most: number): boolean => held.bytes > own.bytes && held.bytes + bytes > most;
    const held = tenantId === null ? undefined : this.#byTenant.get(tenantId);
    if (held !== undefined && isBeyond(held, maxBytes * OWN_SHARE)) throw this.#refused('tenant');
    if (isBeyond(this.#all, maxBytes)) throw this.#refused('bytes');
  }

  #leave(tenantId: string, own: Held): void {
    const held = this.#byTenant.get(tenantId);
    if (held === undefined) return;
    held.requests -= own.requests;
    held.bytes -= own.bytes;
    if (held.requests === 0) this.#byTenant.delete(tenantId);
  }

  #refused(reason: RefusedFor): MailProxyError {
    this.#p.onRefused(reason);
    if (reason === 'tenant') {
      const detail = 'as many requests of the tenant are under way as may be, or as large ones';
      return new MailProxyError('rate_limited', { detail, retryAfterMs: RETRY_AFTER_MS });
    }
    return new MailProxyError('overloaded', {
      detail: `too many ${reason} are under way`,
      retryAfterMs: RETRY_AFTER_MS,
    });
  }
}
