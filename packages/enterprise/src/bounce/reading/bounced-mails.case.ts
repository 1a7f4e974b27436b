// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import { dead, plain, report, type WrittenMail } from './mail-forms.case.ts';

/** Bounces written by hand in the forms of the servers that they are named after. */
export const BOUNCED_MAILS: readonly WrittenMail[] = [
  [
    'Postfix: a report of RFC 3464',
    report(
      'MAILER-DAEMON@mx.example.net (Mail Delivery System)',
      '<ann@example.org>: host mx.example.org[192.0.2.1] said: 550 5.1.1\n    <ann@example.org>: Recipient address rejected: User unknown (in reply to RCPT TO\n    command)',
      'Final-Recipient: rfc822; ann@example.org\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 <ann@example.org>: Recipient address\n    rejected: User unknown',
    ),
    dead('ann@example.org', '5.1.1'),
  ],
  [
    'a report about two, of whom one got it',
    report(
      'postmaster@example.net',
      'One of two.',
      'Final-Recipient: rfc822; ann@example.org\nAction: delivered\nStatus: 2.0.0\n\nFinal-Recipient: rfc822; bob@example.org\nAction: failed\nStatus: 5.2.2\nDiagnostic-Code: smtp; 552 5.2.2 Mailbox full',
    ),
    {
      kind: 'bounce',
      recipients: ['bob@example.org'],
      status: '5.2.2',
      reasonClass: 'mailbox_full',
      permanence: 'permanent',
      addressDead: false,
    },
  ],
  [
    'the status of the other side, where the report has none',
    report(
      'postmaster@example.net',
      'Sorry.',
      'Final-Recipient: rfc822; ann@example.org\nAction: failed\nStatus: 5.0.0\nDiagnostic-Code: smtp; 550-5.7.26 Mail from example.net fails DMARC\n 550 5.7.26 see our pages',
    ),
    {
      kind: 'bounce',
      recipients: ['ann@example.org'],
      status: '5.7.26',
      reasonClass: 'authentication_failed',
      addressDead: false,
    },
  ],
  [
    'a report that it is late',
    report(
      'postmaster@example.net',
      'Still trying.',
      'Final-Recipient: rfc822; ann@example.org\nAction: delayed\nStatus: 4.4.1\nWill-Retry-Until: Fri, 1 Jan 2027 00:00:00 +0000',
    ),
    { kind: 'delay', recipients: ['ann@example.org'], status: '4.4.1', permanence: 'temporary', addressDead: false },
  ],
  [
    'an international report of RFC 6533',
    report(
      'postmaster@example.net',
      'Nein.',
      'Final-Recipient: utf-8; jos\\x{e9}@example.org\nAction: failed\nStatus: 5.1.1',
      'message/global-delivery-status',
    ),
    { kind: 'bounce', recipients: ['josé@example.org'], status: '5.1.1', addressDead: true },
  ],
  [
    'McAfee: a report without Final-Recipient',
    report(
      '<>',
      'Problems.',
      'Original-Recipient: <ann@example.org>\nAction: failed\nDiagnostic-Code: smtp; 550 5.1.1 <ann@example.org>... User unknown',
    ),
    dead('ann@example.org', '5.1.1'),
  ],
  [
    'Exim',
    plain(
      'Mail Delivery System <Mailer-Daemon@mx.example.net>',
      'Mail delivery failed: returning message to sender',
      'This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es) failed:\n\n  ann@example.org\n    host mx.example.org [192.0.2.1]\n    SMTP error from remote mail server after RCPT TO:<ann@example.org>:\n    550 5.1.1 No such user here\n\n------ This is a copy of the message, including all the headers. ------\n\nMessage-ID: <1@example.net>\nTo: ann@example.org',
      'X-Failed-Recipients: ann@example.org\n',
    ),
    dead('ann@example.org', '5.1.1'),
  ],
  [
    'Exim, still trying',
    plain(
      'Mail Delivery System <Mailer-Daemon@mx.example.net>',
      'Warning: message 1abc-00 delayed 24 hours',
      'A message that you sent has not yet been delivered to one or more of its\nrecipients after more than 24 hours on the queue.\n\nThe address to which the message has not yet been delivered is:\n\n  ann@example.org\n\nNo action is required on your part. Delivery attempts will continue.',
    ),
    { kind: 'delay', recipients: ['ann@example.org'], permanence: 'temporary', addressDead: false },
  ],
  [
    'qmail',
    plain(
      'MAILER-DAEMON@mx.example.net',
      'failure notice',
      "Hi. This is the qmail-send program at mx.example.net.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up. Sorry it didn't work out.\n\n<ann@example.org>:\n192.0.2.1 does not like recipient.\nRemote host said: 550 sorry, no mailbox here by that name (#5.1.1)\nGiving up on 192.0.2.1.\n\n<bob@example.org>:\nSorry, over quota. (#5.2.2)\n\n--- Below this line is a copy of the message.\n\nReceived: from a by b\nTo: ann@example.org, bob@example.org",
    ),
    { kind: 'bounce', recipients: ['ann@example.org', 'bob@example.org'], status: '5.1.1', addressDead: true },
  ],
  [
    'sendmail without a report',
    plain(
      'Mail Delivery Subsystem <MAILER-DAEMON@mx.example.net>',
      'Returned mail: User unknown',
      '   ----- The following addresses had permanent fatal errors -----\n<ann@example.org>\n\n   ----- Transcript of session follows -----\n... while talking to mx.example.org.:\n>>> RCPT To:<ann@example.org>\n<<< 550 5.1.1 <ann@example.org>... User unknown\n550 <ann@example.org>... User unknown\n\n   ----- Unsent message follows -----\nReceived: from a by b',
    ),
    dead('ann@example.org', '5.1.1'),
  ],
  [
    'Exchange 2003',
    plain(
      'System Administrator <postmaster@example.org>',
      'Undeliverable: Hello',
      'Your message\n\n  To:      ann@example.org\n  Subject: Hello\n\ndid not reach the following recipient(s):\n\nann@example.org on Thu, 9 May 2024 10:00:00 +0200\n    The recipient name is not recognized\n\tMSEXCH:IMS:EXAMPLE:A:B 0 (000C05A6) Unknown Recipient',
    ),
    dead('ann@example.org'),
  ],
  [
    'Exchange Online, in HTML',
    plain(
      'Microsoft Outlook <MicrosoftExchange329e71ec@example.org>',
      'Undeliverable: Hello',
      '<html><head><style>p{}</style></head><body><p>Your message to <a href="mailto:ann@example.org">ann@example.org</a> couldn&#39;t be delivered.</p><p>ann wasn&#39;t found at example.org.</p><p>550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ann@example.org not found</p></body></html>',
    ),
    dead('ann@example.org', '5.1.10'),
  ],
  [
    'Gmail',
    plain(
      'Mail Delivery Subsystem <mailer-daemon@googlemail.com>',
      'Delivery Status Notification (Failure)',
      "** Address not found **\n\nYour message wasn't delivered to ann@example.org because the address couldn't be found.\n\nThe response from the remote server was:\n550 5.1.1 The email account that you tried to reach does not exist.",
      'X-Failed-Recipients: ann@example.org\n',
    ),
    dead('ann@example.org', '5.1.1'),
  ],
  [
    'Yahoo',
    plain(
      'MAILER-DAEMON@yahoo.example',
      'Failure Notice',
      "Sorry, we were unable to deliver your message to the following address.\n\n<ann@example.org>:\n554: delivery error: dd This user doesn't have an example.org account (ann@example.org) [0]\n\n--- Below this line is a copy of the message.",
    ),
    dead('ann@example.org'),
  ],
  [
    'Lotus Notes',
    plain(
      'postmaster@example.org',
      'Undeliverable message',
      '------- Failure Reasons  --------\n\nUser not listed in public Name & Address Book\nann@example.org\n\n------- Returned Message --------\n\nReceived: from a by b',
    ),
    dead('ann@example.org'),
  ],
  [
    'IMail',
    plain(
      '"Postmaster" <postmaster@mx.example.net>',
      'Undeliverable Mail',
      'Unknown user: ann@example.org\n\nRCPT TO generated following response:\n553 5.3.0 <ann@example.org>... Addressee unknown\n\nOriginal message follows.\n\nReceived: from a by b',
    ),
    { kind: 'bounce', recipients: ['ann@example.org'], status: '5.3.0', addressDead: true },
  ],
  [
    'GMX',
    plain(
      'MAILER-DAEMON@mail.example.net',
      'Mail delivery failed: returning message to sender',
      'This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of\nits recipients. This is a permanent error. The following address\nfailed:\n\n"ann@example.org":\nSMTP error from remote server after RCPT command:\nhost: mx.example.org\n5.2.2 <ann@example.org>... Mailbox Full\n\n--- The header of the original message is following. ---\n\nReceived: from a by b',
    ),
    {
      kind: 'bounce',
      recipients: ['ann@example.org'],
      status: '5.2.2',
      reasonClass: 'mailbox_full',
      addressDead: false,
    },
  ],
  [
    'OpenSMTPD',
    plain(
      'Mailer Daemon <MAILER-DAEMON@mx.example.net>',
      'Delivery status notification: error',
      '    Hi!\n\n    This is the MAILER-DAEMON, please DO NOT REPLY to this email.\n\n    An error has occurred while attempting to deliver a message for\n    the following list of recipients:\n\nann@example.org: 550 5.1.1 unknown recipient\n\n    Below is a copy of the original message:\n\nReceived: from a by b',
    ),
    dead('ann@example.org', '5.1.1'),
  ],
  [
    'ActiveHunter',
    plain(
      'MAILER-DAEMON@mx.example.jp',
      'FAILURE NOTICE :',
      '  ----- The following addresses had permanent fatal errors -----\n\n >>> ann@example.org <ann@example.org>\n\n  ----- Transcript of session follows -----\n550 sorry, no mailbox here by that name (#5.1.1 - chkusr)\n',
    ),
    dead('ann@example.org', '5.1.1'),
  ],
  [
    'Apache James',
    plain(
      'postmaster@mx.example.net',
      'Undeliverable',
      "Hi. This is the James mail server at mx.example.net.\nI'm afraid I wasn't able to deliver your message to the following addresses.\nThis is a permanent error; I've given up.\n\nError message below:\n550 - Requested action not taken: no such user here\n\nMessage details:\n  Subject: Hello\n  MAIL FROM: bob@example.net\n  RCPT TO: ann@example.org\n  Size (in bytes): 1023\n",
    ),
    dead('ann@example.org'),
  ],
  [
    'MailMarshal: why before whom',
    plain(
      'MailMarshal <postmaster@example.org>',
      'Undeliverable Mail: "Hello"',
      'Your message:\n   From:    bob@example.net\n   Subject: Hello\n\nCould not be delivered because of\n\n550 5.1.1 User unknown\n\nThe following recipients were affected:\n\n   ann@example.org\n',
    ),
    dead('ann@example.org', '5.1.1'),
  ],
  [
    'sendmail: whose failure is whose',
    plain(
      'MAILER-DAEMON@mx.example.net',
      'Returned mail: see transcript for details',
      '   ----- The following addresses had permanent fatal errors -----\n<bob@example.org>\n<ann@example.org>\n\n   ----- Transcript of session follows -----\n550 5.1.1 <ann@example.org>... User unknown\n552 5.2.2 <bob@example.org>... Mailbox full\n',
    ),
    {
      kind: 'bounce',
      recipients: ['bob@example.org', 'ann@example.org'],
      status: '5.2.2',
      reasonClass: 'mailbox_full',
      addressDead: false,
    },
  ],
  [
    'Amazon SES by SNS: a bounce',
    plain(
      'AWS <no-reply@sns.amazonaws.com>',
      'AWS Notification Message',
      '{"notificationType":"Bounce","bounce":{"bounceType":"Permanent","bouncedRecipients":[{"emailAddress":"ann@example.org","action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}],"reportingMTA":"dsn; a.example.com"},"mail":{"destination":["ann@example.org"]}}\n\n--\nIf you wish to stop receiving these, unsubscribe.',
    ),
    dead('ann@example.org', '5.1.1'),
  ],
  [
    'DragonFly: the reply below the address',
    plain(
      'MAILER-DAEMON <>',
      'Mail delivery failed',
      'This is the DragonFly Mail Agent at mx.example.net.\n\nThere was an error delivering your mail to <ann@example.org>.\n\nmx.example.org [192.0.2.1] did not like our final DATA:\n550 5.7.1 This looks like spam\n\nMessage headers follow.\n\nReceived: from root (uid 0)\nTo: <ann@example.org>',
    ),
    { kind: 'bounce', recipients: ['ann@example.org'], status: '5.7.1', reasonClass: 'spam', addressDead: false },
  ],
  [
    'German',
    plain(
      'MAILER-DAEMON@mx.example.de',
      'Unzustellbar: Hallo',
      'Ihre Nachricht konnte an folgende Empfänger nicht zugestellt werden:\n\nann@example.de\n\nDer Empfänger ist unbekannt.',
    ),
    dead('ann@example.de'),
  ],
  [
    'French',
    plain(
      'postmaster@example.fr',
      'Échec de la remise',
      "Votre message n'a pas pu être remis au destinataire suivant :\n\nann@example.fr\n\n550 5.1.1 Adresse invalide",
    ),
    dead('ann@example.fr', '5.1.1'),
  ],
  [
    'Italian',
    plain(
      'MAILER-DAEMON@mx.example.it',
      'Mancata consegna del messaggio',
      'Non è stato possibile consegnare il messaggio a:\n\n<ann@example.it>: casella piena',
    ),
    { kind: 'bounce', recipients: ['ann@example.it'], reasonClass: 'mailbox_full', addressDead: false },
  ],
  [
    'Spanish',
    plain(
      'postmaster@example.es',
      'No se puede entregar: Hola',
      'El mensaje no se pudo entregar a los siguientes destinatarios:\n\nann@example.es\nEl usuario no existe',
    ),
    dead('ann@example.es'),
  ],
  [
    'Portuguese',
    plain(
      'postmaster@example.br',
      'Falha na entrega',
      'Sua mensagem não pôde ser entregue a:\n\nann@example.br\nUsuário inexistente',
    ),
    dead('ann@example.br'),
  ],
  [
    'Russian',
    plain(
      'mailer-daemon@example.ru',
      'Сообщение не доставлено',
      'К сожалению, ваше письмо не может быть доставлено получателю:\n\nann@example.ru\n550 пользователь не найден',
    ),
    dead('ann@example.ru'),
  ],
  [
    'Japanese',
    plain(
      'Postmaster@example.jp',
      '送信エラー',
      '次のあて先へのメッセージはエラーのため送信できませんでした。\n\n<ann@example.jp>\n宛先が見つかりません',
    ),
    dead('ann@example.jp'),
  ],
  [
    'Chinese',
    plain(
      'postmaster@example.cn',
      '系统退信',
      '抱歉，您的邮件被退回来了。\n\n收件人: ann@example.cn\n\n550 用户不存在',
    ),
    dead('ann@example.cn'),
  ],
  [
    'a refusal of the sender, not of the recipient',
    plain(
      'Mailer-Daemon@mx.example.net',
      'Mail delivery failed',
      'This is a permanent error. The following address failed:\n\n  ann@example.org\n    SMTP error from remote mail server after MAIL FROM:<bob@example.net>:\n    550 No such user',
    ),
    { kind: 'bounce', recipients: ['ann@example.org'], reasonClass: 'sender_rejected', addressDead: false },
  ],
  [
    'a bounce of an automatic reply',
    plain(
      'postmaster@example.org',
      'Undeliverable: Out of office: Hello',
      'Your message did not reach the following recipient(s):\n\nann@example.org\n    550 5.1.1 User unknown',
    ),
    dead('ann@example.org', '5.1.1'),
  ],
];
