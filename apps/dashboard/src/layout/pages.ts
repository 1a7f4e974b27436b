// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { computed } from '@preact/signals';
import type { ComponentType } from 'preact';
import type { Scope } from '../api/shapes.ts';
import { MessagePage } from '../pages/message/message-page.tsx';
import { MessagesPage } from '../pages/messages/messages-page.tsx';
import { may, session } from '../session/session.ts';
import type { PageProps } from './page-props.ts';

interface PageEntry {
  readonly title: string;
  /** What a tenant's key needs for it; null where it is the operator's alone. */
  readonly scope: Scope | null;
  readonly href: string;
  /** Patterns of the router; the first that matches is shown. */
  readonly routes: readonly { readonly path: string; readonly Page: ComponentType<PageProps> }[];
}

/** All pages, in the order of the menu. */
const PAGES: readonly PageEntry[] = [
  {
    title: 'Messages',
    scope: 'messages:read',
    href: '/messages',
    routes: [
      { path: '/', Page: MessagesPage },
      { path: '/messages', Page: MessagesPage },
      { path: '/messages/:pk', Page: MessagePage },
    ],
  },
];

/** Those that who is logged in may see. */
export const VISIBLE_PAGES = computed(() => {
  const isAdmin = session.value?.caller.kind === 'admin';
  return PAGES.filter(({ scope }) => isAdmin || (scope !== null && may(scope)));
});
