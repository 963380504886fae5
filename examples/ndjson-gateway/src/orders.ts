import { Inject, Injectable } from '@nestjs/common';
import { APPLICATION } from '#clarion/access';
import { Publisher } from '#clarion/notifications';
import { parsePublish } from '#clarion/protocol';

export interface Order {
  readonly number: number;
  readonly article: string;
}

/** What the application is about. It tells everybody concerned of each order through Clarion's `Publisher`. */
@Injectable()
export class Orders {
  #last = 0;

  constructor(@Inject(Publisher) private readonly publisher: Publisher) {}

  /** Resolves once the notification is on disk. */
  async place(article: string): Promise<Order> {
    const order = { number: ++this.#last, article };
    const notification = parsePublish({
      topic: `orders/${order.number}`,
      type: 'order.placed',
      title: `Order ${order.number}: ${article}`,
      data: order,
    });
    await this.publisher.publish(APPLICATION, notification);
    return order;
  }
}
