// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { V7Generator } from 'uuidv7';
import type { Clock } from './clock.ts';

/** Makes primary keys: UUIDv7 (RFC 9562 §5.7), so that keys sort in the order in which they were made. */
export type MakePk = () => string;

/**
 * Keys of one generator rise strictly, also when the wall clock steps back: it then counts on from the last
 * time it saw, for as long as the step is under ten seconds, and starts anew beyond that.
 */
export function pkGenerator(clock: Clock): MakePk {
  const generator = new V7Generator();
  return () => generator.generateOrResetCore(clock.now(), 10_000).toString();
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether `text` has the form of a primary key, so that it may be one; client ids may have that form too. */
export function looksLikePk(text: string): boolean {
  return UUID.test(text);
}
