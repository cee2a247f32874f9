/** A web server for one file, with byte ranges. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname } from 'node:path';

/** Serves `path` at `url`, as `clip` with the ending of the file; everything else is not found. */
export async function serveFile(path: string): Promise<AsyncDisposable & { readonly url: string }> {
  const bytes = readFileSync(path);
  const name = `/clip${extname(path)}`;
  const server = createServer((request, response) => {
    if (request.url?.split('?')[0] !== name) return void response.writeHead(404).end();
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const part = bytes.subarray(from);
    response.writeHead(206, {
      'Content-Length': part.length,
      'Accept-Ranges': 'bytes',
      'Content-Range': `bytes ${from}-${bytes.length - 1}/${bytes.length}`,
    });
    response.end(part);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${name}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
