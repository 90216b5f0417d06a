import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { dump } from "js-yaml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { obtain } from "../../../tools/obtain.ts";
import { eventually } from "../eventually.ts";
import { neutral } from "../neutral.ts";
import { account, configMap, workspace } from "../objects.ts";
import { accounts, room, server, unique } from "../world.ts";

export function kubectlCases(): void {
  const home = room("kubectl");
  let folder = "";
  let command = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "kubectl-"));
    command = await obtain("kubectl");
  });
  afterAll(() => rm(folder, { recursive: true }));

  const args = (given: readonly string[]) => [
    `--kubeconfig=${server().adminKubeconfig}`,
    "--context=base",
    `--server=${server().url}/clusters/${home.path}`,
    `--cache-dir=${folder}/cache`,
    ...given,
  ];
  /** What it prints to people, after the exit code when that is not 0. */
  const kubectl = (...given: readonly string[]) =>
    new Promise<string>((resolve) => {
      execFile(command, args(given), { env: { ...process.env, HOME: folder } }, (error, stdout, stderr) => {
        const code = error ? `exit ${error.code}\n` : "";
        resolve(plain(code + (stdout + stderr).replaceAll(folder, "<folder>")));
      });
    });
  /** Without ages, and without the names and times of the files that `kubectl diff` compares. */
  const plain = (text: string) =>
    neutral(text)
      .replace(/\b\d+(m\d+)?s\b/g, "<age>")
      .replace(/^(diff|---|\+\+\+) .*\//gm, "$1 ")
      .replace(/\t\d{4}-\d\d-\d\d .*$/gm, "")
      .trimEnd();
  const file = async (name: string, ...objects: readonly object[]) => {
    const path = join(folder, name);
    await writeFile(path, objects.map((object) => dump(object)).join("---\n"));
    return path;
  };

  describe("kubectl", () => {
    test("apply creates, then leaves alone, then configures", async () => {
      const path = await file("a.yaml", account("acme"), configMap("acme"));
      expect(await kubectl("apply", "-f", path)).toMatchInlineSnapshot(`
        account.core.platform-mesh.io/acme created
        configmap/acme created
      `);
      expect(await kubectl("apply", "-f", path)).toMatchInlineSnapshot(`
        account.core.platform-mesh.io/acme unchanged
        configmap/acme unchanged
      `);
      const changed = await file(
        "a.yaml",
        account("acme", { description: "changed" }),
        configMap("acme", { key: "other" }),
      );
      expect(await kubectl("diff", "-f", changed)).toMatchInlineSnapshot(`
        exit 1
        diff core.platform-mesh.io.v1alpha1.Account..acme
        --- core.platform-mesh.io.v1alpha1.Account..acme
        +++ core.platform-mesh.io.v1alpha1.Account..acme
        @@ -6,10 +6,11 @@
             kubectl.kubernetes.io/last-applied-configuration: |
               {"apiVersion":"core.platform-mesh.io/v1alpha1","kind":"Account","metadata":{"annotations":{},"name":"acme"},"spec":{"displayName":"acme","type":"account"}}
           creationTimestamp: "<time>"
        -  generation: 1
        +  generation: 2
           name: acme
           resourceVersion: "<version>"
           uid: <uid>
         spec:
        +  description: changed
           displayName: acme
           type: account
        diff v1.ConfigMap.default.acme
        --- v1.ConfigMap.default.acme
        +++ v1.ConfigMap.default.acme
        @@ -1,6 +1,6 @@
         apiVersion: v1
         data:
        -  key: value
        +  key: other
         kind: ConfigMap
         metadata:
           annotations:
      `);
      expect(await kubectl("apply", "-f", changed)).toMatchInlineSnapshot(`
        account.core.platform-mesh.io/acme configured
        configmap/acme configured
      `);
      expect(await kubectl("diff", "-f", changed)).toBe("");
    });
    test("apply --server-side", async () => {
      const path = await file("s.yaml", account("side"));
      expect(await kubectl("apply", "--server-side", "-f", path)).toMatchInlineSnapshot(
        `account.core.platform-mesh.io/side serverside-applied`,
      );
      expect(
        await kubectl(
          "apply",
          "--server-side",
          "--field-manager=other",
          "-f",
          await file("s.yaml", account("side", { displayName: "x" })),
        ),
      ).toMatchInlineSnapshot(`
        exit 1
        error: Apply failed with 1 conflict: conflict with "kubectl": .spec.displayName
        Please review the fields above--they currently have other managers. Here
        are the ways you can resolve this warning:
        * If you intend to manage all of these fields, please re-run the apply
          command with the \`--force-conflicts\` flag.
        * If you do not intend to manage all of the fields, please edit your
          manifest to remove references to the fields that should keep their
          current managers.
        * You may co-own fields by updating your manifest to match the existing
          value; in this case, you'll become the manager if the other manager(s)
          stop managing the field (remove it from their configuration).
        See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts
      `);
    });
    test("apply --dry-run=server", async () => {
      expect(
        await kubectl("apply", "--dry-run=server", "-f", await file("d.yaml", account("dry"))),
      ).toMatchInlineSnapshot(`account.core.platform-mesh.io/dry created (server dry run)`);
    });
    test("apply of what is invalid", async () => {
      expect(
        await kubectl("apply", "--validate=false", "-f", await file("i.yaml", account("invalid", { type: 1 }))),
      ).toMatchInlineSnapshot(`
        exit 1
        The Account "invalid" is invalid: spec.type: Invalid value: "integer": spec.type in body must be of type string: "integer"
      `);
    });
    test("apply of unknown fields", async () => {
      expect(
        await kubectl("apply", "-f", await file("u.yaml", account("unknown", { shoe: 1 }))),
      ).toMatchInlineSnapshot(`
        exit 1
        Error from server (BadRequest): error when creating "<folder>/u.yaml": Account in version "v1alpha1" cannot be handled as a Account: strict decoding error: unknown field "spec.shoe"
      `);
    });
    test("get", async () => {
      expect(await kubectl("get", "accounts", "acme")).toMatchInlineSnapshot(`
        NAME   DISPLAY NAME   TYPE      READY   PHASE
        acme   acme           account
      `);
      expect(await kubectl("get", "account/acme", "-o", "wide")).toMatchInlineSnapshot(`
        NAME   DISPLAY NAME   TYPE      READY   PHASE
        acme   acme           account
      `);
      expect(await kubectl("get", "account", "acme", "-o", "name")).toMatchInlineSnapshot(
        `account.core.platform-mesh.io/acme`,
      );
      expect(await kubectl("get", "account", "acme", "-o", "jsonpath={.spec.description}")).toMatchInlineSnapshot(
        `changed`,
      );
      expect(await kubectl("get", "accounts", "-l", "none=none")).toMatchInlineSnapshot(`No resources found`);
    });
    test("get of what is not there", async () => {
      expect(await kubectl("get", "account", "none")).toMatchInlineSnapshot(`
        exit 1
        Error from server (NotFound): accounts.core.platform-mesh.io "none" not found
      `);
      expect(await kubectl("get", "shoes")).toMatchInlineSnapshot(`
        exit 1
        error: the server doesn't have a resource type "shoes"
      `);
    });
    test("get of other kinds", async () => {
      expect(await kubectl("get", "cm/acme", "ns/default")).toMatchInlineSnapshot(`
        NAME             DATA   AGE
        configmap/acme   1      <age>

        NAME                STATUS   AGE
        namespace/default   Active   <age>
      `);
      expect((await kubectl("get", "logicalcluster")).replace(/ +/g, " ")).toMatchInlineSnapshot(`
        NAME PHASE URL AGE
        cluster Ready <server>/clusters/<id of kubectl> <age>
      `);
      expect((await kubectl("get", "apibindings", "core.platform-mesh.io")).replace(/ +/g, " ")).toMatchInlineSnapshot(`
        NAME AGE READY
        core.platform-mesh.io <age> True
      `);
    });
    test("get -o yaml", async () => {
      const text = await kubectl("get", "cm", "acme", "-o", "yaml");
      expect(text.replace(/resourceVersion: .*/, "resourceVersion: <version>")).toMatchInlineSnapshot(`
        apiVersion: v1
        data:
          key: other
        kind: ConfigMap
        metadata:
          annotations:
            kcp.io/cluster: <id of kubectl>
            kubectl.kubernetes.io/last-applied-configuration: |
              {"apiVersion":"v1","data":{"key":"other"},"kind":"ConfigMap","metadata":{"annotations":{},"name":"acme","namespace":"default"}}
          creationTimestamp: "<time>"
          name: acme
          namespace: default
          resourceVersion: <version>
          uid: <uid>
      `);
    });
    test("get with columns of one's own", async () => {
      expect(
        await kubectl("get", "accounts", "acme", "-o", "custom-columns=NAME:.metadata.name,TYPE:.spec.type"),
      ).toMatchInlineSnapshot(`
        NAME   TYPE
        acme   account
      `);
    });
    test("explain", async () => {
      expect(await kubectl("explain", "account.spec")).toMatchInlineSnapshot(`
        GROUP:      core.platform-mesh.io
        KIND:       Account
        VERSION:    v1alpha1

        FIELD: spec <Object>


        DESCRIPTION:
            What is wanted.
            
        FIELDS:
          creator	<string>
            User who created this account.

          data	<Object>
            Free form; children inherit it.

          description	<string>
            What this account is for.

          displayName	<string> -required-
            Name shown to people.

          extensions	<[]Object>
            Objects to make in the account's workspace, as Go templates.

          type	<string> -required-
            \`org\` directly in root:orgs, \`account\` below an org, or a type that the
            operator has added.
      `);
      expect(await kubectl("explain", "account.spec.displayName")).toMatchInlineSnapshot(`
        GROUP:      core.platform-mesh.io
        KIND:       Account
        VERSION:    v1alpha1

        FIELD: displayName <string>


        DESCRIPTION:
            Name shown to people.
      `);
      expect(await kubectl("explain", "account", "--recursive")).toMatchInlineSnapshot(`
        GROUP:      core.platform-mesh.io
        KIND:       Account
        VERSION:    v1alpha1

        DESCRIPTION:
            A tenant or a part of one. Each Account gets a control plane (workspace) of
            its own.
            
        FIELDS:
          apiVersion	<string>
          kind	<string>
          metadata	<ObjectMeta>
            annotations	<map[string]string>
            creationTimestamp	<string>
            deletionGracePeriodSeconds	<integer>
            deletionTimestamp	<string>
            finalizers	<[]string>
            generateName	<string>
            generation	<integer>
            labels	<map[string]string>
            managedFields	<[]ManagedFieldsEntry>
              apiVersion	<string>
              fieldsType	<string>
              fieldsV1	<FieldsV1>
              manager	<string>
              operation	<string>
              subresource	<string>
              time	<string>
            name	<string>
            namespace	<string>
            ownerReferences	<[]OwnerReference>
              apiVersion	<string> -required-
              blockOwnerDeletion	<boolean>
              controller	<boolean>
              kind	<string> -required-
              name	<string> -required-
              uid	<string> -required-
            resourceVersion	<string>
            selfLink	<string>
            uid	<string>
          spec	<Object>
            creator	<string>
            data	<Object>
            description	<string>
            displayName	<string> -required-
            extensions	<[]Object>
              apiVersion	<string>
              kind	<string>
              metadataGoTemplate	<Object>
              readyConditionType	<string>
              specGoTemplate	<Object> -required-
            type	<string> -required-
          status	<Object>
            conditions	<[]Object>
              lastTransitionTime	<string> -required-
              message	<string> -required-
              observedGeneration	<integer>
              reason	<string> -required-
              status	<string> -required-
              enum: True, False, Unknown
              type	<string> -required-
            nextReconcileTime	<string>
            observedGeneration	<integer>
            phase	<string>
            enum: Declared, Provisioning, Ready, Failed, ....
            security	<Object>
              cause	<string>
              cluster	<string>
              creatorSeeded	<boolean>
              issuer	<string>
              modelHash	<string>
              modelId	<string>
              observedGeneration	<integer>
              retryAt	<string>
              steps	<[]Object>
                attempts	<integer> -required-
                lastTransitionTime	<string> -required-
                message	<string> -required-
                name	<string> -required-
                state	<string> -required-
                enum: Done, Skipped, Waiting, Retrying, ....
              storeId	<string>
      `);
      expect(await kubectl("explain", "account.shoe")).toMatchInlineSnapshot(`
        exit 1
        GROUP:      core.platform-mesh.io
        KIND:       Account
        VERSION:    v1alpha1

        error: field "shoe" does not exist
      `);
    });
    test("describe", async () => {
      const text = await kubectl("describe", "account", "acme");
      expect(text.replace(/(Resource Version: +).*/, "$1<version>")).toMatchInlineSnapshot(`
        Name:         acme
        Namespace:    
        Labels:       <none>
        Annotations:  kcp.io/cluster: <id of kubectl>
        API Version:  core.platform-mesh.io/v1alpha1
        Kind:         Account
        Metadata:
          Creation Timestamp:  <time>
          Generation:          2
          Resource Version:    <version>
          UID:                 <uid>
        Spec:
          Description:   changed
          Display Name:  acme
          Type:          account
        Events:          <none>
      `);
    });
    test("label, annotate and patch", async () => {
      expect(await kubectl("label", "account", "acme", "color=red")).toMatchInlineSnapshot(
        `account.core.platform-mesh.io/acme labeled`,
      );
      expect(await kubectl("label", "account", "acme", "color=blue")).toMatchInlineSnapshot(`
        exit 1
        error: 'color' already has a value (red), and --overwrite is false
      `);
      expect(await kubectl("label", "account", "acme", "color-")).toMatchInlineSnapshot(
        `account.core.platform-mesh.io/acme unlabeled`,
      );
      expect(await kubectl("annotate", "account", "acme", "example.io/a=b")).toMatchInlineSnapshot(
        `account.core.platform-mesh.io/acme annotated`,
      );
      expect(
        await kubectl("patch", "account", "acme", "--type=merge", "-p", '{"spec":{"description":"x"}}'),
      ).toMatchInlineSnapshot(`account.core.platform-mesh.io/acme patched`);
      expect(await kubectl("patch", "account", "acme", "-p", "{}")).toMatchInlineSnapshot(`
        exit 1
        error: application/strategic-merge-patch+json is not supported by core.platform-mesh.io/v1alpha1, Kind=Account: the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml, application/apply-patch+yaml
      `);
      expect(
        await kubectl(
          "patch",
          "account",
          "acme",
          "--subresource=status",
          "--type=merge",
          "-p",
          '{"status":{"phase":"Ready"}}',
        ),
      ).toMatchInlineSnapshot(`account.core.platform-mesh.io/acme patched`);
    });
    test("replace", async () => {
      expect(
        await kubectl("replace", "-f", await file("r.yaml", account("acme", { displayName: "replaced" }))),
      ).toMatchInlineSnapshot(`account.core.platform-mesh.io/acme replaced`);
    });
    test("create", async () => {
      expect(await kubectl("create", "namespace", "made")).toMatchInlineSnapshot(`namespace/made created`);
      expect(await kubectl("create", "configmap", "made", "-n", "made", "--from-literal=a=b")).toMatchInlineSnapshot(
        `configmap/made created`,
      );
      expect(
        await kubectl("create", "secret", "generic", "made", "-n", "made", "--from-literal=a=b"),
      ).toMatchInlineSnapshot(`secret/made created`);
      expect(await kubectl("create", "-f", await file("c.yaml", account("acme")))).toMatchInlineSnapshot(`
        exit 1
        Error from server (AlreadyExists): error when creating "<folder>/c.yaml": accounts.core.platform-mesh.io "acme" already exists
      `);
    });
    test("wait", async () => {
      expect(
        await kubectl("wait", "account/acme", "--for=jsonpath={.spec.type}=account", "--timeout=5s"),
      ).toMatchInlineSnapshot(`account.core.platform-mesh.io/acme condition met`);
      expect(await kubectl("wait", "account/acme", "--for=condition=Ready", "--timeout=1s")).toMatchInlineSnapshot(`
        exit 1
        error: timed out waiting for the condition on accounts/acme
      `);
    });
    test("wait for a workspace", async () => {
      const name = unique("awaited");
      await home.api().post("/apis/tenancy.kcp.io/v1alpha1/workspaces", workspace(name));
      expect(
        await kubectl("wait", `workspace/${name}`, "--for=jsonpath={.status.phase}=Ready", "--timeout=60s"),
      ).toMatchInlineSnapshot(`workspace.tenancy.kcp.io/awaited condition met`);
      const text = await kubectl("get", "ws", name);
      expect(text.replace(/ +/g, " ")).toMatchInlineSnapshot(`
        NAME TYPE REGION PHASE URL AGE
        awaited universal Ready <server>/clusters/root:kubectl:awaited <age>
      `);
    });
    test("get -w", async () => {
      const child = spawn(command, args(["get", "accounts", "-w", "--no-headers", "-l", "watched=yes"]), {
        env: { ...process.env, HOME: folder },
      });
      const lines: string[] = [];
      createInterface(child.stdout).on("line", (line) => lines.push(line.replace(/ +/g, " ").trim()));
      const seen = (count: number) => eventually(async () => expect(lines).toHaveLength(count));
      const watched = (name: string) => home.api().post(accounts, account(name, {}, { labels: { watched: "yes" } }));
      await watched("watched-1");
      await seen(1);
      await watched("watched-2");
      await seen(2);
      await home.api().patch(`${accounts}/watched-1/status`, { status: { phase: "Ready" } });
      await seen(3);
      child.kill();
      await once(child, "close");
      expect(lines.join("\n")).toMatchInlineSnapshot(`
        watched-1 watched-1 account
        watched-2 watched-2 account
        watched-1 watched-1 account Ready
      `);
    });
    test("auth can-i", async () => {
      expect(await kubectl("auth", "can-i", "create", "accounts")).toMatchInlineSnapshot(`
        yes
        Warning: resource 'accounts' is not namespace scoped in group 'core.platform-mesh.io'
      `);
      expect(await kubectl("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}")).toMatchInlineSnapshot(
        `kcp-admin`,
      );
    });
    test("api-resources", async () => {
      expect(await kubectl("api-resources", "--api-group=core.platform-mesh.io")).toMatchInlineSnapshot(`
        NAME           SHORTNAMES   APIVERSION                       NAMESPACED   KIND
        accountinfos                core.platform-mesh.io/v1alpha1   false        AccountInfo
        accounts                    core.platform-mesh.io/v1alpha1   false        Account
        memberships                 core.platform-mesh.io/v1alpha1   false        Membership
      `);
    });
    test("get --raw", async () => {
      expect(await kubectl("get", "--raw", "/readyz")).toMatchInlineSnapshot(`ok`);
    });
    test("delete", async () => {
      expect(await kubectl("delete", "account", "acme")).toMatchInlineSnapshot(
        `account.core.platform-mesh.io "acme" deleted`,
      );
      expect(await kubectl("delete", "account", "acme")).toMatchInlineSnapshot(`
        exit 1
        Error from server (NotFound): accounts.core.platform-mesh.io "acme" not found
      `);
      expect(await kubectl("delete", "account", "acme", "--ignore-not-found")).toBe("");
      expect(await kubectl("delete", "namespace", "made")).toMatchInlineSnapshot(`namespace "made" deleted`);
    });
  });
}
