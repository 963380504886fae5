import { DomainError, MAX_CATEGORIES, type Category } from '#clarion/protocol';
import type { PeopleStore } from './people-store.js';

/** Where categories are kept. */
export type CategoryShelf = Pick<PeopleStore, 'categories' | 'putCategory' | 'deleteCategory'>;

/** The categories that the operator has declared, all in memory: looked up for each notification that has one. */
export class CategoryBook {
  readonly #shelf: CategoryShelf;
  readonly #categories = new Map<string, Category>();
  /** Writes are carried out one after the other, so that memory and disk agree on which was the last. */
  #writing: Promise<void> = Promise.resolve();

  constructor(shelf: CategoryShelf) {
    this.#shelf = shelf;
  }

  /** Reads them; the log is open. */
  async open(): Promise<void> {
    for (const category of await this.#shelf.categories()) this.#categories.set(category.id, category);
  }

  /** Undefined for an id that is not declared, and for none: of both nothing is known. */
  get(id: string | undefined): Category | undefined {
    return id === undefined ? undefined : this.#categories.get(id);
  }

  /** By id. */
  list(): Category[] {
    return [...this.#categories.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
  }

  /** @throws {DomainError} `category.unknown`; `pointer` says where it was named. */
  assertDeclared(id: string, pointer?: string): void {
    if (this.#categories.has(id)) return;
    const errors = pointer === undefined ? undefined : [{ pointer, detail: 'no such category' }];
    throw new DomainError('category.unknown', id, errors);
  }

  /** @throws {DomainError} `body.invalid` when it would be one category too many. */
  assertRoom(id: string): void {
    if (this.#categories.size >= MAX_CATEGORIES && !this.#categories.has(id))
      throw new DomainError('body.invalid', `there are ${MAX_CATEGORIES} categories already`);
  }

  /**
   * Declares it, or replaces what was declared. It holds for all that is judged once this resolves.
   * @throws {DomainError} as {@link assertRoom}.
   */
  put(category: Category): Promise<void> {
    return this.#write(async () => {
      this.assertRoom(category.id);
      await this.#shelf.putCategory(category);
      this.#categories.set(category.id, category);
    });
  }

  /** Notifications that have it are from then on as if they had none. @throws {DomainError} `category.unknown`. */
  delete(id: string): Promise<void> {
    return this.#write(async () => {
      this.assertDeclared(id);
      await this.#shelf.deleteCategory(id);
      this.#categories.delete(id);
    });
  }

  #write(act: () => Promise<void>): Promise<void> {
    const written = this.#writing.then(act);
    // Whoever asked for it hears of its failure; the next one is not concerned.
    this.#writing = written.catch(() => undefined);
    return written;
  }
}
