/** The token by which whoever keeps preferences provides {@link HiddenPeople}; without a provider nobody hides. */
export const HIDDEN_PEOPLE = Symbol('HiddenPeople');

/** Who does not want to be shown as present. Whoever changes the answer has `PresenceBoard.reconsider` called. */
export interface HiddenPeople {
  /** As of now, from memory: asked for everybody who comes. */
  isHidden(user: string): boolean;
}
