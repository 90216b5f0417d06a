import type { GlobalOptions, Io, Values } from "./command.ts";
import { explainError } from "./explain-error.ts";
import { openSession, type Session } from "./session.ts";

/** Opens a session for one command; what goes wrong in it names the server. */
export async function withSession<T>(
  options: Values<GlobalOptions>,
  io: Io,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(options, io);
  try {
    return await work(session);
  } catch (error) {
    throw io.signal.aborted ? error : explainError(error, session.server);
  } finally {
    session.client.close();
  }
}
