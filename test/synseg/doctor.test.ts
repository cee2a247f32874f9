/** `synseg doctor`: what it found of OpenVINO, or how to get it. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { hasOpenVino, whyNoOpenVino } from '../support/openvino.ts';
import { REPOSITORY } from '../support/runtimes.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = temporaryFolder();

async function doctor(environment: Record<string, string> = {}, ...flags: string[]): Promise<string> {
  const env = { ...process.env, SYNSEG_CACHE: join(root, 'cache'), ...environment };
  const command = [join(REPOSITORY, 'packages/synseg/dist/cli.js'), 'doctor', ...flags];
  return (await promisify(execFile)(process.execPath, command, { env })).stdout;
}

interface Found {
  readonly openVino: { readonly path?: string; readonly devices?: string[]; readonly message?: string };
  readonly providers: readonly { readonly provider: string; readonly works: boolean }[];
}

describe.skipIf(!hasOpenVino)(`with OpenVINO${whyNoOpenVino}`, () => {
  it('says where it is, its devices, and that its processor works', async () => {
    const { openVino, providers } = JSON.parse(await doctor({}, '--json')) as Found;
    expect(openVino.path).toMatch(/openvino_c/);
    expect(openVino.devices).toContain('CPU');
    expect(providers).toContainEqual({ provider: 'openvino', works: true });
    expect(await doctor()).toMatch(/^OpenVINO +\d{4}\.\d.* \(.*openvino_c.*\): .*CPU/m);
  });
});

it('without OpenVINO says why, and tries none of its devices', async () => {
  const { openVino, providers } = JSON.parse(await doctor({ OPENVINO_LIB: '/nowhere' }, '--json')) as Found;
  expect(openVino.message).toMatch(
    /^Cannot use OpenVINO: OPENVINO_LIB must name OpenVINO's C library \(.*\) or its folder, got "\/nowhere"$/,
  );
  expect(providers.map(({ provider }) => provider)).toEqual(['cpu', 'cuda', 'webgpu', 'coreml', 'dml']);
  expect(providers).toContainEqual({ provider: 'cpu', works: true });
});
