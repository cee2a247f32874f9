/** Free memory of NVIDIA's GPUs, as `nvidia-smi` tells it, which comes with their driver. */
import { execFile } from 'node:child_process';

const ARGUMENTS = ['--query-gpu=memory.free', '--format=csv,noheader,nounits'];
const TIMEOUT_MS = 10_000;
const MEBIBYTE = 2 ** 20;

/** Bytes that are free on the GPU; undefined where the program is missing, fails, or knows no number. */
export function freeGpuMemory(program = 'nvidia-smi'): Promise<number | undefined> {
  return new Promise((resolve) => {
    execFile(program, ARGUMENTS, { timeout: TIMEOUT_MS, windowsHide: true }, (error, text) =>
      resolve(error === null ? readFreeMemory(text) : undefined),
    );
  });
}

/**
 * Reads a line of MiB for each GPU: bytes of the one with the fewest, since CUDA counts GPUs in another order, and
 * undefined when none has a number.
 */
export function readFreeMemory(text: string): number | undefined {
  const lines = text.split('\n').map((line) => line.trim());
  const numbers = lines.filter((line) => /^\d+$/.test(line)).map(Number);
  return numbers.length === 0 ? undefined : Math.min(...numbers) * MEBIBYTE;
}
