// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { fields, UploadedFile } from '@mail-proxy/core';
import * as v from 'valibot';

/** 8 MiB; what is larger is posted as it is. */
const MAX_BASE64 = 11_184_812;

/** A mail that came, in JSON. */
export const receiveInput = v.strictObject({
  tenant_id: v.optional(fields.tenantId),
  /** The mail, complete, in Base64. */
  mail_base64: fields.content(
    v.pipe(
      v.string(),
      v.maxLength(MAX_BASE64, 'expected at most 8 MiB'),
      v.base64('expected a complete mail in Base64'),
    ),
  ),
});

/** The same as the body of a request. */
export const receiveRawInput = v.strictObject({
  tenant_id: v.optional(fields.tenantId),
  /** The mail; JSON holds no bytes. */
  raw: fields.content(
    v.custom<UploadedFile>((value) => value instanceof UploadedFile, 'expected a mail, which JSON cannot hold'),
  ),
});
