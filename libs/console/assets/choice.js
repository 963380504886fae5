const STORED_AS = 'clarion.panes';

/** The keys of the panes that were on when this browser was last here; nothing before the first choice. @returns {readonly string[] | undefined} */
export function chosenPanes() {
  const stored = storage()?.getItem(STORED_AS);
  return stored?.split(',');
}

/** @param {readonly string[]} keys */
export function keepChosenPanes(keys) {
  storage()?.setItem(STORED_AS, keys.join(','));
}

/** Nothing where the person's settings forbid a page to store anything: then the choice lasts as long as the page. */
function storage() {
  try {
    return localStorage;
  } catch {
    return undefined;
  }
}
