// A passkey of one Ed25519 key: what navigator.credentials would answer (W3C WebAuthn 3, 5.8 and 6.1).
import { createHash, createHmac, generateKeyPairSync, randomBytes, sign } from "node:crypto";

const base64url = (bytes) => Buffer.from(bytes).toString("base64url");

export class Authenticator {
  constructor(origin) {
    this.origin = origin;
    this.pair = generateKeyPairSync("ed25519");
    this.id = randomBytes(20);
    this.count = 0;
  }

  clientData(type, challenge) {
    return Buffer.from(JSON.stringify({ type, challenge, origin: this.origin, crossOrigin: false }));
  }

  // Hash of the relying party, flags (user present and verified), signature counter.
  data(flags) {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(++this.count);
    return Buffer.concat([createHash("sha256").update(new URL(this.origin).hostname).digest(), Buffer.from([5 | flags]), counter]);
  }

  create(challenge) {
    const key = Buffer.from(this.pair.publicKey.export({ format: "jwk" }).x, "base64url");
    // COSE (RFC 9053): an OKP key for EdDSA.
    const cose = Buffer.concat([Buffer.from([0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32]), key]);
    const credential = Buffer.concat([Buffer.alloc(16), Buffer.from([0, this.id.length]), this.id, cose]);
    return {
      id: base64url(this.id),
      type: "public-key",
      response: { clientDataJSON: base64url(this.clientData("webauthn.create", challenge)), authenticatorData: base64url(Buffer.concat([this.data(0x40), credential])) },
    };
  }

  get(challenge) {
    const client = this.clientData("webauthn.get", challenge);
    const data = this.data(0);
    const signature = sign(null, Buffer.concat([data, createHash("sha256").update(client).digest()]), this.pair.privateKey);
    return { id: base64url(this.id), response: { clientDataJSON: base64url(client), authenticatorData: base64url(data), signature: base64url(signature) } };
  }
}

// A code of an authenticator app (RFC 6238).
export function totp(secret) {
  const bits = [...secret].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30000)));
  const hash = createHmac("sha1", key).update(counter).digest();
  const at = hash[19] & 15;
  return String((hash.readUInt32BE(at) & 0x7fffffff) % 1000000).padStart(6, "0");
}
