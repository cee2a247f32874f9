import { link, mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { checkOutputs } from '../../../packages/core/src/guard/output-paths.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

async function folderWith(...names: string[]): Promise<string> {
  const folder = temporaryFolder();
  for (const name of names) {
    await mkdir(join(folder, name, '..'), { recursive: true });
    await writeFile(join(folder, name), name);
  }
  return folder;
}

const out = (path: string, name = '--out') => ({ name, path });

test('checkOutputs() refuses an output that is an input, under whatever name', async () => {
  const folder = await folderWith('a.png');
  const file = join(folder, 'a.png');
  await symlink(file, join(folder, 'soft.png'));
  await link(file, join(folder, 'hard.png'));
  await symlink(folder, join(folder, 'again'));
  const names = [
    file,
    join(folder, 'soft.png'),
    join(folder, 'hard.png'),
    join(folder, 'again', 'a.png'),
    relative(process.cwd(), file),
    `${folder}/again/../${basename(folder)}/./a.png`,
  ];
  for (const path of names) {
    for (const input of [file, pathToFileURL(file), pathToFileURL(file).href, `file:${file}`]) {
      await expect(checkOutputs('segment', [out(path)], [input])).rejects.toThrow(
        new RangeError(`Cannot segment: --out must not be what is read ("${file}"), got "${path}"`),
      );
    }
  }
});

test('checkOutputs() takes a name that exists for the file of that name, whatever it begins with', async () => {
  const folder = await folderWith('data:a.png', 'file:a.png', 'https:a.png');
  const before = process.cwd();
  process.chdir(folder);
  try {
    for (const name of ['data:a.png', 'file:a.png', 'https:a.png']) {
      await expect(checkOutputs('segment', [out(join(folder, name))], [name])).rejects.toThrow(
        `Cannot segment: --out must not be what is read ("${name}"), got "${join(folder, name)}"`,
      );
    }
  } finally {
    process.chdir(before);
  }
});

test('checkOutputs() refuses two outputs that lead to one file, also where it is not there yet', async () => {
  const folder = await folderWith('real/x');
  await symlink(join(folder, 'real'), join(folder, 'linked'));
  await symlink('real/new.png', join(folder, 'dangling.png'));
  for (const path of [
    join(folder, 'linked', 'new.png'),
    join(folder, 'dangling.png'),
    join(folder, 'linked', '..', 'real', 'new.png'),
  ]) {
    await expect(
      checkOutputs('segment', [out(join(folder, 'real', 'new.png')), out(path, '--mask')], []),
    ).rejects.toThrow(new RangeError(`Cannot segment: --mask must be another file than --out, got "${path}"`));
  }
  await checkOutputs(
    'segment',
    [out(join(folder, 'real', 'new.png')), out(join(folder, 'real', 'other.png'), '--mask')],
    [join(folder, 'real', 'x')],
  );
});

test('checkOutputs() refuses a folder to fill that holds what is read, unless its files end otherwise', async () => {
  const folder = await folderWith('frames/1.png', 'frames/clip.mp4');
  const pngs = { name: '--png-dir', path: join(folder, 'frames'), folder: true, endings: ['.png'] };
  await expect(checkOutputs('segment', [pngs], [join(folder, 'frames', '1.png')])).rejects.toThrow(
    'Cannot segment: --png-dir must not be a folder that holds what is read ' +
      `("${join(folder, 'frames', '1.png')}"), got "${join(folder, 'frames')}"`,
  );
  await expect(checkOutputs('segment', [pngs], [join(folder, 'frames')])).rejects.toThrow('must not be what is read');
  await expect(checkOutputs('segment', [{ ...pngs, path: folder }], [join(folder, 'frames')])).rejects.toThrow(
    'must not be a folder that holds what is read',
  );
  await checkOutputs('segment', [pngs], [join(folder, 'frames', 'clip.mp4')]);
  await checkOutputs('segment', [pngs, out(join(folder, 'frames', 'areas.csv'), '--csv')], []);
  await expect(checkOutputs('segment', [pngs, out(join(folder, 'frames', '7.png'))], [])).rejects.toThrow(
    'Cannot segment: --out must not be in the folder of --png-dir',
  );
  await expect(checkOutputs('segment', [pngs, { ...pngs, name: '--coco' }], [])).rejects.toThrow(
    'Cannot segment: --coco must be another folder than --png-dir',
  );
});

test('checkOutputs() refuses a file in a folder that is read', async () => {
  const folder = await folderWith('data/1.png');
  const path = join(folder, 'data', 'sheet.png');
  await expect(checkOutputs('evaluate', [out(path, 'sheet')], [join(folder, 'data')])).rejects.toThrow(
    `Cannot evaluate: sheet must not be in a folder that is read ("${join(folder, 'data')}"), got "${path}"`,
  );
  await checkOutputs('evaluate', [out(join(folder, 'data2', 'sheet.png'))], [join(folder, 'data')]);
});

test('checkOutputs() passes over addresses, devices and inputs that are not there', async () => {
  const folder = await folderWith('a.png');
  const inputs = [
    'https://example.com/a.png',
    'rtsp://camera/live',
    'data:image/png;base64,AA',
    'file://host/a.png',
    join(folder, 'gone.png'),
    '/dev/null',
  ];
  await expect(
    checkOutputs(
      'segment',
      [out('/dev/null'), out('/dev/null', '--mask'), out(join(folder, 'a.png'), '--csv')],
      inputs,
    ),
  ).resolves.toBeUndefined();
});
