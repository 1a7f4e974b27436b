// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
export type { Environment } from './env/environment.ts';
export { readServerConfig, type ServerConfig } from './env/read-config.ts';
export type { KeptToken } from './env/token-file.ts';
export { createHttpApp, createMetricsApp, type HttpAppOptions } from './http/app.ts';
export type { HttpEnv, ServedEngine } from './http/context.ts';
export { openApiDocument } from './openapi/document.ts';
export { type RunningServer, type StartOptions, startServer } from './start-server.ts';
