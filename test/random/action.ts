/** Where an Account is below root:orgs: `acme`, `acme:dev`. */
export type Path = string;

/** One thing that happens, as data: to be drawn at random, shrunk, read by people, and kept as a case. */
export type Action =
  | { readonly does: "create"; readonly path: Path; readonly type: string }
  | { readonly does: "edit"; readonly path: Path; readonly what: Edit }
  | { readonly does: "delete"; readonly path: Path; readonly how: Propagation }
  /** Something that the functions made is deleted by hand. */
  | { readonly does: "destroy"; readonly path: Path; readonly what: Made }
  /** Something that the functions made is changed by hand. */
  | { readonly does: "spoil"; readonly path: Path; readonly what: Spoiling }
  /** A Workspace of that name is made by hand. */
  | { readonly does: "squat"; readonly path: Path }
  /** That Workspace may be taken over. */
  | { readonly does: "adopt"; readonly path: Path }
  | { readonly does: "wait"; readonly ms: number }
  | { readonly does: "fault"; readonly fault: Fault };

export type Edit =
  | "displayName"
  | "data"
  | "label"
  | "refresh label"
  | "type to team"
  | "type to org"
  | "type to account";
export type Propagation = "Background" | "Foreground" | "Orphan";
export type Made = "Workspace" | "AccountInfo" | "WorkspaceType for the org" | "WorkspaceType for accounts";
export type Spoiling =
  | "owner of the Workspace"
  | "lineage in the AccountInfo"
  | "security in the AccountInfo"
  | "finalizers of the AccountInfo"
  | "finalizers of the Account"
  | "status of the Account"
  | "limits of the WorkspaceType"
  | "org of the WorkspaceType";

/** What goes wrong around the functions. Counts are of the next ones from now on. */
export type Fault =
  | { readonly is: "cut watches" }
  /** Watches that are cut cannot be resumed either: the server has forgotten. */
  | { readonly is: "compacted" }
  | { readonly is: "deliveries"; readonly are: Disturbance; readonly next: number }
  | { readonly is: "publishing fails"; readonly next: number }
  /** The function that makes a write throws. */
  | { readonly is: "crash"; readonly when: "before" | "after"; readonly write: number }
  | { readonly is: "answers"; readonly are: Refusal; readonly next: number }
  /** The process ends and starts again, with an empty store. The bus in memory may end with it. */
  | { readonly is: "restart"; readonly bus: "kept" | "lost" };

export type Disturbance = "dropped" | "doubled" | "late" | "very late" | "overtaken";
/** What the API answers to a write, done or not. */
export type Refusal = "403" | "409" | "500" | "no answer, not done" | "no answer, done";

/** The action as people read it. */
export function describeAction(action: Action): string {
  switch (action.does) {
    case "create":
      return `create ${action.type} ${action.path}`;
    case "edit":
      return `edit ${action.path}: ${action.what}`;
    case "delete":
      return `delete ${action.path}${action.how === "Background" ? "" : ` (${action.how.toLowerCase()})`}`;
    case "destroy":
      return `delete by hand the ${action.what} of ${action.path}`;
    case "spoil":
      return `change by hand the ${action.what} of ${action.path}`;
    case "squat":
      return `make by hand a Workspace ${action.path}`;
    case "adopt":
      return `let the Workspace ${action.path} be adopted`;
    case "wait":
      return `wait ${action.ms} ms`;
    case "fault":
      return describeFault(action.fault);
  }
}

function describeFault(fault: Fault): string {
  switch (fault.is) {
    case "cut watches":
      return "cut the watches";
    case "compacted":
      return "cut the watches and forget the history";
    case "deliveries":
      return `next ${fault.next} deliveries are ${fault.are}`;
    case "publishing fails":
      return `next ${fault.next} publishings fail`;
    case "crash":
      return `the function crashes ${fault.when} write ${fault.write} from now`;
    case "answers":
      return `next ${fault.next} writes are answered: ${fault.are}`;
    case "restart":
      return `restart the worker, bus ${fault.bus}`;
  }
}
