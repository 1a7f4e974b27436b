// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { AnyOperation, HttpBinding } from '@mail-proxy/core';
import type { Content, Parameter } from './document.types.ts';
import { inputSchema, type JsonSchema } from './json-schema.ts';

const FORM =
  'As multipart/form-data, the field message holds the JSON, and each file of the form becomes an attachment, behind ' +
  'those of the JSON. An attachment in the JSON says more about a file by naming its field: "storage_path": "part:logo".';

const MAIL =
  'As message/rfc822, the body is a complete message, which is sent as it is to the recipients in its header; what else is ' +
  'to be said stands in the query.';

/** Of what is said in the query beside a complete message, and only there. */
export const WITH_MAIL = 'With message/rfc822';

/** Say what bodies are taken besides JSON; null where there are none. */
export function otherBodies({ takesFiles = false, forMail }: HttpBinding): string | null {
  const told = [...(takesFiles ? [FORM] : []), ...(forMail === undefined ? [] : [MAIL])];
  return told.length === 0 ? null : told.join(' ');
}

/** Describe these bodies. A form's other fields have any names. */
export function otherContent({ takesFiles = false, forMail }: HttpBinding, message: JsonSchema): Content {
  const form: Content = {
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
  const mail: Content = { 'message/rfc822': { schema: { type: 'string' } } };
  return { ...(takesFiles ? form : {}), ...(forMail === undefined ? {} : mail) };
}

/** The fields that go with a complete message. */
export function mailParameters({ http }: AnyOperation): readonly Parameter[] {
  const { properties = {} } = http.forMail === undefined ? {} : inputSchema(http.forMail.input);
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: false,
    description: WITH_MAIL,
    schema,
  }));
}
