// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Content } from './document.types.ts';
import type { JsonSchema } from './json-schema.ts';

export const FORM_DESCRIPTION =
  'As multipart/form-data, the field message holds the JSON, and each file of the form becomes an attachment, behind ' +
  'those of the JSON. An attachment in the JSON says more about a file by naming its field: "storage_path": "part:logo".';

/** Describe the form that brings files with a message: its other fields have any names. */
export function formContent(message: JsonSchema): Content {
  return {
    'multipart/form-data': {
      schema: {
        type: 'object',
        properties: { message },
        required: ['message'],
        additionalProperties: { contentMediaType: 'application/octet-stream' },
      },
      encoding: { message: { contentType: 'application/json' } },
    },
  };
}
