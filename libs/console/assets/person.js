import { subjectOf } from './credential.js';

const STORED_AS = 'clarion.person';
/** Who one is with an API key, until one says otherwise. */
const SOMEBODY = 'u-42';

/**
 * The person whose inbox this is: of a token its own, with a key whoever was named last in this tab.
 * @param {string} credential
 */
export function personOf(credential) {
  return subjectOf(credential) ?? storage()?.getItem(STORED_AS) ?? SOMEBODY;
}

/** @param {string} person */
export function keepPerson(person) {
  storage()?.setItem(STORED_AS, person);
}

/** Nothing where the person's settings forbid a page to store anything: then a reload begins with the first name again. */
function storage() {
  try {
    return sessionStorage;
  } catch {
    return undefined;
  }
}
