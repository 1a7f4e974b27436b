// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { toEventOutput } from '../../packages/core/src/entities/message-event/message-event.schema.ts';
import { toReportEvent } from '../../packages/core/src/reporting/report-protocol.ts';

/** What each type says. The types themselves are the code's: one that is missing here, or is none, fails. */
const MEANINGS = {
  sent: 'the relay took it for all recipients',
  partially_sent: 'for some; `recipients` tells for whom not',
  deferred: 'failed for now; tried again at `next_attempt_ts`',
  error: 'refused for good, or given up',
  expired: 'its time ran out before it was sent to all',
  cancelled: 'cancelled by hand, or with its account or tenant',
  interrupted: 'the instance that held it died or lost its session; it is tried again',
  in_doubt: 'nobody knows whether the relay took it; it waits for a decision',
  retried: 'tried again by hand',
  confirmed: 'it was in doubt, and somebody says that it arrived',
  held: 'held by hand',
  released: 'released by hand',
  replaced: 'a message with the same id took the place of what it said',
  account_paused: 'of an account: its login or TLS fails, or somebody paused it; its mail waits',
  account_resumed: 'of an account: it works again, or its pause by hand is over',
  bounce: 'it came back after a relay took it',
  complaint: 'a recipient complained of it',
  pec_acceptance: "the sender's provider took it",
  pec_relay: "the recipients' provider took it over",
  pec_delivery: "it lies in the recipient's mailbox",
  pec_error: 'it was refused, or not delivered',
  pec_timeout: 'a receipt did not come in time',
  large_attachments_linked: 'files became links',
  large_attachments_warned: 'files are over the limit, and were sent',
  large_attachments_downloaded: 'a link was used for the first time',
};

const AT = Date.UTC(2030, 0, 31, 9);
const ANNA = {
  address: 'anna@example.net',
  state: 'sent',
  stage: 'dot',
  code: 250,
  enhanced: '2.0.0',
  reply: 'queued as 4F2A',
};
const BERT = {
  address: 'bert@example.net',
  state: 'pending',
  stage: 'rcpt',
  code: 451,
  enhanced: '4.7.1',
  reply: 'Greylisted',
};
const FEEDBACK = {
  ...{ recipient: 'bert@example.net', bounceType: 'hard', code: '5.1.1', status: '5.1.1', reasonClass: 'user_unknown' },
  ...{ permanence: 'permanent', addressDead: true, reportedBy: 'mx.example.net', feedbackType: null },
};

/** Something that is true of each type; of those that are not here, that they have a reason. */
const DETAILS = {
  sent: { recipients: [ANNA] },
  partially_sent: {
    recipients: [ANNA, { ...BERT, state: 'failed', code: 550, enhanced: '5.1.1', reply: 'No such user' }],
  },
  deferred: { recipients: [BERT], nextAttemptAt: AT + 300_000, reason: 'rcpt: 451 4.7.1 Greylisted' },
  error: {
    recipients: [{ ...BERT, state: 'failed', code: 550, enhanced: '5.1.1', reply: 'No such user' }],
    reason: 'rcpt: 550 5.1.1 No such user',
  },
  confirmed: { recipients: [ANNA] },
  interrupted: { reason: 'the instance stopped answering', nextAttemptAt: AT },
  in_doubt: { reason: 'the connection broke after the last byte', possibleDuplicate: true },
  account_paused: { reason: 'auth: 535 5.7.8 Wrong credentials', accountId: 'relay', until: AT + 300_000 },
  account_resumed: { accountId: 'relay' },
  bounce: { reason: 'No such user', feedback: FEEDBACK },
  complaint: {
    feedback: {
      ...FEEDBACK,
      bounceType: null,
      code: null,
      status: null,
      reasonClass: null,
      permanence: null,
      addressDead: false,
      feedbackType: 'abuse',
    },
  },
};

const OF_MIXINS = { extra: { size_bytes: 31_457_280, files: 1 } };

/** The page on events, its examples made by the functions that make the reports. */
export function eventsPage(core, ofMixins) {
  const types = [...core, ...ofMixins];
  const wrong = [
    ...types.filter((type) => MEANINGS[type] === undefined).map((type) => `${type} has no meaning`),
    ...Object.keys(MEANINGS)
      .filter((type) => !types.includes(type))
      .map((type) => `${type} is no type`),
  ];
  if (wrong.length > 0) throw new Error(`scripts/pages/events-page.mjs: ${wrong.join(', ')}`);
  const reports = new Map(types.map((type) => [type, toReportEvent(rowOf(type))]));
  const common = Object.keys(reports.get('sent')).filter((key) =>
    [...reports.values()].every((report) => key in report),
  );
  const ownOf = (type) => Object.keys(reports.get(type)).filter((key) => !common.includes(key));
  const table = (list) =>
    `| type | meaning | fields of its own in reports |\n| --- | --- | --- |\n${list
      .map((type) => `| \`${type}\` | ${MEANINGS[type]} | ${ownOf(type).map(code).join(', ') || '–'} |\n`)
      .join('')}`;
  return `# Events

What happens to a message, and to an account, is an event. Made of the code: the types, their fields, and the examples, which are what
the server would say. How events are told, confirmed and pulled stands in [Reports](../guide/reports.md), what each field means
[there too](../guide/reports.md#be-called). Take types and fields that you do not know for what they are: there will be more.

## Types

${table(core)}
### Of mixins

With the enterprise edition. A mixin of your own names its types by its id, \`_\` and what happened.

${table(ofMixins)}
## In reports

An entry of \`delivery_report\`, pushed to the endpoint of a tenant. All entries have ${common.map(code).join(', ')}.

${['sent', 'deferred', 'error', 'bounce', 'account_paused', 'pec_delivery']
  .filter((type) => reports.has(type))
  .map((type) => `### ${type}\n\n${json(reports.get(type))}`)
  .join('\n')}
## In the API

The same event in \`GET /v1/events\`, \`GET /v1/messages/{id}/events\` and what embedding code is given: times are RFC 3339, and every field is
there, null where it says nothing.

${json(toEventOutput(rowOf('deferred')))}`;
}

function rowOf(type) {
  const isOfAccount = type.startsWith('account_');
  const isOfMixin = DETAILS[type] === undefined && /^(pec|large)_/.test(type);
  const detail = DETAILS[type] ?? (isOfMixin ? OF_MIXINS : { reason: 'as somebody wanted it' });
  return {
    ...{
      pk: '01971c2e-7c00-7b1e-8000-000000000017',
      seq: 17,
      tenant_id: 'shop',
      type,
      at: AT,
      attempt: isOfAccount ? 0 : 1,
    },
    message_pk: isOfAccount ? null : '01971c2e-7c00-7b1e-8000-000000000001',
    message_id: isOfAccount ? null : 'order-1',
    account_pk: isOfAccount ? '01971c2e-7c00-7b1e-8000-000000000002' : null,
    ...{ account_id: 'relay', batch_code: null, detail: JSON.stringify(detail) },
  };
}

function code(text) {
  return `\`${text}\``;
}

function json(value) {
  return `\`\`\`json\n${JSON.stringify(value, null, 2)}\n\`\`\`\n`;
}
