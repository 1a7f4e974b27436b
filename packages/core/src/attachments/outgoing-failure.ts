// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isMailProxyError, type MailProxyError } from '../errors.ts';
import { AttachmentFailure, type AttachmentFailureCode } from './attachment-failure.ts';

/** Turn what the guarded client throws into the failure of an attachment. All else comes back as it is. */
export function toAttachmentFailure(error: unknown): unknown {
  if (isMailProxyError(error, 'address_not_allowed')) {
    return new AttachmentFailure('not_allowed', error.message, { cause: error });
  }
  if (isMailProxyError(error, 'outgoing_failed')) {
    return new AttachmentFailure(codeOf(error), error.message, { cause: error });
  }
  return error;
}

function codeOf({ extra: { kind, temporary } }: MailProxyError): AttachmentFailureCode {
  if (kind === 'too_large' || kind === 'timeout') return kind;
  if (temporary === true) return 'unavailable';
  // A request that cannot be sent is the fault of the headers that the tenant set up.
  return kind === 'connect' ? 'misconfigured' : 'refused';
}
