// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import type { Client } from '@mail-proxy/client';
import { computed, signal } from '@preact/signals';
import { createApi } from '../api/api.ts';
import type { Caller, Scope } from '../api/shapes.ts';

const KEY = 'mail-proxy.token';

/** Somebody who was let in. */
export interface Session {
  readonly token: string;
  readonly api: Client;
  readonly caller: Caller;
}

/** Null where nobody is logged in; undefined while it is asked whose a kept token is. */
export const session = signal<Session | null | undefined>(undefined);

/** Why the one before ended, in words; null where nobody needs to be told. */
export const farewell = signal<string | null>(null);

export const isAdmin = computed(() => session.value?.caller.kind === 'admin');

/** A test key: it reaches sandboxes, and what they captured. */
export const isTest = computed(() => session.value?.caller.mode === 'test');

/** Whether the scope is open to who is logged in; all of them are to the operator. */
export function may(scope: Scope): boolean {
  const caller = session.value?.caller;
  return caller !== undefined && (caller.kind === 'admin' || caller.scopes.includes(scope));
}

/**
 * Ask whose a token is, and go on as that. The token stays in this tab, until it is closed.
 *
 * @throws {ApiError} `unauthenticated` where it is nobody's
 */
export async function logIn(token: string): Promise<void> {
  const api = createApi({
    token,
    onRefused: () => {
      if (session.peek()?.token === token) logOut('The server no longer takes this token. Log in again.');
    },
  });
  const caller = await api.caller.get();
  sessionStorage.setItem(KEY, token);
  farewell.value = null;
  session.value = { token, api, caller };
}

export function logOut(why: string | null = null): void {
  sessionStorage.removeItem(KEY);
  farewell.value = why;
  session.value = null;
}

/** Go on with the token that this tab has kept. */
export async function resumeSession(): Promise<void> {
  const token = sessionStorage.getItem(KEY);
  if (token === null) {
    session.value = null;
    return;
  }
  try {
    await logIn(token);
  } catch (error) {
    logOut(error instanceof Error ? error.message : String(error));
  }
}
