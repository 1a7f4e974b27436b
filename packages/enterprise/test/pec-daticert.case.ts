// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

type ReceiptType =
  | 'accettazione'
  | 'non-accettazione'
  | 'presa-in-carico'
  | 'avvenuta-consegna'
  | 'errore-consegna'
  | 'preavviso-errore-consegna'
  | 'rilevazione-virus';
type ReceiptError = 'nessuno' | 'no-dest' | 'no-dominio' | 'virus' | 'altro';

/** What a receipt is about. */
export interface ReceiptOptions {
  readonly type: ReceiptType | 'posta-certificata';
  /** @defaultValue what goes with the type: `nessuno`, or `altro` for those that tell of a failure */
  readonly error?: ReceiptError;
  /** `errore-esteso`. @defaultValue one for each failure */
  readonly errorDetail?: string | null;
  /** With brackets. @defaultValue <order-1@proxy.example> */
  readonly reference?: string;
  /** Whether daticert.xml has it too. @defaultValue true */
  readonly hasMsgid?: boolean;
  /** @defaultValue shop@pec.example.com */
  readonly sender?: string;
  /** @defaultValue anna@pec.example.org */
  readonly recipients?: readonly (string | ExternalRecipient)[];
  /** `consegna`. @defaultValue the first recipient where the type is about one, null elsewhere */
  readonly recipient?: string | null;
  /** `ricezione`. @defaultValue all recipients of a presa-in-carico, none elsewhere */
  readonly receivedFor?: readonly string[];
  /** @defaultValue completa of an avvenuta-consegna, null elsewhere */
  readonly form?: 'completa' | 'breve' | 'sintetica' | null;
  /** Milliseconds since the epoch. @defaultValue 2026-03-02 10:15:30 +0100 */
  readonly at?: number;
  /** @defaultValue +0100 */
  readonly zone?: string;
  /** Of the certified mail. @defaultValue Order 1 & more */
  readonly subject?: string;
  /** @defaultValue one of the reference, the type and the recipient */
  readonly identifier?: string;
  /** Longer than it may take: `errore-consegna` of the 24 hours, and its notice. @defaultValue that of a preavviso */
  readonly isOverTime?: boolean;
}

export interface ExternalRecipient {
  readonly external: string;
}

/** All of a receipt, with what its options leave open. */
export type ReceiptFacts = Required<ReceiptOptions> & { readonly provider: string; readonly domain: string };

const ABOUT_ONE = ['avvenuta-consegna', 'errore-consegna', 'preavviso-errore-consegna'];
const FAILURES = ['non-accettazione', ...ABOUT_ONE.slice(1), 'rilevazione-virus'];

export function factsOf(options: ReceiptOptions, domain: string): ReceiptFacts {
  const { type, reference = '<order-1@proxy.example>', recipients = ['anna@pec.example.org'] } = options;
  const { isOverTime = type === 'preavviso-errore-consegna' } = options;
  const addresses = recipients.map(addressOf);
  const usual = type === 'rilevazione-virus' ? 'virus' : FAILURES.includes(type) ? 'altro' : 'nessuno';
  const error = options.error ?? usual;
  const recipient = options.recipient ?? (ABOUT_ONE.includes(type) ? (addresses[0] ?? null) : null);
  const provider = `Gestore di ${domain} S.p.A.`;
  return {
    error,
    errorDetail: detailOf(error, isOverTime, provider),
    reference,
    hasMsgid: true,
    sender: 'shop@pec.example.com',
    recipients,
    receivedFor: type === 'presa-in-carico' ? addresses : [],
    form: type === 'avvenuta-consegna' || type === 'posta-certificata' ? 'completa' : null,
    at: Date.UTC(2026, 2, 2, 9, 15, 30),
    zone: '+0100',
    subject: 'Order 1 & more',
    identifier: `${[reference, type, recipient ?? ''].join('-').replace(/[^a-z0-9]+/gi, '.')}@${domain}`,
    isOverTime,
    provider,
    domain,
    ...defined(options),
    recipient: options.recipient === undefined ? recipient : options.recipient,
  };
}

export function addressOf(recipient: string | ExternalRecipient): string {
  return typeof recipient === 'string' ? recipient : recipient.external;
}

/** RFC 6109, 4.4. */
export function daticertOf(facts: ReceiptFacts): string {
  const { day, time } = localTime(facts);
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<postacert tipo="${facts.type}" errore="${facts.error}">`,
    '  <intestazione>',
    element('mittente', facts.sender),
    ...facts.recipients.map((each) =>
      element(`destinatari tipo="${typeof each === 'string' ? 'certificato' : 'esterno'}"`, addressOf(each)),
    ),
    element('risposte', facts.sender),
    element('oggetto', facts.subject),
    '  </intestazione>',
    '  <dati>',
    element('gestore-emittente', facts.provider),
    `    <data zona="${facts.zone}"><giorno>${day}</giorno><ora>${time}</ora></data>`,
    element('identificativo', facts.identifier),
    ...(facts.hasMsgid ? [element('msgid', facts.reference)] : []),
    ...(facts.form === null ? [] : [`    <ricevuta tipo="${facts.form}" />`]),
    ...(facts.recipient === null ? [] : [element('consegna', facts.recipient)]),
    ...facts.receivedFor.map((address) => element('ricezione', address)),
    ...(facts.errorDetail === null ? [] : [element('errore-esteso', facts.errorDetail)]),
    '  </dati>',
    '</postacert>',
  ];
  return `${lines.join('\r\n')}\r\n`;
}

/** In the zone of the provider. */
export function localTime({ at, zone }: Pick<ReceiptFacts, 'at' | 'zone'>): {
  readonly day: string;
  readonly time: string;
} {
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3, 5));
  const local = new Date(at + (zone.startsWith('-') ? -minutes : minutes) * 60_000).toISOString();
  const [year, month, date] = local.slice(0, 10).split('-');
  return { day: `${date}/${month}/${year}`, time: local.slice(11, 19) };
}

function detailOf(error: ReceiptError, isOverTime: boolean, provider: string): string | null {
  if (isOverTime) return `5.4.1 - ${provider} - tempo massimo superato`;
  switch (error) {
    case 'nessuno':
      return null;
    case 'no-dest':
      return `5.1.1 - ${provider} - indirizzo non valido`;
    case 'no-dominio':
      return `5.1.2 - ${provider} - dominio non valido`;
    case 'virus':
      return `5.7.0 - ${provider} - virus rilevato`;
    case 'altro':
      return `5.2.2 - ${provider} - casella piena`;
    default:
      return error satisfies never;
  }
}

/** Without those that are there and undefined. */
function defined(options: ReceiptOptions): ReceiptOptions {
  // The keys are those of the options themselves.
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as unknown as ReceiptOptions;
}

function element(opening: string, text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return `    <${opening}>${escaped}</${opening.split(' ')[0]}>`;
}
