/**
 * Asks the service of http-service.mjs: JSON first, then the overlay as a file.
 *
 *   node client.mjs http://127.0.0.1:8080 PICTURE road,car overlay.png
 */
import { readFile, writeFile } from 'node:fs/promises';
import process from 'node:process';

const [service, picture, labels, overlay] = process.argv.slice(2);
if (service === undefined || picture === undefined || labels === undefined || overlay === undefined) {
  console.error('Usage: client.mjs URL PICTURE label,label,… OVERLAY.png');
  process.exit(2);
}

const body = await readFile(picture);
const url = `${service}/segment?labels=${encodeURIComponent(labels)}`;

/** @param {string} format */
async function ask(format) {
  const response = await fetch(`${url}&format=${format}`, { method: 'POST', body });
  if (response.ok) return response;
  const { error } = /** @type {{ error: { code: string, message: string } }} */ (await response.json());
  throw new Error(`${response.status} ${error.code}: ${error.message}`);
}

const { areas, background } = /** @type {{ areas: Record<string, number>, background: number }} */ (
  await (await ask('json')).json()
);
for (const [name, share] of Object.entries({ ...areas, '(background)': background }))
  console.log(`${name.padEnd(16)} ${(100 * share).toFixed(1).padStart(5)} %`);
await writeFile(overlay, new Uint8Array(await (await ask('overlay')).arrayBuffer()));
console.log(overlay);
