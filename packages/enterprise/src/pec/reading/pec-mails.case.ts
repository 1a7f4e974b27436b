// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** What a written daticert.xml says; null leaves an element out. */
export interface WrittenDaticert {
  readonly tipo: string;
  readonly errore?: string;
  readonly destinatari?: readonly (readonly [address: string, tipo: string])[];
  readonly giorno?: string;
  readonly ora?: string;
  /** ` zona="+0200"`, with what stands before it. */
  readonly zona?: string;
  readonly identificativo?: string;
  readonly msgid?: string | null;
  readonly ricevuta?: string | null;
  readonly consegna?: string | null;
  readonly ricezione?: readonly string[];
  readonly erroreEsteso?: string | null;
}

/** How a written receipt is packed. */
export interface WrittenReceipt extends WrittenDaticert {
  /** In place of what the rest makes. */
  readonly xml?: string | Uint8Array;
  /** Of the part that has it, in place of the usual ones. */
  readonly partHeader?: string;
  readonly encoding?: 'base64' | 'quoted-printable' | '8bit' | 'binary';
  /** Header fields of the mail; null leaves the usual one out. */
  readonly header?: Readonly<Record<string, string | null>>;
  /** Parts behind daticert.xml, each with its header. */
  readonly more?: readonly string[];
  readonly protocol?: string;
  readonly newline?: '\n' | '\r\n';
  readonly isSigned?: boolean;
}

export const REFERENCE = '<fattura-12@proxy.example>';
export const SENDER = 'ufficio@pec.mittente.example';
export const RECIPIENT = 'studio@pec.destinatario.example';
export const PROVIDER_ADDRESS = 'posta-certificata@pec.gestore.example';

/** A daticert.xml in the form that most providers give it. */
export function daticert({
  tipo,
  errore = 'nessuno',
  destinatari = [[RECIPIENT, 'certificato']],
  giorno = '07/10/2025',
  ora = '09:05:01',
  zona = ' zona="+0200"',
  identificativo = 'gest11.20251007090501.00042.1@pec.gestore.example',
  msgid = REFERENCE,
  ricevuta = null,
  consegna = null,
  ricezione = [],
  erroreEsteso = null,
}: WrittenDaticert): string {
  const element = (name: string, text: string | null) => (text === null ? '' : `<${name}>${escaped(text)}</${name}>\n`);
  return `<?xml version="1.0" encoding="UTF-8"?>
<postacert tipo="${tipo}" errore="${errore}">
<intestazione>
${element('mittente', SENDER)}${destinatari.map(([address, kind]) => `<destinatari tipo="${kind}">${address}</destinatari>\n`).join('')}${element('risposte', SENDER)}${element('oggetto', 'Fattura & allegati')}</intestazione>
<dati>
${element('gestore-emittente', 'GESTORE PEC S.p.A.')}<data${zona}>
${element('giorno', giorno)}${element('ora', ora)}</data>
${element('identificativo', identificativo)}${element('msgid', msgid)}${ricevuta === null ? '' : `<ricevuta tipo="${ricevuta}" />\n`}${element('consegna', consegna)}${ricezione.map((each) => element('ricezione', each)).join('')}${element('errore-esteso', erroreEsteso)}</dati>
</postacert>
`;
}

/** A receipt as it comes into a mailbox. Its signature is there, and worth nothing. */
export function receiptMail(written: WrittenReceipt): Buffer {
  const { encoding = 'base64', protocol = 'application/pkcs7-signature', isSigned = true, newline = '\r\n' } = written;
  const xml = Buffer.from(written.xml ?? daticert(written));
  const partHeader =
    written.partHeader ??
    'Content-Type: application/xml; name="daticert.xml"\nContent-Disposition: inline; filename="daticert.xml"';
  const words =
    'Content-Type: multipart/alternative; boundary="words"\n\n--words\nContent-Type: text/plain; charset=iso-8859-1\n\nRicevuta\n--words\nContent-Type: text/html\n\n<p>Ricevuta</p>\n--words--';
  const content = Buffer.concat([
    Buffer.from('Content-Type: multipart/mixed; boundary="content"\n\n'),
    Buffer.from(`--content\n${words}\n--content\n${partHeader}\nContent-Transfer-Encoding: ${encoding}\n\n`),
    encoded(xml, encoding),
    Buffer.from((written.more ?? []).map((part) => `\n--content\n${part}`).join('')),
    Buffer.from('\n--content--\n'),
  ]);
  const type = isSigned
    ? `multipart/signed; protocol="${protocol}"; micalg=sha-256; boundary="signed"`
    : 'multipart/mixed; boundary="content"';
  const header = headerOf({
    From: PROVIDER_ADDRESS,
    To: SENDER,
    Subject: 'Ricevuta',
    'X-Ricevuta': written.tipo,
    'X-Riferimento-Message-ID': written.msgid === undefined ? REFERENCE : written.msgid,
    'MIME-Version': '1.0',
    'Content-Type': type,
    ...written.header,
  });
  const mail = isSigned
    ? [
        Buffer.from(`${header}\nThis is signed.\n--signed\n`),
        content,
        Buffer.from(
          '\n--signed\nContent-Type: application/pkcs7-signature; name="smime.p7s"\nContent-Transfer-Encoding: base64\n\nMAA=\n--signed--\n',
        ),
      ]
    : [Buffer.from(header), content.subarray(content.indexOf('\n'))];
  return withNewlines(Buffer.concat(mail), newline);
}

/** The mail of a stranger, as a part of what the provider signs: in the form of a receipt. */
export function attachedMessage(tipo: string): string {
  const mail = receiptMail({ tipo, newline: '\n' }).toString();
  const own = mail.replaceAll(/(--|boundary=")(signed|content|words)\b/g, '$1stranger-$2');
  return `Content-Type: message/rfc822; name="postacert.eml"\n\n${own}`;
}

/** A mail of these fields and this text. */
export function plainMail(header: Readonly<Record<string, string | null>>, body: string): Buffer {
  return Buffer.from(`${headerOf(header)}\n${body}`.replaceAll('\n', '\r\n'));
}

function headerOf(fields: Readonly<Record<string, string | null>>): string {
  return Object.entries(fields)
    .flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}\n`]))
    .join('');
}

function encoded(bytes: Buffer, encoding: WrittenReceipt['encoding']): Buffer {
  if (encoding === 'base64') return Buffer.from(bytes.toString('base64').replaceAll(/.{76}/g, '$&\n'));
  if (encoding !== 'quoted-printable') return bytes;
  const plain = /[\t\n\u0020-<>-~]/;
  const text = bytes
    .toString('latin1')
    .replaceAll(/[\s\S]/g, (each) =>
      plain.test(each) ? each : `=${each.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
    );
  return Buffer.from(text.replaceAll(/(?:=[\dA-F]{2}|[^=\n]){60}/g, '$&=\n'));
}

/** The bytes of other encodings have no line breaks to be changed. */
function withNewlines(mail: Buffer, newline: string): Buffer {
  return newline === '\n' ? mail : Buffer.from(mail.toString('latin1').replaceAll('\n', newline), 'latin1');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
