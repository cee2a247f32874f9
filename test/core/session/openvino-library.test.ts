import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openVinoCandidates } from '../../../packages/core/src/session/openvino-library.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();

/** A folder with files of these names. */
function folderOf(name: string, ...files: string[]): string {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  for (const file of files) writeFileSync(join(folder, file), '');
  return folder;
}

/** A folder with a `python3` that runs a script. */
function pythonOf(name: string, script: string): string {
  const folder = folderOf(name);
  writeFileSync(join(folder, 'python3'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'python3'), 0o755);
  return [folder, '/usr/bin', '/bin'].join(delimiter);
}

const noPython = folderOf('no python');
const found = (environment: Record<string, string>) => openVinoCandidates({ PATH: noPython, ...environment }, 'linux');

describe('the places of OpenVINO', () => {
  it('are the loader alone where nothing else names one', async () => {
    expect(await found({})).toEqual(['libopenvino_c.so']);
  });

  it('OPENVINO_LIB comes alone: a file as it is, and the library in a folder', async () => {
    const folder = folderOf('named', 'libopenvino_c.so.2641', 'libopenvino.so.2641');
    const other = folderOf('other', 'libopenvino_c.so');
    const library = join(folder, 'libopenvino_c.so.2641');
    for (const named of [folder, library])
      expect(await found({ OPENVINO_LIB: named, LD_LIBRARY_PATH: other })).toEqual([library]);
  });

  it.each(['nothing', 'no python', ''])('an OPENVINO_LIB of "%s" is an error, and only none is none', async (name) => {
    const named = name === '' ? '' : join(root, name);
    const places = found({ OPENVINO_LIB: named });
    if (name === '') return expect(await places).toEqual(['libopenvino_c.so']);
    await expect(places).rejects.toMatchObject({
      code: 'DEVICE_UNAVAILABLE',
      message:
        "Cannot use OpenVINO: OPENVINO_LIB must name OpenVINO's C library (libopenvino_c.so) or its folder, got " +
        `"${named}"`,
    });
  });

  it("are the loader's folders, then an installation, the loader itself, and Python's package", async () => {
    const loaders = folderOf('loaders', 'libopenvino_c.so.2500', 'libopenvino_c.so.2500.txt');
    const installed = folderOf('installed/runtime/lib/intel64', 'libopenvino_c.so');
    const libs = folderOf('package/libs', 'libopenvino_c.so.2641', 'libopenvino.so.2641');
    const places = await found({
      LD_LIBRARY_PATH: [noPython, loaders].join(delimiter),
      INTEL_OPENVINO_DIR: join(root, 'installed'),
      PATH: pythonOf('python', `echo '${join(root, 'package')}'`),
    });
    expect(places).toEqual([
      join(loaders, 'libopenvino_c.so.2500'),
      join(installed, 'libopenvino_c.so'),
      'libopenvino_c.so',
      join(libs, 'libopenvino_c.so.2641'),
    ]);
  });

  it('do without a Python that fails or has no such package', async () => {
    for (const [name, script] of [
      ['failing', 'exit 3'],
      ['without', 'echo'],
    ] as const)
      expect(await found({ PATH: pythonOf(name, script) })).toEqual(['libopenvino_c.so']);
  });

  it('are never a package in the working folder, which anyone may have written', async () => {
    folderOf('here/openvino/libs', 'libopenvino_c.so');
    writeFileSync(join(root, 'here/openvino/__init__.py'), 'raise SystemExit("imported")\n');
    const before = process.cwd();
    process.chdir(join(root, 'here'));
    try {
      const places = await openVinoCandidates({ PATH: process.env['PATH'] ?? '' }, 'linux');
      expect(places.filter((place) => place.startsWith(root))).toEqual([]);
      // The same Python finds the package, and does not import it, where its own variable names the folder.
      const named = { PATH: process.env['PATH'] ?? '', PYTHONPATH: join(root, 'here') };
      const library = join(root, 'here/openvino/libs/libopenvino_c.so');
      expect(await openVinoCandidates(named, 'linux')).toContain(library);
    } finally {
      process.chdir(before);
    }
  });

  it('have the names of other systems there', async () => {
    const folder = folderOf('elsewhere', 'libopenvino_c.2641.dylib', 'openvino_c.dll');
    expect(await openVinoCandidates({ PATH: '', OPENVINO_LIB: folder }, 'darwin')).toEqual([
      join(folder, 'libopenvino_c.2641.dylib'),
    ]);
    expect(await openVinoCandidates({ PATH: folder }, 'win32')).toEqual([
      join(folder, 'openvino_c.dll'),
      'openvino_c.dll',
    ]);
  });
});
