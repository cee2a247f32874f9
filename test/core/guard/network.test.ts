import { expect, test } from 'vitest';
import { isPublicAddress, isPublicHost } from '../../../packages/core/src/guard/network.ts';

test.each([
  '127.0.0.1',
  '127.255.255.254',
  '10.1.2.3',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '0.0.0.0',
  '224.0.0.1',
  '255.255.255.255',
  '::1',
  '[::1]',
  '::',
  'fe80::1%eth0',
  'fd00::1',
  'ff02::1',
  '::ffff:127.0.0.1',
  '::ffff:8.8.8.8',
  '::127.0.0.1',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
  'no address',
  '',
])('%s is not public', (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

test.each(['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '[2606:4700::1111]'])(
  '%s is public',
  (address) => {
    expect(isPublicAddress(address)).toBe(true);
  },
);

test('a name is as public as all of its addresses, in whatever spelling', async () => {
  expect(
    await Promise.all(['localhost', '127.1', '0x7f000001', '2130706433', '[::1]', 'name.invalid'].map(isPublicHost)),
  ).toEqual([false, false, false, false, false, false]);
  expect(await isPublicHost('8.8.8.8')).toBe(true);
});
