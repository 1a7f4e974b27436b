// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type CertificateOptions, createCa, createCertificate, type Identity } from './pec-certificates.case.ts';
import { type SigningOptions, signCms } from './pec-cms.case.ts';
import {
  addressOf,
  daticertOf,
  factsOf,
  localTime,
  type ReceiptFacts,
  type ReceiptOptions,
} from './pec-daticert.case.ts';

export type { ReceiptOptions } from './pec-daticert.case.ts';

export interface ProviderOptions {
  /** @defaultValue provider.example */
  readonly domain?: string;
  /** Who issued its certificate. @defaultValue a CA of its own */
  readonly ca?: Identity;
  /** Of its certificate, as a time when it is valid. */
  readonly certificate?: CertificateOptions;
}

export interface MailOptions {
  /** Of the outermost header: instead of what the provider writes, or after it; null leaves it out. */
  readonly headers?: Readonly<Record<string, string | null>>;
  /** Who signs; null for nobody, which makes a plain multipart/mixed. @defaultValue the provider itself */
  readonly signedBy?: Identity | readonly Identity[] | null;
  readonly signing?: SigningOptions;
  /** What is done to daticert.xml before all is signed. */
  readonly daticert?: (xml: string) => string;
  /** What is done to the mail after it is signed. */
  readonly tamper?: (mail: string) => string;
  /** The certified mail, for postacert.eml. @defaultValue a short one */
  readonly original?: string;
  /** Further parts of the signed mail, each with its header, as a daticert.xml of somebody else. */
  readonly moreParts?: readonly string[];
}

/** A provider of certified mail (RFC 6109): what it writes, signed with its key. */
export interface PecProvider {
  readonly domain: string;
  /** Who signs. */
  readonly address: string;
  readonly identity: Identity;
  /** PEM of the CA that its certificate ends in. */
  readonly ca: string;
  /** PEM of its certificate. */
  readonly certificate: string;
  /** A receipt or a notice. */
  receipt(options: ReceiptOptions & MailOptions): Buffer;
  /** Mail of others as it is delivered: `X-Trasporto: posta-certificata`. */
  transport(options?: Partial<ReceiptOptions> & MailOptions): Buffer;
  /** Ordinary mail as it is delivered: `X-Trasporto: errore`. */
  anomaly(options?: Partial<ReceiptOptions> & MailOptions): Buffer;
}

export function createPecProvider({ domain = 'provider.example', ca, certificate }: ProviderOptions = {}): PecProvider {
  const authority = ca ?? createCa({ commonName: `CA of ${domain}` });
  const address = `posta-certificata@${domain}`;
  const identity = createCertificate({
    ...{ commonName: `Posta Certificata ${domain}`, emails: [address], issuer: authority },
    ...certificate,
  });
  const make = (facts: ReceiptFacts, headers: Fields, options: MailOptions): Buffer => {
    const signers = options.signedBy === undefined ? identity : options.signedBy;
    const content = entityOf(facts, options, { hasDaticert: headers['X-Trasporto'] !== 'errore' });
    const body = signers === null ? content : signedEntity(content, [signers].flat(), options);
    const fields = { ...headers, 'MIME-Version': '1.0', ...options.headers };
    const written = Object.entries(fields).flatMap(([name, value]) =>
      value === null ? [] : [`${name}: ${value}\r\n`],
    );
    const mail = written.join('') + body;
    return Buffer.from(options.tamper?.(mail) ?? mail, 'latin1');
  };
  return {
    ...{ domain, address, identity, ca: authority.pem, certificate: identity.pem },
    receipt(options) {
      const facts = factsOf(options, domain);
      return make(facts, receiptFields(facts, address), options);
    },
    transport(options = {}) {
      const facts = factsOf({ type: 'posta-certificata', ...options }, domain);
      const from = `"Per conto di: ${facts.sender}" <${address}>`;
      const to = facts.recipients.map(addressOf).join(', ');
      const kind = { 'X-Trasporto': 'posta-certificata', 'X-TipoRicevuta': facts.form };
      return make(
        facts,
        { ...kind, ...common(facts, from, to), Subject: `POSTA CERTIFICATA: ${facts.subject}` },
        options,
      );
    },
    anomaly(options = {}) {
      const facts = factsOf({ type: 'posta-certificata', form: null, ...options }, domain);
      const from = `"Per conto di: ${facts.sender}" <${address}>`;
      const to = facts.recipients.map(addressOf).join(', ');
      const fields = { 'X-Trasporto': 'errore', ...common(facts, from, to), 'X-Riferimento-Message-ID': null };
      return make(facts, { ...fields, Subject: `ANOMALIA MESSAGGIO: ${facts.subject}` }, options);
    },
  };
}

type Fields = Readonly<Record<string, string | null>>;

/** RFC 6109, 3: what stands before each type, and in its subject. */
function receiptFields(facts: ReceiptFacts, address: string): Fields {
  const isBetweenProviders = facts.type === 'presa-in-carico' || facts.type === 'rilevazione-virus';
  const to = isBetweenProviders ? `ricevute@${facts.sender.split('@')[1]}` : facts.sender;
  const isVirus = facts.error === 'virus' && facts.type !== 'rilevazione-virus';
  return {
    'X-Ricevuta': facts.type,
    ...(facts.type === 'avvenuta-consegna' && { 'X-TipoRicevuta': facts.form }),
    ...(isVirus && { 'X-VerificaSicurezza': 'errore' }),
    ...(facts.type === 'rilevazione-virus' && { 'X-Mittente': facts.sender }),
    ...common(facts, address, to),
    Subject: `${subjectPrefix(facts)}: ${facts.subject}`,
  };
}

function subjectPrefix({ type, error, isOverTime }: ReceiptFacts): string {
  switch (type) {
    case 'accettazione':
      return 'ACCETTAZIONE';
    case 'non-accettazione':
      return error === 'virus' ? 'AVVISO DI NON ACCETTAZIONE PER VIRUS' : 'AVVISO DI NON ACCETTAZIONE';
    case 'presa-in-carico':
      return 'PRESA IN CARICO';
    case 'avvenuta-consegna':
      return 'CONSEGNA';
    case 'errore-consegna':
    case 'preavviso-errore-consegna': {
      if (isOverTime) return 'AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO';
      return error === 'virus' ? 'AVVISO DI MANCATA CONSEGNA PER VIRUS' : 'AVVISO DI MANCATA CONSEGNA';
    }
    case 'rilevazione-virus':
      return 'PROBLEMA DI SICUREZZA';
    case 'posta-certificata':
      return 'POSTA CERTIFICATA';
    default:
      return type satisfies never;
  }
}

function common(facts: ReceiptFacts, from: string, to: string): Fields {
  return {
    Date: new Date(facts.at).toUTCString().replace('GMT', '+0000'),
    From: from,
    To: to,
    'Message-ID': `<${facts.identifier}>`,
    'X-Riferimento-Message-ID': facts.reference,
  };
}

/** The multipart/mixed with what the provider says, daticert.xml, and the mail that it is about. */
function entityOf(
  facts: ReceiptFacts,
  options: MailOptions,
  { hasDaticert }: { readonly hasDaticert: boolean },
): string {
  const xml = options.daticert?.(daticertOf(facts)) ?? daticertOf(facts);
  const parts = [
    alternative(facts),
    ...(hasDaticert ? [base64Part('application/xml', 'daticert.xml', Buffer.from(xml))] : []),
    ...(hasOriginal(facts) ? [originalPart(facts, options)] : []),
    ...(options.moreParts ?? []),
  ];
  const boundary = '----------=_inner';
  const head = `Content-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n`;
  return `${head}${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`;
}

/** A delivery receipt has it unless it is brief of words, an envelope always, no other ever. */
function hasOriginal({ type, form }: ReceiptFacts): boolean {
  return type === 'posta-certificata' || (type === 'avvenuta-consegna' && form !== 'sintetica');
}

function alternative(facts: ReceiptFacts): string {
  const { day, time } = localTime(facts);
  const about = facts.recipient === null ? '' : ` per "${facts.recipient}"`;
  const text = `Il giorno ${day} alle ore ${time} (${facts.zone}) il messaggio${about} =E8 stato elaborato.\r\n`;
  const part = (type: string, body: string) =>
    `Content-Type: ${type}; charset="iso-8859-1"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${body}`;
  const parts = [part('text/plain', text), part('text/html', `<html><body>${text}</body></html>\r\n`)];
  const boundary = '----------=_words';
  const head = `Content-Type: multipart/alternative;\r\n boundary="${boundary}"\r\n\r\n`;
  return `${head}${parts.map((each) => `--${boundary}\r\n${each}`).join('')}--${boundary}--\r\n`;
}

function base64Part(type: string, name: string, content: Buffer): string {
  const head = [
    `Content-Type: ${type}; name="${name}"`,
    `Content-Disposition: inline; filename="${name}"`,
    'Content-Transfer-Encoding: base64',
  ];
  return `${head.join('\r\n')}\r\n\r\n${lines64(content)}`;
}

function originalPart(facts: ReceiptFacts, { original }: MailOptions): string {
  const usual = [
    `From: ${facts.sender}`,
    `To: ${facts.recipients.map(addressOf).join(', ')}`,
    `Subject: ${facts.subject}`,
    `Message-ID: ${facts.reference}`,
    ...['MIME-Version: 1.0', 'Content-Type: text/plain; charset=us-ascii', '', 'Thank you for your order.', ''],
  ].join('\r\n');
  const head =
    'Content-Type: message/rfc822; name="postacert.eml"\r\nContent-Disposition: inline; filename="postacert.eml"';
  return `${head}\r\n\r\n${original ?? usual}`;
}

function signedEntity(content: string, signers: readonly Identity[], { signing }: MailOptions): string {
  const signature = signCms(Buffer.from(content, 'latin1'), signers, signing);
  const boundary = '----B94FD2A89E86E94B7AE78E0A1C965325';
  const head = [
    'Content-Type: multipart/signed; protocol="application/x-pkcs7-signature"; micalg="sha-256";',
    ` boundary="${boundary}"`,
  ];
  const part = [
    'Content-Type: application/x-pkcs7-signature; name="smime.p7s"',
    'Content-Transfer-Encoding: base64',
    'Content-Disposition: attachment; filename="smime.p7s"',
  ];
  return [
    `${head.join('\r\n')}\r\n\r\nThis is an S/MIME signed message\r\n`,
    `${content}`,
    `${part.join('\r\n')}\r\n\r\n${lines64(signature)}`,
  ]
    .join(`\r\n--${boundary}\r\n`)
    .concat(`\r\n--${boundary}--\r\n`);
}

function lines64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/.{1,76}/g, '$&\r\n');
}
