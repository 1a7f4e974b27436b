// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { inject } from 'vitest';

// Imported before a suite of ../engine, whose worlds then open their databases on PostgreSQL. Each file here has a process
// of its own, so this reaches no other.
if (inject('pgSkip') === '') process.env['GMP_TEST_ENGINE_ON'] = 'postgres';
