// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
export {
  ApiError,
  type ApiErrorFields,
  type FieldProblem,
  isApiError,
  type Problem,
  type ServerErrorCode,
} from './api-error.ts';
export { type Client, type ClientOptions, createClient, methodOf } from './create-client.ts';
export { eachItem } from './each-item.ts';
export type * from './generated/resources.ts';
export { jsonLines } from './json-lines.ts';
export type {
  CallOptions,
  Input,
  Line,
  LinesMethod,
  MailInput,
  MailMethod,
  Method,
  OperationName,
  Output,
} from './methods.ts';
export {
  type Content,
  createTransport,
  type Fetch,
  type Transport,
  type TransportCall,
  type TransportOptions,
} from './transport.ts';
