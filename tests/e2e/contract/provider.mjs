// A certified OpenID Connect provider (oidc_provider.mjs) and a person who signs in there, form by form.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export class IdentityProvider {
  static async start(redirectUri) {
    const provider = new IdentityProvider();
    provider.redirectUri = redirectUri;
    const script = fileURLToPath(new URL("../oidc_provider.mjs", import.meta.url));
    provider.process = spawn(process.execPath, [script, redirectUri, "https://api.videos.example"], { stdio: ["pipe", "pipe", "ignore"] });
    provider.issuer = await new Promise((resolve) => provider.process.stdout.once("data", (text) => resolve(text.toString().trim())));
    return provider;
  }

  // From the address that a browser is sent to, to the address with which it comes back.
  async signIn(address, name) {
    const cookies = new Map();
    const forms = [`prompt=login&login=${name}&password=x`, "prompt=consent"];
    let body;
    for (let step = 0; step < 20; ++step) {
      const cookie = [...cookies].map(([key, value]) => `${key}=${value}`).join("; ");
      const answer = await fetch(address, { redirect: "manual", method: body ? "POST" : "GET", headers: { cookie, ...(body && { "Content-Type": "application/x-www-form-urlencoded" }) }, body });
      // All fields in one line: node 18 has no getSetCookie. A comma between two is followed by a name and "=".
      for (const line of (answer.headers.get("set-cookie") ?? "").split(/,\s*(?=[^;,\s]+=)/).filter(Boolean)) {
        const [, key, value] = /^([^=]+)=([^;]*)/.exec(line);
        cookies.set(key, value);
      }
      const next = answer.headers.get("location");
      if (next?.startsWith(this.redirectUri)) return next;
      if (next) [address, body] = [new URL(next, address).href, undefined];
      else body = forms.shift(); // a page with a form, which is sent to itself
      if (!next && !body) throw new Error(`the provider stays at ${address}: ${(await answer.text()).slice(0, 300)}`);
    }
    throw new Error("the provider goes round in circles");
  }

  stop() {
    this.process.stdin.end();
  }
}
