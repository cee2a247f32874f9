/**
 * Public and reserved network addresses. A service that opens its users' links must not reach into its own network:
 * loopback, private and link-local addresses, where cloud machines keep their credentials.
 *
 * A name is looked up here and again by whoever connects: an attacker who runs a name server can answer differently the
 * second time. Where that matters, run the process in a network without access to the inside.
 */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';

/** One list for each version: a list of both takes each IPv4 address for the IPv6 address that holds it. */
const reserved = { ipv4: new BlockList(), ipv6: new BlockList() };
const ranges =
  '0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 ' +
  '192.88.99.0/24 192.168.0.0/16 ' +
  '198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 ' +
  // With those that carry an address of version 4 in them.
  '::/96 ::ffff:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/32 2001:db8::/32 2002::/16 fc00::/7 fe80::/10 ' +
  'fec0::/10 ff00::/8';
for (const range of ranges.split(' ')) {
  const [network = '', bits] = range.split('/');
  const version = network.includes(':') ? 'ipv6' : 'ipv4';
  reserved[version].addSubnet(network, Number(bits), version);
}

/** True for a public IP address. */
export function isPublicAddress(address: string): boolean {
  const plain = address.replace(/^\[|\]$|%.*$/g, '');
  const number = isIP(plain);
  const version = number === 6 ? 'ipv6' : 'ipv4';
  return number !== 0 && !reserved[version].check(plain, version);
}

/**
 * Looks up a host name and says whether all of its addresses are public.
 *
 * @param host - a name or an IP address, in any spelling that the system reads (`127.1`, `0x7f000001`)
 */
export async function isPublicHost(host: string): Promise<boolean> {
  const plain = host.replace(/^\[|\]$/g, '');
  const found = await lookup(plain, { all: true }).catch(() => []);
  return found.length > 0 && found.every(({ address }) => isPublicAddress(address));
}
