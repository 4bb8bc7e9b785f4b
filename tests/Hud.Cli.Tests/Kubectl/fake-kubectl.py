#!/usr/bin/env python3
"""Plays kubectl: notes each call in FAKE_CALLS and answers from the folder FAKE_CLUSTER, where time passes with each look.
The log of the agent may be read when FAKE names a script of fake-agent.py."""
import json, os, sys

folder = os.environ["FAKE_CLUSTER"]
args = [a for a in sys.argv[1:] if not a.startswith(("--namespace=", "--context=", "--kubeconfig="))]
with open(os.path.join(folder, "calls"), "a") as f:
    f.write(json.dumps(sys.argv[1:]) + "\n")


def load(name):
    path = os.path.join(folder, name)
    return json.load(open(path)) if os.path.exists(path) else None


def fail(text, code=1):
    print(text, file=sys.stderr)
    sys.exit(code)


broken = os.environ.get("FAKE_BROKEN", "")
if broken == "login":
    fail("error: You must be logged in to the server (Unauthorized)")
verb = args[0]
if verb == "create":
    session = json.load(open(args[args.index("-f") + 1]))
    meta = session["metadata"]
    meta.setdefault("name", meta.get("generateName", "") + "x7k2p")
    meta.update(uid="u-1", namespace="shop", creationTimestamp="2026-03-14T02:07:31Z", managedFields=[{"manager": "kubectl"}])
    json.dump(session, open(os.path.join(folder, "created.json"), "w"))
    print(json.dumps(session))
elif verb == "get" and args[1] == "profilingsessions.hud.dev":
    sessions = load("sessions.json") or {}
    names = [a for a in args[2:] if not a.startswith("-") and a not in ("json", "yaml", "name")]
    if not names and "name" in args[2:]:
        print("\n".join("profilingsession.hud.dev/" + name for name in sessions))
    elif not names:
        print(json.dumps({"kind": "List", "items": [s[-1] for s in sessions.values()]}))
    elif names[0] in sessions:
        states = sessions[names[0]]
        print(json.dumps(states[0]))
        if len(states) > 1:
            sessions[names[0]] = states[1:]
            json.dump(sessions, open(os.path.join(folder, "sessions.json"), "w"))
    else:
        fail(f'Error from server (NotFound): profilingsessions.hud.dev "{names[0]}" not found')
elif verb == "get" and args[1] == "profilingpolicies.hud.dev":
    print(json.dumps({"kind": "List", "items": load("policies.json") or []}))
elif verb == "get" and args[1] == "configmap":
    if broken == "forbidden":
        # as the server says it, below what kubectl logs before
        print('E1128 08:00:00.000000   12345 memcache.go:265] "Unhandled Error" err="forbidden"', file=sys.stderr)
        fail(
            f'Error from server (Forbidden): configmaps "{args[2]}" is forbidden: User "dev" cannot get resource '
            '"configmaps" in API group "" in the namespace "shop"'
        )
    maps = load("configmaps.json") or {}
    if args[2] not in maps:
        fail(f'Error from server (NotFound): configmaps "{args[2]}" not found')
    print(json.dumps(maps[args[2]]))
elif verb == "get" and args[1] == "pods":
    if "FAKE" not in os.environ:
        fail('Error from server (Forbidden): pods is forbidden')
    print("\n".join(load("pods.json") or ["pod/hud-agent-p99-node"]))
elif verb == "logs":
    name, _, number = args[-1].rpartition("#")
    if number == "late" and not os.path.exists(os.path.join(folder, "was-late")):
        open(os.path.join(folder, "was-late"), "w").close()
        fail("Error from server (BadRequest): container is waiting to start: ContainerCreating")
    os.environ["FAKE_NODE"] = number if name else ""
    os.environ["HUD_AGENT_TASK"] = json.dumps({"targets": [{"pid": 1}], "session": {}})
    agent = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Run", "fake-agent.py")
    os.execv(sys.executable, [sys.executable, agent])
elif verb == "get" and args[1] == "deployment":
    print(json.dumps({"items": [] if broken == "operator" else [{"status": {"readyReplicas": 1}}]}))
elif verb == "get" and args[1] == "namespace":
    print(json.dumps({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted" if broken == "podsecurity" else "privileged"}}}))
elif verb == "get" and args[1] == "nodes":
    print(json.dumps({"items": [{"status": {"nodeInfo": {"kernelVersion": "5.14.0-70" if broken == "kernel" else "6.18.44"}}}]}))
elif verb == "version":
    print(json.dumps({"serverVersion": {"gitVersion": "v1.36.2"}}))
elif verb == "api-resources":
    print("" if broken == "resource" else "profilingsessions.hud.dev")
elif verb == "auth":
    if broken == "permission":
        print("no")
        sys.exit(1)
    print("yes")
else:
    fail(f"unknown call {args}")
