<?php
// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Posts one message and waits for its outcome: php submit.php ORDER ADDRESS
declare(strict_types=1);

/** @return array{int, array} the status, 0 where nothing answered, and the answer */
function call(string $method, string $path, ?array $body = null, array $headers = []): array
{
    $url = getenv('GMP_URL') ?: 'http://127.0.0.1:8000';
    $headers[] = 'Authorization: Bearer ' . getenv('GMP_API_TOKEN');
    $headers[] = 'Content-Type: application/json';
    $http = ['method' => $method, 'header' => $headers, 'ignore_errors' => true, 'timeout' => 30];
    if ($body !== null) {
        $http['content'] = json_encode($body, JSON_THROW_ON_ERROR);
    }
    $text = @file_get_contents($url . $path, false, stream_context_create(['http' => $http]));
    if ($text === false) {
        return [0, []];
    }
    preg_match('/^HTTP\/\S+ (\d+)/', $http_response_header[0], $found);
    return [(int) $found[1], json_decode($text, true) ?? []];
}

[, $order, $address] = $argv;
$id = "order-$order";
$message = [
    'id' => $id,
    'from' => 'shop@shop.example',
    'to' => $address,
    'subject' => "Your order $order",
    'text' => 'It is on its way.',
];

for ($attempt = 1; ; $attempt++) {
    // A second request with this key is answered as the first one.
    [$status, $answer] = call('POST', '/v1/messages', $message, ["Idempotency-Key: $id"]);
    if ($status === 202) {
        break;
    }
    if ($attempt === 5 || !in_array($status, [0, 429, 502, 503, 504], true)) {
        fwrite(STDERR, "refused: $status " . json_encode($answer) . "\n");
        exit(1);
    }
    sleep($attempt);
}

do {
    usleep(500_000);
    [$status, $stored] = call('GET', "/v1/messages/$id");
} while ($status === 200 && $stored['state'] !== 'final');
echo "$id: " . ($stored['result'] ?? "not known, $status") . "\n";
