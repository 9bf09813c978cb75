#!/usr/bin/env node
// The server's own pages in a real browser, as a newcomer meets them: the first account, an upload with live
// progress, playback with a choice of quality, and the documentation tried out with an API key. Nothing that a
// file's name says runs, and no policy is violated.
//   page_test.mjs [FOLDER]   FOLDER takes pictures of the pages
import { execFileSync } from "node:child_process";
import { renameSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { findChromium } from "./chromium.mjs";
import { Server } from "./contract/server.mjs";

const pictures = process.argv[2];
const executablePath = findChromium();
if (!executablePath) {
  console.log("there is no Chromium here");
  process.exit(77);
}
const problems = [];
const expect = (right, what) => right || problems.push(what);

const server = await Server.start({ VIDEOFORGE_AUTH_RATE_LIMITS: "false" });
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu", "--autoplay-policy=no-user-gesture-required"] });

async function open(path, options = {}) {
  const page = await browser.newPage({ viewport: { width: 1200, height: 900 }, ...options });
  page.on("pageerror", (error) => problems.push(`${path}: ${error.message}`));
  page.on("console", (message) => {
    if (/Content Security Policy|Refused to/.test(message.text())) problems.push(`${path}: ${message.text()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(server.base) && !/^(blob|data):/.test(request.url())) problems.push(`${path}: asked ${request.url()}`);
  });
  await page.goto(server.base + path);
  return page;
}

const picture = async (page, name) => pictures && page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });

async function throughThePage() {
  // A name that would run, were it markup.
  const film = join(server.folder, "film.mp4");
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25:duration=8", "-f", "lavfi", "-i", "sine=duration=8", "-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-pix_fmt", "yuv420p", "-c:a", "aac", film]);
  const named = join(server.folder, '<img src=x onerror="document.title=1">.mp4');
  renameSync(film, named);

  const page = await open("/");
  await page.getByText("ready", { exact: true }).waitFor();
  await picture(page, "page-signed-out");
  await page.getByText("Create an account").click();
  await page.fill("#register [name=username]", "ada");
  await page.fill("#register [name=password]", "violet otter parade");
  await page.fill("#register [name=token]", server.token);
  await page.click("#register button");
  await page.getByText("There is none yet.").waitFor();
  await page.setInputFiles("#file", named);
  await page.locator("#uploads progress").waitFor();
  await page.getByText("Ready to play.").waitFor({ timeout: 90000 });
  await page.locator("#videos .facts h3").waitFor();
  expect((await page.locator("#videos h3").textContent()).startsWith("<img src=x"), "the title does not stand there as text");
  expect((await page.title()) === "VideoForge", "a file's name ran as a script");

  await page.getByRole("button", { name: "Play", exact: true }).click();
  await page.waitForFunction(() => document.getElementById("video").currentTime > 0.5, null, { timeout: 30000 });
  const qualities = await page.locator("#quality option").allTextContents();
  expect(qualities.length >= 3, `the player offers ${qualities}`);
  await page.selectOption("#quality", { index: qualities.length - 1 });
  await page.waitForFunction(() => document.getElementById("video").currentTime > 2 || document.getElementById("video").ended, null, { timeout: 30000 });
  await page.waitForFunction(() => /now \d+ × \d+/.test(document.getElementById("playing").textContent));
  await picture(page, "page-playing");
  expect((await page.evaluate(() => JSON.stringify([Object.entries(localStorage), Object.entries(sessionStorage), document.cookie]))) === '[[],[],""]', "something was kept outside the tab's memory");

  const phone = await open("/", { viewport: { width: 390, height: 844 }, colorScheme: "dark" });
  await phone.getByText("ready", { exact: true }).waitFor();
  expect(await phone.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the page is wider than a phone");
  await picture(phone, "page-phone-dark");
}

async function throughTheDocumentation() {
  const made = await server.send("POST", "/api/auth/register", { headers: { "Content-Type": "application/json" }, body: JSON.stringify({ username: "grace", password: "violet otter parade" }) });
  const { key } = JSON.parse(made.body).apiKey;
  const page = await open("/api-docs");
  await page.getByRole("button", { name: "Authorize" }).click();
  await page.locator(".auth-container", { hasText: "x-api-key" }).locator("input").fill(key);
  await page.locator(".auth-container", { hasText: "x-api-key" }).getByRole("button", { name: /apply/i }).click();
  await page.locator(".modal-ux .close-modal").click();
  await page.locator("#operations-tag-accounts").click();
  await page.locator("#operations-accounts-whoAmI .opblock-summary-control").click();
  await page.locator("#operations-accounts-whoAmI button.execute").click();
  const answer = page.locator("#operations-accounts-whoAmI .live-responses-table");
  await answer.waitFor();
  await page.waitForTimeout(300);
  expect(/200[\s\S]*grace/.test(await answer.innerText()), `the operation answers ${await answer.innerText()}`);
  await picture(page, "documentation");
}

try {
  await throughThePage();
  await throughTheDocumentation();
} catch (error) {
  problems.push(error.stack);
  for (const context of browser.contexts()) for (const page of context.pages()) await picture(page, `failed-${problems.length}`);
} finally {
  await browser.close();
  await server.stop();
}
console.log(problems.join("\n") || "the pages work");
process.exit(problems.length ? 1 : 0);
