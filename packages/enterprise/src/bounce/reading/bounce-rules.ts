// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/**
 * What mail servers write around a bounce, as data. All patterns run in linear time and see one subject, one line or the
 * first characters of a text, in the form of `wordsOf`: lower case, no accents, white space as one blank.
 */

/** Whose mail it is, by address or name. */
export const DAEMON_SENDERS: readonly RegExp[] = [
  /mailer[- ]?daemon/,
  /post-?_?master@/,
  /\bpostmaster\b/,
  /mail delivery/,
  /mail\.delivery/,
  /delivery (?:subsystem|system|service|agent|notification|status)/,
  /deliver system/,
  /(?:system|mail|mmsc ndr) administrator/,
  /mail_service/,
  /mdaemon|mailsweeper|mail-daemon/,
  /smtp_gateway/,
  /^<>$|^$/,
  /\bndr@|\bbounces?@|microsoftexchange|exchange_?system/,
  /mail system|mailsystem|internet mail/,
  /complaints@.*amazonses|@bounce/,
];

/** By the address alone, or by the empty one. */
export const DAEMON_ADDRESS = /mailer-?daemon|post-?_?master|^<>$|<>$|microsoftexchange|mdaemon@/;

/** Subjects of bounces and delay notices. */
export const BOUNCE_SUBJECTS: readonly RegExp[] = [
  /undeliver(?:able|ed)|non-?deliver(?:y|able|ed)|not deliver(?:ed|able)|can(?:'t|not) (?:be )?deliver/,
  /delivery (?:status|failure|failed|report|notification|problem|error|delayed|has failed|unsuccessful)/,
  /(?:mail|message) (?:delivery|system|status|could not|not delivered|failure|error|undeliver)/,
  /returned (?:mail|to sender|email|message)|return(?:ed|ing) (?:mail|message)|failure (?:notice|delivery)|failed (?:mail|delivery|message)/,
  /could not be (?:sent|delivered)|couldn't be delivered|unable to deliver|error during delivery|bounced? (?:mail|message)|bounce notification/,
  /delayed mail|message delayed|mail delayed|delivery delayed|not yet been delivered|warning: (?:could not send|message)/,
  /nameserver error report|user unknown|mail error|mail failure|mailbox full|undeliverable mail/,
  /^(?:ndn|ndr|dsn):|loop alert|are not member|not a member|rejected: |address not found|your message to .* (?:couldn't|could not)/,
  /unzustellbar|nicht zugestellt|zustellung|nicht zustellbar|zustellungsfehler|zur(?:ue|u)ck an (?:den )?absender|unzustellbarkeit/,
  /non remis|echec de (?:la )?(?:remise|livraison|distribution)|non distribu|non delivre|avis de non|retour de (?:mail|message)|notification d'echec|impossible de (?:remettre|distribuer)/,
  /mancat[ao] (?:consegna|recapito)|impossibile recapitare|non recapitabil|consegna fallita|mancato recapito|recapito del messaggio|non consegnat|errore di consegna/,
  /no se (?:puede|pudo|ha podido) entregar|no entregado|error de entrega|fallo (?:en la|de) entrega|devuelto|notificacion de estado de entrega|correo devuelto/,
  /nao (?:entregue|foi entregue|pode ser entregue)|falha na entrega|mensagem devolvida|retorno de mensagem|notificacao de status de entrega/,
  /onbestelbaar|niet (?:bezorgd|afgeleverd)|bezorging|niewyslan|niedostarczon|nie dostarczon|zwrot|nedorucen|kan niet worden/,
  /kunde inte levereras|ikke leveres|kunne ikke leveres|leveringsfejl|levering mislyktes|toimitus epaonnistui|ei voitu toimittaa|kezbesithetetlen|teslim edilemedi/,
  /недостав|не доставлен|не может быть доставлен|ошибка доставки|не удалось доставить|возврат|mail failure|сообщение не доставлено/,
  /配信不能|送信エラー|エラーメール|配信エラー|送信できません|届けられません|配送できません|送信失敗|配信失敗|未配信|メールが送信できません|不達/,
  /退信|投递失败|无法投递|无法发送|发送失败|系统退信|传送失败|無法傳遞|傳送失敗|未送达|邮件发送/,
  /반송|배달 실패|전송 실패|전송되지/,
];

/** What the body of a bounce says of itself, near its beginning. */
export const BOUNCE_PHRASES: readonly RegExp[] = [
  /(?:could|can|cannot|can't|may|was|were|has|have|did|is)(?: ?not|n't|n ot)?(?: be| been| yet)? (?:un)?(?:deliver|reach|sent|send)/,
  /(?:message|mail) not delivered|error has occurred while attempting|delivery errors/,
  /(?:unable|failed|failure|not able|impossible|attempts?) (?:to )?(?:deliver|send|reach)|undeliver(?:able|ed)|failed recipient|delivery (?:failed|to the following|problem|has failed|failure|error|status)/,
  /following (?:address|recipient|message|user|e-?mail|mail)\S* (?:\S+ ){0,6}(?:fail|had|could|have|was|did|problem|error|rejected|delivery)/,
  /(?:permanent|fatal|delivery|transient)(?: fatal| delivery)? errors?|had delivery problems|transcript of session|addresses? failed/,
  /returned (?:to (?:the )?sender|mail|message|below)|message returned|returning (?:your )?message|was not accepted|not be (?:processed|completed|accepted)/,
  /invalid final delivery userid|unknown user:|mailbox (?:is )?full|over ?quota|quota exceed|user unknown|no such user|unknown recipient|recipient (?:was )?rejected|recipient name is not recognized/,
  /was rejected|were rejected|been rejected|did not exactly match|message looping|duplicated message-id|not a member of|response from the (?:server|recipient)|generated (?:the )?following response/,
  /no(?:t|n)? collected after|address(?:es)? (?:not found|could|couldn't)|couldn't be (?:found|delivered)|wasn't found|will not be delivered|not accept(?:ing|ed) (?:mail|messages)/,
  /konnte (?:\S+ ){0,8}(?:nicht|keine?) (?:\S+ ){0,8}(?:zugestellt|zustell|ausgeliefert|ubermittelt|gesendet|ubertragen)|nicht (?:\S+ ){0,3}zugestellt|unzustellbar|zustellung (?:\S+ ){0,6}fehlgeschlagen|nicht erreich/,
  /n'a pas (?:pu|ete|encore)(?: etre)? (?:delivr|remis|distribu|envoy|achemin)|n'a pu etre|pas pu etre|echec de la (?:remise|distribution|livraison)|impossible de (?:remettre|distribuer|delivrer)|n'ont pas pu/,
  /non (?:e stato|e possibile|puo essere|e' stato|e' possibile|ha potuto)(?: possibile)? (?:consegna|recapita|invia|essere)|impossibile (?:recapitare|consegnare|inviare)|mancata consegna|non ha raggiunto/,
  /no (?:se )?(?:pudo|ha podido|puede|fue posible|ha sido posible|se pudo)(?: ser)? (?:entrega|enviar|ser entregad|completar)|no fue entregado|no se entrego|no ha podido/,
  /nao (?:pode|foi|pude|puderam|podem)(?: possivel)?(?: ser)? (?:entreg|envia|ser)|falha na entrega|nao foi possivel/,
  /kon niet (?:\S+ ){0,4}(?:bezorgd|afgeleverd)|niet worden (?:bezorgd|afgeleverd)|nie (?:mogla|mozna|moze|zostala) (?:\S+ ){0,3}(?:dostarcz|dorecz)|nebylo mozne dorucit|kunde inte levereras|kunne ikke leveres|ei voitu toimittaa|teslim edilemedi/,
  /не (?:может|могло|удалось|было|был|была)(?: быть)? (?:доставлен|доставить|отправлен|принят)|не доставлен|недоставлен/,
  /送信できません|配信できません|配送できません|届けることができません|お届けできません|届きません|送れません|送信に失敗|配信に失敗|エラーのため|配信不能|送信されませんでした/,
  /无法(?:被)?(?:投递|送达|发送|投遞)|投递失败|退信|退回|未能送达|发送失败|無法(?:傳遞|投遞|傳送)|被退回/,
  /전송되지 못|배달할 수 없|전달할 수 없|반송/,
];

/** Only late, not failed. */
export const DELAY_PHRASES: readonly RegExp[] = [
  /(?:has|have) not yet been (?:delivered|collected)|not yet delivered|still being (?:retried|tried)|will (?:be retried|continue|keep) (?:to |trying|for|attempt)?|(?:delivery )?attempts will continue/,
  /warning message only|this is (?:just |only )?a warning|do not need to resend|delivery (?:to the following recipients? )?(?:has been |is )?delayed|message (?:is |has been )?delayed|will retry|keep trying|has been delayed/,
  /delivery attempts will (?:continue|be)|no action is required on your part|will be attempted|still trying|temporarily deferred and will|not been delivered yet|were delayed/,
  /verzogert|noch nicht zugestellt|weitere zustellversuche|n'a pas encore (?:ete|pu)|retarde|sera retente|ritardat[ao]|non e ancora stato|retrasad|aun no se ha|atrasad|ainda nao foi/,
  /配信が遅れ|遅延|再送を試み|ещё не (?:был|доставлен)|еще не (?:был|доставлен)|задерж|попытки доставки будут/,
];

/** It has failed all the same. */
export const FAILED_PHRASES: readonly RegExp[] = [
  /permanent (?:fatal )?error|failed permanently|i've given up|giving up|will not be retried|will be deleted from queue|could not be delivered for|no further attempts|not going to try again/,
  /fatal errors|have failed|has failed|delivery failed|undeliverable|returned to sender|will not (?:be|continue)/,
];

export const DELAY_SUBJECTS =
  /delay|warning: (?:could not send|message)|still being retried|not yet|verzoger|retard|ritard|aplazad|遅延|задерж/;

/** A mail server is content, and says so; what it says of failures beside that counts more. */
export const SUCCESS_SUBJECTS =
  /\bsuccess(?:ful(?:ly)?)?\b|\bsucceeded\b|^(?:delivered|relayed|expanded|zugestellt|remis|consegnato|entregado)\s*:/;
export const SUCCESS_PHRASES =
  /(?:was|were|has been|have been) (?:successfully )?(?:delivered|relayed|expanded) (?:successfully )?(?:to|by|with)|successfully (?:delivered|relayed|expanded)|delivery succeeded/;

/** A list tells its owner what it does about bounces, or a member what became of his wish. */
export const LIST_SUBJECTS =
  /^(?:bounce action notification|uncaught bounce notification)|(?:un)?subscri(?:be|ption) notification$/;

/** Somebody's answering machine. */
export const AUTOREPLY_SUBJECTS: readonly RegExp[] = [
  /^(?:\[?auto(?:matic|mated|matische|matisch|mated)?[ -]?(?:e-?mail )?(?:re(?:ply|sponse|sponder)|antwort(?:en)?|svar|vastaus|odpowiedz|message)|auto:|autoreply|autosvar|antwort:? automatisch)/,
  /out[ -]of[ -](?:the[ -])?office|\booo\b|on vacation|vacation (?:reply|message|response|notice)|away from (?:my|the) (?:mail|office|desk)|on leave|on holiday|currently away|is away/,
  /abwesen|abwesend|nicht im (?:buro|haus)|urlaub|im urlaub/,
  /reponse automatique|absence du bureau|absent du bureau|message d'absence|absence:/,
  /risposta automatica|fuori (?:sede|ufficio)|assente|assenza|in ferie/,
  /respuesta automatica|fuera de (?:la )?oficina|ausente|contestacion automatica/,
  /resposta automatica|fora do escritorio|ausencia/,
  /automatisch antwoord|afwezig|niet aanwezig|autoodpowiedz|odpowiedz automatyczna|automaticka odpoved|otomatik yanit/,
  /автоответ|автоматический ответ|отсутств|в отпуске/,
  /自動応答|自動返信|不在|休暇|外出中|自动回复|自動回覆|不在办公室|자동 회신|부재중/,
];

/** Somebody wants to be sure that a person writes. */
export const CHALLENGE_PHRASES: readonly RegExp[] = [
  /(?:confirm|verify|authenticate|validate) (?:\S+ ){0,6}(?:sender|your message|your e-?mail|you are (?:a )?human|delivery of)/,
  /challenge[ /-]response|spam ?arrest|boxbe|earthlink.*spamblocker|mail ?block|tmda|active spam killer|click (?:\S+ ){0,4}(?:link|here|below) (?:\S+ ){0,6}(?:deliver|release|verify|confirm|allow)/,
  /your (?:message|e-?mail) (?:\S+ ){0,6}(?:is being held|held (?:for|until|pending)|awaits|awaiting|requires confirmation|has been quarantined)|to release your message/,
];

/** Where the server's own words end and the mail that it returns begins. Sees a line as it came, in lower case. */
export const ORIGINAL_MARKS: readonly RegExp[] = [
  /^[\s>*=_-]*(?:this is (?:a )?copy of|below (?:this line )?is (?:a|the) copy|here is a copy|included is a copy|a copy of (?:the|your) (?:original )?message|the following is a copy)/,
  /^[\s>*=_-]*(?:start of returned|(?:unsent|returned|original|undelivered|undeliverable|rejected|failed) (?:message|mail|e-?mail|msg)(?:$| text|\b.*(?:follow|below|header|attached|-{3,})))/,
  /^[\s>*=_-]{2,}(?:original message|unsent message|returned message|returned mail|message header|message contents|message text|the (?:header|headers|body|message)|original mail info|forwarded message|mail message|message follows|the header)/,
  /(?:original|unsent|your|undelivered) (?:message|mail)(?: as received)?(?: is| as)? (?:follows|is attached|attached|below)/,
  /^-+ *(?:below|message body|original|original message|message headers?|returned|included|unsent) .*-*$/,
  /^-{2,} ?(?:begin|start) of .*(?:message|mail)/,
  /the header(?:s)? (?:and|of) .*(?:follow|message)/,
  /^\s*(?:the )?(?:message|original|returned) (?:headers?|message|mail)(?: and body)? follows?\.?:?\s*$|^\s*(?:original|returned|unsent) (?:message|mail|e-?mail)\s*:?\s*$|^\s*bounced e-?mail:\s*$/,
  /^-+ *mensaje original|^-+ *mensagem original|^-+ *message d'origine|^-+ *messaggio originale|^-+ *ursprungliche nachricht|^-+ *oorspronkelijk|kopie der (?:nachricht|mail)|copie du message|copia del messaggio|copia del mensaje/,
  /原メール|元のメッセージ|オリジナル|原始邮件|原邮件|原信|исходное сообщение|копия (?:вашего )?(?:сообщения|письма)/,
];

/** Header fields with which a returned mail begins where nothing marks it. */
export const ORIGINAL_FIELDS =
  /^>?(?:received|return-path|x-original-to|delivered-to|dkim-signature|x-received|domainkey-signature|mime-version|message-id|x-mailer|content-type|authentication-results|arc-seal) ?:/;
