import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('what the README says of speed stands in a report of the bench', () => {
  const section = /## How fast it is\n(.*?)\n## /s.exec(readFileSync('README.md', 'utf8'))?.[1] ?? '';
  const cells = section.split('\n').flatMap((line) => (line.startsWith('| ') ? line.split('|').slice(2, -1) : []));
  const figures = cells.flatMap((cell) => cell.match(/\d[\d,.]*\d/g) ?? []);
  const report = readFileSync('bench/README.md', 'utf8');
  expect(figures.length).toBeGreaterThan(20);
  expect(figures.filter((figure) => !report.includes(` ${figure} `))).toEqual([]);
});
