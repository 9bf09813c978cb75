// Accounts: sessions, second factor, passkeys, single sign-on, keys, administration.
import { Authenticator, totp } from "./authenticator.mjs";
import { ask, json, me, PASSWORD, provider, PUBLIC, server, signIn } from "./replay.mjs";

export async function replayAccounts() {
  const first = await ask("register", 201, json({ username: "admin", password: PASSWORD, bootstrapToken: server.token }));
  const admin = await signIn("admin");
  me.as = admin.as;
  await ask("register", 409, json({ username: "admin", password: PASSWORD }));
  await ask("login", 401, { as: {}, ...json({ username: "admin", password: "not this one at all" }) });
  await ask("refresh", 401, { as: {}, ...json({ refreshToken: "not one" }) });
  await ask("refresh", 200, { as: {}, ...json({ refreshToken: admin.refreshToken }) });
  await ask("signingKeys", 200, { as: {} });
  await ask("whoAmI", 200);
  await ask("showQuotas", 200);
  await ask("forgotPassword", 202, { as: {}, ...json({ email: "nobody@example.com" }) });
  await ask("exportAccount", 200);
  await ask("removeAccount", 409, json({ password: PASSWORD }));

  const user = (await ask("createUser", 201, json({ username: "grace", password: PASSWORD, role: "user" }))).json;
  const path = { id: user.id };
  await ask("createUser", 409, json({ username: "grace", password: PASSWORD }));
  await ask("listUsers", 200, { query: { limit: "1" } });
  await ask("showUser", 200, { path });
  await ask("changeUser", 200, { path, ...json({ email: "grace@example.com" }) });
  await ask("changeUser", 409, { path: { id: first.json.user.id }, ...json({ role: "viewer" }) });
  await ask("removeUser", 409, { path: { id: first.json.user.id } });
  await ask("showUsersQuotas", 200, { path });
  await ask("setUsersQuotas", 200, { path, ...json({ storageBytes: 5000000000, jobs: null }) });
  await ask("setUsersQuotas", 200, { path, ...json({}) });
  await ask("setUsersQuotas", 404, json({ jobs: 3 }));
  await replaySecondFactor(path);
  await replayOwnSessions();
  await replayPasskeys();
  await replaySingleSignOn();
  const reset = (await ask("allowPasswordReset", 201, { path })).json;
  await ask("resetPassword", 204, { as: {}, ...json({ token: reset.token, newPassword: "copper lantern harbour" }) });
  await ask("signOutUser", 200, { path });
  await ask("removeUser", 204, { path });

  await ask("listInvitations", 200);
  const invitation = (await ask("createInvitation", 201, json({ role: "user", note: "for Ada" }))).json;
  await ask("withdrawInvitation", 204, { path: { id: invitation.id } });
  await replayKeys(first.json.apiKey);
  for (const id of ["listAudit", "exportAudit", "verifyAudit", "listBlocked"]) await ask(id, 200);
  await ask("exportAudit", 400, { query: { cursor: "x" } });
}

async function replaySecondFactor(path) {
  const grace = await signIn("grace");
  const as = grace.as;
  await ask("confirmSecondFactor", 409, { as, ...json({ code: "123456" }) });
  await ask("removeSecondFactor", 409, { as, ...json({ password: PASSWORD, code: "123456" }) });
  const { secret } = (await ask("enrolSecondFactor", 200, { as, ...json({ password: PASSWORD }) })).json;
  const codes = (await ask("confirmSecondFactor", 200, { as, ...json({ code: totp(secret) }) })).json.recoveryCodes;
  await ask("enrolSecondFactor", 409, { as, ...json({ password: PASSWORD }) });
  await ask("removeSecondFactor", 204, { as, ...json({ password: PASSWORD, code: codes[0] }) });
  await ask("removeUsersSecondFactor", 204, { path });
}

async function replayPasskeys() {
  const key = new Authenticator(PUBLIC);
  const options = async () => (await ask("passkeyOptions", 200, json({ password: PASSWORD }))).json.challenge;
  const add = async (want) => ask("addPasskey", want, json({ name: "phone", credential: key.create(await options()) }));
  const password = json({ password: PASSWORD });
  await ask("demandPasskey", 409, password);
  await ask("waivePasskey", 409, password);
  const made = (await add(201)).json;
  await add(409);
  await ask("demandPasskey", 204, password);
  await ask("removePasskey", 409, { path: { id: made.id } });
  const half = (await ask("login", 401, { as: {}, ...json({ username: "admin", password: PASSWORD }) })).json;
  await signIn("admin", { credential: key.get(half.passkeyOptions.challenge) });
  const asked = (await ask("waivePasskey", 401, password)).json;
  await ask("waivePasskey", 204, json({ password: PASSWORD, credential: key.get(asked.passkeyOptions.challenge) }));
  await ask("listPasskeys", 200);
  const challenge = (await ask("passkeySignInOptions", 200, { as: {} })).json.challenge;
  const credential = key.get(challenge);
  await ask("passkeySignIn", 200, { as: {}, ...json({ credential }) });
  await ask("passkeySignIn", 401, { as: {}, ...json({ credential }) });
  await ask("removePasskey", 204, { path: { id: made.id } });
}

async function replaySingleSignOn() {
  await ask("listProviders", 200, { as: {} });
  const query = { provider: "sso", return: "/" };
  await ask("beginProviderSignIn", 400, { as: {}, query: { ...query, return: "https://elsewhere.example" } });
  await ask("beginProviderSignIn", 404, { as: {}, query: { provider: "another" } });
  const left = await ask("beginProviderSignIn", 303, { as: {}, query });
  const back = new URL(await provider.signIn(left.headers.location, "marie"));
  const headers = { Cookie: left.headers["set-cookie"].map((line) => line.split(";")[0]).join("; ") };
  await ask("endProviderSignIn", 303, { as: {}, query: Object.fromEntries(back.searchParams), headers });
  await ask("linkProvider", 200, json({ provider: "sso" }));
  await ask("linkProvider", 404, json({ provider: "another" }));
}

async function replayOwnSessions() {
  const { as, sessionId } = await signIn("grace");
  await ask("listSessions", 200, { as });
  await ask("endSessions", 200, { as, query: { except: "current" } });
  await ask("endSessions", 400, { as, query: { except: "x" } });
  await ask("endSession", 204, { as, path: { id: sessionId } });
  const again = await signIn("grace");
  await ask("logout", 204, { as: again.as, ...json({ refreshToken: again.refreshToken }) });
  await ask("changePassword", 204, { as: (await signIn("grace")).as, ...json({ currentPassword: PASSWORD, newPassword: "copper lantern harbour" }) });
  await ask("createUser", 201, json({ username: "leaver", password: PASSWORD }));
  await ask("removeAccount", 204, { as: (await signIn("leaver")).as, ...json({ password: PASSWORD }) });
}

async function replayKeys(strong) {
  const weak = (await ask("createKey", 201, json({ name: "weak", scopes: ["read:keys", "write:keys"] }))).json;
  const path = { id: weak.id };
  await ask("listKeys", 200);
  await ask("showKey", 200, { path });
  await ask("changeKey", 200, { path, ...json({ name: "weaker" }) });
  await ask("changeKey", 409, { path, as: { "x-api-key": weak.key }, ...json({ scopes: [] }) });
  await ask("revokeKey", 409, { path: { id: strong.id }, as: { "x-api-key": weak.key } });
  await ask("rotateKey", 409, { path: { id: strong.id }, as: { "x-api-key": weak.key }, ...json({}) });
  await ask("rotateKey", 200, { path, ...json({ overlapSeconds: 60 }) });
  await ask("revokeKey", 204, { path });
}
