/** What a person's preferences, and the operator's categories, keep out of the inbox now. */
export interface InboxRules {
  inboxRules(
    user: string,
  ): Promise<{ readonly hiddenCategories: readonly string[]; readonly mutedTopics: ReadonlySet<string> }>;
}
