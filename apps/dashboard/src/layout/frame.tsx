// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ComponentChildren } from 'preact';
import { pathNow } from '../routing/hash-location.ts';
import { isAdmin, logOut, session } from '../session/session.ts';
import { Button } from '../ui/button.tsx';
import { Toasts } from '../ui/toasts.tsx';
import { VISIBLE_PAGES } from './pages.ts';
import { TenantChoice } from './tenant-choice.tsx';
import { ThemeChoice } from './theme-choice.tsx';

/** What stands around every page: the menu, who is logged in, what was just done. */
export function Frame({ children }: { readonly children: ComponentChildren }) {
  const path = pathNow();
  const caller = session.value?.caller;
  // Links with a # would be places of the app, so this one is a button.
  const skip = (): void => document.querySelector<HTMLElement>('h1')?.focus();
  return (
    <div class="frame">
      <button type="button" class="skip" onClick={skip}>
        Skip to the content
      </button>
      <header class="top">
        <a class="brand" href="#/">
          <Mark />
          mail-proxy
        </a>
        <nav aria-label="Pages">
          <ul>
            {VISIBLE_PAGES.value.map(({ title, href }) => (
              <li key={href}>
                <a href={`#${href}`} aria-current={isWithin(path, href) ? 'page' : undefined}>
                  {title}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div class="who">
          {isAdmin.value && <TenantChoice />}
          <p class="quiet" title={caller?.name}>
            {caller?.kind === 'tenant' ? `Tenant ${caller.tenant_id}` : 'Operator'}
          </p>
          <ThemeChoice />
          <Button look="quiet" onClick={() => logOut()}>
            Log out
          </Button>
          <a class="quiet docs" href="./docs">
            API reference
          </a>
        </div>
      </header>
      <main>{children}</main>
      <Toasts />
    </div>
  );
}

function isWithin(path: string, href: string): boolean {
  return path === href || path.startsWith(`${href}/`) || (path === '/' && href === VISIBLE_PAGES.value[0]?.href);
}

export function Mark() {
  return (
    <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="7" />
      <path d="M6 11h20v11.5H6zM6.5 11.5l9.5 7 9.5-7" />
    </svg>
  );
}
