import { describe, expect, test } from "vitest";
import { eventually } from "../eventually.ts";
import { account, configMap } from "../objects.ts";
import { accounts, configMaps, room } from "../world.ts";

const held = { finalizers: ["example.io/held"] };

export function deletionCases(): void {
  const home = room("deletion");
  const create = (name: string, metadata: object = {}) => home.api().post(accounts, account(name, {}, { ...metadata }));
  const remove = (name: string, options?: object) => home.api().delete(`${accounts}/${name}`, options);
  const release = (name: string) => home.api().patch(`${accounts}/${name}`, { metadata: { finalizers: null } });
  const gone = (path: string) => eventually(async () => expect((await home.api().get(path)).code).toBe(404));

  describe("deletion", () => {
    test("is told by a Status that names the object", async () => {
      await create("free");
      expect(await remove("free")).toMatchInlineSnapshot(`
        200
        {group: core.platform-mesh.io, kind: accounts, name: free, uid: <uid>}
      `);
      expect(await home.api().get(`${accounts}/free`)).toMatchInlineSnapshot(`
        404 NotFound: accounts.core.platform-mesh.io "free" not found
        {group: core.platform-mesh.io, kind: accounts, name: free}
      `);
    });
    test("of a native object is told in the same way", async () => {
      await home.api().post(configMaps, configMap("free"));
      expect(await home.api().delete(`${configMaps}/free`)).toMatchInlineSnapshot(`
        200
        {kind: configmaps, name: free, uid: <uid>}
      `);
    });
    test("of what does not exist", async () => {
      expect(await remove("absent")).toMatchInlineSnapshot(`
        404 NotFound: accounts.core.platform-mesh.io "absent" not found
        {group: core.platform-mesh.io, kind: accounts, name: absent}
      `);
    });
    test("waits for finalizers, and says so in the object", async () => {
      await create("held", held);
      expect((await remove("held")).whole()).toMatchInlineSnapshot(`
        200
        apiVersion: core.platform-mesh.io/v1alpha1
        kind: Account
        metadata:
          annotations:
            kcp.io/cluster: <id of deletion>
          creationTimestamp: '<time>'
          deletionGracePeriodSeconds: 0
          deletionTimestamp: '<time>'
          finalizers:
            - example.io/held
          generation: 2
          managedFields:
            - {apiVersion: core.platform-mesh.io/v1alpha1, fieldsType: FieldsV1, fieldsV1: {f:metadata: {f:finalizers: {.: {}, v:"example.io/held": {}}}, f:spec: {.: {}, f:displayName: {}, f:type: {}}}, manager: conformance, operation: Update, time: '<time>'}
          name: held
          resourceVersion: '<version>'
          uid: <uid>
        spec:
          displayName: held
          type: account
      `);
      await release("held");
    });
    test("again changes nothing", async () => {
      await create("again", held);
      const [one, two] = [await remove("again"), await remove("again")];
      expect(two.at("metadata", "resourceVersion")).toBe(one.at("metadata", "resourceVersion"));
      await release("again");
    });
    test("ends with the last finalizer", async () => {
      await create("ending", { finalizers: ["example.io/one", "example.io/two"] });
      await remove("ending");
      const path = `${accounts}/ending`;
      const one = await home.api().patch(path, { metadata: { finalizers: ["example.io/two"] } });
      expect(one.at("metadata", "finalizers")).toEqual(["example.io/two"]);
      expect((await release("ending")).code).toBe(200);
      expect((await home.api().get(path)).code).toBe(404);
    });
    test("leaves the spec open to changes", async () => {
      await create("changing", held);
      await remove("changing");
      const answer = await home.api().patch(`${accounts}/changing`, { spec: { description: "late" } });
      expect(answer.only("spec", "metadata.generation")).toMatchInlineSnapshot(`
        200
        metadata.generation: 3
        spec:
          description: late
          displayName: changing
          type: account
      `);
      await release("changing");
    });
    test("forbids new finalizers", async () => {
      await create("late", held);
      await remove("late");
      const finalizers = [...held.finalizers, "example.io/late"];
      expect(await home.api().patch(`${accounts}/late`, { metadata: { finalizers } })).toMatchInlineSnapshot(`
        422 Invalid: Account.core.platform-mesh.io "late" is invalid:
        - FieldValueForbidden: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.io/late"}
        - FieldValueForbidden: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.io/late"}
        {group: core.platform-mesh.io, kind: Account, name: late}
      `);
      await release("late");
    });
    test("cannot be taken back", async () => {
      await create("back", held);
      await remove("back");
      const answer = await home.api().patch(`${accounts}/back`, { metadata: { deletionTimestamp: null } });
      expect(answer.text("metadata", "deletionTimestamp")).toMatch(/^\d{4}-/);
      await release("back");
    });
    test("keeps the name taken until its end", async () => {
      await create("name", held);
      await remove("name");
      expect(await create("name")).toMatchInlineSnapshot(`
        409 AlreadyExists: object is being deleted: accounts.core.platform-mesh.io "name" already exists
        {group: core.platform-mesh.io, kind: accounts, name: name}
      `);
      await release("name");
    });
    test("gives a new object of the same name another uid", async () => {
      const before = await create("twice");
      await remove("twice");
      const after = await create("twice");
      expect(after.at("metadata", "uid")).not.toBe(before.at("metadata", "uid"));
    });
  });

  describe("preconditions", () => {
    test("another uid", async () => {
      await create("uid");
      expect(
        await remove("uid", { preconditions: { uid: "00000000-0000-0000-0000-000000000000" } }),
      ).toMatchInlineSnapshot(`
        409 Conflict: Operation cannot be fulfilled on Account.core.platform-mesh.io "uid": the UID in the precondition (<uid>) does not match the UID in record (<uid>). The object might have been deleted and then recreated
        {group: core.platform-mesh.io, kind: Account, name: uid}
      `);
    });
    test("another resourceVersion", async () => {
      await create("version");
      const answer = await remove("version", { preconditions: { resourceVersion: "1" } });
      expect(answer.code).toBe(409);
      expect(answer.text("message").replace(/\d{2,}/, "<version>")).toMatchInlineSnapshot(
        `Operation cannot be fulfilled on Account.core.platform-mesh.io "version": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (<version>). The object might have been modified`,
      );
    });
    test("that hold", async () => {
      const made = await create("holding");
      const { uid, resourceVersion } = made.at("metadata") as { uid: string; resourceVersion: string };
      expect((await remove("holding", { preconditions: { uid, resourceVersion } })).code).toBe(200);
    });
    test("propagationPolicy has three values", async () => {
      await create("policy");
      expect(await remove("policy", { propagationPolicy: "Sideways" })).toMatchInlineSnapshot(`
        422 Invalid: DeleteOptions.meta.k8s.io "" is invalid:
        - FieldValueNotSupported: propagationPolicy: Unsupported value: "Sideways": supported values: "Foreground", "Background", "Orphan", "nil"
        {group: meta.k8s.io, kind: DeleteOptions}
      `);
    });
    test("propagationPolicy and orphanDependents exclude each other", async () => {
      await create("policy");
      const answer = await remove("policy", { propagationPolicy: "Background", orphanDependents: true });
      expect(answer).toMatchInlineSnapshot(`
        422 Invalid: DeleteOptions.meta.k8s.io "" is invalid:
        - FieldValueInvalid: propagationPolicy: Invalid value: "Background": orphanDependents and deletionPropagation cannot be both set
        {group: meta.k8s.io, kind: DeleteOptions}
      `);
    });
    test("a negative grace period", async () => {
      await create("grace");
      expect((await remove("grace", { gracePeriodSeconds: 0 })).code).toBe(200);
    });
    test("options that are none", async () => {
      await create("none");
      const answer = await home.api().send("DELETE", `${accounts}/none`, "{");
      expect([answer.code, answer.text("message").split("error: ")[0]]).toMatchInlineSnapshot(`
        [
          400,
          couldn't get version/kind; json parse ,
        ]
      `);
    });
    test("options of another kind", async () => {
      await create("none");
      const answer = await remove("none", { apiVersion: "v1", kind: "Pod" });
      expect([answer.code, answer.text("message").split(" in scheme ")[0]]).toMatchInlineSnapshot(`
        [
          400,
          no kind "Pod" is registered for version "v1",
        ]
      `);
    });
  });

  describe("owners", () => {
    const owner = async (name: string) => {
      const made = await home.api().post(configMaps, configMap(name));
      return { apiVersion: "v1", kind: "ConfigMap", name, uid: made.text("metadata", "uid") };
    };
    const owned = (name: string, ...ownerReferences: readonly object[]) =>
      home.api().post(configMaps, configMap(name, {}, { ownerReferences }));
    const there = async (name: string) => (await home.api().get(`${configMaps}/${name}`)).code;

    test("take along what they own", async () => {
      await owned("child", await owner("parent"));
      await home.api().delete(`${configMaps}/parent`);
      await gone(`${configMaps}/child`);
    });
    test("leave alone what another one owns too", async () => {
      const [one, two] = [await owner("one"), await owner("two")];
      await owned("shared", one, two);
      await owned("alone", one);
      await home.api().delete(`${configMaps}/one`);
      await gone(`${configMaps}/alone`);
      expect(await there("shared")).toBe(200);
      await home.api().delete(`${configMaps}/two`);
      await gone(`${configMaps}/shared`);
    });
    test("leave orphans behind when told so", async () => {
      await owned("orphan", await owner("former"));
      const options = { propagationPolicy: "Orphan" };
      const answer = await home.api().delete(`${configMaps}/former`, options);
      expect(answer.at("metadata", "finalizers")).toEqual(["orphan"]);
      await gone(`${configMaps}/former`);
      expect((await home.api().get(`${configMaps}/orphan`)).at("metadata", "ownerReferences")).toBeNull();
    });
    test("wait for what they own in the foreground", async () => {
      const reference = { ...(await owner("waiting")), blockOwnerDeletion: true };
      await home.api().post(configMaps, configMap("first", {}, { ownerReferences: [reference], ...held }));
      const answer = await home.api().delete(`${configMaps}/waiting`, { propagationPolicy: "Foreground" });
      expect(answer.at("metadata", "finalizers")).toEqual(["foregroundDeletion"]);
      await eventually(async () => {
        expect((await home.api().get(`${configMaps}/first`)).text("metadata", "deletionTimestamp")).toBeTruthy();
      });
      expect(await there("waiting")).toBe(200);
      await home.api().patch(`${configMaps}/first`, { metadata: { finalizers: null } });
      await gone(`${configMaps}/waiting`);
    });
    test("that never were are as good as gone", async () => {
      await owned("lost", {
        apiVersion: "v1",
        kind: "ConfigMap",
        name: "never",
        uid: "00000000-0000-0000-0000-000000000000",
      });
      await gone(`${configMaps}/lost`);
    });
    test("of bound types take along what they own", async () => {
      const made = await create("owner");
      const reference = { apiVersion: "core.platform-mesh.io/v1alpha1", kind: "Account", name: "owner" };
      await owned("dependent", { ...reference, uid: made.text("metadata", "uid") });
      await remove("owner");
      await gone(`${configMaps}/dependent`);
    });
  });

  describe("deletion of a collection", () => {
    const label = (name: string, value: string) => create(name, { labels: { set: value } });
    test("takes what a selector selects", async () => {
      await Promise.all([label("red-1", "red"), label("red-2", "red"), label("blue-1", "blue")]);
      const answer = await home.api().delete(`${accounts}?labelSelector=set=red`);
      expect(answer.code).toBe(200);
      expect(answer.names()).toEqual(["red-1", "red-2"]);
      expect((await home.api().get(`${accounts}?labelSelector=set`)).names()).toEqual(["blue-1"]);
    });
    test("is answered with the list of what was deleted", async () => {
      await label("listed", "listed");
      const answer = await home.api().delete(`${accounts}?labelSelector=set=listed`);
      expect([answer.at("kind"), answer.at("apiVersion")]).toEqual(["AccountList", "core.platform-mesh.io/v1alpha1"]);
    });
    test("marks what has finalizers", async () => {
      await create("marked", { labels: { set: "marked" }, ...held });
      await home.api().delete(`${accounts}?labelSelector=set=marked`);
      expect((await home.api().get(`${accounts}/marked`)).text("metadata", "deletionTimestamp")).toBeTruthy();
      await release("marked");
    });
    test("can be tried", async () => {
      await label("tried", "tried");
      await home.api().delete(`${accounts}?labelSelector=set=tried&dryRun=All`);
      expect((await home.api().get(`${accounts}/tried`)).code).toBe(200);
    });
    test("of namespaces is not served", async () => {
      expect(await home.api().delete("/api/v1/namespaces")).toMatchInlineSnapshot(
        `405 MethodNotAllowed: the server does not allow this method on the requested resource`,
      );
    });
  });
}
