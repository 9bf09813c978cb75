// The stock tus client (tus-js-client) against `videoforge serve`: a whole upload, one with parallel checks
// of its offset after an abort, and a termination.
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

let tus;
try {
  tus = await import('tus-js-client');
} catch {
  console.log('skipped: tus-js-client is not installed');
  process.exit(77);
}

const folder = mkdtempSync(join(tmpdir(), 'videoforge-tus-'));
const server = spawn(
  process.env.VIDEOFORGE_BIN,
  ['serve', '--data', join(folder, 'data'), '--listen', '127.0.0.1:0', '--workers', '0'],
  { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, VIDEOFORGE_AUTH_RATE_LIMITS: 'false' } },
);

function check(condition, message) {
  if (!condition) throw new Error(message);
}

async function greeting() {
  let port, token;
  for await (const line of createInterface(server.stdout)) {
    port ??= line.match(/answers at http:\/\/[^:]+:(\d+)/)?.[1];
    token ??= line.match(/"bootstrapToken\\?": \\?"([^"\\]+)/)?.[1];
    if (port && token) return { base: `http://127.0.0.1:${port}`, token };
  }
  throw new Error('the server did not start');
}

function upload(bytes, options) {
  return new Promise((resolve, reject) => {
    const answers = [];
    const one = new tus.Upload(bytes, {
      retryDelays: [0, 100, 300, 1000],
      chunkSize: 1_000_000,
      metadata: { filename: 'film ü.mp4', filetype: 'video/mp4', title: 'By tus' },
      onAfterResponse: (_, response) => answers.push(response),
      onError: reject,
      onSuccess: () => resolve({ one, answers }),
      ...options(() => one, resolve, reject),
    });
    one.start();
  });
}

try {
  const { base, token } = await greeting();
  const registered = await fetch(`${base}/api/auth/register`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username: 'boss', password: 'violet otter parade', bootstrapToken: token }),
  });
  check(registered.status === 201, `registration: ${registered.status}`);
  const key = JSON.stringify(await registered.json()).match(/vf_[a-z0-9]+_[A-Za-z0-9_-]+/)[0];
  const common = { endpoint: `${base}/api/uploads`, headers: { 'x-api-key': key } };
  const video = async (id) => (await fetch(`${base}/api/videos/${id}`, { headers: common.headers })).json();
  const stored = (hash) =>
    readdirSync(join(folder, 'data'), { recursive: true }).find((name) => name.endsWith(hash));

  for (const uploadDataDuringCreation of [false, true]) {
    const bytes = randomBytes(3_500_000);
    const { answers } = await upload(bytes, () => ({ ...common, uploadDataDuringCreation }));
    const id = answers.at(-1).getHeader('Upload-Video-Id');
    check(id, 'the last answer names no video');
    const made = await video(id);
    check(made.title === 'By tus' && made.fileName === 'film ü.mp4', JSON.stringify(made));
    check(made.sizeBytes === bytes.length, `sizeBytes ${made.sizeBytes}`);
    const place = stored(createHash('sha256').update(bytes).digest('hex'));
    check(place && statSync(join(folder, 'data', place)).size === bytes.length, 'not stored under its hash');
  }

  // Stopped in the middle, then taken up again by a new client that only has the address.
  const bytes = randomBytes(5_000_000);
  const url = await upload(bytes, (one, resolve) => ({
    ...common,
    onChunkComplete: async (_, accepted) => {
      if (accepted < 2_000_000) return;
      await one().abort();
      resolve(one().url);
    },
  }));
  const { answers } = await upload(bytes, () => ({ ...common, uploadUrl: url }));
  check(answers[0].getHeader('Upload-Offset') !== '0', 'it began anew instead of going on');
  check((await video(answers.at(-1).getHeader('Upload-Video-Id'))).sizeBytes === bytes.length, 'resumed upload');

  // Given up: the server forgets it.
  const given_up = await upload(randomBytes(3_000_000), (one, resolve, reject) => ({
    ...common,
    onChunkComplete: () => one().abort(true).then(() => resolve(one().url), reject),
  }));
  const gone = await fetch(given_up ?? url, { method: 'HEAD', headers: { ...common.headers, 'Tus-Resumable': '1.0.0' } });
  check(!given_up || gone.status === 404, `after termination: ${gone.status}`);
  check(readdirSync(join(folder, 'data', 'uploads')).length === 0, 'files of uploads are left');
  console.log('tus-js-client: two whole uploads, one resumed, one terminated');
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  server.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
