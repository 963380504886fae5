import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, statfsSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

/** Where and with what the figures were made. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  /** Runnable processes in the last minute, before the bench began: above 0.5 the machine was not quiet. */
  readonly loadBefore: number;
  /** Of the disk that holds the data; `tmpfs` would make every sync free. */
  readonly fileSystem: string;
  /** Null when this is no git checkout. `+` after it: with changes that are not committed. */
  readonly commit: string | null;
  readonly versions: Readonly<Record<string, string>>;
}

const PROJECT = join(import.meta.dirname, '..', '..');
/** Packages whose speed is measured. */
const PACKAGES = [
  'socket.io',
  'engine.io',
  'ws',
  '@nestjs/core',
  '@nestjs/platform-socket.io',
  'fastify',
  'rxjs',
  'libsql',
];
/** Packages of the system whose speed is measured where they are installed. */
const SYSTEM_PACKAGES = ['nginx', 'libnginx-mod-nchan', 'nats-server'];
/** statfs(2). */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0xef53: 'ext4',
  0x01021994: 'tmpfs',
  0x794c7630: 'overlayfs',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
};

export function describeMachine(): Machine {
  const fileSystem = statfsSync(PROJECT).type;
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.version,
    loadBefore: loadavg()[0] ?? 0,
    fileSystem: FILE_SYSTEMS[fileSystem] ?? `0x${fileSystem.toString(16)}`,
    commit: commit(),
    versions: { ...Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])), ...systemVersions() },
  };
}

function commit(): string | null {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: PROJECT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    return (
      git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+')
    );
  } catch (error) {
    if (error instanceof Error) return null; // no git, or no checkout
    throw error;
  }
}

function versionOf(name: string): string {
  const manifest: unknown = JSON.parse(readFileSync(join(PROJECT, 'node_modules', name, 'package.json'), 'utf8'));
  return z.object({ version: z.string() }).parse(manifest).version;
}

/** As Debian's package manager knows them; empty on other systems. */
function systemVersions(): Record<string, string> {
  const { stdout } = spawnSync('dpkg-query', ['--show', '--showformat=${Package} ${Version}\\n', ...SYSTEM_PACKAGES], {
    encoding: 'utf8',
  });
  const versions: Record<string, string> = {};
  for (const [, name = '', version = ''] of (stdout ?? '').matchAll(/^(\S+) (\S+)$/gm)) versions[name] = version;
  return versions;
}
