// Where this machine has a Chromium; undefined where it has none.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

export function findChromium() {
  const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
  const folders = (process.env.PATH ?? "").split(delimiter);
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
}
