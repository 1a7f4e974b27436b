// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// The server, as if it ran some days later.
const aheadMs = Number(process.env['TEST_DAYS_AHEAD'] ?? 0) * 86_400_000;
const now = Date.now;
Date.now = () => now() + aheadMs;
await import(new URL('../../../apps/server/src/main.ts', import.meta.url).href);
