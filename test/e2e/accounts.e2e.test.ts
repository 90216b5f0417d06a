import { afterAll, beforeAll } from "vitest";
import { backend } from "../backend.ts";
import { adoptionCases } from "./cases/adoption.ts";
import { agedCases } from "./cases/age.ts";
import { budgetCases } from "./cases/budget.ts";
import { burstCases } from "./cases/burst.ts";
import { busCases } from "./cases/bus.ts";
import { chaosCases } from "./cases/chaos.ts";
import { deletionCases } from "./cases/deletion.ts";
import { healingCases } from "./cases/healing.ts";
import { natsCases } from "./cases/nats.ts";
import { treeCases } from "./cases/tree.ts";
import { waitingCases } from "./cases/waiting.ts";
import { type Mesh, startMesh } from "./mesh.ts";

// One file for all cases, since they share one kcp: a real one takes 10 s and 500 MB to start.
let mesh: Mesh | undefined;
const running = (): Mesh => {
  if (!mesh) throw new Error("the servers did not start");
  return mesh;
};

beforeAll(async () => {
  mesh = await startMesh();
  await mesh.product.start();
}, 600_000);
afterAll(() => mesh?.stop());

// What only real servers show: a bus that outlives `pm run`, and what minutes of real time do to a kcp.
const onRealServers = backend() === "kcp";
const aged = onRealServers ? agedCases(running) : undefined;
aged?.begin();
treeCases(running);
waitingCases(running);
healingCases(running);
deletionCases(running);
burstCases(running);
aged?.afterOneMinute();
budgetCases(running);
busCases(running);
adoptionCases(running);
chaosCases(running);
if (onRealServers) natsCases(running);
aged?.afterMinutes();
