// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { MessageResult, MessageState } from '../api/shapes.ts';

/** How something stands, as colours say it beside the word. */
export type Tone = 'good' | 'busy' | 'wait' | 'bad' | 'quiet';

interface Standing {
  readonly word: string;
  readonly tone: Tone;
}

const STATES: Readonly<Record<MessageState, Standing>> = {
  preparing: { word: 'preparing', tone: 'busy' },
  ready: { word: 'ready', tone: 'busy' },
  leased: { word: 'sending', tone: 'busy' },
  deferred: { word: 'deferred', tone: 'wait' },
  suspended: { word: 'suspended', tone: 'quiet' },
  held: { word: 'held', tone: 'wait' },
  in_doubt: { word: 'in doubt', tone: 'bad' },
  final: { word: 'final', tone: 'quiet' },
};

const RESULTS: Readonly<Record<MessageResult, Standing>> = {
  sent: { word: 'sent', tone: 'good' },
  partially_sent: { word: 'partially sent', tone: 'wait' },
  failed: { word: 'failed', tone: 'bad' },
  expired: { word: 'expired', tone: 'bad' },
  cancelled: { word: 'cancelled', tone: 'quiet' },
};

/** How a message stands: its result once it has one. */
export function standingOf(message: { readonly state: MessageState; readonly result: MessageResult | null }): Standing {
  return message.result === null ? STATES[message.state] : RESULTS[message.result];
}

const PRIORITIES = ['immediate', 'high', 'medium', 'low'];

export function priorityWord(priority: number): string {
  return PRIORITIES[priority] ?? String(priority);
}

/** `in_doubt` for people. */
export function plain(name: string): string {
  return name.replaceAll(/[_-]/g, ' ');
}

export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
