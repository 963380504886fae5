import { find } from './element.js';

/** @typedef {import('./comparison.d.ts').Verdict} Verdict */

const number = new Intl.NumberFormat('en');

/**
 * A few words, and what stands behind them.
 * @param {Verdict} verdict
 * @param {readonly [string, string]} names
 * @param {boolean} bothLive
 */
export function inWords(verdict, names, bothLive) {
  switch (verdict.state) {
    case 'nothing':
      return { text: 'Nothing to compare yet', detail: 'Publish something: both panes should show it.' };
    case 'complete':
      return {
        text: bothLive ? 'Both complete' : 'Complete so far',
        detail: `${count(verdict.matched)} in both panes, in the same order. ${kept(verdict)}`,
      };
    case 'behind':
      return { text: 'Not complete yet', detail: lag(verdict, names) };
    case 'broken':
      return { text: 'The panes differ', detail: faults(verdict, names) };
    case 'void':
      return { text: 'Not comparable', detail: `${verdict.reason} Start anew to compare again.` };
  }
}

/** Shows a verdict. @param {Verdict} verdict @param {readonly [string, string]} names @param {boolean} bothLive */
export function showVerdict(verdict, names, bothLive) {
  const section = find(document, '#verdict', HTMLElement);
  const { text, detail } = inWords(verdict, names, bothLive);
  section.dataset.state = verdict.state === 'complete' && !bothLive ? 'so-far' : verdict.state;
  find(section, '.verdict-text', HTMLElement).textContent = text;
  find(section, '.verdict-detail', HTMLElement).textContent = detail;
}

/** @param {Verdict} verdict */
function kept(verdict) {
  if (verdict.acknowledged === 0) return '';
  return `All that the form published is there (${number.format(verdict.acknowledged)}).`;
}

/** @param {Verdict} verdict @param {readonly [string, string]} names */
function lag(verdict, names) {
  const parts = names.flatMap((name, reader) => {
    const lacking = verdict.lacking[reader] ?? 0;
    return lacking > 0 ? [`${name} lacks ${number.format(lacking)} that ${names[1 - reader]} has shown`] : [];
  });
  if (verdict.owed > 0) parts.push(`${number.format(verdict.owed)} acknowledged to the form, not yet in both panes`);
  return `${parts.join('; ')}.`;
}

/** @param {Verdict} verdict @param {readonly [string, string]} names */
function faults(verdict, names) {
  const parts = names.flatMap((name, reader) =>
    [
      [verdict.missing[reader], 'missing'],
      [verdict.repeated[reader], 'shown twice'],
      [verdict.misplaced[reader], 'out of order'],
    ].flatMap(([times, fault]) => (times ? [`${name}: ${times} ${fault}`] : [])),
  );
  return parts.length > 0 ? `${parts.join('; ')}.` : 'Each pane has something that the other lacks.';
}

/** @param {number} notifications */
function count(notifications) {
  return `${number.format(notifications)} ${notifications === 1 ? 'notification' : 'notifications'}`;
}
