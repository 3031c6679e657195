// Drives @wecom/crypto (the package that WeCom's own developers publish): one JSON request on stdin, one JSON answer on stdout.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const { decrypt, encrypt, getSignature } = createRequire(import.meta.url)("@wecom/crypto");

const request = JSON.parse(readFileSync(0, "utf8"));
const answer = { sealed: [], opened: [] };
for (const { message, timestamp, nonce } of request.seal) {
  const encrypted = encrypt(request.key, message, request.corp);
  answer.sealed.push({ encrypted, signature: getSignature(request.token, timestamp, nonce, encrypted) });
}
for (const { encrypted, timestamp, nonce } of request.open) {
  const { message, id } = decrypt(request.key, encrypted);
  answer.opened.push({ message, corp: id, signature: getSignature(request.token, timestamp, nonce, encrypted) });
}
process.stdout.write(JSON.stringify(answer));
