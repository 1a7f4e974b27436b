// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '../clock.ts';

/** Who hears what other processes say. */
export interface PeerListener {
  /** One text, as it was sent. The own ones come too. */
  onText(text: string): void;
  /** From now on nothing that is said is missed; what was said before may have been. */
  onConnected(): void;
  /** Nothing is heard until the next {@link onConnected}. */
  onDisconnected(): void;
}

/**
 * A way for processes with the same database to tell each other at once that there is something new in it. It promises
 * nothing: who hears nothing must look for himself now and then.
 */
export interface PeerChannel {
  /** Longest text in bytes of UTF-8. */
  readonly maxBytes: number;
  /** @throws {MailProxyError} `database_unavailable` */
  send(text: string): Promise<void>;
  /** Listen until `signal` aborts, again after each break. */
  listen(listener: PeerListener, options: { readonly clock: Clock; readonly signal: AbortSignal }): Promise<void>;
}
