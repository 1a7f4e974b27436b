// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { ADDRESS_SOURCE } from '../../mail/addresses.ts';

/** How mail servers point at the recipient that failed. */
export interface RecipientRule {
  /** What writes so, for whoever reads the table. */
  readonly by: string;
  /** Sees one line; its first group is the address. */
  readonly line: RegExp;
}

const A = `(${ADDRESS_SOURCE})`;
const rule = (by: string, source: string): RecipientRule => ({ by, line: new RegExp(source, 'iu') });

/**
 * From the surest to the vaguest: the first tier that finds anybody decides, and all of its rules are used. Whom a server
 * names at the beginning of a line is who failed; in running text it may be anybody.
 */
export const RECIPIENT_TIERS: readonly (readonly RecipientRule[])[] = [
  [
    rule('Postfix, qmail, sendmail, Yahoo: <address> first', `^[\\s*-]*<(?:mailto:)?${A}>`),
    rule('Exim, Gmail and most others: a line of its own', `^[\\s*•·>-]{0,20}["']?${A}["']?[:;,.]?\\s*$`),
    rule(
      'Exim: several on one line, or the alias it came by',
      `^\\s*${A}\\s+\\((?:generated|ultimately|expanded|unrouteable|.{0,60})`,
    ),
    rule('ActiveHunter', `^[\\s>*-]*${A}\\s+<${A}>\\s*$`),
    rule('GMX, Lotus Domino', `^\\s*["']${A}["']\\s*:`),
    rule('Exchange 5.5, 2000, 2003', `^\\s*${A} (?:on|am|le|il|el|em|op) \\S`),
    rule('Exchange 5.5 with an X.400 address', `dda:smtp=${A}`),
    rule(
      'Zoho, X1, SurfControl: the address, then why',
      `^\\s*${A}(?:\\s*[:[(-]|\\s+(?:invalid|error|user|unknown|failed|mailbox|does|is|was|could|no )).*`,
    ),
    rule('Microsoft: name, then <address>', `^\\s*"?[^<>"]{1,80}"?\\s+<${A}>\\s*$`),
    rule('Outlook', `^\\s*'?[^'<>]{0,80}'? ?(?:\\(|<|\\[)?(?:mailto|smtp):${A}`),
    rule(
      'A label in front',
      `^[\\s*#>-]*(?:failed[ _-]?(?:recipients?|address)|undeliverable (?:address|to|recipient)|unknown user|unknown recipient|error-for|recipients?(?: address)?|intended recipient|invalid (?:final delivery userid|recipient|address)|addressed to|could not be delivered to|delivery failed \\d{1,4} attempts|failed to deliver to|to address|e-?mail address|adresse|address|destinataires?|empf(?:ä|ae)nger|destinatari[oa]?|destinatario|宛先|受信者|收件人|получатель|user|mailbox|account|delivery to|unable to deliver to|not delivered to|bad address)\\s*(?:\\(s\\))?\\s*[:=]\\s*["'<]*${A}`,
    ),
    rule('fml', `member of this mailing list <${A}>`),
    rule('Notes: the reason, then the address', `^\\s*(?:user|recipient)\\s.{0,80}\\(${A}\\)`),
    rule('Fields of a delivery status in plain text', `^(?:final|original)-recipient:\\s*(?:rfc822;)?\\s*<?${A}`),
  ],
  [
    rule('sendmail, KDDI, qmail: the dialogue', `(?:>>>|rcpt to)\\s*:?\\s*(?:rcpt to:?)?\\s*<${A}>`),
    rule('The dialogue without brackets', `rcpt to\\s*:\\s*${A}`),
    rule(
      'Failure of delivery to somebody',
      `(?:deliver(?:ed|y)?|sent|send|undeliverable|unable|failed|message|mail|addressed|gateway|delivr\\S*|zugestellt|zustellung|consegna\\S*|recapita\\S*|entrega\\S*|entregue|bezorgd|distribu\\S*|remis\\S*) (?:.{0,60} )?(?:to|for|at|a|à|an|ao|para|al|aan)(?:\\s*:\\s*|\\s)["'<]*${A}`,
    ),
    rule(
      'Somebody is what failed',
      `(?:user|recipient|mailbox|address|account|local mailbox|addressee)[\\s:"'<(]{1,4}${A}`,
    ),
    rule('The answer of the other side', `\\b[45]\\d\\d[ -](?:[45]\\.\\d{1,3}\\.\\d{1,3} )?.{0,80}?<${A}>`),
    rule(
      'The answer of the other side, without brackets',
      `\\b[45]\\d\\d[ -](?:[45]\\.\\d{1,3}\\.\\d{1,3} )?["']?${A}`,
    ),
    rule(
      'An address and its trouble',
      `${A}[>"']?\\S{0,2} (?:failed|does not|doesn't|is not|was not|could not|cannot|unknown|has been|is unavailable|did not)`,
    ),
  ],
  [
    rule('A recipient by its header field', `^\\s*(?:to|an|à|a|para|cc)\\s*:\\s*(?:[^<>@]{0,80}<)?${A}`),
    rule('Anybody in brackets', `<${A}>`),
    rule('Anybody', `(?:^|\\s|["'(])${A}`),
  ],
];
