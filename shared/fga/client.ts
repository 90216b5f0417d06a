import type * as openfga from "@openfga/sdk";
import type { Call } from "../kcp/client.ts";
import { batches } from "./change.ts";
import { type Credentials, credentialsOf, type FgaServer } from "./credentials.ts";
import { asFgaError } from "./errors.ts";
import { type Fga, FgaError, type Model, type Store, type Tuple } from "./fga.ts";

export interface FgaOptions extends FgaServer {
  /** Milliseconds that one request may take; 5000 unless given. */
  readonly timeoutMs?: number;
}
/** A client holds connections: close it. */
export type FgaClient = Fga & { close(): void };

/** OpenFGA's own limits. */
const pageSize = 100;
const tuplesPerWrite = 100;
const storeId = /^[0-9A-HJKMNP-TV-Z]{26}$/;

/** OpenFGA over HTTP. Tries once: whoever asks repeats. Reads and checks see all that was written before. */
export function createFga({ timeoutMs = 5000, ...server }: FgaOptions): FgaClient {
  const credentials = credentialsOf(server);
  let opened: Promise<Sdk> | undefined;

  async function ask<T>(doing: string, call: Call | undefined, request: Request<T>): Promise<T> {
    const known = await credentials.current().catch((error: unknown) => {
      throw asFgaError(doing, error);
    });
    opened ??= openSdk(server.url);
    const sdk = await opened;
    // Only the server's own time counts: what this process needs to begin says nothing about OpenFGA.
    const limit = AbortSignal.timeout(timeoutMs);
    const signal = call?.signal ? AbortSignal.any([call.signal, limit]) : limit;
    try {
      return await request(sdk, requestOptions(known, signal));
    } catch (error) {
      call?.signal?.throwIfAborted();
      throw asFgaError(doing, limit.aborted ? new Error(`no answer within ${timeoutMs / 1000} s`) : error);
    }
  }
  return { ...storesOf(ask), ...modelsOf(ask), ...tuplesOf(ask), close: () => credentials.close() };
}

interface RequestOptions {
  readonly headers: Record<string, string>;
}
interface Sdk {
  readonly api: openfga.OpenFgaApi;
  readonly consistency: openfga.ConsistencyPreference;
  readonly onDuplicate: openfga.WriteRequestWritesOnDuplicate;
  readonly onMissing: openfga.WriteRequestDeletesOnMissing;
}
type Request<T> = (sdk: Sdk, options: RequestOptions) => Promise<T>;
type Ask = <T>(doing: string, call: Call | undefined, request: Request<T>) => Promise<T>;

/** Loaded with the first call: it takes a fifth of a second, which pm without security need not spend. */
async function openSdk(url: string): Promise<Sdk> {
  const sdk = await import("@openfga/sdk");
  return {
    api: new sdk.OpenFgaApi({ apiUrl: url.replace(/\/+$/, ""), retryParams: { maxRetry: 0 } }),
    // Past the caches that a server may be run with: a revocation works at once.
    consistency: sdk.ConsistencyPreference.HigherConsistency,
    onDuplicate: sdk.WriteRequestWritesOnDuplicate.Ignore,
    onMissing: sdk.WriteRequestDeletesOnMissing.Ignore,
  };
}

/** Of axios, to which the SDK hands them on. The key goes to this server alone: neither to a proxy nor elsewhere. */
const requestOptions = ({ headers, agent }: Credentials, signal: AbortSignal) => ({
  headers: { ...headers },
  httpsAgent: agent,
  proxy: false,
  maxRedirects: 0,
  signal,
});

function storesOf(ask: Ask): Pick<Fga, "findStores" | "getStore" | "createStore" | "deleteStore"> {
  return {
    findStores: ({ name }, call) =>
      ask(`finding the stores called ${name}`, call, async ({ api }, options) => {
        const found = await pages(async (page) => {
          const { stores, continuation_token } = await api.listStores(pageSize, page, name, options);
          return { items: stores, next: continuation_token };
        });
        return found
          .filter((store) => store.name === name)
          .toSorted((one, other) => (one.id < other.id ? -1 : 1)) // ids begin with the time
          .map(plainStore);
      }),
    async getStore({ id }, call) {
      if (!storeId.test(id)) return undefined;
      const got = ask(`getting store ${id}`, call, ({ api }, options) => api.getStore(id, options));
      return got.then(plainStore, unlessMissing);
    },
    createStore: ({ name }, call) =>
      ask(`creating store ${name}`, call, async ({ api }, options) =>
        plainStore(await api.createStore({ name }, options)),
      ),
    async deleteStore({ id }, call) {
      if (!storeId.test(id)) return;
      await ask(`deleting store ${id}`, call, ({ api }, options) => api.deleteStore(id, options)).catch(unlessMissing);
    },
  };
}

function modelsOf(ask: Ask): Pick<Fga, "latestModel" | "writeModel"> {
  return {
    latestModel: ({ store }, call) =>
      ask(`reading the model of store ${store}`, call, async ({ api }, options) => {
        const { authorization_models } = await api.readAuthorizationModels(store, 1, undefined, options);
        const [latest] = authorization_models ?? [];
        if (!latest) return undefined;
        const { id, schema_version, type_definitions, conditions } = latest;
        return { id, model: { schema_version, type_definitions, ...(conditions && { conditions }) } };
      }),
    writeModel: ({ store, model }, call) =>
      ask(`writing a model to store ${store}`, call, async ({ api }, options) => {
        const answer = await api.writeAuthorizationModel(store, modelRequest(model), options);
        return answer.authorization_model_id;
      }),
  };
}

function tuplesOf(ask: Ask): Pick<Fga, "read" | "write" | "check"> {
  return {
    read: ({ store, filter }, call) =>
      pages((page) =>
        ask(`reading tuples of store ${store}`, call, async ({ api, consistency }, options) => {
          const body = {
            page_size: pageSize,
            consistency,
            ...(Object.keys(filter).length > 0 && { tuple_key: { ...filter } }),
            ...(page && { continuation_token: page }),
          };
          const answer = await api.read(store, body, options);
          return { items: answer.tuples.map(({ key }) => plainTuple(key)), next: answer.continuation_token };
        }),
      ),
    async write({ store, model, writes, deletes }, call) {
      for (const batch of batches({ writes, deletes }, tuplesPerWrite)) {
        await ask(`writing tuples to store ${store}`, call, async ({ api, onDuplicate, onMissing }, options) => {
          const body = {
            ...(batch.writes.length > 0 && {
              writes: { tuple_keys: batch.writes.map(plainTuple), on_duplicate: onDuplicate },
            }),
            ...(batch.deletes.length > 0 && {
              deletes: { tuple_keys: batch.deletes.map(plainTuple), on_missing: onMissing },
            }),
            ...(model && { authorization_model_id: model }),
          };
          await api.write(store, body, options);
        });
      }
    },
    check: ({ store, model, tuple, contextual = [] }, call) =>
      ask(`checking ${tuple.relation} of ${tuple.object} in store ${store}`, call, async (sdk, options) => {
        const body = {
          tuple_key: plainTuple(tuple),
          consistency: sdk.consistency,
          ...(contextual.length > 0 && { contextual_tuples: { tuple_keys: contextual.map(plainTuple) } }),
          ...(model && { authorization_model_id: model }),
        };
        const { allowed } = await sdk.api.check(store, body, options);
        return allowed === true;
      }),
  };
}

async function pages<T>(load: (page: string | undefined) => Promise<{ items: readonly T[]; next?: string }>) {
  const all: T[] = [];
  let page: string | undefined;
  do {
    const { items, next } = await load(page);
    all.push(...items);
    page = next || undefined;
  } while (page);
  return all;
}

/** Plain JSON to us; the SDK names each part of it. */
const modelRequest = (model: Model) => model as unknown as openfga.WriteAuthorizationModelRequest;
const plainStore = ({ id, name }: Store): Store => ({ id, name });
const plainTuple = ({ user, relation, object }: Tuple) => ({ user, relation, object });

function unlessMissing(error: unknown): undefined {
  if (error instanceof FgaError && error.problem === "missing") return undefined;
  throw error;
}
