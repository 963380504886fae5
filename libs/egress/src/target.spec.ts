import { describe, expect, it } from 'vitest';
import { Egress } from './egress.js';
import { HostList, isHostPattern } from './host-list.js';

const door = (...hosts: string[]) => new Egress({ hosts, timeoutMs: 1_000 });
const reasonOf = (egress: Egress, url: string): string => {
  const judged = egress.judge(url);
  return judged.ok ? 'ok' : judged.reason;
};

describe('an address', () => {
  const listed = door('push.example', '*.services.example', 'odd.example:8443', 'any.example:*');

  it.each([
    ['https://push.example/a?b=c', 'ok'],
    ['https://PUSH.example:443/a', 'ok'],
    ['https://a.services.example/', 'ok'],
    ['https://a.b.services.example/', 'ok'],
    ['https://odd.example:8443/', 'ok'],
    ['https://any.example:1/', 'ok'],
    ['https://services.example/', 'host_forbidden'],
    ['https://evilservices.example/', 'host_forbidden'],
    ['https://push.example.evil.example/', 'host_forbidden'],
    ['https://push.example./', 'host_forbidden'],
    ['https://evil.example/push.example', 'host_forbidden'],
    ['https://push.example:8443/', 'port_forbidden'],
    ['https://odd.example/', 'port_forbidden'],
    ['http://push.example/', 'scheme_forbidden'],
    ['ftp://push.example/', 'scheme_forbidden'],
    ['file:///etc/passwd', 'scheme_forbidden'],
    ['javascript:alert(1)', 'scheme_forbidden'],
    ['https://user@push.example/', 'userinfo_forbidden'],
    ['https://user:secret@push.example/', 'userinfo_forbidden'],
    ['https://@push.example/', 'userinfo_forbidden'],
    ['https://push.example@evil.example/', 'userinfo_forbidden'],
    ['https://push.example/#', 'url_invalid'],
    ['https://push.example/#@evil.example', 'url_invalid'],
    ['https://push.example\\@evil.example/', 'url_invalid'],
    ['https://push.example\t.evil.example/', 'url_invalid'],
    [' https://push.example/', 'url_invalid'],
    ['https://push.example/\u00e9', 'url_invalid'],
    ['https://push.example:99999/', 'url_invalid'],
    ['https://', 'url_invalid'],
    ['push.example', 'url_invalid'],
    ['', 'url_invalid'],
    [`https://push.example/${'x'.repeat(9_000)}`, 'url_invalid'],
  ])('%s: %s', (url, reason) => {
    expect(reasonOf(listed, url)).toBe(reason);
  });

  it('is that of a public host, also where every host is allowed', () => {
    const open = door('*:*');
    expect(reasonOf(open, 'https://1.1.1.1:8443/')).toBe('ok');
    expect(reasonOf(open, 'https://[2606:4700::1111]/')).toBe('ok');
    for (const host of [
      '127.0.0.1',
      '2130706433',
      '0x7f.1',
      '0177.0.0.1',
      '127.1',
      '[::1]',
      '127.0.0.1.',
      '%31%32%37.1',
    ])
      expect(reasonOf(open, `https://${host}/`), host).toBe('address_forbidden');
  });

  it('fits the list as text does, and must be public all the same', () => {
    expect(reasonOf(door('*.1.1.1'), 'https://1.1.1.1/')).toBe('ok');
    expect(reasonOf(door('*.0.0.1'), 'https://127.0.0.1/')).toBe('address_forbidden');
  });

  it('of this machine is asked without TLS in tests, and nothing else is', () => {
    const testing = new Egress({ hosts: ['push.example'], timeoutMs: 1_000, loopback: true });
    expect(reasonOf(testing, 'http://127.0.0.1:8080/x')).toBe('ok');
    expect(reasonOf(testing, 'http://localhost:8080/x')).toBe('ok');
    expect(reasonOf(testing, 'http://[::1]:8080/x')).toBe('ok');
    expect(reasonOf(testing, 'http://push.example/x')).toBe('scheme_forbidden');
    expect(reasonOf(testing, 'http://10.0.0.1/x')).toBe('scheme_forbidden');
    expect(reasonOf(testing, 'https://10.0.0.1/x')).toBe('address_forbidden');
    expect(reasonOf(door('*:*'), 'http://127.0.0.1:8080/x')).toBe('scheme_forbidden');
  });

  it('is taken apart once, for whoever connects', () => {
    expect(door('*:*').judge('https://A.example:8443/x?y=1')).toEqual({
      ok: true,
      target: {
        secure: true,
        host: 'a.example',
        port: 8443,
        path: '/x?y=1',
        origin: 'https://a.example:8443',
        authority: 'a.example:8443',
      },
    });
  });
});

describe('a list of hosts', () => {
  it.each([
    '*',
    '*:*',
    'a.example',
    '*.a.example',
    'a.example:8443',
    '*.a.example:*',
    'localhost',
    'xn--bcher-kva.example',
  ])('takes %s', (pattern) => expect(isHostPattern(pattern)).toBe(true));

  it.each([
    '',
    'a.*.example',
    '**',
    '*a.example',
    'https://a.example',
    'a.example/',
    'a.example:0',
    'a.example:70000',
    'A.example',
    'a..example',
    '.example',
    'a b',
  ])('does not take %s', (pattern) => {
    expect(isHostPattern(pattern)).toBe(false);
    expect(() => new HostList([pattern])).toThrow(RangeError);
  });
});
