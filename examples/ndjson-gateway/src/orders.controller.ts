import { Body, Controller, Inject, Post, StandardSchemaValidationPipe } from '@nestjs/common';
import { z } from 'zod';
import { Orders, type Order } from './orders.js';

const bodySchema = z.object({ article: z.string().min(1).max(200) });

/** The application's own door. */
@Controller('orders')
export class OrdersController {
  constructor(@Inject(Orders) private readonly orders: Orders) {}

  @Post()
  place(
    @Body({ schema: bodySchema, pipes: [new StandardSchemaValidationPipe()] }) { article }: z.infer<typeof bodySchema>,
  ): Promise<Order> {
    return this.orders.place(article);
  }
}
