// Prints which native code importing packages loads, then which one decoding a picture does: `native-code.mjs ENTRY…`.
import Module from 'node:module';
import process from 'node:process';

const native = () => Object.keys(Module._cache).filter((path) => path.endsWith('.node'));
const loaded = {};
for (const entry of process.argv.slice(2)) {
  await import(entry);
  loaded[entry] = native();
}
const { encodeJPEG } = await import('@synseg/core/masks');
await encodeJPEG(new Uint8Array(3), 1, 1);
console.log(JSON.stringify({ loaded, encoding: native() }));
