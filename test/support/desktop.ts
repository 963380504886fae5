import { EventEmitter, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DBusReader, dbusMessage, frameLength, parseHead, type DBusHead, type DBusValue } from './dbus-wire.js';

const BUS = 'org.freedesktop.DBus';
const NOTIFICATIONS = 'org.freedesktop.Notifications';
const NOTIFICATIONS_PATH = '/org/freedesktop/Notifications';
/** Under which the notifications' service is known; browsers believe no other sender. */
const OWNER = ':1.0';
const CALL = 1;
/** Desktop Notifications Specification 1.2: why one is no longer there. */
const CLOSED = { byPerson: 2, byProgram: 3 } as const;
const CAPABILITIES = ['actions', 'body', 'body-markup', 'persistence'];

/** What a person sees on the desktop. */
export interface PoppedUp {
  readonly id: number;
  readonly title: string;
  readonly body: string;
  /** What can be clicked, in words, by the names under which it is. */
  readonly actions: ReadonlyMap<string, string>;
}

/**
 * A Linux desktop as far as browsers need it to pop up notifications: a session bus (D-Bus) on which nobody is but the notifications' service. A
 * person's click is then a real one for the browser, with all that it allows: a worker may open a window.
 */
export class Desktop {
  /** For the browser that is to be on it. */
  readonly environment: { readonly DBUS_SESSION_BUS_ADDRESS: string };
  /** What is on display, oldest first. */
  readonly shown = new Map<number, PoppedUp>();
  /** All that ever popped up, or replaced what was there. */
  readonly history: PoppedUp[] = [];
  readonly #folder: string;
  readonly #server: Server;
  readonly #changes = new EventEmitter();
  readonly #owners = new Map<number, Socket>();
  #connections = 0;
  #last = 0;

  private constructor(folder: string, server: Server) {
    this.#folder = folder;
    this.#server = server;
    this.environment = { DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(folder, 'bus')}` };
    server.on('connection', (socket) => this.#welcome(socket));
  }

  static async start(): Promise<Desktop> {
    const folder = await mkdtemp(join(tmpdir(), 'desktop-'));
    const server = createServer();
    server.listen(join(folder, 'bus'));
    await once(server, 'listening');
    return new Desktop(folder, server);
  }

  /** Waits until this is so, looking again after all that happens here. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await once(this.#changes, 'change');
  }

  /** Waits until it is on display. */
  async titled(title: string): Promise<PoppedUp> {
    const find = (): PoppedUp | undefined => [...this.shown.values()].find((one) => one.title === title);
    await this.until(() => find() !== undefined);
    return find()!;
  }

  /** A person clicks on it, or on the button that says so. */
  click({ id, actions }: PoppedUp, button?: string): void {
    const action = button === undefined ? 'default' : [...actions].find(([, words]) => words === button)?.[0];
    if (action === undefined) throw new Error(`there is no button ${button}, only ${[...actions.values()].join()}`);
    this.#signal(id, 'ActionInvoked', 'us', [id, action]);
  }

  /** A person takes it away. */
  dismiss({ id }: PoppedUp): void {
    this.shown.delete(id);
    this.#signal(id, 'NotificationClosed', 'uu', [id, CLOSED.byPerson]);
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of new Set(this.#owners.values())) socket.destroy();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** SASL as the D-Bus Specification has it: whoever may open the socket may come in. */
  #welcome(socket: Socket): void {
    const name = `:1.${++this.#connections}`;
    let waiting = Buffer.alloc(0);
    let isIn = false;
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      waiting = Buffer.concat([waiting, data]);
      if (!isIn) {
        const end = waiting.lastIndexOf('\r\n');
        if (end === -1) return;
        for (const line of waiting.subarray(0, end).toString('latin1').replace('\0', '').split('\r\n')) {
          if (line === 'BEGIN') isIn = true;
          else socket.write(line.startsWith('AUTH EXTERNAL') ? `OK ${'0'.repeat(32)}\r\n` : 'ERROR\r\n');
        }
        waiting = waiting.subarray(end + 2);
      }
      for (let length = frameLength(waiting); isIn && length <= waiting.length; length = frameLength(waiting)) {
        this.#hear(waiting.subarray(0, length), name, socket);
        waiting = waiting.subarray(length);
      }
    });
  }

  #hear(frame: Buffer, name: string, socket: Socket): void {
    const head = parseHead(frame);
    if (head.type !== CALL) return;
    const answer = head.destination === NOTIFICATIONS ? this.#notifications(head, socket) : busAnswer(head, name);
    const sender = head.destination === NOTIFICATIONS ? OWNER : BUS;
    socket.write(
      answer === undefined
        ? dbusMessage({ error: `${BUS}.Error.UnknownMethod`, replyTo: head.serial, destination: name, sender })
        : dbusMessage({
            replyTo: head.serial,
            destination: name,
            sender,
            signature: answer[0],
            values: answer.slice(1),
          }),
    );
    this.#changes.emit('change');
  }

  #notifications({ member, body }: DBusHead, socket: Socket): Answer | undefined {
    if (member === 'GetCapabilities') return ['as', CAPABILITIES];
    if (member === 'GetServerInformation') return ['ssss', 'desktop', 'clarion', '1', '1.2'];
    if (member === 'CloseNotification') return this.#forget(new DBusReader(body).uint());
    return member === 'Notify' ? ['u', this.#notify(new DBusReader(body), socket)] : undefined;
  }

  #notify(body: DBusReader, socket: Socket): number {
    body.string(); // the program's name
    const replaces = body.uint();
    body.string(); // an icon
    const [title, text, flat] = [body.string(), body.string(), body.strings()];
    const id = replaces === 0 ? ++this.#last : replaces;
    const actions = new Map(flat.flatMap((key, i) => (i % 2 === 0 ? [[key, flat[i + 1] ?? ''] as const] : [])));
    const poppedUp = { id, title, body: text, actions };
    this.shown.set(id, poppedUp);
    this.history.push(poppedUp);
    this.#owners.set(id, socket);
    return id;
  }

  #forget(id: number): Answer {
    if (this.shown.delete(id)) this.#signal(id, 'NotificationClosed', 'uu', [id, CLOSED.byProgram]);
    return [''];
  }

  #signal(id: number, member: string, signature: string, values: readonly DBusValue[]): void {
    const signal = { path: NOTIFICATIONS_PATH, interface: NOTIFICATIONS, member, sender: OWNER, signature, values };
    this.#owners.get(id)?.write(dbusMessage(signal));
    this.#changes.emit('change');
  }
}

/** A signature, and values of these types. */
type Answer = readonly [signature: string, ...values: DBusValue[]];

/** What the bus itself is asked. */
function busAnswer({ member, body }: DBusHead, name: string): Answer | undefined {
  switch (member) {
    case 'Hello':
      return ['s', name];
    case 'AddMatch':
    case 'RemoveMatch':
      return [''];
    case 'NameHasOwner':
      return ['b', new DBusReader(body).string() === NOTIFICATIONS];
    case 'GetNameOwner':
      return new DBusReader(body).string() === NOTIFICATIONS ? ['s', OWNER] : undefined;
    case 'ListNames':
    case 'ListActivatableNames':
      return ['as', [BUS, NOTIFICATIONS]];
    case 'RequestName':
      return ['u', 1];
    default:
      return undefined;
  }
}
