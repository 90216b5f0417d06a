import { manualClock } from "../../test/manual-clock.ts";
import { busContract } from "./contract.ts";
import { createMemoryBus } from "./memory.ts";

const clock = manualClock();
busContract("memory bus", clock, async () => createMemoryBus({ clock }));
