/**
 * What tests need beside the dependencies: the newest Node LTS, a Vulkan driver in software, Chromium, an RTSP server,
 * OpenVINO's library.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cache, installWithApt, isDebian, isExecutable, readJson, root, runNpm, runQuietly, say } from './system.mjs';

const newerNodeVersion = '24.21.0';
const openVinoVersion = '2026.4.1';
/** Longest wait for PyPI, ms. */
const PIP_TIMEOUT_MS = 300_000;

/** Installs those that are not there; the tests of one that cannot be had say so. */
export function installTestRuntimes() {
  installNewerNode();
  fetchSwiftShader();
  installChromium();
  installRtspServer();
  fetchOpenVino();
}

/** A newer Node for the runtime tests. Not a dependency: npm would link it as `node` for every script here. */
function installNewerNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const folder = join(root, 'node_modules/.cache/newer-node');
  const manifest = join(folder, 'node_modules', name, 'package.json');
  if (existsSync(manifest) && readJson(manifest).version === newerNodeVersion) return;
  say(`fetching Node ${newerNodeVersion} for the runtime tests …`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', folder];
  if (!runNpm([...args, `${name}@${newerNodeVersion}`], { optional: true })) {
    say(`could not fetch ${name}@${newerNodeVersion}: the runtime tests that need it will say so`);
  }
}

/**
 * SwiftShader, a Vulkan driver that computes on the CPU, for tests of the WebGPU provider: driver and loader out of the
 * package that has Chromium's libraries (32 MB; the browser itself is in another). With package lists of its own, apt
 * needs no rights for this, and nothing is installed.
 */
function fetchSwiftShader() {
  const folder = join(cache, 'swiftshader');
  if (existsSync(folder) || !isDebian()) return;
  say('fetching SwiftShader for the WebGPU tests …');
  const work = `${folder}.partial`;
  rmSync(work, { recursive: true, force: true });
  mkdirSync(join(work, 'lists/partial'), { recursive: true });
  const apt = ['-o', `Dir::State::lists=${work}/lists`, '-o', `Dir::Cache=${work}`, '-o', 'APT::Sandbox::User=root'];
  const steps = [
    ['apt-get', ...apt, 'update'],
    ['apt-get', ...apt, 'download', 'chromium-common'],
    ['sh', '-c', 'dpkg-deb -x chromium-common_*.deb unpacked'],
  ];
  const options = { optional: true, cwd: work };
  // A source that is none of Debian's may fail to update: what counts is whether the last step finds its file.
  const fetched = steps.map(([command, ...args]) => runQuietly(command, args, options)).at(-1);
  const files = ['libvk_swiftshader.so', 'libvulkan.so.1', 'vk_swiftshader_icd.json'];
  const unpacked = join(work, 'unpacked/usr/lib/chromium');
  if (fetched && files.every((file) => existsSync(join(unpacked, file)))) {
    mkdirSync(join(work, 'kept'));
    for (const file of files) renameSync(join(unpacked, file), join(work, 'kept', file));
    renameSync(join(work, 'kept'), folder);
  } else say("could not fetch SwiftShader out of Debian's chromium-common: the WebGPU tests will say so");
  rmSync(work, { recursive: true, force: true });
}

/** Chromium for the tests of the preview page. On Ubuntu the package of this name is not a browser. */
function installChromium() {
  const folders = ['/usr/bin', ...(process.env.PATH ?? '').split(delimiter)];
  if (process.env.SYNSEG_CHROMIUM || folders.some((folder) => isExecutable(join(folder, 'chromium')))) return;
  if (!isDebian() || !installWithApt('chromium', { optional: true }))
    say('could not install chromium: the tests of the preview page will say so');
}

/** OpenVINO's library out of PyPI's wheel, in a folder of its own: nothing that Python would import is installed. */
function fetchOpenVino() {
  const folder = join(root, 'node_modules/.cache/openvino');
  if (existsSync(folder) || process.env.OPENVINO_LIB) return;
  say('fetching OpenVINO for the tests of its devices …');
  const work = `${folder}.partial`;
  rmSync(work, { recursive: true, force: true });
  const python = process.platform === 'win32' ? 'python' : 'python3';
  const quiet = ['--quiet', '--disable-pip-version-check', '--retries', '1', '--timeout', '20'];
  const wheel = ['--no-deps', '--only-binary=:all:', '--target', work, `openvino==${openVinoVersion}`];
  const options = { stdio: 'ignore', timeout: PIP_TIMEOUT_MS, killSignal: 'SIGKILL' };
  const { status } = spawnSync(python, ['-m', 'pip', 'install', ...quiet, ...wheel], options);
  if (status === 0 && existsSync(join(work, 'openvino/libs'))) renameSync(work, folder);
  else say('could not fetch OpenVINO with pip: the tests that need it will say so');
  rmSync(work, { recursive: true, force: true });
}

/** GStreamer's RTSP server, the camera of the tests. */
function installRtspServer() {
  const asked = spawnSync('/usr/bin/python3', [
    '-c',
    'import gi; gi.require_version("GstRtspServer", "1.0"); gi.require_version("Gst", "1.0")\nfrom gi.repository ' +
      'import Gst\nGst.init(None)\nassert all(map(Gst.ElementFactory.find, ["x264enc", "x265enc", "rtph264pay", ' +
      '"alawenc"]))',
  ]);
  if (asked.status === 0) return;
  const plugins = ['base', 'good', 'bad', 'ugly', 'libav'].map((name) =>
    name === 'libav' ? 'gstreamer1.0-libav' : `gstreamer1.0-plugins-${name}`,
  );
  const packages = ['gir1.2-gst-rtsp-server-1.0', 'python3-gi', ...plugins].join(' ');
  if (!isDebian() || !installWithApt(packages, { optional: true }))
    say("could not install GStreamer's RTSP server: the tests of RTSP cameras will say so");
}
