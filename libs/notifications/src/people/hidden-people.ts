import { NO_PREFERENCES, type StoredPreferences } from './preferences.js';

/** The token by which whoever keeps preferences provides {@link HiddenPeople}; without a provider nobody hides. */
export const HIDDEN_PEOPLE = Symbol('HiddenPeople');

/** Who does not want to be shown as present. */
export interface HiddenPeople {
  /** As of now, from memory: asked for everybody who comes. Somebody of whom nothing is known yet hides. */
  isHidden(user: string): boolean;
  /** Calls `listener` when {@link isHidden} may say something else of somebody connected than before. @returns how to stop. */
  onChanged(listener: (user: string) => void): () => void;
  /** Of anybody, connected or not: what {@link isHidden} says once they are known. */
  preferencesOf(user: string): Promise<Pick<StoredPreferences, 'presence'>>;
}

/** Of an application whose people have no preferences. */
export const NOBODY_HIDES: HiddenPeople = Object.freeze({
  isHidden: () => false,
  onChanged: () => () => undefined,
  preferencesOf: () => Promise.resolve(NO_PREFERENCES),
});
