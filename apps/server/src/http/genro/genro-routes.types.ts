// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { GenroCall } from './call.ts';

/** What answers a request: with JSON, or by itself. */
export type GenroHandler = (call: GenroCall) => Promise<unknown>;

/** By `METHOD /path`, with `:name` for what the path names. */
export type GenroRoutes = Readonly<Record<string, GenroHandler>>;
