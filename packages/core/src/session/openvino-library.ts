/**
 * Finds OpenVINO's C library: where `OPENVINO_LIB` says, on the loader's path, under `INTEL_OPENVINO_DIR`, or in the
 * `openvino` package of the Python on `PATH`. Loads nothing.
 */
import { execFile } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { SynsegError } from '../errors.ts';

/** The name as the loader knows it, the pattern of a file's name, and the variable with the loader's folders. */
const PLATFORMS = {
  linux: { bare: 'libopenvino_c.so', file: /^libopenvino_c\.so(?:\.[\d.]+)?$/, path: 'LD_LIBRARY_PATH' },
  darwin: { bare: 'libopenvino_c.dylib', file: /^libopenvino_c(?:\.[\d.]+)?\.dylib$/, path: 'DYLD_LIBRARY_PATH' },
  win32: { bare: 'openvino_c.dll', file: /^openvino_c\.dll$/i, path: 'PATH' },
} as const;

/** Folders of an installation that hold libraries, below its root. */
const INSTALLED = ['intel64', 'arm64', 'aarch64'].flatMap((processor) => [
  `runtime/lib/${processor}`,
  `runtime/lib/${processor}/Release`,
  `runtime/bin/${processor}/Release`,
]);

/** Prints the package's folder. The working folder is no place to load native code from. */
const ASK_PYTHON = `import sys
sys.path = [path for path in sys.path if path]
from importlib.util import find_spec
found = find_spec("openvino")
print(list(found.submodule_search_locations or [""])[0] if found else "")`;
/** Longest wait for Python's answer. */
const PYTHON_TIMEOUT_MS = 10_000;

/** How to get what is missing. */
export const HOW_TO_GET_OPENVINO = 'npm i koffi; pip install openvino; OPENVINO_LIB names a library elsewhere';

/** Environment variables that are read here. */
type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Paths to try in their order, the loader's own name for the library among them.
 *
 * @throws SynsegError `DEVICE_UNAVAILABLE` when `OPENVINO_LIB` names something that is no such library
 */
export async function openVinoCandidates(
  environment: Environment = process.env,
  platform: string = process.platform,
): Promise<readonly string[]> {
  const { bare, file, path } = PLATFORMS[platform as keyof typeof PLATFORMS] ?? PLATFORMS.linux;
  const inFolder = async (folder: string): Promise<string[]> => {
    const names = await readdir(folder).catch(() => []);
    return names.filter((name) => file.test(name)).map((name) => join(folder, name));
  };
  const named = environment['OPENVINO_LIB'] ?? '';
  if (named !== '') {
    const isFile = await stat(named).then((entry) => entry.isFile()).catch(() => false); // prettier-ignore
    const found = isFile ? [named] : await inFolder(named);
    if (found.length > 0) return found.slice(0, 1);
    const rule = `name OpenVINO's C library (${bare}) or its folder`;
    throw new SynsegError('DEVICE_UNAVAILABLE', `Cannot use OpenVINO: OPENVINO_LIB must ${rule}, got "${named}"`);
  }
  const loaders = (environment[path] ?? '').split(delimiter).filter((folder) => folder !== '');
  const installed = environment['INTEL_OPENVINO_DIR'] ?? '';
  const folders = [...loaders, ...(installed === '' ? [] : INSTALLED.map((folder) => join(installed, folder)))];
  const found = (await Promise.all(folders.map(inFolder))).flat();
  const python = await pythonPackage(environment, platform);
  return [...found, bare, ...(python === '' ? [] : await inFolder(join(python, 'libs')))];
}

async function pythonPackage(environment: Environment, platform: string): Promise<string> {
  const program = platform === 'win32' ? 'python' : 'python3';
  const options = { env: environment, timeout: PYTHON_TIMEOUT_MS, killSignal: 'SIGKILL', windowsHide: true } as const;
  try {
    return (await promisify(execFile)(program, ['-c', ASK_PYTHON], options)).stdout.trim();
  } catch {
    return '';
  }
}
