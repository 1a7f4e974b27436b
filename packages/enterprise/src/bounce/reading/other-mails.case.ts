// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import { parts, plain, report, type WrittenMail } from './mail-forms.case.ts';

/** What reaches a return path beside bounces, written by hand. */
export const OTHER_MAILS: readonly WrittenMail[] = [
  [
    'a report of success',
    report(
      'postmaster@example.net',
      'Done.',
      'Final-Recipient: rfc822; ann@example.org\nAction: delivered\nStatus: 2.1.5',
    ),
    { kind: 'success-dsn' },
  ],
  [
    'a report that a list was expanded',
    report(
      'postmaster@example.net',
      'Done.',
      'Final-Recipient: rfc822; list@example.org\nAction: expanded\nStatus: 2.0.0',
    ),
    { kind: 'success-dsn' },
  ],
  [
    'a report that it was relayed to a host without reports',
    report(
      'postmaster@example.net',
      'Done.',
      'Final-Recipient: rfc822; ann@example.org\nAction: relayed\nStatus: 2.0.0',
    ),
    { kind: 'success-dsn' },
  ],
  [
    'Amazon SES by SNS: a complaint',
    plain(
      'AWS <no-reply@sns.amazonaws.com>',
      'AWS Notification Message',
      '{"notificationType":"Complaint","complaint":{"complainedRecipients":[{"emailAddress":"ann@example.org"}],"complaintFeedbackType":"abuse"}}',
    ),
    { kind: 'complaint', recipients: ['ann@example.org'] },
  ],
  [
    'Amazon SES by SNS: a delivery',
    plain(
      'AWS <no-reply@sns.amazonaws.com>',
      'AWS Notification Message',
      '{"notificationType":"Delivery","mail":{"destination":["ann@example.org"]}}',
    ),
    { kind: 'success-dsn' },
  ],
  [
    'a complaint of RFC 5965',
    parts(
      'multipart/report; report-type=feedback-report',
      'feedback@example.org',
      'FW: Hello',
      ['text/plain', 'A complaint.'],
      ['message/feedback-report', 'Feedback-Type: abuse\nVersion: 1\nOriginal-Rcpt-To: ann@example.org'],
      ['message/rfc822', 'Message-ID: <1@example.net>\nTo: ann@example.org\n\nHello'],
    ),
    { kind: 'complaint', recipients: ['ann@example.org'] },
  ],
  [
    'a failed DMARC check of RFC 6591',
    parts(
      'multipart/report; report-type=feedback-report',
      'dmarc@example.org',
      'FW: Hello',
      ['text/plain', 'A failure.'],
      ['message/feedback-report', 'Feedback-Type: auth-failure\nVersion: 1'],
    ),
    { kind: 'report' },
  ],
  [
    'a DMARC summary',
    parts('multipart/mixed', 'dmarc@example.org', 'Report Domain: example.net Submitter: example.org Report-ID: <1>', [
      'application/gzip; name="example.org!example.net!1!2.xml.gz"',
      'x',
    ]),
    { kind: 'report' },
  ],
  [
    'a TLS report of RFC 8460',
    parts('multipart/report; report-type="tlsrpt"', 'tls@example.org', 'Report Domain: example.net', [
      'application/tlsrpt+gzip',
      'x',
    ]),
    { kind: 'report' },
  ],
  [
    'a receipt of RFC 8098',
    parts(
      'multipart/report; report-type=disposition-notification',
      'ann@example.org',
      'Read: Hello',
      ['text/plain', 'Your message was displayed.'],
      [
        'message/disposition-notification',
        'Final-Recipient: rfc822; ann@example.org\nDisposition: manual-action/MDN-sent-manually; displayed',
      ],
    ),
    { kind: 'mdn' },
  ],
  [
    'a receipt that it was deleted unread',
    parts(
      'multipart/report; report-type=disposition-notification',
      'ann@example.org',
      'Not read: Hello',
      ['text/plain', 'Your message was not delivered to my eyes.'],
      [
        'message/disposition-notification',
        'Final-Recipient: rfc822; ann@example.org\nDisposition: automatic-action/MDN-sent-automatically; deleted',
      ],
    ),
    { kind: 'mdn' },
  ],
  [
    'an answering machine of RFC 3834',
    plain(
      'Ann <ann@example.org>',
      'Automatic reply: Hello',
      'I am away. Your message was not delivered to anybody else.',
      'Auto-Submitted: auto-replied\n',
    ),
    { kind: 'autoreply' },
  ],
  [
    'an answering machine in German',
    plain('Ann <ann@example.org>', 'Abwesenheitsnotiz: Hallo', 'Ich bin im Urlaub.'),
    { kind: 'autoreply' },
  ],
  [
    'a challenge',
    plain(
      'Ann <ann@example.org>',
      'Please confirm: Hello',
      'To protect me from spam, please click the link below to confirm that your message is real.',
    ),
    { kind: 'challenge' },
  ],
  [
    'a person who asks about a bounce',
    plain(
      'Bob <bob@example.org>',
      'Re: Undelivered Mail Returned to Sender',
      'Hi Ann,\n\nwhat does this mean? Could it not be delivered?\n\n> <carl@example.com>: host said: 550 5.1.1 User unknown',
      'In-Reply-To: <1@example.com>\n',
    ),
    { kind: 'other' },
  ],
  [
    'a mail of a list',
    plain(
      'Bob <bob@example.org>',
      '[list] user unknown',
      'Has anybody seen "550 5.1.1 User unknown" from example.com?',
      'List-Id: <list.example.org>\n',
    ),
    { kind: 'other' },
  ],
  [
    'a success in words alone',
    plain(
      'Mail Delivery System <MAILER-DAEMON@mx.example.net>',
      'Successful Mail Delivery Report',
      'Your message was successfully delivered to the destination(s)\nlisted below.\n\n<ann@example.org>: delivery via mx.example.org: 250 2.1.5 Ok',
    ),
    { kind: 'success-dsn' },
  ],
  [
    'what a list tells its owner of bounces',
    parts(
      'multipart/mixed',
      'list-bounces@example.net',
      'Bounce action notification',
      ['text/plain', 'Member: ann@example.org\nAction: Subscription disabled.\nReason: Excessive or fatal bounces.'],
      ['message/rfc822', 'Subject: Undelivered Mail\n\nThis is the mail system.'],
    ),
    { kind: 'other' },
  ],
  [
    'a spammer who calls himself a mail system',
    plain(
      'Mail Delivery System <promo@spam.example>',
      'Undelivered mail: 5 messages could not be delivered',
      'Your mailbox is full, and 5 messages could not be delivered to you. Click here: http://spam.example/',
    ),
    { kind: 'other' },
  ],
];
