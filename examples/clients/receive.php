<?php
// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// An endpoint for reports: php -S 127.0.0.1:PORT receive.php, with the signing secret in WEBHOOK_SECRET
declare(strict_types=1);

function isSigned(string $body): bool
{
    $timestamp = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    if (!ctype_digit($timestamp) || abs(time() - (int) $timestamp) > 300) {
        return false;
    }
    $key = base64_decode(preg_replace('/^whsec_/', '', (string) getenv('WEBHOOK_SECRET')));
    $signed = ($_SERVER['HTTP_WEBHOOK_ID'] ?? '') . ".$timestamp.$body";
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', $signed, $key, true));
    foreach (explode(' ', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $given) {
        if ($key !== '' && hash_equals($expected, $given)) {
            return true;
        }
    }
    return false;
}

// The bytes that came: JSON that was parsed and written again is another text.
$body = (string) file_get_contents('php://input');
if (!isSigned($body)) {
    http_response_code(401);
    return;
}
foreach (json_decode($body, true)['delivery_report'] as $event) {
    // The same event may come twice, since an answer may be lost: pass over an event_id that you stored with what it changed.
    file_put_contents('php://stdout', "{$event['id']}: {$event['event']}\n");
}
header('content-type: application/json');
echo '{"ok": true}';
