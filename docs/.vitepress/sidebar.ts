// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DefaultTheme } from 'vitepress';
import { ROOT } from './pages.ts';

type Items = readonly (readonly [text: string, link: string])[];

const group = (text: string, items: Items, collapsed?: boolean): DefaultTheme.SidebarItem => ({
  text,
  items: items.map(([name, link]) => ({ text: name, link, ...(/\.html$/.test(link) ? { target: '_blank' } : {}) })),
  ...(collapsed === undefined ? {} : { collapsed }),
});

/** Rows of the index of decisions: number and title. */
function decisions(): Items {
  const index = readFileSync(join(ROOT, 'docs/adr/README.md'), 'utf8');
  return [...index.matchAll(/^\| \[(\d{4})\]\(([\w-]+)\.md\) \| (.+) \|$/gm)].map(
    ([, number = '', name = '', title = '']) => [`${Number(number)}. ${title.replaceAll('`', '')}`, `/adr/${name}`],
  );
}

export const NAVIGATION: DefaultTheme.NavItem[] = [
  { text: 'Guides', link: '/guide/quick-start', activeMatch: '^/guide/' },
  { text: 'Reference', link: '/reference/', activeMatch: '^/reference/' },
  { text: 'Architecture', link: '/architecture/', activeMatch: '^/(architecture|adr)/' },
];

/** By what one wants to do. */
export const SIDEBAR: DefaultTheme.SidebarItem[] = [
  group('Begin', [
    ['Quick start', '/guide/quick-start'],
    ['Getting started', '/guide/getting-started'],
    ['From your language', '/guide/from-your-language'],
    ['The typed client', '/guide/client'],
    ['The command line', '/guide/command-line'],
    ['The dashboard', '/guide/dashboard'],
    ['A sandbox for tests', '/guide/sandbox'],
  ]),
  group('Send', [
    ['Limits of providers', '/guide/providers'],
    ['Limits and pauses', '/guide/limits-and-pauses'],
    ['Posting again', '/guide/idempotency'],
    ['Attachments', '/guide/attachments'],
    ['Large attachments', '/guide/large-attachments'],
    ['Certified mail (PEC)', '/guide/pec'],
    ['Keys and tenants', '/guide/keys-and-tenants'],
    ['Set-up in a file', '/guide/declarative-set-up'],
  ]),
  group('Know what became of it', [
    ['Reports in your application', '/guide/reports'],
    ['Where is my mail?', '/guide/where-is-my-mail'],
    ['Send, watch and examine', '/guide/watching-mail'],
    ['What a relay answers', '/guide/smtp-replies'],
    ['Mail that comes back', '/guide/returned-mail'],
    ['Bounces', '/guide/bounces'],
    ['Mailboxes', '/guide/mailboxes'],
    ['Suppression lists', '/guide/suppressions'],
  ]),
  group('Operate', [
    ['Production with PostgreSQL', '/guide/production'],
    ['Several instances', '/guide/several-instances'],
    ['Sizing', '/guide/sizing'],
    ['Monitoring', '/guide/monitoring'],
    ['Backup and restore', '/guide/backup'],
    ['Upgrading', '/guide/upgrading'],
    ['Encryption and key rotation', '/guide/encryption'],
    ['What is kept', '/guide/retention'],
    ['Moving house', '/guide/moving-house'],
    ['Moving from genro-mail-proxy', '/guide/moving-from-genro'],
    ['Troubleshooting', '/guide/troubleshooting'],
  ]),
  group('Build with it', [
    ['Embedding the engine', '/guide/embedding'],
    ['Writing a mixin', '/guide/mixins'],
    ['Examples', '/project/examples'],
  ]),
  group('Reference', [
    ['Overview', '/reference/'],
    ['Configuration', '/reference/configuration'],
    ['Command line', '/reference/cli'],
    ['API: operations', '/reference/operations'],
    ['API: every field', '/reference/openapi.html'],
    ['Events', '/reference/events'],
    ['Error codes', '/reference/errors'],
    ['Metrics', '/reference/metrics'],
    ['Performance', '/reference/performance'],
    ['Reliability', '/reference/reliability'],
  ]),
  group('How it works', [
    ['Architecture', '/architecture/'],
    ['Benches', '/project/bench'],
    ['Torture', '/project/torture'],
    ['Contributing', '/project/contributing'],
    ['Security', '/project/security'],
    ['Licences', '/project/licences'],
    ['Changes', '/project/changes'],
  ]),
  group('Decisions', [['Overview', '/adr/'], ...decisions()], true),
];
