import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { DomainError, MAX_CATEGORIES, type Category } from '#clarion/protocol';
import { CategoryBook, type CategoryShelf } from './category-book.js';

const CHANNELS_ON = { live: true, inbox: true, push: true };

function category(id: string, title = id): Category {
  return { id, title, defaults: CHANNELS_ON, locked: [] };
}

/** A shelf whose writes end when the test says so. */
class Shelf implements CategoryShelf {
  readonly kept = new Map<string, Category>();
  #under: (() => void)[] = [];
  isSlow = false;
  failure: Error | undefined;

  async categories(): Promise<Category[]> {
    return [...this.kept.values()];
  }

  async putCategory(declared: Category): Promise<void> {
    await this.#write();
    this.kept.set(declared.id, declared);
  }

  async deleteCategory(id: string): Promise<void> {
    await this.#write();
    this.kept.delete(id);
  }

  async end(): Promise<void> {
    await setImmediate();
    this.#under.shift()?.();
    await setImmediate();
  }

  get underWay(): number {
    return this.#under.length;
  }

  async #write(): Promise<void> {
    if (this.isSlow) await new Promise<void>((resolve) => this.#under.push(resolve));
    if (this.failure !== undefined) throw this.failure;
  }
}

async function opened(...ids: string[]): Promise<{ book: CategoryBook; shelf: Shelf }> {
  const shelf = new Shelf();
  for (const id of ids) shelf.kept.set(id, category(id));
  const book = new CategoryBook(shelf);
  await book.open();
  return { book, shelf };
}

describe('the book of categories', () => {
  it('knows what was declared before it was opened, and lists by id', async () => {
    const { book } = await opened('offers', 'alerts', 'news');
    expect(book.list().map(({ id }) => id)).toEqual(['alerts', 'news', 'offers']);
    expect(book.get('news')).toEqual(category('news'));
    expect([book.get('nothing'), book.get('constructor'), book.get(undefined)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('has what was declared anew once it is on disk, and not before', async () => {
    const { book, shelf } = await opened();
    shelf.isSlow = true;
    const put = book.put(category('news'));
    await shelf.end();
    await put;
    expect([book.get('news'), shelf.kept.get('news')]).toEqual([category('news'), category('news')]);
    const replaced = book.put(category('news', 'News'));
    await Promise.resolve();
    expect(book.get('news')?.title).toBe('news');
    await shelf.end();
    await replaced;
    expect(book.get('news')?.title).toBe('News');
  });

  it('forgets what was deleted', async () => {
    const { book, shelf } = await opened('news');
    await book.delete('news');
    expect([book.get('news'), book.list(), shelf.kept.size]).toEqual([undefined, [], 0]);
    expect(() => book.assertDeclared('news')).toThrow('category.unknown');
    await expect(book.delete('news')).rejects.toThrow('category.unknown');
  });

  it('writes one after the other, so that the last that was asked for is the last on disk', async () => {
    const { book, shelf } = await opened();
    shelf.isSlow = true;
    const writes = [book.put(category('news', 'first')), book.delete('news'), book.put(category('news', 'last'))];
    await shelf.end();
    expect(shelf.underWay).toBe(1);
    await shelf.end();
    await shelf.end();
    await Promise.all(writes);
    expect([book.get('news')?.title, shelf.kept.get('news')?.title]).toEqual(['last', 'last']);
  });

  it('is as it was after a write that failed, and the next one is not concerned', async () => {
    const { book, shelf } = await opened('news');
    shelf.failure = new Error('disk');
    const failing = [book.put(category('offers')), book.delete('news')];
    for (const write of failing) await expect(write).rejects.toThrow('disk');
    expect(book.list().map(({ id }) => id)).toEqual(['news']);
    shelf.failure = undefined;
    await book.put(category('offers'));
    expect(book.get('offers')).toBeDefined();
  });

  it('takes no more than so many, of which each may be replaced', async () => {
    const { book, shelf } = await opened(...Array.from({ length: MAX_CATEGORIES - 1 }, (_, i) => `c-${i}`));
    const puts = await Promise.allSettled([book.put(category('last')), book.put(category('one-too-many'))]);
    expect(puts.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(puts[1]).toMatchObject({ reason: { code: 'body.invalid' } });
    await book.put(category('c-0', 'again'));
    expect([book.list().length, shelf.kept.size]).toEqual([MAX_CATEGORIES, MAX_CATEGORIES]);
  });

  it('says where the unknown one was named', async () => {
    const { book } = await opened('news');
    expect(() => book.assertDeclared('news', '/category')).not.toThrow();
    let thrown: unknown;
    try {
      book.assertDeclared('olds', '/category');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(DomainError);
    expect(thrown).toMatchObject({
      code: 'category.unknown',
      detail: 'olds',
      errors: [{ pointer: '/category', detail: 'no such category' }],
    });
  });
});
