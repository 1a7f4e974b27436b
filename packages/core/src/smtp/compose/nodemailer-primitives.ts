// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { buildHeaderValue, detectMimeType, encodeWord, encodeWords, quoteString } from 'nodemailer/lib/mime-funcs';
import { decode as decodePunycode } from 'nodemailer/lib/punycode';

/*
 * The only place that reaches below nodemailer's front door. Its export map lists these paths, but they are
 * documented nowhere, so nodemailer-primitives.test.ts holds what we rely on and fails first after an upgrade.
 *
 * Left out on purpose: `base64.wrap` (a regular expression per line: 6 ms per MiB, where a table takes 2), `qp` (the
 * same, five times the time of a table), `foldLines` (lets a word without white space pass 998 bytes) and
 * `addressparser` (lenient by design).
 */
export { buildHeaderValue, decodePunycode, detectMimeType, encodeWord, encodeWords, quoteString };
