// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { signal } from '@preact/signals';
import type { BaseLocationHook } from 'wouter-preact';

/**
 * Where in the app we are: what stands behind the # of the address, `/messages?state=held`. So one file serves every page,
 * also below a path of a proxy, and what is looked for never stands in a log of the server.
 */
const place = signal(read());
addEventListener('hashchange', () => {
  place.value = read();
});

function read(): string {
  return `/${location.hash.replace(/^#\/?/, '')}`;
}

export function pathNow(): string {
  return place.value.split('?')[0] ?? '/';
}

export function searchNow(): string {
  return place.value.split('?')[1] ?? '';
}

export function navigate(to: string, { replace = false }: { readonly replace?: boolean } = {}): void {
  if (replace) history.replaceState(null, '', `#${to}`);
  else history.pushState(null, '', `#${to}`);
  place.value = read();
}

/** For the router. Components that use it are drawn again when the place changes, since they read a signal. */
export const useHashLocation: BaseLocationHook = Object.assign(
  (): ReturnType<BaseLocationHook> => [pathNow(), navigate],
  { hrefs: (href: string) => `#${href}` },
);
