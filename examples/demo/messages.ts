// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';

/** The address that the demo's relay refuses for good. */
export const REFUSED_ADDRESS = 'nobody@example.net';

/** Addresses that the demo's relay refuses at first and takes on the retry. */
export const GREYLISTED = /^greylisted-/;

/** A message as `POST /v1/messages/batch` takes it; these are some of the fields. */
export interface Message {
  readonly id: string;
  readonly from: string;
  readonly to: readonly string[];
  readonly bcc?: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
  readonly priority: 'immediate' | 'high' | 'medium' | 'low';
  readonly attachments?: readonly { readonly filename: string; readonly storage_path: string }[];
}

/** A message, and what must have become of it in the end. */
export interface PlannedMessage {
  readonly message: Message;
  readonly result: 'sent' | 'failed';
  readonly attempts: number;
  /** Everybody whom the relay must see, `bcc` too. */
  readonly recipients: readonly string[];
  /** SHA-256 of the attachment's bytes. */
  readonly attachmentHash: string | undefined;
}

const PRIORITIES = ['immediate', 'high', 'medium', 'low'] as const;

/** 256 KiB in which every byte value occurs. */
const ATTACHMENT = Buffer.alloc(
  262_144,
  Uint8Array.from({ length: 256 }, (_, value) => value),
);

/**
 * Plan the mail of the demo: most of it is ordinary; every tenth message has several recipients, every fiftieth goes
 * to an address that is greylisted, number 100 brings an attachment, number 200 is refused.
 */
export function planMessages(count: number): readonly PlannedMessage[] {
  return Array.from({ length: count }, (_, index) => planMessage(index + 1));
}

function planMessage(number: number): PlannedMessage {
  const ordinary: Message = {
    id: `demo-${String(number).padStart(4, '0')}`,
    from: 'Demo Shop <shop@example.com>',
    to: [`customer-${number}@example.net`],
    subject: `Your order ${number} is on its way – grazie!`,
    text: `Hello,\n\nyour order ${number} was handed to the carrier today.\n\nDemo Shop\n`,
    html: `<p>Hello,</p><p>your order <b>${number}</b> was handed to the carrier today.</p><p>Demo Shop</p>`,
    priority: PRIORITIES[number % PRIORITIES.length] ?? 'medium',
  };
  if (number === 100) {
    const storage_path = `base64:${ATTACHMENT.toString('base64')}`;
    return plan({ ...ordinary, attachments: [{ filename: 'invoice.bin', storage_path }] }, { attachment: ATTACHMENT });
  }
  if (number === 200) return plan({ ...ordinary, to: [REFUSED_ADDRESS] }, { result: 'failed' });
  if (number % 50 === 25) return plan({ ...ordinary, to: [`greylisted-${number}@example.net`] }, { attempts: 2 });
  if (number % 10 === 3) {
    const to = [`customer-${number}@example.net`, `partner-${number}@example.org`];
    return plan({ ...ordinary, to, bcc: [`archive-${number}@example.com`] });
  }
  return plan(ordinary);
}

function plan(
  message: Message,
  expected: { readonly result?: 'failed'; readonly attempts?: number; readonly attachment?: Buffer } = {},
): PlannedMessage {
  const { result = 'sent', attempts = 1, attachment } = expected;
  return {
    message,
    result,
    attempts,
    recipients: [...message.to, ...(message.bcc ?? [])],
    attachmentHash: attachment === undefined ? undefined : sha256(attachment),
  };
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
