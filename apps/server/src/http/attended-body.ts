// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '@mail-proxy/core';

export interface Attendance {
  readonly clock: Clock;
  /** Given up by a client that takes nothing for so long. */
  readonly stalledMs: number;
  /** Called once, however it ends. */
  readonly ended: () => void;
  /**
   * Cut the connection: what was sent is less than was promised.
   *
   * @param reason - what the body failed with, or null for a client that takes nothing
   * @returns whether there was one to be cut; where not, the answer fails
   */
  readonly cut: (reason: unknown) => boolean;
}

/**
 * Pass a body on as fast as it is taken: a piece is read when the client took those before. Whichever way it ends, what it
 * comes from is let go of.
 */
export function attendedBody(
  body: ReadableStream<Uint8Array>,
  { clock, stalledMs, ended, cut }: Attendance,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let patience: Disposable | null = null;
  let isOver = false;
  const end = (): void => {
    patience?.[Symbol.dispose]();
    if (isOver) return;
    isOver = true;
    ended();
  };
  // What fails at being let go of is gone, too.
  const letGo = (reason?: unknown): Promise<void> => reader.cancel(reason).catch(() => undefined);
  const giveUp = async (reason: unknown, controller: ReadableStreamDefaultController): Promise<void> => {
    if (isOver) return;
    end();
    if (!cut(reason)) controller.error(reason ?? new Error('nobody took it'));
    await letGo();
  };
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        patience?.[Symbol.dispose]();
        try {
          const { done, value } = await reader.read();
          // Cancelled while it read.
          if (isOver) return;
          if (done) {
            end();
            controller.close();
            return;
          }
          patience = clock.after(stalledMs, () => void giveUp(null, controller));
          controller.enqueue(value);
        } catch (error) {
          await giveUp(error, controller);
        }
      },
      async cancel(reason) {
        end();
        await letGo(reason);
      },
    },
    // Nothing is read ahead.
    { highWaterMark: 0 },
  );
}
