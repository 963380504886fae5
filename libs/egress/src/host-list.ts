/** A host, `*.suffix` (any depth below, not the suffix itself) or `*`; then a port, `:*` for any, or none for that of the scheme. */
const PATTERN = /^(\*|(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::(\*|[1-9]\d{0,4}))?$/;

interface HostRule {
  readonly host: string;
  /** Of `*.suffix`: `.suffix`. */
  readonly suffix: string | undefined;
  readonly port: number | 'any' | undefined;
}

/** Whether {@link HostList} takes it. */
export function isHostPattern(text: string): boolean {
  return ruleIn(text) !== undefined;
}

/** Which hosts may be asked, by name: `push.example`, `*.push.example`, `push.example:8443`, `*` (every host), `*:*` (on every port). */
export class HostList {
  readonly #rules: readonly HostRule[];

  /** @throws {RangeError} when one of them is no pattern. */
  constructor(patterns: readonly string[]) {
    this.#rules = patterns.map((pattern) => {
      const rule = ruleIn(pattern);
      if (rule === undefined) throw new RangeError(`${pattern} is no host, *.suffix or *, with or without a port`);
      return rule;
    });
  }

  /** Whether the host is named, on any port. */
  names(host: string): boolean {
    return this.#rules.some((rule) => fits(rule, host));
  }

  /** @param standard the port of the scheme. */
  allows(host: string, port: number, standard: number): boolean {
    return this.#rules.some((rule) => fits(rule, host) && (rule.port === 'any' || port === (rule.port ?? standard)));
  }
}

function ruleIn(text: string): HostRule | undefined {
  const [, host, port] = PATTERN.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535) return undefined;
  return {
    host,
    suffix: host.startsWith('*.') ? host.slice(1) : undefined,
    port: port === '*' ? 'any' : port === undefined ? undefined : Number(port),
  };
}

function fits({ host: wanted, suffix }: HostRule, host: string): boolean {
  if (suffix !== undefined) return host.endsWith(suffix) && host.length > suffix.length;
  return wanted === '*' || wanted === host;
}
