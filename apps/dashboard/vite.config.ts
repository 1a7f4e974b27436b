// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { defaultClientConditions, defineConfig } from 'vite';

// Addresses are relative, so that it also works below a path of a proxy; nothing stands in the page itself, since the
// policy that the server sends with it lets no inline script and no inline style through.
export default defineConfig({
  base: './',
  resolve: { conditions: ['mail-proxy-source', ...defaultClientConditions] },
  build: {
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: 'third-party-licences.md' },
  },
});
