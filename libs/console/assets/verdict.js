import { find } from './element.js';

/** @typedef {import('./judge.d.ts').Verdict} Verdict */
/** @typedef {(reader: number) => string} NameOf */

const number = new Intl.NumberFormat('en');

/**
 * A few words, and what stands behind them.
 * @param {Verdict} verdict @param {NameOf} nameOf @param {boolean} allLive
 */
export function inWords(verdict, nameOf, allLive) {
  const panes = verdict.faults.length;
  switch (verdict.state) {
    case 'nothing':
      return { text: 'Nothing to compare yet', detail: hint(panes) };
    case 'complete':
      return {
        text: allLive ? whole(panes) : 'Complete so far',
        detail: `${count(verdict.matched)} in ${every(panes)}. ${kept(verdict)}`,
      };
    case 'behind':
      return { text: 'Not complete yet', detail: lag(verdict, nameOf) };
    case 'broken':
      return { text: 'The panes differ', detail: wrongs(verdict, nameOf) };
    case 'void':
      return { text: 'Not comparable', detail: `${verdict.reason} Start anew to compare again.` };
  }
}

/** Shows a verdict. @param {Verdict} verdict @param {NameOf} nameOf @param {boolean} allLive */
export function showVerdict(verdict, nameOf, allLive) {
  const section = find(document, '#verdict', HTMLElement);
  const { text, detail } = inWords(verdict, nameOf, allLive);
  section.dataset.state = verdict.state === 'complete' && !allLive ? 'so-far' : verdict.state;
  find(section, '.verdict-text', HTMLElement).textContent = text;
  find(section, '.verdict-detail', HTMLElement).textContent = detail;
}

/** @param {number} panes */
function hint(panes) {
  if (panes === 0) return 'Every pane is off: switch one on in the table below.';
  return panes === 1 ? 'Publish something, and it will show.' : 'Publish something: every pane should show it.';
}

/** @param {number} panes */
function whole(panes) {
  if (panes === 1) return 'Complete';
  return panes === 2 ? 'Both complete' : `All ${panes} complete`;
}

/** @param {number} panes */
function every(panes) {
  if (panes === 1) return 'the one pane that is on';
  return `${panes === 2 ? 'both panes' : `all ${panes} panes`}, in the same order`;
}

/** @param {Verdict} verdict */
function kept(verdict) {
  if (verdict.acknowledged === 0) return '';
  return `All that the form published is there (${number.format(verdict.acknowledged)}).`;
}

/** @param {Verdict} verdict @param {NameOf} nameOf */
function lag(verdict, nameOf) {
  const parts = verdict.faults.flatMap(({ reader, lacking }) =>
    lacking > 0
      ? [`${nameOf(reader)} lacks ${number.format(lacking)} ${otherThan(verdict, reader, nameOf)} shown`]
      : [],
  );
  if (verdict.owed > 0) parts.push(`${number.format(verdict.owed)} acknowledged to the form, not yet in every pane`);
  return `${parts.join('; ')}.`;
}

/** @param {Verdict} verdict @param {number} reader @param {NameOf} nameOf */
function otherThan({ faults }, reader, nameOf) {
  const others = faults.filter((other) => other.reader !== reader);
  return others[0] !== undefined && others.length === 1 ? `that ${nameOf(others[0].reader)} has` : 'that others have';
}

/** @param {Verdict} verdict @param {NameOf} nameOf */
function wrongs(verdict, nameOf) {
  const parts = verdict.faults.flatMap(({ reader, missing, repeated, misplaced }) =>
    /** @type {const} */ ([
      [missing, 'missing'],
      [repeated, 'shown twice'],
      [misplaced, 'out of order'],
    ]).flatMap(([times, fault]) => (times > 0 ? [`${nameOf(reader)}: ${times} ${fault}`] : [])),
  );
  return parts.length > 0 ? `${parts.join('; ')}.` : 'Each pane has something that the other lacks.';
}

/** @param {number} notifications */
function count(notifications) {
  return `${number.format(notifications)} ${notifications === 1 ? 'notification' : 'notifications'}`;
}
