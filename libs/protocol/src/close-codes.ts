/** Codes of RFC 6455 §7.4 and IANA's register after which the same client may connect again. 1006: nobody said goodbye. */
const COME_BACK: ReadonlySet<number> = new Set([1001, 1005, 1006, 1011, 1012, 1013, 1014]);
/** First of our own codes that advise to come back; those from 4000 on advise against it. */
const FIRST_TO_COME_BACK = 4_500;

/** Whether a WebSocket that was closed with this code should be opened again with the same token and topics. */
export function mayComeBack(closeCode: number): boolean {
  return closeCode >= FIRST_TO_COME_BACK || COME_BACK.has(closeCode);
}
