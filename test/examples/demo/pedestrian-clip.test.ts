/** The clip out of a Debian package, with an apt-get of the test's own, which knows a small package. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { pedestrianClip } from '../../../examples/demo/pedestrian-clip.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const root = temporaryFolder();
const hasDpkg = (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'dpkg-deb')));
const CONTENT = 'pictures of people';
let said: string[];

beforeEach(() => {
  said = [];
  vi.spyOn(console, 'log').mockImplementation((line: string) => void said.push(line));
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
  return () => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  };
});

/** A package with one file. */
function makePackage(name: string, file: string): string {
  const tree = join(root, name);
  for (const folder of ['DEBIAN', 'usr/share/doc/opencv-doc/examples/data'])
    mkdirSync(join(tree, folder), { recursive: true });
  const control = ['Package: opencv-doc', 'Version: 1', 'Architecture: all', 'Maintainer: nobody', 'Description: none'];
  writeFileSync(join(tree, 'DEBIAN/control'), `${control.join('\n')}\n`);
  writeFileSync(join(tree, 'usr/share/doc/opencv-doc/examples/data', file), CONTENT);
  const path = join(root, `${name}.deb`);
  execFileSync('dpkg-deb', ['--root-owner-group', '--build', tree, path], { stdio: 'pipe' });
  return path;
}

/** Puts a program `apt-get` first on the path. */
function useApt(name: string, script: string): void {
  const folder = join(root, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'apt-get'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'apt-get'), 0o755);
  vi.stubEnv('PATH', `${folder}${delimiter}${process.env['PATH'] ?? ''}`);
}

/** What `apt-get` does that has a package: says its address, or copies it. */
function having(archive: string): string {
  const line = `'http://deb.example/opencv-doc_1_all.deb' opencv-doc_1_all.deb 1200000 SHA256:0`;
  return `case "$*" in *--print-uris*) echo "${line}" ;; *) cp '${archive}' opencv-doc_1_all.deb ;; esac`;
}

describe.skipIf(!hasDpkg)('pedestrianClip(), with dpkg-deb on PATH', () => {
  it('downloads the package, keeps the one file, and then finds it without apt-get', async () => {
    const folder = join(root, 'cache');
    useApt('apt', having(makePackage('good', 'vtest.avi')));
    const path = await pedestrianClip(folder);
    expect(path).toBe(join(folder, 'vtest.avi'));
    expect(readFileSync(path, 'utf8')).toBe(CONTENT);
    expect(readdirSync(folder)).toEqual(['vtest.avi']);
    expect(said).toEqual([`Downloading a clip of pedestrians, once: 1 MB, opencv-doc of apt; it is kept as ${path}`]);

    useApt('no-apt', 'exit 1');
    expect(await pedestrianClip(folder)).toBe(path);
    expect(said.length).toBe(1);
  });

  it.each([
    ['is not in the package', () => makePackage('other', 'tree.avi'), /^vtest\.avi cannot be unpacked: .*Not found/],
    [
      'is in a damaged package',
      () => {
        const path = join(root, 'damaged.deb');
        writeFileSync(path, 'half a package');
        return path;
      },
      /^vtest\.avi cannot be unpacked: dpkg-deb: error: /,
    ],
  ])('leaves nothing when the file %s', async (what, archive, message) => {
    const folder = join(root, what);
    useApt(`apt of what ${what}`, having(archive()));
    await expect(pedestrianClip(folder)).rejects.toThrow(message);
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('pedestrianClip(), where the clip cannot be had', () => {
  it('says that there is no apt-get', async () => {
    vi.stubEnv('PATH', join(root, 'nothing'));
    await expect(pedestrianClip(join(root, 'a'))).rejects.toThrow(new Error('there is no apt-get here'));
  });

  it.each([
    [
      'the lists of apt are missing',
      'echo "E: Unable to locate package opencv-doc" >&2; exit 100',
      'apt has no list with the package (apt-get update gets it)',
    ],
    [
      'there is no network',
      `case "$*" in *--print-uris*) echo "'http://u:hunter2@deb.example/o.deb' o.deb 5 SHA256:0" ;; *)
        echo "W: never mind" >&2
        echo "E: Failed to fetch http://u:hunter2@deb.example/o.deb  Could not resolve 'deb.example'" >&2; exit 100 ;; esac`,
      "Failed to fetch http://deb.example/… Could not resolve 'deb.example'",
    ],
    ['apt-get says nothing', 'exit 3', 'exit code 3'],
    ['apt-get says no address', 'exit 0', 'apt-get says no address of opencv-doc'],
  ])('says so when %s, and leaves nothing', async (what, script, message) => {
    const folder = join(root, `cache when ${what}`);
    useApt(`apt when ${what}`, script);
    await expect(pedestrianClip(folder)).rejects.toThrow(new Error(message));
    expect(readdirSync(folder)).toEqual([]);
  });
});
