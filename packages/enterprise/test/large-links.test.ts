// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { onSqlite } from './bounce-world.case.ts';
import { largeLinks } from './large-links.case.ts';

largeLinks('SQLite', onSqlite, undefined);
