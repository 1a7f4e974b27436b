// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { coreOperations } from './operations.ts';

/** It opens what a mail says, and nothing to change: beside other scopes, and alone where there is nothing else to read. */
const CONTENT = 'messages:content';

/** A message's own row says who posted what and when (ADR 7). */
const OWN_RECORD = ['messages.create', 'messages.create-batch'];

test('every command that changes something is written to the command log, and no reading is', () => {
  for (const { name, http, audit } of coreOperations) {
    const changes = http.method !== 'GET' && !OWN_RECORD.includes(name);
    expect([name, audit]).toEqual([name, changes]);
  }
});

test('of the scopes, those that only read open what changes nothing, and no other does', () => {
  for (const { name, http, scope } of coreOperations) {
    if (scope === undefined) continue;
    expect([name, scope.endsWith(':read') || scope === CONTENT]).toEqual([name, http.method === 'GET']);
  }
});
